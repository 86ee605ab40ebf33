#include "config/values.h"

#include <algorithm>
#include <charconv>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/toml.h"

namespace outcry::config {
namespace {

constexpr std::size_t kTextBytesMax = 65'536;

template <class T>
constexpr bool is_number =
    std::is_same_v<T, std::size_t> || std::is_same_v<T, milliseconds> || std::is_same_v<T, seconds>;

template <class T>
using MemberType = std::remove_reference_t<std::invoke_result_t<T, Config&>>;

std::string_view kind_of(const RawValue& value) {
  struct Kind {
    std::string_view operator()(bool) const { return "true or false"; }
    std::string_view operator()(std::int64_t) const { return "a whole number"; }
    std::string_view operator()(double) const { return "a number with a fraction"; }
    std::string_view operator()(const std::string&) const { return "a text"; }
    std::string_view operator()(const Strings&) const { return "a list"; }
    std::string_view operator()(const AliasMap&) const { return "a table of lists"; }
    std::string_view operator()(const TextMap&) const { return "a table of texts"; }
    std::string_view operator()(const OtherValue& other) const { return other.kind; }
  };
  return std::visit(Kind{}, value);
}

/// "from 50 to 3600000 ms"
std::string range_of(const ConfigKey& key) {
  return fmt::format("from {} to {}{}{}", key.minimum, key.maximum, key.unit.empty() ? "" : " ",
                     key.unit);
}

std::string wanted(const ConfigKey& key) {
  return std::visit(
      [&key](auto get) -> std::string {
        using T = MemberType<decltype(get)>;
        if constexpr (std::is_same_v<T, bool>) return "true or false";
        if constexpr (is_number<T>) return "a whole number " + range_of(key);
        if constexpr (std::is_same_v<T, std::string>) return "a text";
        if constexpr (std::is_same_v<T, Strings>) return "a list of texts";
        if constexpr (std::is_same_v<T, TextMap>) return "a table whose values are texts";
        return "a table whose values are lists of texts";
      },
      key.member);
}

std::optional<std::string> wrong_kind(const ConfigKey& key, const RawValue& value) {
  return fmt::format("must be {}, not {}", wanted(key), kind_of(value));
}

std::optional<std::string> check_choice(const ConfigKey& key, const std::string& text) {
  if (text.size() > kTextBytesMax || text.find('\0') != std::string::npos) {
    return fmt::format("must be a text of at most {} bytes without a zero byte", kTextBytesMax);
  }
  if (key.choices.empty() || std::ranges::find(key.choices, text) != key.choices.end()) return {};
  return fmt::format("must be one of {}", fmt::join(key.choices, ", "));
}

std::optional<std::string> check_count(const ConfigKey& key, std::size_t count) {
  if (count >= key.minimum && count <= key.maximum) return {};
  return fmt::format("must have {} to {} elements, not {}", key.minimum, key.maximum, count);
}

std::optional<std::string> check_list(const ConfigKey& key, const Strings& list) {
  if (auto problem = check_count(key, list.size())) return problem;
  for (const std::string& element : list) {
    if (element.empty()) return "must not have an empty text in it";
    if (std::ranges::count(list, element) > 1) return "must not have the same text twice";
    if (auto problem = check_choice(key, element)) return problem;
  }
  return {};
}

std::optional<std::string> check_aliases(const ConfigKey& key, const AliasMap& aliases) {
  if (auto problem = check_count(key, aliases.size())) return problem;
  for (const auto& [event, names] : aliases) {
    const bool usable =
        !event.empty() && names.size() <= 16 && std::ranges::none_of(names, &std::string::empty);
    if (!usable) return fmt::format("\"{}\" must have at most 16 names, none of them empty", event);
  }
  return {};
}

std::optional<std::string> check_texts(const ConfigKey& key, const TextMap& map) {
  if (auto problem = check_count(key, map.size())) return problem;
  for (const auto& [name, text] : map) {
    if (name.empty() || text.empty()) return "must not have an empty text in it";
    if (auto problem = check_choice(key, text)) return problem;
  }
  return {};
}

template <class T>
std::optional<std::string> store(T& member, const ConfigKey& key, const RawValue& value) {
  if constexpr (is_number<T>) {
    const auto* number = std::get_if<std::int64_t>(&value);
    if (number == nullptr) return wrong_kind(key, value);
    const bool in_range = *number >= 0 && std::cmp_greater_equal(*number, key.minimum) &&
                          std::cmp_less_equal(*number, key.maximum);
    if (!in_range) return fmt::format("must be {}, not {}", range_of(key), *number);
    member = T(static_cast<std::size_t>(*number));
  } else {
    if constexpr (std::is_same_v<T, AliasMap>) {
      // An empty table doesn't tell what it would have held.
      const auto* texts = std::get_if<TextMap>(&value);
      if (texts != nullptr && texts->empty()) return store(member, key, RawValue(AliasMap()));
    }
    const auto* typed = std::get_if<T>(&value);
    if (typed == nullptr) return wrong_kind(key, value);
    std::optional<std::string> problem;
    if constexpr (std::is_same_v<T, std::string>) problem = check_choice(key, *typed);
    if constexpr (std::is_same_v<T, Strings>) problem = check_list(key, *typed);
    if constexpr (std::is_same_v<T, AliasMap>) problem = check_aliases(key, *typed);
    if constexpr (std::is_same_v<T, TextMap>) problem = check_texts(key, *typed);
    if (problem) return problem;
    member = *typed;
  }
  return {};
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

Strings split_at_commas(std::string_view text) {
  Strings parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    parts.push_back(trimmed(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

/// How the text of a variable is to be read depends on what its key wants.
template <class T>
RawValue raw_of(const std::string& text) {
  if constexpr (std::is_same_v<T, std::string>) {
    return text;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (text == "true" || text == "false") return text == "true";
    return text;
  } else if constexpr (is_number<T>) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return text;
    return number;
  } else {
    if (text.starts_with('[') || text.starts_with('{')) return read_toml_value(text);
    if constexpr (std::is_same_v<T, Strings>) return split_at_commas(text);
    return text;
  }
}

std::string to_toml(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string to_toml(const Strings& list) {
  std::string out = "[";
  for (const std::string& element : list) out += (out.size() > 1 ? ", " : "") + to_toml(element);
  return out + ']';
}

std::string to_toml(const AliasMap& aliases) {
  std::string out = "{";
  for (const auto& [event, names] : aliases) {
    out += fmt::format("{} {} = {}", out.size() > 1 ? "," : "", to_toml(event), to_toml(names));
  }
  return out + (aliases.empty() ? "}" : " }");
}

std::string to_toml(const TextMap& map) {
  std::string out = "{";
  for (const auto& [name, text] : map) {
    out += fmt::format("{} {} = {}", out.size() > 1 ? "," : "", to_toml(name), to_toml(text));
  }
  return out + (map.empty() ? "}" : " }");
}

}  // namespace

std::optional<std::string> assign(Config& config, const ConfigKey& key, const RawValue& value) {
  return std::visit([&](auto get) { return store(get(config), key, value); }, key.member);
}

std::optional<std::string> assign_text(Config& config, const ConfigKey& key,
                                       const std::string& text) {
  return std::visit(
      [&](auto get) { return store(get(config), key, raw_of<MemberType<decltype(get)>>(text)); },
      key.member);
}

std::string toml_of(Config& config, const ConfigKey& key) {
  return std::visit(
      [&config](auto get) -> std::string {
        using T = MemberType<decltype(get)>;
        const T& value = get(config);
        if constexpr (std::is_same_v<T, bool>)
          return value ? "true" : "false";
        else if constexpr (std::is_same_v<T, std::size_t>)
          return fmt::to_string(value);
        else if constexpr (is_number<T>)
          return fmt::to_string(value.count());
        else
          return to_toml(value);
      },
      key.member);
}

std::string type_name(const ConfigKey& key) {
  return std::visit(
      [](auto get) -> std::string {
        using T = MemberType<decltype(get)>;
        if constexpr (std::is_same_v<T, bool>) return "true or false";
        if constexpr (is_number<T>) return "whole number";
        if constexpr (std::is_same_v<T, std::string>) return "text";
        if constexpr (std::is_same_v<T, Strings>) return "list of texts";
        if constexpr (std::is_same_v<T, TextMap>) return "table of texts";
        return "table of lists of texts";
      },
      key.member);
}

}  // namespace outcry::config
