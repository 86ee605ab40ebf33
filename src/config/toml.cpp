#include "config/toml.h"

#include <fmt/format.h>
#include <toml++/toml.h>

namespace outcry::config {
namespace {

RawValue raw_array(const toml::array& array) {
  Strings list;
  for (const toml::node& element : array) {
    const auto* text = element.as_string();
    if (text == nullptr) return OtherValue{"a list with something else than texts"};
    list.push_back(text->get());
  }
  return list;
}

/// A table of texts, or of lists of texts; an empty one counts as the former.
RawValue raw_table(const toml::table& table) {
  TextMap texts;
  for (const auto& [name, node] : table) {
    if (const auto* text = node.as_string()) texts.emplace(name.str(), text->get());
  }
  if (texts.size() == table.size()) return texts;
  AliasMap map;
  for (const auto& [name, node] : table) {
    const RawValue value = node.is_array() ? raw_array(*node.as_array()) : OtherValue{};
    const auto* list = std::get_if<Strings>(&value);
    if (list == nullptr) {
      return OtherValue{fmt::format("a table in which \"{}\" isn't a list of texts", name.str())};
    }
    map.emplace(name.str(), *list);
  }
  return map;
}

RawValue raw_value(const toml::node& node) {
  if (const auto* value = node.as_boolean()) return value->get();
  if (const auto* value = node.as_integer()) return value->get();
  if (const auto* value = node.as_floating_point()) return value->get();
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_array()) return raw_array(*value);
  if (const auto* value = node.as_table()) return raw_table(*value);
  return OtherValue{"a date or time"};
}

}  // namespace

std::vector<TomlEntry> read_toml(std::string_view text) {
  toml::table document;
  try {
    document = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw ConfigError(
        fmt::format("{}: bad TOML: {}", error.source().begin.line, error.description()));
  }
  std::vector<TomlEntry> entries;
  for (const auto& [section, node] : document) {
    const auto* table = node.as_table();
    const std::string section_name(section.str());
    if (table == nullptr) {
      entries.push_back({"", section_name, node.source().begin.line, raw_value(node)});
    } else if (table->empty()) {
      entries.push_back({section_name, "", node.source().begin.line, OtherValue{}});
    } else {
      for (const auto& [name, value] : *table) {
        entries.push_back(
            {section_name, std::string(name.str()), name.source().begin.line, raw_value(value)});
      }
    }
  }
  return entries;
}

RawValue read_toml_value(const std::string& text) {
  try {
    const toml::table document = toml::parse("value = " + text);
    const toml::node* value = document.get("value");
    if (value != nullptr && document.size() == 1) return raw_value(*value);
  } catch (const toml::parse_error&) {
    // Falls through: the caller says what was wanted instead.
  }
  return OtherValue{"bad TOML"};
}

}  // namespace outcry::config
