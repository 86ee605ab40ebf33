#include "bus/field.h"

#include <algorithm>
#include <array>

#include "base/error_enum.h"
#include "bus/message_error.h"

namespace outcry::bus {

std::error_code make_error_code(MessageError error) {
  static constexpr std::array<std::string_view, 11> kNames{
      "no error",        "unknown encoding", "message too big",  "not a message",
      "wrong method",    "wrong event",      "wrong namespace",  "wrong room",
      "wrong socket id", "wrong arguments",  "wrong attachments"};
  static const TableCategory category("message", kNames);
  return {static_cast<int>(error), category};
}

bool Field::is(json::Kind json_kind, ValueKind value_kind) const noexcept {
  if (const auto* slice = std::get_if<std::string_view>(&source_)) {
    return json::kind_of(*slice) == json_kind;
  }
  return std::get<ValueTree::Value>(source_).is(value_kind);
}

bool Field::is_null() const noexcept {
  return is(json::Kind::null, ValueKind::null);
}
bool Field::is_array() const noexcept {
  return is(json::Kind::array, ValueKind::array);
}
bool Field::is_object() const noexcept {
  return is(json::Kind::object, ValueKind::object);
}
bool Field::is_json() const noexcept {
  return std::holds_alternative<std::string_view>(source_);
}

bool Field::is_true() const noexcept {
  if (const auto* slice = std::get_if<std::string_view>(&source_)) return *slice == "true";
  return std::get<ValueTree::Value>(source_).is_true();
}

bool Field::is_tuple() const noexcept {
  const auto* value = std::get_if<ValueTree::Value>(&source_);
  return value != nullptr && value->is_tuple();
}

std::optional<std::string> Field::text() const {
  if (!is(json::Kind::string, ValueKind::string)) return std::nullopt;
  if (const auto* value = std::get_if<ValueTree::Value>(&source_)) return value->utf8();
  auto unescaped = json::unescape(std::get<std::string_view>(source_));
  if (!unescaped) return std::nullopt;
  return std::move(*unescaped);
}

std::optional<std::string> Field::name() const {
  if (auto string = text()) return string;
  std::string digits;
  if (const auto* slice = std::get_if<std::string_view>(&source_)) {
    digits = *slice;
  } else {
    const ValueKind kind = std::get<ValueTree::Value>(source_).kind();
    const bool whole =
        kind == ValueKind::int64 || kind == ValueKind::uint64 || kind == ValueKind::bigint;
    if (!whole) return std::nullopt;
    std::vector<std::string> none;
    append_json(digits, none);
  }
  const std::size_t sign = digits.starts_with('-') ? 1 : 0;
  const bool is_whole =
      digits.size() > sign && digits.find_first_not_of("0123456789", sign) == std::string::npos;
  if (!is_whole) return std::nullopt;
  return digits == "-0" ? "0" : digits;
}

std::optional<std::int64_t> Field::integer() const noexcept {
  if (const auto* slice = std::get_if<std::string_view>(&source_)) return json::integer(*slice);
  return std::get<ValueTree::Value>(source_).integer();
}

std::optional<Field> Field::element(std::size_t index) const {
  std::optional<Field> found;
  for_each_element([&](const Field& element) {
    if (index-- == 0) found = element;
    return !found;
  });
  return found;
}

std::optional<Field> Field::find(std::string_view name) const {
  std::optional<Field> found;
  for_each_member([&](std::string_view key, const Field& value) {
    if (key == name) found = value;
  });
  return found;
}

void Field::append_json(std::string& out, std::vector<std::string>& attachments) const {
  if (const auto* slice = std::get_if<std::string_view>(&source_)) {
    out += *slice;
  } else {
    std::get<ValueTree::Value>(source_).append_json(out, attachments);
  }
}

void Field::append_elements(std::size_t first, std::string& out,
                            std::vector<std::string>& attachments) const {
  if (const auto* slice = std::get_if<std::string_view>(&source_)) {
    // From the first wanted element to the bracket, with the white space between them as it was.
    json::ArrayReader reader(*slice);
    for (std::size_t i = 0; i < first && reader.next(); ++i) {
    }
    const auto element = reader.next();
    if (!element) return;
    const char* const end = slice->data() + slice->find_last_not_of(" \n\r\t", slice->size() - 2);
    out.append(element->data(), end + 1);
    return;
  }
  std::size_t position = 0;
  for (const auto item : std::get<ValueTree::Value>(source_).items()) {
    if (position++ < first) continue;
    if (position > first + 1) out += ',';
    item.value.append_json(out, attachments);
  }
}

std::optional<std::vector<std::string>> names_of(const Field& field) {
  std::vector<std::string> names;
  const auto add = [&](const Field& one) {
    auto name = one.name();
    if (!name || names.size() == kNamesMax) return false;
    names.push_back(std::move(*name));
    return true;
  };
  const bool all = field.is_array() ? field.for_each_element(add) : add(field);
  if (!all) return std::nullopt;
  return names;
}

namespace {

bool value_fits(std::string_view slice, std::size_t count) {
  if (json::kind_of(slice) == json::Kind::array) {
    json::ArrayReader reader(slice);
    while (const auto element = reader.next()) {
      if (!value_fits(*element, count)) return false;
    }
    return true;
  }
  if (json::kind_of(slice) != json::Kind::object) return true;
  if (json::member(slice, "_placeholder") == "true") {
    const auto number = json::member(slice, "num");
    const auto index = number ? json::integer(*number) : std::nullopt;
    return index && *index >= 0 && static_cast<std::uint64_t>(*index) < count;
  }
  json::ObjectReader reader(slice);
  while (const auto member = reader.next()) {
    if (!value_fits(member->value, count)) return false;
  }
  return true;
}

}  // namespace

bool placeholders_fit(std::string_view arguments, std::size_t count) {
  if (count > kAttachmentsMax) return false;
  return value_fits(std::string("[").append(arguments).append("]"), count);
}

}  // namespace outcry::bus
