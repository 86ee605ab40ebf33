#include "protocol/http/target.h"

#include <charconv>

#include <fmt/format.h>

namespace outcry::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool decodes_to(std::string_view text, std::string_view wanted) {
  if (text == wanted) return true;
  return text.find_first_of("%+") != std::string_view::npos && percent_decode(text) == wanted;
}

}  // namespace

std::optional<Parameter> QueryCursor::next() noexcept {
  while (!rest_.empty()) {
    const std::size_t end = rest_.find('&');
    const std::string_view piece = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    if (piece.empty()) continue;
    if (++given_ > kParametersMax) return std::nullopt;
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos) return Parameter{piece, {}};
    return Parameter{piece.substr(0, equals), piece.substr(equals + 1)};
  }
  return std::nullopt;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high << 4 | low));
        i += 2;
        continue;
      }
    }
    out.push_back(c == '+' ? ' ' : c);
  }
  return out;
}

std::optional<std::string> find_parameter(std::string_view query, std::string_view name) {
  QueryCursor cursor(query);
  while (const std::optional<Parameter> parameter = cursor.next()) {
    if (decodes_to(parameter->name, name)) return percent_decode(parameter->value);
  }
  return std::nullopt;
}

std::expected<std::size_t, std::string> count_parameter(std::string_view query,
                                                        std::string_view name, std::size_t usual,
                                                        std::size_t most) {
  const auto text = find_parameter(query, name);
  if (!text) return usual;
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  const bool is_number = error == std::errc() && end == text->data() + text->size();
  if (is_number && count >= 1 && count <= most) return count;
  return std::unexpected(fmt::format("{} is a number from 1 to {}", name, most));
}

}  // namespace outcry::http
