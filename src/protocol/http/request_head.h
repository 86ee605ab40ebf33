// protocol/http/request_head.h — a whole request head to a Request, by Boost.Beast's parser.
//
// Internal to this folder: RequestParser collects the lines and bounds them, this file says what
// they mean. Beast's templates stay in the .cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/http/request.h"

namespace outcry::http {

/// Checks a request line, with its CR LF, before the headers are there.
[[nodiscard]] Result<void> check_request_line(std::string_view line, std::size_t target_bytes_max);

/// Parses `head`: a request line that was checked, headers that don't begin with white space, and
/// the empty line, each ended by CR LF. The views in the result point into `head` and `joined`.
[[nodiscard]] Result<Request> parse_head(std::string_view head, std::string& joined);

}  // namespace outcry::http
