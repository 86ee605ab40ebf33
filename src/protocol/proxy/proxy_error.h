// protocol/proxy/proxy_error.h — why a PROXY header was refused: one value a cause.
#pragma once

#include <cstdint>
#include <system_error>

namespace outcry::proxy {

enum class ProxyError : std::uint8_t {
  none,
  no_header,    // something else came: the sender doesn't speak the protocol
  bad_line,     // version 1: not the words that the grammar wants
  bad_address,  // version 1: an address or port that isn't one
  line_too_long,
  bad_version,   // version 2: another version, or an unknown command
  bad_family,    // version 2: an unknown family, or datagrams
  bad_length,    // version 2: too short for its addresses
  too_long,      // version 2: beyond kHeaderBytesMax
  bad_tlv,       // version 2: a value that goes beyond its header, or is given twice
  bad_checksum,  // version 2: CRC-32C
};

[[nodiscard]] std::error_code make_error_code(ProxyError error) noexcept;

}  // namespace outcry::proxy

template <>
struct std::is_error_code_enum<outcry::proxy::ProxyError> : std::true_type {};
