// publisher/tcp_pipe.h — one connection that is written to ahead of the answers.
//
// Waiting for each answer would bound the rate at one round trip for a message. A peer may refuse
// to read on until its answers are read, so a write that would block takes input in meanwhile.
// Thread: its owner's; calls block for at most five seconds.
#pragma once

#include <netinet/in.h>
#include <string>
#include <string_view>

namespace outcry::bench {

class TcpPipe {
 public:
  /// Connects. `peer` names the other end in errors. Throws std::system_error.
  TcpPipe(const sockaddr_in& server, std::string peer);
  ~TcpPipe();
  TcpPipe(const TcpPipe&) = delete;
  TcpPipe& operator=(const TcpPipe&) = delete;

  /// Writes everything. Like the others throws std::runtime_error when the peer ends the
  /// connection or moves nothing for five seconds, std::system_error for the system's errors.
  void write(std::string_view bytes);
  /// Adds what has come to input(), without waiting.
  void take_input();
  /// Waits for more, and takes it.
  void wait_for_input();

  /// Received and not yet used: the caller erases what it understood.
  [[nodiscard]] std::string& input() noexcept { return input_; }

 private:
  void wait_for(short events);

  int fd_ = -1;
  std::string peer_;
  std::string input_;
};

}  // namespace outcry::bench
