#include "common/http_answer.h"

#include <charconv>
#include <cstddef>
#include <system_error>

namespace outcry::bench {
namespace {

constexpr std::size_t kHeadBytesMax = 16'384;
constexpr std::size_t kBodyBytesMax = std::size_t{16} << 20;
constexpr std::string_view kVersion = "HTTP/1.1 ";

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

template <class Number>
bool parse_number(std::string_view text, Number& out) noexcept {
  const char* end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, out);
  return error == std::errc{} && parsed_to == end;
}

}  // namespace

std::string_view header_value(std::string_view head, std::string_view name) noexcept {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name)) {
      return trimmed(line.substr(colon + 1));
    }
    if (end == std::string_view::npos) return {};
    head.remove_prefix(end + 2);
  }
  return {};
}

HttpStatus take_http_answer(std::string_view& in, HttpAnswer& out) noexcept {
  const std::size_t head_bytes = in.find("\r\n\r\n");
  if (head_bytes == std::string_view::npos) {
    return in.size() > kHeadBytesMax ? HttpStatus::malformed : HttpStatus::incomplete;
  }
  const std::string_view head = in.substr(0, head_bytes);
  int status = 0;
  constexpr std::size_t kStatusDigits = 3;
  if (!head.starts_with(kVersion) ||
      !parse_number(head.substr(kVersion.size(), kStatusDigits), status)) {
    return HttpStatus::malformed;
  }
  std::size_t body_bytes = 0;
  if (!parse_number(header_value(head, "content-length"), body_bytes) ||
      body_bytes > kBodyBytesMax) {
    return HttpStatus::malformed;
  }
  const std::string_view rest = in.substr(head_bytes + 4);
  if (rest.size() < body_bytes) return HttpStatus::incomplete;
  out = {status, rest.substr(0, body_bytes)};
  in = rest.substr(body_bytes);
  return HttpStatus::complete;
}

}  // namespace outcry::bench
