// api/query_numbers.h — numbers in a request's query.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "api/problem_details.h"

namespace outcry::api {

/// The parameter `name`, a number from 1 to `most`; `usual` if it isn't there.
[[nodiscard]] std::expected<std::size_t, Problem> count_of(std::string_view query,
                                                           std::string_view name, std::size_t usual,
                                                           std::size_t most);

}  // namespace outcry::api
