#include "config/events.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "protocol/socketio/packet.h"

namespace outcry::config {
namespace {

bool holds(const Strings& events, const std::string& event) {
  return std::ranges::find(events, event) != events.end();
}

class Rules {
 public:
  explicit Rules(const Config& config) : config_(config), events_(config.events) {}

  Strings problems() {
    classes();
    for (const std::string& event : events_.acknowledge) acknowledged(event);
    for (const std::string& event : events_.receipts) {
      if (holds(events_.acknowledge, event)) continue;
      problem("events.receipts: \"{}\" isn't in events.acknowledge; nobody receipts it", event);
    }
    for (const auto& [event, names] : events_.aliases) {
      for (const std::string& name : names) {
        if (!socketio::is_reserved_event(name)) continue;
        problem("events.aliases: \"{}\", a name of \"{}\", is reserved by Socket.IO", name, event);
      }
    }
    return std::move(problems_);
  }

 private:
  template <class... Args>
  void problem(fmt::format_string<Args...> format, Args&&... args) {
    problems_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  void classes() {
    for (const std::string& event : events_.volatile_events) {
      if (!holds(events_.latest, event)) continue;
      problem("events.volatile: \"{}\" is in events.latest too; an event has one class", event);
    }
    for (const auto& [event, member] : events_.keys) {
      if (holds(events_.latest, event)) continue;
      problem("events.keys: \"{}\" isn't in events.latest; a key means nothing to it", event);
    }
  }

  void acknowledged(const std::string& event) {
    if (holds(events_.latest, event) || holds(events_.volatile_events, event)) {
      problem("events.acknowledge: \"{}\" isn't of class must; others are not sent again", event);
    }
    const EventlogConfig& log = config_.eventlog;
    const auto own = log.events.find(event);
    const bool written = (own == log.events.end() ? log.must : own->second) != "no";
    if (!log.path.empty() && written && config_.recovery.enabled) return;
    problem(
        "events.acknowledge: \"{}\" can't be sent again: it needs eventlog.path and "
        "recovery.enabled, and must be written",
        event);
  }

  const Config& config_;
  const EventsConfig& events_;
  Strings problems_;
};

}  // namespace

Strings events_problems(const Config& config) {
  return Rules(config).problems();
}

}  // namespace outcry::config
