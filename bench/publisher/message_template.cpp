#include "publisher/message_template.h"

#include <charconv>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "common/workload.h"

namespace outcry::bench {
namespace {

std::vector<std::size_t> find_all(std::string_view text, std::string_view wanted) {
  std::vector<std::size_t> out;
  for (std::size_t at = text.find(wanted); at != std::string_view::npos;
       at = text.find(wanted, at + 1)) {
    out.push_back(at);
  }
  return out;
}

template <std::size_t Width>
void write_digits(char* to, std::uint64_t value) noexcept {
  for (std::size_t i = Width; i > 0; --i, value /= 10)
    to[i - 1] = static_cast<char>('0' + value % 10);
}

void append_hex(std::string& out, std::string_view line) {
  if (line.size() % 2 != 0) throw std::runtime_error("odd number of hex digits");
  for (std::size_t i = 0; i < line.size(); i += 2) {
    unsigned value = 0;
    const char* end = line.data() + i + 2;
    const auto [parsed_to, error] = std::from_chars(line.data() + i, end, value, 16);
    if (error != std::errc{} || parsed_to != end) throw std::runtime_error("not hex digits");
    out.push_back(static_cast<char>(value));
  }
}

void require_arguments(const Capture& capture) {
  if (!capture.channel.empty()) {
    throw std::runtime_error("the capture is a message on Redis; wanted are JSON arguments");
  }
}

}  // namespace

Capture load_capture(const std::string& file) {
  constexpr std::string_view kChannelKey = "# channel: ";
  constexpr std::string_view kEventKey = "# event: ";
  std::ifstream in(file);
  Capture capture;
  std::string line;
  try {
    std::optional<EventKind> kind;
    while (std::getline(in, line)) {
      if (line.starts_with(kChannelKey)) {
        capture.channel = line.substr(kChannelKey.size());
      } else if (line.starts_with(kEventKey)) {
        kind = event_kind(std::string_view(line).substr(kEventKey.size()));
      } else if (!line.starts_with('#')) {
        append_hex(capture.body, line);
      }
    }
    if (!kind) throw std::runtime_error("no line '# event: NAME' with an event of the workloads");
    capture.kind = *kind;
    return capture;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(file + ": " + error.what());
  }
}

std::string redis_command(const Capture& capture) {
  if (capture.channel.empty()) throw std::runtime_error("the capture is no message on Redis");
  return fmt::format("*3\r\n$7\r\nPUBLISH\r\n${}\r\n{}\r\n${}\r\n{}\r\n", capture.channel.size(),
                     capture.channel, capture.body.size(), capture.body);
}

std::string batch_item(const Capture& capture) {
  require_arguments(capture);
  return fmt::format(R"({{"room":"{}{}","event":"{}","data":{}}})", kRoomPrefix, challenge_id(0),
                     event_name(capture.kind), capture.body);
}

std::string event_packet(const Capture& capture) {
  require_arguments(capture);
  return fmt::format(R"(42["{}",{}])", event_name(capture.kind), capture.body);
}

MessageTemplate::MessageTemplate(std::string message, EventKind kind)
    : message_(std::move(message)), kind_(kind) {
  const std::string zero_index(kIndexDigits, '0');
  const std::vector<std::size_t> challenges =
      find_all(message_, std::string(kChallengePrefix) + zero_index);
  for (const std::size_t at : challenges) index_at_.push_back(at + kChallengePrefix.size());
  for (const std::size_t at : find_all(message_, std::string(kUserPrefix) + zero_index)) {
    index_at_.push_back(at + kUserPrefix.size());
  }
  const std::vector<std::size_t> timestamps =
      find_all(message_, std::string(kTimestampDigits, '0'));
  if (challenges.empty()) throw std::runtime_error("the message does not name challenge 0");
  if (timestamps.size() != 1)
    throw std::runtime_error("the message must hold one time of nineteen zeros");
  timestamp_at_ = timestamps.front();
  if (kind_ == EventKind::equity_updated) symbol_at_ = find_all(message_, kSymbols.front());
}

void MessageTemplate::append(std::string& out, std::uint32_t challenge, std::uint64_t published_ns,
                             std::uint8_t symbol) {
  OUTCRY_ASSERT(challenge < 10'000'000U && symbol < kSymbols.size());
  for (const std::size_t at : index_at_)
    write_digits<kIndexDigits>(message_.data() + at, challenge);
  write_digits<kTimestampDigits>(message_.data() + timestamp_at_, published_ns);
  if (symbol != std::exchange(symbol_, symbol)) {
    for (const std::size_t at : symbol_at_) message_.replace(at, kSymbolBytes, kSymbols[symbol]);
  }
  out += message_;
}

}  // namespace outcry::bench
