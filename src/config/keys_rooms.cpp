#include <array>
#include <vector>

#include "config/key_tables.h"

namespace outcry::config {
namespace {

constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::uint64_t kListMax = 64;

using T = StoreConfig;
constexpr std::array kStoreKeys{
    ConfigKey{"store", "url", &member<&Config::store, &T::url>,
              "\"sqlite:PATH\", opened for reading only, or "
              "\"postgresql://user:password@host:port/database?sslmode=verify-full\"; empty: none, "
              "and rooms with an owner can't be joined."},
    ConfigKey{"store", "url_file", &member<&Config::store, &T::url_file>,
              "File whose content is that URL."},
    ConfigKey{"store", "owner_query", &member<&Config::store, &T::owner_query>,
              "Query that has a row if the user $2 owns the object $1. SQLite takes ?1 and ?2 as "
              "well."},
    ConfigKey{"store", "question_timeout_ms", &member<&Config::store, &T::question_timeout>,
              "Time for one question, its wait included; then the join is refused.", "ms", 1,
              60'000},
    ConfigKey{"store", "connections_max", &member<&Config::store, &T::connections_max>,
              "PostgreSQL: connections, opened when questions wait; one is kept.", "connections", 1,
              100},
    ConfigKey{"store", "connect_timeout_ms", &member<&Config::store, &T::connect_timeout>,
              "PostgreSQL: time to connect, log in and prepare the query.", "ms", 100, 60'000},
    ConfigKey{
        "store", "idle_check_ms", &member<&Config::store, &T::idle_check>,
        "PostgreSQL: a connection idle for this long is closed, or the last one asked whether "
        "it is alive.",
        "ms", 100, kHourMs},
    ConfigKey{"store", "failures_max", &member<&Config::store, &T::failures_max>,
              "PostgreSQL: questions that fail in a row until further ones are refused at once; 0: "
              "never.",
              "questions", 0, 10'000},
    ConfigKey{"store", "failure_pause_ms", &member<&Config::store, &T::failure_pause>,
              "For this long; then one question is asked as a trial.", "ms", 10, kHourMs},
    ConfigKey{"store", "cache_owned_ms", &member<&Config::store, &T::cache_owned>,
              "How long a yes is remembered; 0: not at all.", "ms", 0, 24 * kHourMs},
    ConfigKey{"store", "cache_denied_ms", &member<&Config::store, &T::cache_denied>,
              "How long a no is remembered; 0: not at all.", "ms", 0, 24 * kHourMs},
    ConfigKey{"store", "cache_entries_max", &member<&Config::store, &T::cache_entries_max>,
              "Answers remembered, of the store and of policy_http; the least recently used make "
              "room.",
              "entries", 1, 10'000'000},
    ConfigKey{"store", "queue_max", &member<&Config::store, &T::queue_max>,
              "Questions that wait for the database; a further join is refused.", "questions", 1,
              1'000'000},
};

using R = RoomsConfig;
constexpr std::array kRoomsKeys{
    ConfigKey{"rooms", "owner", &member<&Config::rooms, &R::owner>,
              "Rooms of objects, for whom the store says owns object {id}.", "", 0, kListMax},
    ConfigKey{"rooms", "grant", &member<&Config::rooms, &R::grant>,
              "Rooms for whom a token or a signed grant lists them; see [policy_grant].", "", 0,
              kListMax},
    ConfigKey{"rooms", "http", &member<&Config::rooms, &R::http>,
              "Rooms for whom the back end says so; see [policy_http]. Closed while it doesn't "
              "answer.",
              "", 0, kListMax},
    ConfigKey{"rooms", "http_fail_open", &member<&Config::rooms, &R::http_fail_open>,
              "The same, but open to every authenticated client while it doesn't answer.", "", 0,
              kListMax},
    ConfigKey{"rooms", "user", &member<&Config::rooms, &R::user>,
              "Rooms of users, for the user {id} alone.", "", 0, kListMax},
    ConfigKey{"rooms", "public", &member<&Config::rooms, &R::everyone>,
              "Rooms for every authenticated client.", "", 0, kListMax},
    ConfigKey{"rooms", "recheck_ms", &member<&Config::rooms, &R::recheck>,
              "Within this time every member of a room of `owner`, `http` and `http_fail_open` who "
              "joined by himself is asked about again, and removed after a no; 0: never.",
              "ms", 0, 24 * kHourMs},
};

using G = PolicyGrantConfig;
constexpr std::array kPolicyGrantKeys{
    ConfigKey{"policy_grant", "claim", &member<&Config::policy_grant, &G::claim>,
              "Claim of a token, or of a signed grant, that lists rooms: whole names, and "
              "beginnings that end in *. Empty: tokens list none, grants list them in \"rooms\"."},
    ConfigKey{"policy_grant", "secret", &member<&Config::policy_grant, &G::secret>,
              "Secret that grants are signed with (HS256); at least 32 bytes, and not auth.secret. "
              "Empty: there are no signed grants."},
    ConfigKey{"policy_grant", "secret_file", &member<&Config::policy_grant, &G::secret_file>,
              "File whose content is that secret."},
    ConfigKey{"policy_grant", "age_max_s", &member<&Config::policy_grant, &G::age_max>,
              "Longest time since `iat` at which a grant is still taken.", "s", 1, 86'400},
};

using H = PolicyHttpConfig;
constexpr std::array kPolicyHttpKeys{
    ConfigKey{"policy_http", "url", &member<&Config::policy_http, &H::url>,
              "Where to ask, as \"https://app.example.com/may-join\"."},
    ConfigKey{"policy_http", "secret", &member<&Config::policy_http, &H::secret>,
              "Sent as Authorization: Bearer; empty: nothing is."},
    ConfigKey{"policy_http", "secret_file", &member<&Config::policy_http, &H::secret_file>,
              "File whose content is that secret."},
    ConfigKey{"policy_http", "ca_file", &member<&Config::policy_http, &H::ca_file>,
              "PEM file: the roots that the back end's certificate may lead to; empty: the "
              "system's."},
    ConfigKey{"policy_http", "timeout_ms", &member<&Config::policy_http, &H::timeout>,
              "Time for one question, its wait included; then there is no answer.", "ms", 1,
              60'000},
    ConfigKey{"policy_http", "cache_allowed_ms", &member<&Config::policy_http, &H::cache_allowed>,
              "How long a yes is remembered that doesn't say so itself; 0: not at all.", "ms", 0,
              24 * kHourMs},
    ConfigKey{"policy_http", "cache_denied_ms", &member<&Config::policy_http, &H::cache_denied>,
              "How long such a no is remembered; 0: not at all.", "ms", 0, 24 * kHourMs},
    ConfigKey{"policy_http", "requests_max", &member<&Config::policy_http, &H::requests_max>,
              "Questions at a time, each on a connection of its own.", "requests", 1, 1'000},
    ConfigKey{"policy_http", "queue_max", &member<&Config::policy_http, &H::queue_max>,
              "Questions that wait for one of those; a further one has no answer.", "requests", 1,
              1'000'000},
    ConfigKey{"policy_http", "failures_max", &member<&Config::policy_http, &H::failures_max>,
              "Questions that fail in a row until further ones have no answer at once; 0: never.",
              "requests", 0, 10'000},
    ConfigKey{"policy_http", "failure_pause_ms", &member<&Config::policy_http, &H::failure_pause>,
              "For this long; then one question is asked as a trial.", "ms", 10, kHourMs},
};

std::vector<ConfigKey> joined() {
  std::vector<ConfigKey> all;
  const auto add = [&all](const auto& keys) { all.insert(all.end(), keys.begin(), keys.end()); };
  add(kStoreKeys);
  add(kRoomsKeys);
  add(kPolicyGrantKeys);
  add(kPolicyHttpKeys);
  return all;
}

}  // namespace

std::span<const ConfigKey> room_keys() {
  static const std::vector<ConfigKey> all = joined();
  return all;
}

}  // namespace outcry::config
