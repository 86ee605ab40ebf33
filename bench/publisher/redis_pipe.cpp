#include "publisher/redis_pipe.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <system_error>

#include <poll.h>
#include <unistd.h>

namespace outcry::bench {
namespace {

constexpr std::uint64_t kUnansweredMax = 20'000;
constexpr int kStuckMs = 5'000;

}  // namespace

RedisPipe::RedisPipe(const sockaddr_in& server)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "socket");
  const int on = 1;
  (void)setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // without it only slower
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
    const int error = errno;
    close(fd_);
    throw std::system_error(error, std::generic_category(), "connect to Redis");
  }
}

RedisPipe::~RedisPipe() {
  close(fd_);
}

void RedisPipe::send(const std::string& commands, std::uint64_t count) {
  unanswered_ += count;
  std::string_view rest = commands;
  while (!rest.empty()) {
    const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      take_answers();  // Redis may be waiting for us to read before it reads on
      wait_for(POLLOUT | POLLIN);
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "write to Redis");
    }
  }
  take_answers();
  while (unanswered_ > kUnansweredMax) {
    wait_for(POLLIN);
    take_answers();
  }
}

void RedisPipe::finish() {
  while (unanswered_ > 0) {
    wait_for(POLLIN);
    take_answers();
  }
}

void RedisPipe::wait_for(short events) {
  pollfd wanted{fd_, events, 0};
  const int ready = ::poll(&wanted, 1, kStuckMs);
  if (ready == 0) throw std::runtime_error("Redis took nothing for five seconds");
}

void RedisPipe::take_answers() {
  std::array<char, 16'384> chunk;
  while (true) {
    const ssize_t got = recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got == 0) throw std::runtime_error("Redis ended the connection");
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      throw std::system_error(errno, std::generic_category(), "read from Redis");
    }
    answers_.append(chunk.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = answers_.find("\r\n"); end != std::string::npos;
         end = answers_.find("\r\n", begin)) {
      const std::string_view answer = std::string_view(answers_).substr(begin, end - begin);
      if (!answer.starts_with(':'))
        throw std::runtime_error("Redis answered " + std::string(answer));
      if (answer == ":0") ++unheard_;
      --unanswered_;
      begin = end + 2;
    }
    answers_.erase(0, begin);
  }
}

}  // namespace outcry::bench
