#include "api/publish_body.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"

namespace outcry::api {
namespace {

using bus::Publication;

// Socket.IO clients act on these themselves; as events they would look like the library's own.
constexpr std::array<std::string_view, 6> kReservedEvents{
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};

constexpr std::array<std::string_view, 7> kKeys{"room", "rooms",     "event", "data",
                                                "id",   "namespace", "except"};

bool has_control_character(std::string_view text) noexcept {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Reads one publication. Every step returns false after it has filled `problem`.
class PublicationReader {
 public:
  PublicationReader(const PublishLimits& limits, PublishShape shape, std::string at)
      : limits_(limits), shape_(shape), at_(std::move(at)) {}

  bool read(std::string_view slice) {
    if (json::kind_of(slice) != json::Kind::object) {
      return fault("", "a publication is a JSON object");
    }
    json::ObjectReader members(slice);
    while (const auto member = members.next()) {
      if (!note_key(member->key) || !read_member(member->key, member->value)) return false;
    }
    return check_whole();
  }

  Publication publication;
  Problem problem;

 private:
  bool fault(std::string_view key, std::string detail) {
    problem.kind = ProblemKind::invalid_field;
    problem.detail = std::move(detail);
    problem.pointer = "#" + at_;
    if (!key.empty()) problem.pointer.append("/").append(key);
    return false;
  }

  [[nodiscard]] bool seen(std::string_view key) const noexcept {
    const auto place = std::ranges::find(kKeys, key);
    return seen_[static_cast<std::size_t>(place - kKeys.begin())];
  }

  bool note_key(std::string_view key) {
    const auto place = std::ranges::find(kKeys, key);
    if (place == kKeys.end()) {
      return fault("",
                   "there is a key that is not known; known are room or rooms, event, data, id, "
                   "namespace, except");
    }
    bool& already = seen_[static_cast<std::size_t>(place - kKeys.begin())];
    if (already) return fault(*place, fmt::format("{} is given twice", *place));
    already = true;
    if (key == "room" && shape_ == PublishShape::rooms) {
      return fault(key, "room belongs to /v1/publish; give rooms here");
    }
    if (key == "rooms" && shape_ == PublishShape::room) {
      return fault(key, "rooms belongs to /v1/broadcast; give room here");
    }
    return true;
  }

  bool read_member(std::string_view key, std::string_view value) {
    bus::Audience& audience = publication.audience;
    if (key == "data") {
      publication.arguments = value;
      return true;
    }
    if (key == "rooms") return read_names(key, value, limits_.rooms_max, audience.rooms);
    if (key == "except") return read_names(key, value, limits_.except_max, audience.except);
    if (key == "room") {
      audience.rooms.emplace_back();
      return read_name(key, value, limits_.room_bytes_max, audience.rooms.back());
    }
    if (key == "event") return read_event(value);
    if (key == "namespace") return read_namespace(value);
    return read_id(value);
  }

  bool read_name(std::string_view key, std::string_view value, std::size_t bytes_max,
                 std::string& out) {
    auto text = json::unescape(value);
    if (!text) return fault(key, fmt::format("{} must be a string", key));
    if (text->empty()) return fault(key, fmt::format("{} must not be empty", key));
    if (text->size() > bytes_max) {
      return fault(key, fmt::format("{} has {} bytes; at most {} are allowed", key, text->size(),
                                    bytes_max));
    }
    if (has_control_character(*text)) {
      return fault(key, fmt::format("{} must not hold control characters", key));
    }
    out = *std::move(text);
    return true;
  }

  bool read_names(std::string_view key, std::string_view value, std::size_t count_max,
                  std::vector<std::string>& out) {
    if (json::kind_of(value) != json::Kind::array) {
      return fault(key, fmt::format("{} must be an array of room names", key));
    }
    json::ArrayReader elements(value);
    while (const auto element = elements.next()) {
      if (out.size() == count_max) {
        return fault(key, fmt::format("{} may hold at most {} names", key, count_max));
      }
      const std::string place = fmt::format("{}/{}", key, out.size());
      out.emplace_back();
      if (!read_name(place, *element, limits_.room_bytes_max, out.back())) return false;
    }
    return true;
  }

  bool read_event(std::string_view value) {
    if (!read_name("event", value, limits_.event_bytes_max, publication.event)) return false;
    if (std::ranges::find(kReservedEvents, publication.event) == kReservedEvents.end()) return true;
    return fault("event", "event is a name that Socket.IO reserves; choose another");
  }

  bool read_namespace(std::string_view value) {
    std::string& name = publication.audience.namespace_name;
    if (!read_name("namespace", value, limits_.namespace_bytes_max, name)) return false;
    if (name.front() == '/' && name.find_first_of(",?") == std::string::npos) return true;
    return fault("namespace", "namespace must begin with / and hold neither , nor ?");
  }

  bool read_id(std::string_view value) {
    auto text = json::unescape(value);
    if (!text || !is_publication_id(*text, limits_)) {
      return fault("id", fmt::format("id must be a string of 1 to {} visible ASCII characters",
                                     limits_.id_bytes_max));
    }
    publication.id = *std::move(text);
    return true;
  }

  bool check_whole() {
    if (!seen("event")) return fault("event", "event is missing");
    if (seen("room") && seen("rooms")) return fault("rooms", "give either room or rooms");
    if (publication.audience.rooms.empty()) {
      const bool one = shape_ == PublishShape::room;
      return fault(one ? "room" : "rooms",
                   one ? "room is missing" : "rooms must hold at least one name");
    }
    return true;
  }

  const PublishLimits& limits_;
  PublishShape shape_;
  std::string at_;  // JSON pointer of the publication: empty or "/3"
  std::array<bool, kKeys.size()> seen_{};
};

Problem whole_body_problem(ProblemKind kind, std::string detail) {
  return {.kind = kind, .detail = std::move(detail), .pointer = "#"};
}

}  // namespace

bool is_publication_id(std::string_view id, const PublishLimits& limits) noexcept {
  return !id.empty() && id.size() <= limits.id_bytes_max &&
         std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::expected<std::vector<bus::Publication>, Problem> decode_publish_body(
    std::string_view body, PublishShape shape, const PublishLimits& limits) {
  const auto value = json::validate(body);
  if (!value) {
    return std::unexpected(whole_body_problem(ProblemKind::malformed_request,
                                              "the body is not JSON: " + value.error().message()));
  }
  std::vector<Publication> publications;
  if (shape != PublishShape::batch) {
    PublicationReader reader(limits, shape, "");
    if (!reader.read(*value)) return std::unexpected(std::move(reader.problem));
    publications.push_back(std::move(reader.publication));
    return publications;
  }
  if (json::kind_of(*value) != json::Kind::array) {
    return std::unexpected(
        whole_body_problem(ProblemKind::invalid_field, "a batch is an array of publications"));
  }
  json::ArrayReader elements(*value);
  while (const auto element = elements.next()) {
    if (publications.size() == limits.batch_max) {
      return std::unexpected(whole_body_problem(
          ProblemKind::invalid_field,
          fmt::format("a batch may hold at most {} publications", limits.batch_max)));
    }
    PublicationReader reader(limits, shape, fmt::format("/{}", publications.size()));
    if (!reader.read(*element)) return std::unexpected(std::move(reader.problem));
    publications.push_back(std::move(reader.publication));
  }
  if (publications.empty()) {
    return std::unexpected(
        whole_body_problem(ProblemKind::invalid_field, "a batch holds at least one publication"));
  }
  return publications;
}

}  // namespace outcry::api
