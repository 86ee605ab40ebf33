// publisher/event_source.h — the next event: which message, of which key, when; and the tally.
//
// Shared by all programs that publish, so that a workload is the same events whether it comes
// through Redis, by HTTP, inside the gateway, or out of the limit program.
// Thread: its owner's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/events.h"
#include "common/ledger.h"
#include "publisher/message_template.h"

namespace outcry::bench {

struct WeightedTemplate {
  MessageTemplate message;
  double weight = 1;
};

struct EventSourceOptions {
  std::uint32_t rooms = 1;    ///< challenges 0..rooms-1
  std::uint32_t symbols = 1;  ///< 1..28: the key is one of the first of kSymbols
  std::uint64_t seed = 1;     ///< of every draw
  std::uint64_t from_ns = 0;  ///< events stamped in [from, to) are counted apart
  std::uint64_t to_ns = ~std::uint64_t{0};
  bool keep_ledger = false;
};

/// What has been made so far.
struct EventTally {
  std::uint64_t sent = 0;
  std::uint64_t in_window = 0;
  std::array<std::uint64_t, kEventNames.size()> by_event{};
};

class EventSource {
 public:
  /// `templates` must not be empty; weights are positive.
  EventSource(std::vector<WeightedTemplate> templates, const EventSourceOptions& options);

  [[nodiscard]] std::uint32_t draw_room() { return rooms_(random_); }

  /// Appends the next event, stamped now and never with the same time twice, so that a receiver
  /// can tell a doubled or late one. Counted as sent. Returns what it is.
  EventKind append(std::string& out, std::uint32_t room);

  [[nodiscard]] const EventTally& tally() const noexcept { return tally_; }
  /// The events made so far; nullopt unless asked for.
  [[nodiscard]] const std::optional<Ledger>& ledger() const noexcept { return ledger_; }

 private:
  std::vector<MessageTemplate> templates_;
  EventSourceOptions options_;
  std::minstd_rand random_;
  std::uniform_int_distribution<std::uint32_t> rooms_;
  std::uniform_int_distribution<std::uint32_t> symbols_;
  std::discrete_distribution<std::size_t> which_;
  EventTally tally_;
  std::optional<Ledger> ledger_;
  std::uint64_t last_stamp_ = 0;
};

/// Reads template files, each "FILE" or "FILE=WEIGHT", and words them: with redis_command,
/// batch_item or event_packet. Throws std::runtime_error naming the file.
[[nodiscard]] std::vector<WeightedTemplate> load_templates(const std::vector<std::string>& texts,
                                                           std::string (*wording)(const Capture&));

/// `"by_event":{"equity_updated":N,"risk_alert":N}`: the same in every publisher's report.
[[nodiscard]] std::string by_event_json(const EventTally& tally);

}  // namespace outcry::bench
