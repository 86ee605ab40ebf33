#include <array>

#include "config/key_tables.h"

namespace outcry::config {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kGiB = 1 << 30;
constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::array kMustModes{"before_delivery"sv, "async"sv, "no"sv};
constexpr std::array kLatestModes{"async"sv, "no"sv};
constexpr std::array kCursors{"user"sv, "device"sv};
constexpr std::array kClients{"auto"sv, "all"sv, "asked"sv};

using L = EventlogConfig;
constexpr std::array kEventlogKeys{
    ConfigKey{"eventlog", "path", &member<&Config::eventlog, &L::path>,
              "File that the log is written to, a database of SQLite; two more are made beside it. "
              "Empty: events are kept in memory, and end with the process."},
    ConfigKey{
        "eventlog", "sync", &member<&Config::eventlog, &L::sync>,
        "Every write waits for the disk. Without, a power cut may take the newest events; the "
        "end of the process takes none."},
    ConfigKey{"eventlog", "must", &member<&Config::eventlog, &L::must>,
              "When `must` events are written: before anybody sees them; afterwards, so that a "
              "crash may take some and clients are told to load anew; or not at all.",
              "", 0, 0, kMustModes},
    ConfigKey{"eventlog", "latest", &member<&Config::eventlog, &L::latest>,
              "When the newest `latest` events are written: afterwards, a second late at most; or "
              "not at all.",
              "", 0, 0, kLatestModes},
    ConfigKey{"eventlog", "events", &member<&Config::eventlog, &L::events>,
              "What differs for single events: event name to `before_delivery`, `async` or `no`.",
              "", 0, 256},
    ConfigKey{"eventlog", "age_max_s", &member<&Config::eventlog, &L::age_max>,
              "`must` events older than this are dropped.", "s", 1, 10ULL * 365 * 86'400},
    ConfigKey{"eventlog", "events_max", &member<&Config::eventlog, &L::events_max>,
              "So many of them are kept; the oldest go first.", "events", 0, 1'000'000'000},
    ConfigKey{"eventlog", "bytes_max", &member<&Config::eventlog, &L::bytes_max>,
              "Their names, arguments and attachments, all together.", "bytes", 0, 1024 * kGiB},
    ConfigKey{
        "eventlog", "rooms", &member<&Config::eventlog, &L::rooms>,
        "What differs for rooms by name: template to `age 7d, events 100000, bytes 64mb`. Each "
        "template's events are counted by themselves.",
        "", 0, 64},
    ConfigKey{"eventlog", "memory_events_max", &member<&Config::eventlog, &L::memory_events_max>,
              "Events at hand in memory, for each template; what is older is read from the file.",
              "events", 0, 100'000'000},
    ConfigKey{"eventlog", "memory_bytes_max", &member<&Config::eventlog, &L::memory_bytes_max>,
              "The same in bytes.", "bytes", 0, 64 * kGiB},
    ConfigKey{"eventlog", "waiting_bytes_max", &member<&Config::eventlog, &L::waiting_bytes_max>,
              "Events that wait to be written; further ones are refused as `overloaded`.", "bytes",
              1'048'576, 16 * kGiB},
};

using R = RecoveryConfig;
constexpr std::array kRecoveryKeys{
    ConfigKey{"recovery", "enabled", &member<&Config::recovery, &R::enabled>,
              "Clients that were cut off get what they missed when they come back."},
    ConfigKey{
        "recovery", "clients", &member<&Config::recovery, &R::clients>,
        "Who gets positions, which are one more argument to every event: `auto`, those that are "
        "recognised as the stock JavaScript client; `all`; or `asked`, those that say "
        "`recovery=1` in the query or `recovery: true` in `auth`. `recovery=0` always counts.",
        "", 0, 0, kClients},
    ConfigKey{"recovery", "window_ms", &member<&Config::recovery, &R::window>,
              "Time for a client to come back in.", "ms", 1'000, 7 * 24 * kHourMs},
    ConfigKey{"recovery", "sockets_max", &member<&Config::recovery, &R::sockets_max>,
              "Sockets that may come back; whoever has been away the longest makes room.",
              "sockets", 0, 10'000'000},
    ConfigKey{"recovery", "events_max", &member<&Config::recovery, &R::events_max>,
              "Missed events that are sent to one client; who missed more is told to load anew.",
              "events", 1, 100'000},
    ConfigKey{"recovery", "position_event", &member<&Config::recovery, &R::position_event>,
              "Name of the event that tells a client its position where no other event does."},
    ConfigKey{"recovery", "cursors", &member<&Config::recovery, &R::cursors>,
              "Whose acknowledgements (`ack_events`) count: `user`, what one of his devices has "
              "acknowledged is sent to none again; `device`, each by the `device` that it names in "
              "`auth`.",
              "", 0, 0, kCursors},
    ConfigKey{"recovery", "cursors_max", &member<&Config::recovery, &R::cursors_max>,
              "Acknowledgements remembered, one for each user (or device) and room; the one that "
              "was moved longest ago is forgotten first.",
              "cursors", 0, 10'000'000},
    ConfigKey{
        "recovery", "unacknowledged_max", &member<&Config::recovery, &R::unacknowledged_max>,
        "Events of `events.acknowledge` that one client may owe an acknowledgement for, and is "
        "sent again at a time; of those beyond it none counts until it connects anew, and they "
        "come again then.",
        "events", 1, 10'000},
    ConfigKey{"recovery", "http_reads", &member<&Config::recovery, &R::http_reads>,
              "Clients may ask `GET /v1/rooms/{room}/events` on their port what their rooms were "
              "told, with their token: for those whose socket is blocked."},
};

}  // namespace

std::span<const ConfigKey> eventlog_keys() {
  return kEventlogKeys;
}

std::span<const ConfigKey> recovery_keys() {
  return kRecoveryKeys;
}

}  // namespace outcry::config
