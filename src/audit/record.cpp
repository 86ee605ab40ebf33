#include "audit/record.h"

#include <algorithm>
#include <array>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "audit/digest.h"
#include "base/json_text.h"

namespace outcry::audit {
namespace {

constexpr std::array<std::string_view, kKindCount> kKinds{
    "file",    "start",  "stop",       "checkpoint", "retention",      "gap",  "repair",
    "connect", "refuse", "disconnect", "resume",     "resync",         "join", "deny",
    "leave",   "remove", "publish",    "command",    "administration",
};

void append_text(std::string& out, std::string_view text) {
  if (text.size() <= kTextBytesMax) return json::append_quoted(out, text);
  json::append_quoted(out, std::string(text.substr(0, kTextBytesMax)) + "…");
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
  append_text(out, text);
}

void append_list(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (std::size_t i = 0; i < std::min(texts.size(), kRoomsMax); ++i) {
    if (i > 0) out += ',';
    append_text(out, texts[i]);
  }
  out += ']';
}

void append_rooms(std::string& out, const std::vector<std::string>& rooms) {
  if (rooms.empty()) return;
  if (rooms.size() == 1) return append_member(out, "room", rooms.front());
  out += R"(,"rooms":)";
  append_list(out, rooms);
  if (rooms.size() > kRoomsMax) {
    fmt::format_to(std::back_inserter(out), R"(,"rooms_more":{})", rooms.size() - kRoomsMax);
  }
}

bool is_empty(const Detail& detail) {
  if (const auto* text = std::get_if<std::string>(&detail.value)) return text->empty();
  const auto* list = std::get_if<std::vector<std::string>>(&detail.value);
  return list != nullptr && list->empty();
}

void append_detail(std::string& out, const Detail& detail) {
  if (is_empty(detail)) return;
  if (out.back() != '{') out += ',';
  fmt::format_to(std::back_inserter(out), R"("{}":)", detail.name);
  if (const auto* number = std::get_if<std::uint64_t>(&detail.value)) {
    out += std::to_string(*number);
  } else if (const auto* text = std::get_if<std::string>(&detail.value)) {
    append_text(out, *text);
  } else {
    append_list(out, std::get<std::vector<std::string>>(detail.value));
  }
}

}  // namespace

std::string_view name_of(Kind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<Kind> kind_of(std::string_view name) noexcept {
  const auto found = std::ranges::find(kKinds, name);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<Kind>(found - kKinds.begin());
}

std::size_t size_of(const Record& record) noexcept {
  std::size_t bytes = sizeof(Record) + record.user.size() + record.socket.size() +
                      record.address.size() + record.details.size() * (sizeof(Detail) + 32);
  for (const std::string& room : record.rooms) bytes += sizeof(std::string) + room.size();
  if (record.payload) bytes += record.payload->size();
  return bytes;
}

std::string time_text(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (time - seconds).count());
}

void append_members(std::string& out, const Record& record) {
  fmt::format_to(std::back_inserter(out), R"("time":"{}","kind":"{}")", time_text(record.time),
                 name_of(record.kind));
  append_member(out, "user", record.user);
  append_member(out, "namespace", record.namespace_name);
  append_rooms(out, record.rooms);
  append_member(out, "socket", record.socket);
  append_member(out, "address", record.address);
  if (record.details.empty() && !record.payload) return;
  out += R"(,"detail":{)";
  for (const Detail& detail : record.details) append_detail(out, detail);
  if (record.payload) append_detail(out, {"sha256", hex(sha256({*record.payload}))});
  out += '}';
}

}  // namespace outcry::audit
