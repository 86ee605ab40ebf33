#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "config/keys.h"
#include "config/values.h"

namespace outcry::config {
namespace {

constexpr std::size_t kCommentColumns = 96;

/// `text` as comment lines, broken at spaces.
std::string comment(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t length = text.size();
    if (length > kCommentColumns) {
      length = text.rfind(' ', kCommentColumns);
      if (length == std::string_view::npos) length = text.size();
    }
    out += fmt::format("# {}\n", text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return out;
}

bool is_number(const ConfigKey& key) {
  return type_name(key) == "whole number";
}

bool is_list(const ConfigKey& key) {
  return std::holds_alternative<Member<Strings>>(key.member) ||
         std::holds_alternative<Member<AliasMap>>(key.member) ||
         std::holds_alternative<Member<TextMap>>(key.member);
}

/// "50 to 3600000 ms", "1 to 8 elements", "one of debug, info"; empty if there is none to tell.
std::string limits(const ConfigKey& key) {
  std::string text;
  if (is_number(key)) {
    text = fmt::format("{} to {}{}{}", key.minimum, key.maximum, key.unit.empty() ? "" : " ",
                       key.unit);
  } else if (is_list(key)) {
    text = fmt::format("{} to {} elements", key.minimum, key.maximum);
  }
  if (key.choices.empty()) return text;
  if (!text.empty()) text += ", ";
  text += "one of ";
  for (const std::string_view choice : key.choices) {
    text += choice;
    if (choice != key.choices.back()) text += ", ";
  }
  return text;
}

/// In a table's cell a bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

constexpr std::string_view kMarkdownHead = R"(# Configuration

One TOML file (`outcry serve --config FILE`); every key is also an environment variable
(`OUTCRY_SECTION_KEY`), which comes before the file. A list in a variable is written `a,b` or as a
TOML array, a table as an inline TOML table. A key that isn't here is an error that names its line.
`outcry check-config FILE` checks a file, `outcry default-config` prints one with all defaults.

Of `secret` and `secret_file`, `api_keys` and `api_keys_file`, `redis` and `redis_file`, `url` and
`url_file` one may be set. Paths are relative to the working directory.

The configuration is read at start. SIGHUP, or `POST /v1/reload` on the operations port, reads it
and the files that it names again: keys with a "yes" under "reload" change in the running gateway,
the others at its next start. A new configuration with an error in it changes nothing.

This page is printed by `outcry default-config --markdown`.
)";

}  // namespace

std::string default_config_toml() {
  std::string out =
      "# Outcry: every key with its default. Keep only what you change.\n"
      "# Each is also an environment variable, which comes first: OUTCRY_SECTION_KEY.\n";
  Config defaults;
  std::string_view section;
  for (const ConfigKey& key : config_keys()) {
    if (key.section != section) {
      section = key.section;
      out += fmt::format("\n[{}]\n", section);
    }
    out += comment(key.meaning);
    const std::string allowed = limits(key);
    if (!allowed.empty()) out += comment("Allowed: " + allowed + ".");
    if (key.reloadable) out += comment("Reloaded by SIGHUP.");
    out += fmt::format("{} = {}\n", key.name, toml_of(defaults, key));
  }
  return out;
}

std::string config_reference_markdown() {
  std::string out(kMarkdownHead);
  Config defaults;
  std::string_view section;
  for (const ConfigKey& key : config_keys()) {
    if (key.section != section) {
      section = key.section;
      out += fmt::format(
          "\n## [{}]\n\n| key | type, limits | default | reload | meaning "
          "|\n|---|---|---|---|---|\n",
          section);
    }
    const std::string allowed = limits(key);
    out += fmt::format("| `{}` | {}{}{} | `{}` | {} | {} |\n", key.name, type_name(key),
                       allowed.empty() ? "" : ", ", cell(allowed), cell(toml_of(defaults, key)),
                       key.reloadable ? "yes" : "", cell(key.meaning));
  }
  return out;
}

}  // namespace outcry::config
