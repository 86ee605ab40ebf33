// load/inflate.h — undoes permessage-deflate (RFC 7692 §7.2.2), without context takeover.
//
// Like load/frame.h it is written apart from the server's codec, on purpose. One for all sessions:
// each message starts afresh, which is what they offer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace outcry::bench {

/// Since the start; data frames only.
struct InflateStats {
  std::uint64_t compressed = 0;  ///< frames with RSV1
  std::uint64_t plain = 0;
  std::uint64_t wire_bytes = 0;  ///< of their payloads, as they came
  std::uint64_t bytes = 0;       ///< of their payloads, inflated
};

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// The message, valid until the next call; nullptr for what isn't deflated or grows over 1 MiB.
  [[nodiscard]] const std::string* inflate(std::string_view payload);
  void count_plain(std::string_view payload) noexcept;
  [[nodiscard]] const InflateStats& stats() const noexcept { return stats_; }

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::string out_;
  InflateStats stats_;
};

}  // namespace outcry::bench
