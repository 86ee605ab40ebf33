#include "api/query_numbers.h"

#include <charconv>

#include <fmt/format.h>

#include "protocol/http/target.h"

namespace outcry::api {

std::expected<std::size_t, Problem> count_of(std::string_view query, std::string_view name,
                                             std::size_t usual, std::size_t most) {
  const auto text = http::find_parameter(query, name);
  if (!text) return usual;
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  const bool is_number = error == std::errc() && end == text->data() + text->size();
  if (is_number && count >= 1 && count <= most) return count;
  return std::unexpected(Problem{.kind = ProblemKind::malformed_request,
                                 .detail = fmt::format("{} is a number from 1 to {}", name, most)});
}

}  // namespace outcry::api
