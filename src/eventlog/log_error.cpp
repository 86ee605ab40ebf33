#include "eventlog/log_error.h"

#include <array>

#include "base/error_enum.h"

namespace outcry::eventlog {
namespace {

constexpr std::array<std::string_view, 10> kNames{
    "none",
    "the log's file can't be opened",
    "the log's file is in use by another process",
    "the log's file is damaged",
    "the log's file was written by a later version",
    "the disk is full",
    "the log's file can't be written to",
    "reading or writing the log failed",
    "the log's database refused a statement",
    "too much is waiting to be written to the log",
};

}  // namespace

std::error_code make_error_code(LogError error) {
  static const TableCategory category("eventlog", kNames);
  return {static_cast<int>(error), category};
}

}  // namespace outcry::eventlog
