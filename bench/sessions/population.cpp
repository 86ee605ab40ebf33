#include "sessions/population.h"

#include <array>
#include <stdexcept>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "gateway/gateway_setup.h"

namespace outcry::bench {
namespace {

constexpr std::uint32_t kBatch = 256;

/// As rooms::Hub keeps a room of one member, and a session of one room.
struct HubEntries {
  rooms::RoomRef room;
  ShortList<rooms::Hub::Member> members;
  ShortList<rooms::Hub::Member> memberships;
};

/// As store::AnswerTable keeps one.
struct RememberedOwner {
  std::uint64_t key[2];
  std::int64_t until_and_allowed;
  std::uint32_t user_newer_older[3];
};

config::Config make_config(std::uint32_t users) {
  config::Config config;
  config.auth.secret = "only the length of this one matters";
  config.store.cache_entries_max = users;  // all answers are remembered: the most that it can be
  return config;
}

store::AccessCacheOptions cache_options(const config::Config& config) {
  store::AccessCacheOptions options{.entries_max = config.store.cache_entries_max};
  options.lifetimes.fill({config.store.cache_owned, config.store.cache_denied});
  return options;
}

/// A store whose users own what they ask for.
store::AccessCache::Sources own_all(boost::asio::io_context& io) {
  store::AccessCache::Sources sources;
  sources[static_cast<std::size_t>(store::Policy::owner)] = [&io](const store::AccessQuestion&,
                                                                  store::AccessDone done) {
    boost::asio::post(io, [done = std::move(done)]() mutable {
      done(store::Access{.allowed = true, .lifetime = std::nullopt});
    });
  };
  return sources;
}

std::string user_name(std::uint32_t user) {
  return fmt::format("user{}", 1'000'000 + user);
}

std::string challenge_of(std::uint32_t user) {
  return fmt::format("{}", 1'000'000 + user);
}

std::string room_name(std::uint32_t user) {
  return "challenge_" + challenge_of(user);
}

}  // namespace

Population::Population(std::uint32_t users)
    : users_(users),
      config_(make_config(users)),
      rules_(gateway::shared_rules(config_)),
      options_(gateway::transport_options(config_)),
      admission_(rules_.limits->limits),
      owners_(io_.get_executor(), cache_options(config_), own_all(io_)),
      audit_(rules_.audit, control_, [](EngineId) { return net::IpAddress(); }),
      tokens_(rules_.verifier, config_.auth.cache_entries_max),
      context_{0,      rules_, tokens_,   hub_,    sessions_,    control_,
               audit_, stats_, key_wait_, limits_, revocations_, {}},
      endpoint_(loop_, options_, application_, {.worker = 0}, nullptr) {}

std::span<const Population::Kind> Population::kinds() {
  static constexpr std::array kKinds{
      Kind{"connection, idle WebSocket", sizeof(transport::Connection),
           &Population::make_connections},
      Kind{"engine session with its outbox", sizeof(transport::EngineSession),
           &Population::make_engine_sessions},
      Kind{"engine client", sizeof(std::optional<gateway::EngineClient>),
           &Population::make_engine_clients},
      Kind{"client session", sizeof(gateway::ClientSession), &Population::make_client_sessions},
      Kind{"counted user and address", 2 * sizeof(std::uint64_t), &Population::make_counts},
      Kind{"room: name and record", sizeof(rooms::Room) + sizeof(gateway::RoomRecord),
           &Population::make_rooms},
      Kind{"membership, both directions", sizeof(HubEntries), &Population::make_memberships},
      Kind{"remembered owner", sizeof(RememberedOwner), &Population::make_owner_answers},
  };
  return kKinds;
}

void Population::make_connections() {
  for (std::uint32_t user = 0; user < users_; ++user) {
    auto& connection = connections_.emplace(endpoint_, net::UniqueFd(), net::IpAddress());
    connection.switch_to_websocket({}, 0, options_.message_bytes_max);
    connection.flush(nullptr);
    // The endpoint has noted each to be written to; it knows none of them, and forgets.
    if (user % kBatch == 0) (void)endpoint_.end_tick(loop_.now());
  }
  (void)endpoint_.end_tick(loop_.now());
}

void Population::make_engine_sessions() {
  for (std::uint32_t user = 0; user < users_; ++user) {
    auto& session = endpoint_.make_session(0);
    session.confirm(steady_now() + std::chrono::hours(1));
  }
}

// Nothing was closed, so slots and generations are those of the first round.
transport::EngineSession& Population::engine(std::uint32_t user) {
  transport::EngineSession* session = endpoint_.find(EngineId{.slot = user, .generation = 1});
  if (session == nullptr) throw std::logic_error("an engine session is missing");
  return *session;
}

// What only CONNECT needs has come and gone.
void Population::make_engine_clients() {
  for (std::uint32_t user = 0; user < users_; ++user) {
    clients_.emplace_back().emplace(context_, net::IpNetwork(), net::IpAddress(), nullptr);
  }
}

void Population::make_client_sessions() {
  for (std::uint32_t user = 0; user < users_; ++user) {
    auto claims = std::make_shared<const auth::Claims>(auth::Claims{.user = user_name(user)});
    sessions_.emplace(context_, engine(user), NamespaceId{0}, std::move(claims), std::string());
  }
}

// Everyone with an address of his own.
void Population::make_counts() {
  for (std::uint32_t user = 0; user < users_; ++user) {
    const limits::Key key = rules_.limits->user_key(user_name(user));
    if (admission_.admit({.user = key, .address = ~key})) {
      throw std::logic_error("a user was not admitted");
    }
  }
}

void Population::make_rooms() {
  for (std::uint32_t user = 0; user < users_; ++user) {
    gateway::RoomRecord& record = rooms_.find_or_make(0, room_name(user));
    rooms_.granted(record, 0);
    rooms_.settled(*record.room, 0, true);
  }
}

void Population::make_memberships() {
  for (std::uint32_t user = 0; user < users_; ++user) {
    hub_.join(sessions_.at(user)->id(), rooms_.find(0, room_name(user))->room);
  }
}

void Population::make_owner_answers() {
  for (std::uint32_t user = 0; user < users_; ++user) {
    owners_.ask({store::Policy::owner, challenge_of(user), user_name(user)}, [](Result<bool>) {});
    if (user % kBatch == 0) io_.poll();
  }
  io_.poll();
  if (owners_.stats().entries != users_) throw std::logic_error("an answer was not remembered");
}

void Population::send_to_all(std::size_t bytes) {
  const auto frame = endpoint_.share(transport::make_frame("4" + std::string(bytes, 'x')));
  for (std::uint32_t user = 0; user < users_; ++user) {
    if (engine(user).send(frame) != transport::Sent::queued) {
      throw std::logic_error("an event was not queued");
    }
    if (user % kBatch == 0) (void)endpoint_.end_tick(loop_.now());
  }
  (void)endpoint_.end_tick(loop_.now());
}

}  // namespace outcry::bench
