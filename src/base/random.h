// base/random.h — unguessable identifiers from the system's CSPRNG (getrandom).
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace outcry {

/// Fills `out` from the kernel. Aborts if the kernel can't (it can, once booted).
void random_bytes(std::span<std::byte> out) noexcept;

/// `bytes` random bytes as URL-safe base64 without padding: 15 bytes give 20 characters
/// (a Socket.IO id), 18 bytes give 24.
[[nodiscard]] std::string random_id(std::size_t bytes);

}  // namespace outcry
