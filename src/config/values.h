// config/values.h — one value: from the file or the environment into its member, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "config/keys.h"

namespace outcry::config {

/// What no key may have: dates, mixed arrays… The text names it for the message.
struct OtherValue {
  std::string kind;
};
/// A value as it was written, before a key says what it should have been.
using RawValue =
    std::variant<bool, std::int64_t, double, std::string, Strings, AliasMap, TextMap, OtherValue>;

/// Stores the value in the key's member. Returns what is wrong with it ("must be a whole number
/// from 50 to 3600000 ms, not a string"), or nullopt; the member is then as it was.
[[nodiscard]] std::optional<std::string> assign(Config& config, const ConfigKey& key,
                                                const RawValue& value);

/// From an environment variable. Lists are "a,b" or a TOML array, tables an inline TOML table.
[[nodiscard]] std::optional<std::string> assign_text(Config& config, const ConfigKey& key,
                                                     const std::string& text);

/// The member's value as TOML.
[[nodiscard]] std::string toml_of(Config& config, const ConfigKey& key);

/// "whole number", "list of texts"… of a key.
[[nodiscard]] std::string type_name(const ConfigKey& key);

}  // namespace outcry::config
