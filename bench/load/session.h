// load/session.h — one simulated browser: from the upgrade request to a joined room, then events.
//
//   upgrading --101--> opening --0{…}--> connecting --40{…}--> joining
//                                      joining --42["joined_challenge",…]--> joined
//
// Bytes in, bytes and deliveries out: the sockets are the generator's. A browser with a healthy
// network does the same: Engine.IO 4 straight over WebSocket, a Socket.IO CONNECT with the token,
// one `join_challenge`.
// Thread: its owner's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/frame.h"

namespace outcry::bench {

/// One published event that arrived.
struct Delivery {
  std::uint64_t published_ns = 0;
  bool own_room = false;    ///< false: it belongs to a challenge that this session did not join
  bool in_sequence = true;  ///< false: not newer than the one before, so doubled or out of order
};

struct SessionOptions {
  std::string host;   ///< for the Host header: "127.0.0.1:5000"
  std::string path;   ///< "/socket.io/"
  std::string token;  ///< the JWT for the CONNECT packet
  std::uint32_t challenge = 0;
  bool join = true;  ///< false: set up ends with the CONNECT answer
};

class Session {
 public:
  enum class Stage : std::uint8_t { upgrading, opening, connecting, joining, joined, failed };

  explicit Session(std::uint32_t challenge) noexcept : challenge_(challenge) {}

  /// Appends the upgrade request.
  void start(const SessionOptions& options, std::string& out);

  /// Takes what one read brought; keeps a torn frame for the next call. Appends answers to `out`
  /// and events to `deliveries`. After `failed`, further bytes are ignored and failure() says why.
  void receive(std::string_view bytes, const SessionOptions& options, std::string& out,
               std::vector<Delivery>& deliveries);

  [[nodiscard]] Stage stage() const noexcept { return stage_; }
  [[nodiscard]] std::uint32_t challenge() const noexcept { return challenge_; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  void upgrade(std::string_view& in);
  void packet(std::string_view text, const SessionOptions& options, std::string& out,
              std::vector<Delivery>& deliveries);
  void event(std::string_view text, std::vector<Delivery>& deliveries);
  void take(const Frame& frame, const SessionOptions& options, std::string& out,
            std::vector<Delivery>& deliveries);
  void send(std::string& out, std::uint8_t opcode, std::string_view payload) const;
  void fail(std::string_view why, std::string_view detail);

  std::string torn_;     ///< the beginning of a frame, or of the HTTP answer
  std::string failure_;  ///< empty unless failed
  std::uint64_t newest_ns_ = 0;
  std::uint32_t challenge_;
  Stage stage_ = Stage::upgrading;
};

/// The number of the challenge and the time of publishing in the text of a `42["equity_updated",…`
/// packet.
struct EventFields {
  std::uint32_t challenge = 0;
  std::uint64_t published_ns = 0;
};
/// False when a field is missing or isn't a number of the fixed width.
[[nodiscard]] bool find_event_fields(std::string_view text, EventFields& out) noexcept;

}  // namespace outcry::bench
