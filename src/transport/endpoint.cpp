#include "transport/endpoint.h"

#include <cerrno>
#include <sys/epoll.h>

#include <fcntl.h>

#include "base/assert.h"
#include "base/log.h"
#include "net/tcp.h"
#include "protocol/http/response.h"

namespace outcry::transport {
namespace {

constexpr std::size_t kReadBufferBytes = 64 * 1024;
// A batch ends after this time as well: the kernel's part of an accept can be slow.
constexpr std::chrono::milliseconds kAcceptTime{2};
constexpr std::size_t kAcceptsPerClockCheck = 8;
constexpr std::chrono::seconds kRetryWhenFull{5};

net::UniqueFd open_spare() {
  return net::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

Endpoint::Endpoint(net::EventLoop& loop, const TransportOptions& options, Application& application,
                   engineio::SessionHome home, const StaticFiles* files)
    : loop_(loop),
      options_(options),
      application_(application),
      home_(home),
      files_(files),
      access_(std::make_shared<const Access>(options.access)),
      limits_(options.limits),
      read_buffer_(kReadBufferBytes),
      spare_fd_(open_spare()) {
  if (options.tls) tls_ = std::make_unique<net::TlsContext>(options.tls, stats_.tls);
}

Endpoint::~Endpoint() {
  stop_listening();
  connections_.for_each([](Connection& connection) { connection.abort(); });
}

void Endpoint::use(const std::shared_ptr<const net::TlsIdentity>& identity) {
  if (!tls_->use(identity)) log::error("no memory for a new certificate: the old one stays");
}

// ---- Accepting ----

void Endpoint::listen(net::UniqueFd listener) {
  listener_ = std::move(listener);
  loop_.add(listener_.get(), *this, EPOLLIN);
}

void Endpoint::stop_listening() {
  if (!listener_.valid()) return;
  loop_.remove(listener_.get());
  listener_.reset();
}

// Only noted: those who are connected come first. Level-triggered, so the next tick is told again
// of who isn't accepted in this one.
void Endpoint::on_io(std::uint32_t) noexcept {
  someone_waits_ = true;
}

void Endpoint::admit(TimePoint tick_began) {
  if (!std::exchange(someone_waits_, false) || !listener_.valid()) return;
  const TimePoint now = steady_now();
  if (may_admit(tick_began, now)) {
    accepting_paused_ = false;
    admitted_at_ = now;
    accept_batch(now);
  } else if (!std::exchange(accepting_paused_, true)) {
    ++stats_.accept_pauses;
  }
}

// The first tick that is in time ends a pause, so a worker that has caught up never sits on a
// queue, and one that spins through late ticks has work of its own to spin for.
bool Endpoint::may_admit(TimePoint tick_began, TimePoint now) {
  const bool late = options_.accept_late_tick > std::chrono::milliseconds::zero() &&
                    now - tick_began > options_.accept_late_tick;
  return !late || now - admitted_at_ >= options_.accept_pause;
}

void Endpoint::accept_batch(TimePoint began) {
  for (std::size_t i = 1; i <= options_.accepts_per_tick; ++i) {
    if (!accept_one()) return;
    if (i % kAcceptsPerClockCheck == 0 && steady_now() - began > kAcceptTime) return;
  }
}

/// False if nobody waits any more.
bool Endpoint::accept_one() {
  auto accepted = net::accept_tcp(listener_.get());
  if (!accepted) {
    const int error = accepted.error().value();
    if (error == EMFILE || error == ENFILE) refuse_connection();
    return false;
  }
  if (options_.proxy_protocol && !access_->trusts(accepted->peer_address)) {
    ++stats_.proxy_headers_refused;
    return true;  // whatever header it would send: it could name anyone
  }
  const bool counts = !access_->trusts(accepted->peer_address);
  if (const auto away = reason_against(accepted->peer_address, counts)) {
    ++stats_.connections_refused;
    turn_away(accepted->fd.get(), *away);
    return true;  // closed by its destructor
  }
  ++stats_.connections_accepted;
  Connection& connection = make_connection(std::move(accepted->fd), accepted->peer_address, counts);
  if (!connection.start()) {
    ++stats_.connections_refused;
    discard(connection);
  }
  return true;
}

std::optional<TurnedAway> Endpoint::reason_against(const net::IpAddress& peer, bool counts) {
  if (connections_.size() >= options_.connections_max) {
    ++stats_.limits.refused[static_cast<std::size_t>(limits::Limit::connections)];
    return TurnedAway{.status = 503,
                      .retry_after = kRetryWhenFull,
                      .why = "This server has as many connections as it takes.\n"};
  }
  return counts ? application_.may_connect(peer) : std::nullopt;
}

// Without waiting for a request. Most clients have sent it by now: it is thrown away, so that the
// close doesn't reset what is sent here. Before a TLS handshake nothing can be said.
void Endpoint::turn_away(int fd, const TurnedAway& away) {
  if (tls_ || options_.proxy_protocol) return;
  (void)net::read_some(fd, read_buffer_);
  std::string answer = unread_answer(away, http_date());
  const iovec part{answer.data(), answer.size()};
  (void)net::write_some(fd, std::span(&part, 1));
}

// Without a descriptor the waiting connection can't even be refused, and the level-triggered
// listener would spin. The spare one is given up for a moment to accept and close it.
void Endpoint::refuse_connection() noexcept {
  ++stats_.connections_refused;
  spare_fd_.reset();
  (void)net::accept_tcp(listener_.get());
  spare_fd_ = open_spare();
}

Connection& Endpoint::make_connection(net::UniqueFd fd, const net::IpAddress& peer_address,
                                      bool counts) {
  Connection& connection = connections_.emplace(*this, std::move(fd), peer_address);
  connection.counted = counts;
  if (counts) application_.on_connect(peer_address);
  return connection;
}

/// One that could not be started.
void Endpoint::discard(Connection& connection) {
  if (connection.counted) application_.on_disconnect(connection.peer_address());
  connections_.erase(connection.id());
}

void Endpoint::adopt(HandedOver handed) {
  adopted_now_.push_back(std::move(handed));
}

// ---- Sessions ----

EngineSession& Endpoint::make_session(std::size_t engine_path) {
  EngineSession& session = sessions_.emplace(*this, engine_path);
  ++stats_.sessions_opened;
  return session;
}

EngineSession* Endpoint::find_by_key(std::string_view key) noexcept {
  const auto place = engineio::place_of(key);
  EngineSession* session = place ? sessions_.at(place->slot) : nullptr;
  const bool is_meant = session != nullptr && !session->closed() && session->key().is(key);
  return is_meant && !session->ended_by(loop_.now()) ? session : nullptr;
}

void Endpoint::close_all(CloseReason reason) {
  sessions_.for_each([reason](EngineSession& session) { session.close(reason); });
}

void Endpoint::answer(ConnectionId id, const Connection::Answer& answer) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->role() != Role::api) return;
  Connection::Answer readable = answer;
  const std::string headers = std::string(answer.header_lines) + connection->cors_headers();
  readable.header_lines = headers;
  connection->answer(readable);
}

std::string_view Endpoint::http_date() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (const auto second = now.time_since_epoch().count(); second != http_date_second_) {
    http_date_second_ = second;
    http_date_ = http::format_date(now);
  }
  return http_date_;
}

