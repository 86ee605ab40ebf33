#include "gateway/publication_id.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace outcry::gateway {
namespace {

/// What the first argument says; empty if it doesn't.
std::string said_in(std::string_view arguments, const std::string& id_member) {
  // Nearly always absent, and then found so without reading the JSON.
  if (id_member.empty() || arguments.find(id_member) == std::string_view::npos) return {};
  if (!arguments.starts_with('{')) return {};
  const auto end = json::scan_value(arguments, 0);
  if (!end) return {};
  return json::string_member(arguments.substr(0, *end), id_member).value_or(std::string());
}

}  // namespace

std::string publication_id(const bus::Publication& publication, const std::string& id_member) {
  if (!publication.id.empty()) return publication.id;
  const std::string own = said_in(publication.arguments, id_member);
  const bus::Audience& audience = publication.audience;
  return own.empty() ? own
                     : payload_id(own, publication.event, audience.namespace_name, audience.rooms);
}

std::string publication_id(const eventlog::StoredEvent& stored, const std::string& id_member) {
  if (!stored.id.empty()) return stored.id;
  const std::string own = said_in(stored.arguments, id_member);
  return own.empty() ? own : payload_id(own, stored.event, stored.namespace_name, stored.rooms);
}

std::string payload_id(std::string_view own, std::string_view event,
                       std::string_view namespace_name, const config::Strings& rooms) {
  std::string id = fmt::format("{}\n{}\n{}", own, event, namespace_name);
  for (const std::string& room : rooms) id.append("\n").append(room);
  return id;
}

}  // namespace outcry::gateway
