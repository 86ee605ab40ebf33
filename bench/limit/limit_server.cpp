#include "limit/limit_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>

#include <poll.h>
#include <unistd.h>

#include "base/assert.h"
#include "common/http_answer.h"
#include "common/workload.h"
#include "protocol/websocket/handshake.h"

namespace outcry::bench {
namespace {

constexpr int kBacklog = 4096;
constexpr std::size_t kEventsMax = 512;
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kRequestBytesMax = 8192;
constexpr int kStuckMs = 5'000;

void add(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

}  // namespace

LimitServer::LimitServer(const sockaddr_in& address, std::uint32_t rooms)
    : address_(address),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      rooms_(rooms),
      buffer_(kReadBytes) {
  const int on = 1;
  socklen_t bytes = sizeof address_;
  auto* found = reinterpret_cast<sockaddr*>(&address_);
  if (listener_ < 0 || epoll_ < 0 ||
      setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(listener_, found, bytes) != 0 || getsockname(listener_, found, &bytes) != 0 ||
      listen(listener_, kBacklog) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen");
  }
  add(epoll_, listener_);
}

LimitServer::~LimitServer() {
  for (std::size_t fd = 0; fd < connections_.size(); ++fd) {
    if (connections_[fd].open) ::close(static_cast<int>(fd));
  }
  ::close(listener_);
  ::close(epoll_);
}

void LimitServer::watch(int fd) {
  watched_ = fd;
  add(epoll_, fd);
}

bool LimitServer::poll(int timeout_ms) {
  std::array<epoll_event, kEventsMax> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  bool watched = false;
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    if (fd == watched_) {
      watched = true;
    } else if (fd == listener_) {
      accept_all();
    } else {
      read(fd);
    }
  }
  return watched;
}

void LimitServer::accept_all() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;  // no more, or no descriptor left: the client sees it
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // without it only slower
    const auto index = static_cast<std::size_t>(fd);
    if (connections_.size() <= index) connections_.resize(index + 1);
    connections_[index] = {.open = true};
    add(epoll_, fd);
    ++open_;
  }
}

void LimitServer::read(int fd) {
  if (!connections_[static_cast<std::size_t>(fd)].open) return;  // closed by an event before this
  const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return close(fd);
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (connection.upgraded) return;  // pongs: nobody asked
  connection.request.append(buffer_.data(), static_cast<std::size_t>(got));
  if (connection.request.ends_with("\r\n\r\n")) return upgrade(fd);
  if (connection.request.size() > kRequestBytesMax) close(fd);
}

void LimitServer::upgrade(int fd) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  BareUpgrade wanted;
  if (!read_bare_upgrade(connection.request, wanted) || wanted.room >= rooms_.size()) {
    return close(fd);
  }
  std::string answer;
  websocket::append_switching_protocols(answer, {.key = wanted.key});
  connection.upgraded = true;
  connection.room = wanted.room;
  connection.request = std::string();
  rooms_[wanted.room].push_back(fd);
  const ssize_t sent = send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(answer.size())) close(fd);  // an empty socket takes 130 bytes
}

void LimitServer::close(int fd) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (!connection.open) return;
  if (connection.upgraded) std::erase(rooms_[connection.room], fd);
  connection = {};
  ::close(fd);
  --open_;
}

std::size_t LimitServer::send_to_room(std::uint32_t room, std::string_view bytes) {
  const std::vector<int>& members = rooms_[room];
  for (const int fd : members) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == static_cast<ssize_t>(bytes.size())) continue;
    finish_send(fd, bytes.substr(sent > 0 ? static_cast<std::size_t>(sent) : 0));
  }
  const std::size_t count = members.size();
  for (const int fd : lost_) close(fd);
  lost_.clear();
  return count;
}

void LimitServer::finish_send(int fd, std::string_view rest) {
  ++waits_;
  while (!rest.empty()) {
    pollfd wanted{fd, POLLOUT, 0};
    if (::poll(&wanted, 1, kStuckMs) == 0) {
      throw std::runtime_error("a connection took nothing for five seconds");
    }
    const ssize_t sent = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      lost_.push_back(fd);
      return;
    }
  }
}

bool read_bare_upgrade(std::string_view head, BareUpgrade& out) noexcept {
  const std::string_view target = head.substr(0, head.find("\r\n"));
  constexpr std::string_view kField = "challenge=";
  const std::size_t at = target.find(kField);
  if (!head.starts_with("GET ") || at == std::string_view::npos) return false;
  std::string_view digits = target.substr(at + kField.size());
  if (!digits.starts_with(kChallengePrefix)) return false;
  digits = digits.substr(kChallengePrefix.size(), kIndexDigits);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.room);
  out.key = header_value(head, "sec-websocket-key");
  return error == std::errc{} && end == digits.data() + kIndexDigits && !out.key.empty();
}

std::string text_frame(std::string_view payload) {
  constexpr std::size_t kShortMax = 125;
  constexpr char kFinalText = static_cast<char>(0x81);
  OUTCRY_ASSERT(payload.size() <= 0xFFFFU);
  std::string out{kFinalText};
  if (payload.size() <= kShortMax) {
    out.push_back(static_cast<char>(payload.size()));
  } else {
    out.push_back(126);
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size() & 0xFFU));
  }
  return out.append(payload);
}

}  // namespace outcry::bench
