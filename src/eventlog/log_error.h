// eventlog/log_error.h — why the log can't be read or written.
#pragma once

#include <cstdint>
#include <system_error>

namespace outcry::eventlog {

enum class LogError : std::uint8_t {
  none,
  cant_open,   // no such directory, no permission
  in_use,      // another process has it
  corrupt,     // not a database, or one that fails its check
  too_new,     // written by a later version
  disk_full,   // also: the file may grow no more
  read_only,   // the file system, or the file
  io,          // the system said that reading or writing failed
  failed,      // anything else that SQLite says
  overloaded,  // more is waiting to be written than may
};
std::error_code make_error_code(LogError error);

}  // namespace outcry::eventlog

template <>
struct std::is_error_code_enum<outcry::eventlog::LogError> : std::true_type {};
