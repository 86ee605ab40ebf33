#include "publisher/redis_sink.h"

#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace outcry::bench {
namespace {

constexpr std::uint64_t kUnansweredMax = 20'000;

}  // namespace

void RedisSink::add(EventSource& source, std::uint32_t room) {
  source.append(commands_, room);
  ++waiting_;
}

void RedisSink::flush() {
  if (waiting_ == 0) return;
  unanswered_ += std::exchange(waiting_, 0);
  pipe_.write(commands_);
  commands_.clear();
  pipe_.take_input();
  take_answers();
  while (unanswered_ > kUnansweredMax) {
    pipe_.wait_for_input();
    take_answers();
  }
}

void RedisSink::finish() {
  flush();
  while (unanswered_ > 0) {
    pipe_.wait_for_input();
    take_answers();
  }
}

std::string RedisSink::report() const {
  return fmt::format(R"("unheard":{})", unheard_);
}

void RedisSink::take_answers() {
  std::string& input = pipe_.input();
  std::size_t begin = 0;
  for (std::size_t end = input.find("\r\n"); end != std::string::npos;
       end = input.find("\r\n", begin)) {
    const std::string_view answer = std::string_view(input).substr(begin, end - begin);
    if (!answer.starts_with(':')) throw std::runtime_error("Redis answered " + std::string(answer));
    if (answer == ":0") ++unheard_;
    --unanswered_;
    begin = end + 2;
  }
  input.erase(0, begin);
}

}  // namespace outcry::bench
