// `outcry audit timeline`: the records of one room, and of the connections that were in it.
#include <ostream>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/json_text.h"
#include "cli/audit_reading.h"

namespace outcry::cli {
namespace {

using audit::Kind;

constexpr std::string_view kChallenge = "challenge_";

std::string member_of(const audit::Line& line, std::string_view name) {
  return json::string_member(line.text, name).value_or(std::string());
}

bool names_room(const audit::Line& line, const std::string& room) {
  if (member_of(line, "room") == room) return true;
  const auto rooms = json::member(line.text, "rooms");
  if (!rooms) return false;
  json::ArrayReader list(*rooms);
  while (const auto one = list.next()) {
    const auto text = json::unescape(*one);
    if (text && *text == room) return true;
  }
  return false;
}

/// Without these nobody could tell silence from a lack of records.
bool is_of_all(const audit::Line& line) {
  return line.kind == Kind::start || line.kind == Kind::stop || line.kind == Kind::gap ||
         line.kind == Kind::repair;
}

/// What a connection goes through besides its rooms.
bool is_of_connection(const audit::Line& line) {
  return line.kind == Kind::connect || line.kind == Kind::disconnect || line.kind == Kind::resume ||
         line.kind == Kind::resync;
}

void append_value(std::string& out, std::string_view name, std::string_view value) {
  out += fmt::format("  {}=", name);
  const auto text = json::unescape(value);
  out +=
      text && text->find_first_of(" \"=\n\r\t") == std::string::npos ? *text : std::string(value);
}

/// "user=ann  address=192.0.2.1  cause=client": what stands in the record, in its order.
std::string members_text(const audit::Line& line) {
  std::string out;
  json::ObjectReader members(line.text);
  while (const auto member = members.next()) {
    const bool is_shown = member->key != "seq" && member->key != "time" && member->key != "kind" &&
                          member->key != "prev" && member->key != "hash" &&
                          member->key != "signature";
    if (!is_shown) continue;
    if (member->key != "detail") {
      append_value(out, member->key, member->value);
      continue;
    }
    json::ObjectReader details(member->value);
    while (const auto detail = details.next()) append_value(out, detail->key, detail->value);
  }
  return out;
}

void print(const audit::Line& line, bool as_json, std::ostream& out) {
  if (as_json) {
    out << line.text << '\n';
    return;
  }
  fmt::print(out, "{}  {:>8}  {:<14}{}\n", line.time, line.sequence, line.kind_name,
             members_text(line));
}

}  // namespace

int print_timeline(const AuditTimelineOptions& options, const Surroundings& around) {
  const std::string room =
      options.is_room ? options.challenge : std::string(kChallenge) + options.challenge;
  // First who was there, then what became of them, which begins before the join.
  std::set<std::string, std::less<>> sockets;
  const audit::Report report = read_trail(options.trail, [&](const audit::Line& line) {
    if (!names_room(line, room)) return;
    if (std::string socket = member_of(line, "socket"); !socket.empty()) {
      sockets.insert(std::move(socket));
    }
  });
  std::uint64_t count = 0;
  AuditVerifyOptions again = options.trail;
  again.expect_end.clear();
  (void)read_trail(again, [&](const audit::Line& line) {  // the report is known
    const bool is_room = names_room(line, room);
    const bool is_member = is_of_connection(line) && sockets.contains(member_of(line, "socket"));
    if (!is_room && !is_member && !is_of_all(line)) return;
    count += is_room || is_member ? 1 : 0;
    print(line, options.as_json, around.out);
  });
  if (count == 0) fmt::print(around.err, "audit: no record tells of room {}\n", room);
  if (report.intact()) return kExitDone;
  fmt::print(around.err, "audit: the trail is NOT INTACT; this may be neither true nor all:\n");
  print_findings(report, around.err);
  return kExitFailed;
}

}  // namespace outcry::cli
