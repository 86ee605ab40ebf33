// simulation/browser.h — a client as the stock one behaves, in the octets of the protocol: HTTP
// upgrade, WebSocket frames, Engine.IO, Socket.IO, and coming back with pid and offset.
//
// It joins its rooms, renews its token when told to, tells the checker what its handlers are shown,
// and moves its bytes only when asked: any part of a frame may be all that has arrived.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checker.h"
#include "network.h"

namespace outcry::simulation {

class Browser {
 public:
  /// `rooms`: what it wants to be in. The checker must outlive it.
  Browser(std::size_t number, std::vector<std::string> rooms, Checker& checker)
      : number_(number), rooms_(std::move(rooms)), checker_(checker) {}

  /// Opens a connection; over an earlier one, which it takes for lost.
  void open(LinePtr line);
  [[nodiscard]] bool has_line() const noexcept { return line_ != nullptr; }
  /// It has a connection, and is where it wants to be.
  [[nodiscard]] bool is_settled() const noexcept { return connected_ && missing_.empty(); }
  /// Up to so many bytes go out, or come in. False if none did.
  bool send_some(std::size_t most);
  bool receive_some(std::size_t most);
  /// It asks for a room that isn't his.
  void trespass(std::string_view room);
  /// Its connection ends, as far as it knows.
  void cut(Line::Cut how);

  [[nodiscard]] const std::vector<std::string>& rooms() const noexcept { return rooms_; }
  /// How far it has come, as it would say.
  [[nodiscard]] const std::string& offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t recoveries() const noexcept { return recoveries_; }
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }

 private:
  void take_answer();
  bool take_frame();
  void take_packet(std::string_view packet);
  void take_connect(std::string_view data);
  void take_event(std::string_view text);
  void take_reply(std::string_view room);
  void join_missing();
  void send_packet(std::string_view packet);
  void lose();
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string new_token() const;

  const std::size_t number_;
  const std::vector<std::string> rooms_;
  Checker& checker_;
  LinePtr line_;
  std::string out_;  // on its way to the node
  std::string in_;   // from it, not a whole frame yet
  bool upgraded_ = false;
  bool connected_ = false;         // in the namespace
  bool is_what_it_was_ = false;    // as the last CONNECT said
  std::set<std::string> missing_;  // rooms that it is not known to be in
  std::string pid_;
  std::string offset_;
  bool is_placed_ = false;  // the offset is of this socket
  std::uint64_t recoveries_ = 0;
  std::uint64_t frames_ = 0;
};

}  // namespace outcry::simulation
