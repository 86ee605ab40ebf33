// config/toml.h — TOML text to plain values; the only file that knows the TOML library.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/values.h"

namespace outcry::config {

/// A key as it stands in a file. A key outside of any section has an empty `section`.
struct TomlEntry {
  std::string section;
  std::string name;
  unsigned line = 0;
  RawValue value;
};

/// All keys of a document, in no particular order. A section without keys gives one entry without
/// name. Throws ConfigError ("LINE: what") on bad syntax or a key given twice.
[[nodiscard]] std::vector<TomlEntry> read_toml(std::string_view text);

/// One value, for example an array or an inline table. An OtherValue if it can't be read.
[[nodiscard]] RawValue read_toml_value(const std::string& text);

}  // namespace outcry::config
