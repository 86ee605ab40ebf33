// base/base64.h — RFC 4648: standard alphabet with padding (§4), URL-safe without (§5).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace outcry {

/// Appends the padded standard encoding of `in` to `out`.
void base64_append(std::string& out, Bytes in);
[[nodiscard]] std::string base64_encode(Bytes in);
[[nodiscard]] std::string base64url_encode(Bytes in);

/// Strict: padded, standard alphabet, no white space, unused bits zero. nullopt if not.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view in);
/// Strict: unpadded, URL-safe alphabet, unused bits zero. nullopt if not.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view in);

}  // namespace outcry
