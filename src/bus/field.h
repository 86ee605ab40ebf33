// bus/field.h — one view of a message's parts, whether it came as JSON text or as decoded values.
//
//   JSON text     {"room": 42}     slice of text   ┐
//   pickle        {'room': 42}     node of a tree  ├─  Field: is_null, name, elements, write…
//   msgpack       81 a4 room 2a    node of a tree  ┘
//
// The rules of a message are the same in each encoding and are written once, on Field. JSON stays
// text: writing a Field that came as text copies its slice.
// Borrowed: valid as long as the text, or the tree, that it views.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json_text.h"
#include "base/result.h"
#include "base/value_tree.h"

namespace outcry::bus {

/// Rooms, or socket ids, in one list: each costs memory that its text alone doesn't show.
inline constexpr std::size_t kNamesMax = 65'536;
/// Attachments of one event: each is a frame of its own to each client.
inline constexpr std::size_t kAttachmentsMax = 1024;

class Field {
 public:
  /// A slice of text that has passed json::validate().
  explicit Field(std::string_view json_slice) noexcept : source_(json_slice) {}
  explicit Field(ValueTree::Value value) noexcept : source_(value) {}

  [[nodiscard]] bool is_null() const noexcept;
  [[nodiscard]] bool is_true() const noexcept;
  [[nodiscard]] bool is_array() const noexcept;
  [[nodiscard]] bool is_object() const noexcept;
  /// True for JSON text (any kind), false for a value of a tree.
  [[nodiscard]] bool is_json() const noexcept;
  /// True only for a tuple of a pickle.
  [[nodiscard]] bool is_tuple() const noexcept;

  /// The text of a string; nullopt for any other kind.
  [[nodiscard]] std::optional<std::string> text() const;
  /// A room's name: the text of a string, or an integer in decimal; nullopt for any other kind.
  [[nodiscard]] std::optional<std::string> name() const;
  [[nodiscard]] std::optional<std::int64_t> integer() const noexcept;

  /// Element `index` of an array; nullopt beyond its end, and for any other kind. Linear in index.
  [[nodiscard]] std::optional<Field> element(std::size_t index) const;
  /// Value of the last member called `name`; nullopt if there is none, or this is no object.
  [[nodiscard]] std::optional<Field> find(std::string_view name) const;

  /// Calls visit(key, Field) for each member of an object; keys that are no strings are skipped.
  template <class Visit>
  void for_each_member(Visit&& visit) const;
  /// Calls visit(Field) for each element of an array until it returns false; false if it did.
  template <class Visit>
  bool for_each_element(Visit&& visit) const;

  /// Appends the value as JSON text; bytes of a tree go to `attachments`, with placeholders.
  void append_json(std::string& out, std::vector<std::string>& attachments) const;
  /// Appends an array's elements from position `first` on, joined by ',': as they were written if
  /// they are JSON text.
  void append_elements(std::size_t first, std::string& out,
                       std::vector<std::string>& attachments) const;

 private:
  [[nodiscard]] bool is(json::Kind json_kind, ValueKind value_kind) const noexcept;

  std::variant<std::string_view, ValueTree::Value> source_;
};

/// The names in a room list: a single name, or an array of them. nullopt if any is no name, or if
/// there are more than kNamesMax.
[[nodiscard]] std::optional<std::vector<std::string>> names_of(const Field& field);

/// True if there are at most kAttachmentsMax attachments and each {"_placeholder":true} in
/// `arguments` (values joined by ',') names one of them: a client drops its connection on one
/// that doesn't.
[[nodiscard]] bool placeholders_fit(std::string_view arguments, std::size_t count);

template <class Visit>
bool Field::for_each_element(Visit&& visit) const {
  if (const auto* slice = std::get_if<std::string_view>(&source_)) {
    json::ArrayReader reader(*slice);
    while (const auto element = reader.next()) {
      if (!visit(Field(*element))) return false;
    }
    return true;
  }
  if (!is_array()) return true;
  for (const auto item : std::get<ValueTree::Value>(source_).items()) {
    if (!visit(Field(item.value))) return false;
  }
  return true;
}

template <class Visit>
void Field::for_each_member(Visit&& visit) const {
  if (const auto* slice = std::get_if<std::string_view>(&source_)) {
    json::ObjectReader reader(*slice);
    while (const auto member = reader.next()) visit(member->key, Field(member->value));
    return;
  }
  for (const auto item : std::get<ValueTree::Value>(source_).items()) {
    if (item.key && item.key->is(ValueKind::string)) visit(item.key->text(), Field(item.value));
  }
}

}  // namespace outcry::bus
