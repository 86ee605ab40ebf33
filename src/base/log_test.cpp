#include "base/log.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::log {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// What `f` makes the log write, from start() to the return of stop().
template <class F>
std::string written(Level lowest, F&& f) {
  testing::internal::CaptureStderr();
  start(lowest);
  f();
  stop();
  return testing::internal::GetCapturedStderr();
}

// Under ThreadSanitizer also: the writer is done with what stop() destroys.
TEST(Log, stop_returns_when_all_that_is_queued_is_written) {
  const std::string lines = written(Level::info, [] {
    for (int i = 0; i < 1000; ++i) info("line {}", i);
  });
  EXPECT_THAT(lines, HasSubstr(R"("message":"line 0"})"));
  EXPECT_THAT(lines, EndsWith("\"level\":\"info\",\"message\":\"line 999\"}\n"));
}

TEST(Log, a_peers_text_cannot_forge_a_line) {
  const std::string lines = written(Level::info, [] { info("{}", "a\"}\n{\"level\":\\\x7f"); });
  EXPECT_THAT(lines, HasSubstr(R"("message":"a\"}\u000a{\"level\":\\\u007f"})"));
}

TEST(Log, what_is_below_the_level_or_outside_of_start_and_stop_is_dropped) {
  EXPECT_FALSE(enabled(Level::error));
  const std::string lines = written(Level::warning, [] {
    info("too low");
    warning("kept");
  });
  EXPECT_THAT(lines, Not(HasSubstr("too low")));
  EXPECT_THAT(lines, HasSubstr(R"("level":"warning","message":"kept")"));
  EXPECT_FALSE(enabled(Level::error));
}

}  // namespace
}  // namespace outcry::log
