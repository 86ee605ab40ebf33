// audit/digest.h — SHA-256 (FIPS 180-4), and its text.
// Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace outcry::audit {

using Digest = std::array<std::byte, 32>;

/// Of the parts, one after the other.
[[nodiscard]] Digest sha256(std::initializer_list<std::string_view> parts);

/// 64 lower-case digits.
[[nodiscard]] std::string hex(const Digest& digest);

/// What the first record names as the one before it: 64 zeros.
[[nodiscard]] std::string no_hash();

/// Whether it is what hex() gives.
[[nodiscard]] bool is_hex_digest(std::string_view text) noexcept;

}  // namespace outcry::audit
