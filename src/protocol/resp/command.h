// protocol/resp/command.h — a Redis command as the array of bulk strings that servers expect.
//
//   SUBSCRIBE news  ->  *2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nnews\r\n
//
// Arguments are length-prefixed, so no content (line ends, zeros) can become another command.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace outcry::resp {

/// Appends one command to `out`; several make a pipeline. There must be at least one argument.
void append_command(std::string& out, std::span<const std::string_view> arguments);
void append_command(std::string& out, std::initializer_list<std::string_view> arguments);

}  // namespace outcry::resp
