// load/session.h — one simulated browser: from its first request to a joined room, then events.
//
//   upgrading --101--> opening --0{…}--> connecting --40{…}--> joining
//                                      joining --42["joined_challenge",…]--> joined
//
// Bytes in, bytes and deliveries out: the sockets are the generator's. A browser with a healthy
// network does the same: Engine.IO 4 straight over WebSocket, a Socket.IO CONNECT with the token,
// one `join_challenge`. Where no WebSocket gets through, the same packets travel in the bodies of
// HTTP requests (polling): always one GET is open, and what the client has to say is posted between
// two of them. Against the limit program there is nothing above the WebSocket (bare).
// Thread: its owner's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/events.h"
#include "load/frame.h"
#include "load/inflate.h"

namespace outcry::bench {

/// One published event that arrived.
struct Delivery {
  std::uint64_t published_ns = 0;
  bool own_room = false;    ///< false: it belongs to a challenge that this session did not join
  bool in_sequence = true;  ///< false: not newer than the one before, so doubled or out of order
  std::uint8_t slot = 0;    ///< its stream in the room, by stream_slot()
};

enum class SessionMode : std::uint8_t { websocket, polling, bare };

/// Shared by all sessions, but for the token.
struct SessionOptions {
  std::string host;   ///< for the Host header: "127.0.0.1:5000"
  std::string path;   ///< "/socket.io/"
  std::string token;  ///< the JWT for the CONNECT packet; needed until the session is joined
  SessionMode mode = SessionMode::websocket;
  bool join = true;              ///< false: set up ends with the CONNECT answer
  bool wants_symbols = false;    ///< read the key of each event; else all have the first
  Inflater* inflater = nullptr;  ///< present: permessage-deflate is offered
};

class Session {
 public:
  enum class Stage : std::uint8_t { upgrading, opening, connecting, joining, joined, failed };

  explicit Session(std::uint32_t challenge) noexcept : challenge_(challenge) {}

  /// Appends the first request.
  void start(const SessionOptions& options, std::string& out);

  /// Takes what one read brought; keeps a torn frame for the next call. Appends answers to `out`
  /// and events to `deliveries`. After `failed`, further bytes are ignored and failure() says why.
  void receive(std::string_view bytes, const SessionOptions& options, std::string& out,
               std::vector<Delivery>& deliveries);

  [[nodiscard]] Stage stage() const noexcept { return stage_; }
  [[nodiscard]] std::uint32_t challenge() const noexcept { return challenge_; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  /// Of the server's WebSocket close frame; 0 if none came.
  [[nodiscard]] std::uint16_t close_code() const noexcept { return close_code_; }

 private:
  struct Call;  // what one receive() works with

  [[nodiscard]] bool take_one(Call& call);
  [[nodiscard]] bool take_upgrade(Call& call);
  [[nodiscard]] bool take_frame_of(Call& call);
  [[nodiscard]] bool take_poll(Call& call);
  void message(const Frame& frame, Call& call);
  void packet(std::string_view text, Call& call);
  void opened(std::string_view text, Call& call);
  void event(std::string_view text, Call& call);
  void send(Call& call, std::string_view packet_text);
  void request(const SessionOptions& options, std::string& out);
  void fail(std::string_view why, std::string_view detail);

  std::string torn_;      ///< the beginning of a frame, or of an HTTP answer
  std::string failure_;   ///< empty unless failed
  std::string sid_;       ///< polling: names the session in each request
  std::string unposted_;  ///< polling: packets for the next POST
  std::uint64_t newest_ns_ = 0;
  std::uint32_t challenge_;
  std::uint16_t close_code_ = 0;
  Stage stage_ = Stage::upgrading;
};

/// The number of the challenge and the time of publishing in the text of an event packet.
struct EventFields {
  std::uint32_t challenge = 0;
  std::uint64_t published_ns = 0;
};
/// False when a field is missing or isn't a number of the fixed width.
[[nodiscard]] bool find_event_fields(std::string_view text, EventFields& out) noexcept;

/// The position in kSymbols of the event's key. False when there is none of them.
[[nodiscard]] bool find_symbol(std::string_view text, std::uint8_t& out) noexcept;

}  // namespace outcry::bench
