#include "protocol/resp/command.h"

#include <iterator>

#include <fmt/format.h>

#include "base/assert.h"

namespace outcry::resp {

void append_command(std::string& out, std::span<const std::string_view> arguments) {
  OUTCRY_ASSERT(!arguments.empty());
  fmt::format_to(std::back_inserter(out), "*{}\r\n", arguments.size());
  for (const std::string_view argument : arguments) {
    fmt::format_to(std::back_inserter(out), "${}\r\n", argument.size());
    out += argument;
    out += "\r\n";
  }
}

void append_command(std::string& out, std::initializer_list<std::string_view> arguments) {
  append_command(out, std::span(arguments.begin(), arguments.size()));
}

}  // namespace outcry::resp
