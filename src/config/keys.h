// config/keys.h — the one table of configuration keys.
//
// A row binds a name to a member of Config and says what a value may be. Reading files, reading the
// environment, reloading, printing defaults and the reference page all walk this table, so a
// key exists everywhere or nowhere. The default isn't in the table: it is the member's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace outcry::config {

using AliasMap = std::map<std::string, Strings>;
using TextMap = std::map<std::string, std::string>;

/// Finds the key's member in a Config; the alternative is the key's type.
template <class T>
using Member = T& (*)(Config&);
using AnyMember =
    std::variant<Member<bool>, Member<std::size_t>, Member<milliseconds>, Member<seconds>,
                 Member<std::string>, Member<Strings>, Member<AliasMap>, Member<TextMap>>;

struct ConfigKey {
  std::string_view section;
  std::string_view name;  // ends in its unit: _ms, _s, _bytes…
  AnyMember member;
  std::string_view meaning;  // one sentence, and what happens at the limit
  std::string_view unit{};   // empty for text and counts of nothing in particular
  /// Numbers: the least and greatest value. Lists: the least and greatest number of elements.
  std::uint64_t minimum = 0;
  std::uint64_t maximum = 64;
  /// Texts (or each element of a list): one of these. Empty: any.
  std::span<const std::string_view> choices{};
  bool secret = false;      // never printed
  bool reloadable = false;  // a new value needs no restart (config/reload.h)
};

/// In the order of printing, sections together.
[[nodiscard]] std::span<const ConfigKey> config_keys();

/// nullptr if there is no such key.
[[nodiscard]] const ConfigKey* find_key(std::string_view section, std::string_view name);
[[nodiscard]] bool is_section(std::string_view section);

/// "section.name", as messages say it, and OUTCRY_SECTION_NAME.
[[nodiscard]] std::string full_name(const ConfigKey& key);
[[nodiscard]] std::string environment_name(const ConfigKey& key);

/// The word among `known` with the fewest edits from `word`, if they are few enough to be a typing
/// error; else empty.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> known);

/// All keys with their defaults as commented TOML: a valid configuration file.
[[nodiscard]] std::string default_config_toml();
/// docs/reference/config.md.
[[nodiscard]] std::string config_reference_markdown();

}  // namespace outcry::config
