// load/stream.h — one connection's bytes, plain or through TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>

#include "load/tls_client.h"

namespace outcry::bench {

enum class IoStatus : std::uint8_t {
  done,         ///< `bytes` moved, at least one
  would_block,  ///< wait until the socket is readable (a read) or writable (a write)
  needs_input,  ///< a write that waits for the other side: TLS is still shaking hands
  ended,        ///< the other side ended the connection
  failed,       ///< `why` says it
};

struct IoResult {
  IoStatus status = IoStatus::failed;
  std::size_t bytes = 0;
  std::string why{};
};

class Stream {
 public:
  Stream() = default;
  ~Stream() { close(); }
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Starts to connect, without waiting. `tls` may be nullptr; `index` is whose ticket to offer.
  /// `receive_buffer` bytes for the socket, 0: the kernel's own choice. Empty, or what went wrong.
  [[nodiscard]] std::string open(const sockaddr_in& server, TlsClient* tls, std::uint32_t index,
                                 int receive_buffer);
  void close() noexcept;

  [[nodiscard]] IoResult read(char* to, std::size_t bytes_max);
  [[nodiscard]] IoResult write(std::string_view bytes);

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] bool is_tls() const noexcept { return state_ != nullptr; }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  [[nodiscard]] IoResult tls_result(int returned, bool is_write);

  int fd_ = -1;
  ssl_st* state_ = nullptr;
  TlsClient* tls_ = nullptr;
  bool counted_ = false;  ///< the handshake is over
  bool broken_ = false;   ///< TLS has failed or ended: nothing more may be said
};

}  // namespace outcry::bench
