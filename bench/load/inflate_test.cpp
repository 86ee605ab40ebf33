#include "load/inflate.h"

#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

namespace outcry::bench {
namespace {

std::string deflated(std::string_view message) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(message.size() + 64, '\0');
  z.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(message.data()));
  z.avail_in = static_cast<uInt>(message.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_SYNC_FLUSH), Z_OK);
  out.resize(out.size() - z.avail_out - 4);  // 00 00 FF FF
  deflateEnd(&z);
  return out;
}

TEST(Inflater, every_message_starts_afresh) {
  Inflater inflater;
  const std::string message(40'000, 'x');
  for (int i = 0; i < 2; ++i) {
    const std::string* out = inflater.inflate(deflated(message));
    ASSERT_NE(out, nullptr);
    EXPECT_EQ(*out, message);
  }
  inflater.count_plain("abc");
  EXPECT_EQ(inflater.stats().compressed, 2U);
  EXPECT_EQ(inflater.stats().plain, 1U);
  EXPECT_EQ(inflater.stats().bytes, 80'003U);
  EXPECT_LT(inflater.stats().wire_bytes, 1'000U);
}

TEST(Inflater, the_example_of_the_rfc_is_read) {
  Inflater inflater;  // RFC 7692 §7.2.3.1
  const std::string* out = inflater.inflate(std::string("\xf2\x48\xcd\xc9\xc9\x07\x00", 7));
  ASSERT_NE(out, nullptr);
  EXPECT_EQ(*out, "Hello");
}

TEST(Inflater, garbage_and_bombs_are_refused) {
  Inflater inflater;
  EXPECT_EQ(inflater.inflate("\xff\xff\xff\xff"), nullptr);
  EXPECT_EQ(inflater.inflate(deflated(std::string(2'000'000, 'x'))), nullptr);
  EXPECT_NE(inflater.inflate(deflated("fine again")), nullptr);
}

}  // namespace
}  // namespace outcry::bench
