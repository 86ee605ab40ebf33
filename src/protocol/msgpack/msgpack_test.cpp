#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/msgpack/date.h"
#include "protocol/msgpack/msgpack_decoder.h"

namespace outcry::msgpack {
namespace {

using namespace std::string_literals;

std::string json_of(const std::string& payload) {
  MsgpackDecoder decoder;
  const auto value = decoder.decode(payload);
  if (!value) return "error: " + value.error().message();
  std::string out;
  std::vector<std::string> attachments;
  value->append_json(out, attachments);
  for (const std::string& attachment : attachments) out += "+" + attachment;
  return out;
}

std::error_code error_of(const std::string& payload, const ValueLimits& limits = {}) {
  MsgpackDecoder decoder(limits);
  const auto value = decoder.decode(payload);
  return value ? std::error_code() : value.error();
}

TEST(Msgpack, decodes_numbers_in_every_width) {
  EXPECT_EQ(json_of("\0"s), "0");
  EXPECT_EQ(json_of("\x7f"), "127");
  EXPECT_EQ(json_of("\xff"), "-1");
  EXPECT_EQ(json_of("\xe0"), "-32");
  EXPECT_EQ(json_of("\xcc\xff"), "255");
  EXPECT_EQ(json_of("\xcd\x01\x2c"), "300");
  EXPECT_EQ(json_of("\xce\xff\xff\xff\xff"), "4294967295");
  EXPECT_EQ(json_of("\xcf\0\0\0\x01\0\0\0\0"s), "4294967296");
  EXPECT_EQ(json_of("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615");
  EXPECT_EQ(json_of("\xd0\x80"), "-128");
  EXPECT_EQ(json_of("\xd1\x80\0"s), "-32768");
  EXPECT_EQ(json_of("\xd2\x80\0\0\0"s), "-2147483648");
  EXPECT_EQ(json_of("\xd3\x80\0\0\0\0\0\0\0"s), "-9223372036854775808");
  EXPECT_EQ(json_of("\xca\x3f\xc0\0\0"s), "1.5");
  EXPECT_EQ(json_of("\xcb\x3f\xf8\0\0\0\0\0\0"s), "1.5");
  EXPECT_EQ(json_of("\xcb\x7f\xf0\0\0\0\0\0\0"s), "null");
}

TEST(Msgpack, decodes_the_rest_in_every_width) {
  EXPECT_EQ(json_of("\xc0"), "null");
  EXPECT_EQ(json_of("\xc2"), "false");
  EXPECT_EQ(json_of("\xc3"), "true");
  EXPECT_EQ(json_of("\xa1x"), "\"x\"");
  EXPECT_EQ(json_of("\xd9\x01x"), "\"x\"");
  EXPECT_EQ(json_of("\xda\0\x01x"s), "\"x\"");
  EXPECT_EQ(json_of("\xdb\0\0\0\x01x"s), "\"x\"");
  const std::string placeholder = R"({"_placeholder":true,"num":0}+x)";
  EXPECT_EQ(json_of("\xc4\x01x"), placeholder);
  EXPECT_EQ(json_of("\xc5\0\x01x"s), placeholder);
  EXPECT_EQ(json_of("\xc6\0\0\0\x01x"s), placeholder);
  EXPECT_EQ(json_of("\x92\x01\x90"), "[1,[]]");
  EXPECT_EQ(json_of("\xdc\0\x01\x01"s), "[1]");
  EXPECT_EQ(json_of("\xdd\0\0\0\x01\x01"s), "[1]");
  EXPECT_EQ(json_of("\x82\xa1k\x01\x02\x80"), "{\"k\":1,\"2\":{}}");
  EXPECT_EQ(json_of("\xde\0\x01\xa1k\x01"s), "{\"k\":1}");
  EXPECT_EQ(json_of("\xdf\0\0\0\x01\xa1k\x01"s), "{\"k\":1}");
}

TEST(Msgpack, decodes_both_dialects_of_dates_and_undefined) {
  const std::string date = "\"2024-01-02T03:04:05.678Z\"";
  // 1704164645.678 s: seconds alone, nanoseconds << 34 | seconds, and nanoseconds before seconds.
  EXPECT_EQ(json_of("\xd6\xff\x65\x93\x7d\x25"), "\"2024-01-02T03:04:05.000Z\"");
  EXPECT_EQ(json_of("\xd7\xff\xa1\xa5\xd6\0\x65\x93\x7d\x25"s), date);
  EXPECT_EQ(json_of("\xc7\x0c\xff\x28\x69\x75\x80\0\0\0\0\x65\x93\x7d\x25"s), date);
  EXPECT_EQ(json_of("\xd7\0\0\0\x01\x8c\xc8\x20\xdb\x2e"s), "\"2024-01-02T03:04:05.678Z\"");
  EXPECT_EQ(json_of("\xd4\0\0"s), "null");
}

TEST(Msgpack, dates_are_written_as_javascript_writes_them) {
  EXPECT_EQ(iso_date(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_date(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_date(951'782'400'000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(iso_date(253'402'300'799'999), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_date(253'402'300'800'000), "+010000-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_date(-62'167'219'200'000), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_date(-62'167'219'200'001), "-000001-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_date(8'640'000'000'000'000), "+275760-09-13T00:00:00.000Z");
  EXPECT_EQ(iso_date(-8'640'000'000'000'000), "-271821-04-20T00:00:00.000Z");
  EXPECT_EQ(iso_date(8'640'000'000'000'001), std::nullopt);
  EXPECT_EQ(iso_date(INT64_MIN), std::nullopt);
}

TEST(Msgpack, an_invalid_date_is_null) {
  EXPECT_EQ(json_of("\xd7\0\x7f\xff\xff\xff\xff\xff\xff\xff"s), "null");
  EXPECT_EQ(json_of("\xc7\x0c\xff\0\0\0\0\x80\0\0\0\0\0\0\0"s), "null");
}

TEST(Msgpack, refuses_what_has_no_meaning_here) {
  EXPECT_EQ(error_of("\xc1"), MsgpackError::reserved_byte);
  EXPECT_EQ(error_of("\xd4\x05x"), MsgpackError::unknown_extension);
  EXPECT_EQ(error_of("\xd5\0xx"s), MsgpackError::unknown_extension);
  EXPECT_EQ(error_of("\xd5\xffxx"), MsgpackError::unknown_extension);
  EXPECT_EQ(error_of("\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff"), MsgpackError::unknown_extension);
  EXPECT_EQ(error_of("\x81\x90\x01"), MsgpackError::wrong_key);
  EXPECT_EQ(error_of("\x81\xc4\0\x01"s), MsgpackError::wrong_key);
  EXPECT_EQ(error_of("\x01\x01"), MsgpackError::trailing_bytes);
}

TEST(Msgpack, hostile_lengths_are_refused_before_allocation) {
  for (const auto& payload : {"\xdd\xff\xff\xff\xff"s, "\xdf\xff\xff\xff\xff"s, "\xdf\0\0\0\x01\0"s,
                              "\xdb\xff\xff\xff\xff"s, "\xc6\xff\xff\xff\xff"s,
                              "\xc9\xff\xff\xff\xff\0"s, "\xc9\0\0\0\0"s}) {
    EXPECT_EQ(error_of(payload), MsgpackError::unexpected_end);
  }
}

TEST(Msgpack, every_cut_is_refused) {
  const std::string whole =
      "\x84\xa1"
      "a\xcd\x01\x2c\xa1"
      "b\x92\xcb\x3f\xf8\0\0\0\0\0\0\xc4\x02xy\xa1"
      "c\xd9\x01x\xa1"
      "d\xd7\xff\xa1\xa5\xd6\0\x65\x93\x7d\x25"s;
  ASSERT_EQ(error_of(whole), std::error_code());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(error_of(whole.substr(0, size)), MsgpackError::unexpected_end) << size;
  }
}

TEST(Msgpack, limits_are_exact) {
  EXPECT_EQ(error_of(std::string(64, '\x91') + "\x01"), std::error_code());
  EXPECT_EQ(error_of(std::string(65, '\x91') + "\x01"), ValueError::too_deep);
  EXPECT_EQ(error_of(std::string(1'000'000, '\x91')), ValueError::too_deep);
  EXPECT_EQ(error_of("\x93\x01\x01\x01", {.nodes_max = 4}), std::error_code());
  EXPECT_EQ(error_of("\x93\x01\x01\x01", {.nodes_max = 3}), ValueError::too_many_nodes);
  EXPECT_EQ(error_of("\xa3xxx", {.bytes_max = 4}), std::error_code());
  EXPECT_EQ(error_of("\xa3xxx", {.bytes_max = 3}), ValueError::too_many_bytes);
}

}  // namespace
}  // namespace outcry::msgpack
