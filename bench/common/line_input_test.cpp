#include "common/line_input.h"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace outcry::bench {
namespace {

struct LineInputTest : testing::Test {
  LineInputTest() { EXPECT_EQ(pipe(ends.data()), 0); }
  ~LineInputTest() override {
    close(ends[0]);
    if (ends[1] >= 0) close(ends[1]);
  }
  void write(std::string_view text) {
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::array<int, 2> ends{};
};

TEST_F(LineInputTest, lines_come_whole_however_they_were_written) {
  LineInput input(ends[0]);
  write("mea");
  ASSERT_TRUE(input.read());
  EXPECT_EQ(input.take(), std::nullopt);
  write("sure 1\n\nqu");
  ASSERT_TRUE(input.read());
  EXPECT_EQ(input.take(), "measure 1");
  EXPECT_EQ(input.take(), "");
  EXPECT_EQ(input.take(), std::nullopt);
  close(ends[1]);
  ends[1] = -1;
  EXPECT_FALSE(input.read());
}

TEST_F(LineInputTest, an_endless_line_ends_the_input) {
  LineInput input(ends[0]);
  const std::string chunk(4096, 'x');
  int reads = 0;
  do {
    write(chunk);
    ++reads;
  } while (input.read() && reads < 100);
  EXPECT_EQ(reads, 17);
}

TEST(Answer, an_error_is_valid_json_whatever_its_text) {
  EXPECT_EQ(error_answer("a \"b\"\n\\"), R"({"error":"a \"b\"\\"})");
}

}  // namespace
}  // namespace outcry::bench