// ---- The end of a tick ----

void Endpoint::flush_later(Connection& connection) {
  if (connection.dirty) return;
  connection.dirty = true;
  dirty_connections_.push_back(connection.id());
}

void Endpoint::flush_later(EngineSession& session) {
  if (session.dirty) return;
  session.dirty = true;
  dirty_sessions_.push_back(session.id());
}

void Endpoint::resume_later(Connection& connection) {
  resumed_.push_back(connection.id());
}

void Endpoint::free_later(Connection& connection) {
  dead_connections_.push_back(connection.id());
}

void Endpoint::free_later(EngineSession& session) {
  dead_sessions_.push_back(session.id());
}

bool Endpoint::end_tick(TimePoint now) {
  flush_all();
  free_all();
  admit(now);
  for (HandedOver& handed : std::exchange(adopted_, {})) {
    if (connections_.size() >= options_.connections_max) {
      ++stats_.connections_refused;
      continue;
    }
    Connection& connection =
        make_connection(std::move(handed.fd), handed.peer_address, handed.counted);
    if (!connection.start(std::move(handed))) discard(connection);
  }
  adopted_ = std::exchange(adopted_now_, {});
  for (const ConnectionId id : std::exchange(resumed_, {})) {
    if (Connection* connection = connections_.find(id)) connection->resume();
  }
  return !adopted_.empty() || !resumed_.empty() || !dirty_sessions_.empty() ||
         !dirty_connections_.empty() || !dead_connections_.empty() || !dead_sessions_.empty();
}

// Each connection's state is cold, for thousands lie between two of its writes: it is fetched while
// those before are written.
void Endpoint::fetch_ahead(std::size_t index) noexcept {
  constexpr std::size_t kSessionsAhead = 6, kConnectionsAhead = 3;
  if (index + kSessionsAhead < flushed_sessions_.size()) {
    sessions_.prefetch(flushed_sessions_[index + kSessionsAhead]);
  }
  if (index + kConnectionsAhead < flushed_sessions_.size()) {
    const EngineSession* session = sessions_.find(flushed_sessions_[index + kConnectionsAhead]);
    if (session != nullptr) connections_.prefetch(session->carrier());
  }
}

void Endpoint::flush_all() {
  // Flushing may end sessions, and their ends make others dirty: until nothing is left.
  while (!dirty_sessions_.empty() || !dirty_connections_.empty()) {
    flushed_sessions_.swap(dirty_sessions_);
    for (std::size_t i = 0; i < flushed_sessions_.size(); ++i) {
      fetch_ahead(i);
      EngineSession* session = sessions_.find(flushed_sessions_[i]);
      if (session == nullptr) continue;
      session->dirty = false;
      session->flush();
    }
    flushed_sessions_.clear();
    flushed_connections_.swap(dirty_connections_);
    for (const ConnectionId id : flushed_connections_) {
      Connection* connection = connections_.find(id);
      if (connection == nullptr) continue;
      connection->dirty = false;
      flush(*connection);
    }
    flushed_connections_.clear();
  }
  frame_run_.clear();
}

void Endpoint::flush(Connection& connection) {
  EngineSession* session =
      connection.role() == Role::websocket ? sessions_.find(connection.session()) : nullptr;
  if (session != nullptr && !session->closed()) {
    session->flush();
  } else {
    connection.flush(nullptr);
  }
}

void Endpoint::free_all() {
  for (const EngineId id : dead_sessions_) sessions_.erase(id);
  dead_sessions_.clear();
  for (const ConnectionId id : dead_connections_) connections_.erase(id);
  dead_connections_.clear();
}

}  // namespace outcry::transport
