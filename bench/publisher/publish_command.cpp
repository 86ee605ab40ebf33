#include "publisher/publish_command.h"

#include <cmath>
#include <sstream>
#include <sys/resource.h>

#include <fmt/format.h>

namespace outcry::bench {
namespace {

constexpr std::uint64_t kLongestNs = 300'000'000'000;
constexpr std::uint32_t kBurstMax = 1000;
constexpr double kRateMax = 1e8;
constexpr std::uint64_t kBurstsAtOnceMax = 512;

}  // namespace

std::optional<PublishCommand> parse_publish(std::string_view line, std::uint64_t now_ns) {
  std::istringstream words{std::string(line)};
  std::string verb, mode, rest;
  PublishCommand out;
  words >> verb >> mode >> out.rate >> out.burst >> out.from_ns >> out.to_ns;
  const bool numbers_good = !words.fail() && std::isfinite(out.rate) && out.rate >= 0 &&
                            out.rate <= kRateMax && out.burst > 0 && out.burst <= kBurstMax &&
                            out.from_ns <= out.to_ns && out.to_ns <= now_ns + kLongestNs;
  words >> out.ledger;
  if (verb != "publish" || (mode != "room" && mode != "random") || !numbers_good || words >> rest) {
    return std::nullopt;
  }
  out.to_random_rooms = mode == "random";
  return out;
}

BurstPacer::BurstPacer(const PublishCommand& command, std::uint64_t start_ns)
    : burst_(command.burst) {
  if (command.rate > 0) pacer_.emplace(command.rate / burst_, start_ns, kBurstsAtOnceMax);
}

std::uint64_t BurstPacer::take(std::uint64_t now_ns) noexcept {
  return pacer_ ? pacer_->take(now_ns) : 1;
}

std::uint64_t BurstPacer::given_up() const noexcept {
  return pacer_ ? pacer_->given_up() * burst_ : 0;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string publish_report(const EventTally& tally, double seconds, double cpu,
                           std::uint64_t given_up, std::string_view extra) {
  return fmt::format(R"({{"sent":{},"sent_in_window":{},"seconds":{:.3f},"per_second":{:.1f},{},)"
                     R"("given_up":{},"cpu":{:.3f},{}}})",
                     tally.sent, tally.in_window, seconds,
                     static_cast<double>(tally.sent) / seconds, by_event_json(tally), given_up,
                     cpu / seconds, extra);
}

}  // namespace outcry::bench
