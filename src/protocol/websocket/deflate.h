// protocol/websocket/deflate.h — permessage-deflate (RFC 7692), without context takeover.
//
// A context kept per connection costs about 300 KiB; fifty thousand connections would need 15 GB.
// So both directions start afresh with every message: one Inflater and one Deflater serve a whole
// worker, and a message that is deflated once is the same bytes for every member of a room.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/websocket/error.h"

namespace outcry::websocket {

/// Undoes the compression of one message at a time. Thread: its worker's only.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Inflates a message's payload (§7.2.2), stopping as soon as it has grown beyond `bytes_max`:
  /// a bomb costs its limit and no more. The result is valid until the next call.
  /// Errors: message_too_big, invalid_deflate (garbage, or cut short).
  [[nodiscard]] Result<Bytes> inflate(Bytes payload, std::size_t bytes_max);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::string out_;
};

/// Compresses one message at a time. Thread: its owner's only.
class Deflater {
 public:
  /// `window_bits` 9 to 15 (asserted): at most what every receiver agreed to.
  /// `level` as zlib's, 1 (fast) to 9.
  explicit Deflater(int window_bits = 15, int level = 1);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Appends the payload of a compressed message (§7.2.1: the last 00 00 FF FF removed). Send it
  /// in a frame with RSV1 set.
  void deflate(std::string_view message, std::string& out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

/// What both sides agreed to.
struct DeflateAgreement {
  int server_max_window_bits = 15;  // the Deflater for this connection must have no more
  std::string response{};           // value of Sec-WebSocket-Extensions in the 101
};

/// Chooses the first acceptable offer in the value of Sec-WebSocket-Extensions (§5, §7.1), or none.
/// An offer with an unknown, repeated or invalid parameter is declined, the next one tried;
/// likewise one that asks for a window of 8 bits, which zlib can't deflate with. The answer
/// always has server_no_context_takeover and client_no_context_takeover.
/// Errors: malformed_extensions if the value breaks its grammar (RFC 6455 §9.1).
[[nodiscard]] Result<std::optional<DeflateAgreement>> negotiate_deflate(std::string_view offers);

}  // namespace outcry::websocket
