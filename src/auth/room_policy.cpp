#include "auth/room_policy.h"

#include <algorithm>

namespace outcry::auth {
namespace {

constexpr std::size_t kObjectIdBytesMax = 128;
constexpr std::size_t kLiteralBytesMax = 128;

bool is_id_character(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == ':' || c == '-';
}

bool is_literal_character(char c) noexcept {
  return is_id_character(c) || c == '/' || c == '#';
}

/// The part before the placeholder; the whole template if it has none.
std::string_view literal_of(std::string_view text) {
  return text.substr(0, text.find('{'));
}

}  // namespace

bool is_object_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kObjectIdBytesMax &&
         std::ranges::all_of(text, is_id_character);
}

bool is_room_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kLiteralBytesMax + kObjectIdBytesMax &&
         std::ranges::all_of(text, is_literal_character);
}

bool lists_room(std::span<const std::string> listed, std::string_view room) noexcept {
  return std::ranges::any_of(listed, [room](std::string_view name) {
    if (!name.ends_with('*')) return name == room;
    name.remove_suffix(1);
    return room.starts_with(name);
  });
}

std::error_code check_room_template(const RoomTemplate& room_template) {
  const std::string_view text = room_template.text;
  const std::string_view literal = literal_of(text);
  if (literal.empty() || literal.size() > kLiteralBytesMax ||
      !std::ranges::all_of(literal, is_literal_character)) {
    return AuthError::room_template;
  }
  const std::string_view placeholder = text.substr(literal.size());
  if (placeholder.empty()) {
    // Without an id there is nothing to own and nobody to be.
    const bool needs_id =
        room_template.access == RoomAccess::owner || room_template.access == RoomAccess::user;
    return needs_id ? AuthError::room_template : std::error_code();
  }
  if (placeholder.size() < 3 || placeholder.back() != '}' ||
      !is_object_id(placeholder.substr(1, placeholder.size() - 2))) {
    return AuthError::room_template;
  }
  return {};
}

Result<RoomPolicy> RoomPolicy::create(const std::vector<RoomTemplate>& templates) {
  RoomPolicy policy;
  for (const RoomTemplate& room_template : templates) {
    if (const auto error = check_room_template(room_template)) return fail(error);
    Rule rule;
    rule.literal = literal_of(room_template.text);
    rule.has_id = rule.literal.size() < room_template.text.size();
    rule.access = room_template.access;
    const bool twice = std::ranges::any_of(policy.rules_, [&rule](const Rule& other) {
      return other.literal == rule.literal && other.has_id == rule.has_id;
    });
    if (twice) return fail(AuthError::room_template);
    policy.rules_.push_back(std::move(rule));
  }
  std::ranges::sort(policy.rules_, [](const Rule& a, const Rule& b) {
    if (a.literal.size() != b.literal.size()) return a.literal.size() > b.literal.size();
    return a.literal < b.literal;
  });
  return policy;
}

std::optional<RoomMatch> RoomPolicy::match(std::string_view room) const {
  for (const Rule& rule : rules_) {
    if (!rule.has_id) {
      if (room == rule.literal) return RoomMatch{rule.access, {}};
      continue;
    }
    if (!room.starts_with(rule.literal)) continue;
    const std::string_view id = room.substr(rule.literal.size());
    if (is_object_id(id)) return RoomMatch{rule.access, id};
  }
  return std::nullopt;
}

}  // namespace outcry::auth
