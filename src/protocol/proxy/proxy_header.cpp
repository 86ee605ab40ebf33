#include "protocol/proxy/proxy_header.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <string>
#include <utility>

namespace outcry::proxy {
namespace {

using namespace std::string_view_literals;
using Outcome = Result<std::optional<ProxyHeader>>;
using Address = std::array<std::uint8_t, 16>;

// ---- Version 1 ----

constexpr std::string_view kLineStart = "PROXY ";

/// The word up to the next space, and that space, taken from the front; nullopt if no space comes.
std::optional<std::string_view> take_word(std::string_view& line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(space + 1);
  return word;
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_canonical = text == "0" || !text.starts_with('0');
  return !text.empty() && error == std::errc() && end == text.data() + text.size() && is_canonical;
}

Address mapped(const std::uint8_t* v4) {
  Address out{};
  out[10] = out[11] = 0xFF;
  std::copy_n(v4, 4, out.begin() + 12);
  return out;
}

std::optional<Address> parse_address(std::string_view text, bool is_v4) {
  Address out{};
  const std::string ended(text);  // inet_pton wants a zero behind it
  if (::inet_pton(is_v4 ? AF_INET : AF_INET6, ended.c_str(), out.data()) != 1) return std::nullopt;
  return is_v4 ? mapped(out.data()) : out;
}

/// `line` is without its CR LF; `bytes` is what it had with them.
Outcome read_line(std::string_view line, std::size_t bytes) {
  line.remove_prefix(kLineStart.size());
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return ProxyHeader{.bytes = bytes};
  const auto family = take_word(line);
  const auto source = take_word(line);
  const auto destination = take_word(line);
  const auto source_port = take_word(line);
  if (!source_port || (*family != "TCP4" && *family != "TCP6")) return fail(ProxyError::bad_line);
  const bool is_v4 = *family == "TCP4";
  const auto client = parse_address(*source, is_v4);
  const bool rest_is_good =
      parse_address(*destination, is_v4) && is_port(*source_port) && is_port(line);
  if (!client || !rest_is_good) return fail(ProxyError::bad_address);
  return ProxyHeader{.bytes = bytes, .client = client};
}

Outcome read_version_1(std::string_view bytes) {
  const std::string_view start = bytes.substr(0, kLineBytesMax);
  const std::size_t end = start.find("\r\n");
  if (end != std::string_view::npos) {
    const std::string_view line = start.substr(0, end);
    if (line.find_first_of("\r\n\0"sv) != std::string_view::npos) {
      return fail(ProxyError::bad_line);
    }
    return read_line(line, end + 2);
  }
  if (bytes.size() >= kLineBytesMax) return fail(ProxyError::line_too_long);
  return std::nullopt;
}

// ---- Version 2 ----

constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kFixedBytes = 16;  // signature, version and command, family, length
constexpr std::size_t kTlvHeadBytes = 3;

enum Command : std::uint8_t { kLocal = 0, kProxy = 1 };
enum Family : std::uint8_t { kUnspecified = 0, kInet = 1, kInet6 = 2, kUnix = 3 };
enum Transport : std::uint8_t { kAnyTransport = 0, kStream = 1 };
constexpr std::uint8_t kTlvChecksum = 0x03;
constexpr std::uint8_t kTlvTls = 0x20;
constexpr std::size_t kTlvTlsBytesMin = 5;     // flags, result of the certificate's check
constexpr std::uint8_t kClientOverTls = 0x01;  // of the flags

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::size_t size_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::size_t>(byte_at(bytes, at)) << 8 | byte_at(bytes, at + 1);
}

/// CRC-32C (Castagnoli) of the header, whose four bytes at `checksum_at` count as zero.
std::uint32_t checksum_of(std::string_view header, std::size_t checksum_at) {
  std::uint32_t crc = 0xFFFF'FFFF;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool is_own = i >= checksum_at && i < checksum_at + 4;
    crc ^= is_own ? 0 : byte_at(header, i);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F6'3B78 : 0);
  }
  return ~crc;
}

/// Reads the TLVs from `at` to the header's end.
Result<void> read_tlvs(std::string_view header, std::size_t at, ProxyHeader& out) {
  bool has_tls = false, has_checksum = false;
  while (at < header.size()) {
    if (header.size() - at < kTlvHeadBytes) return fail(ProxyError::bad_tlv);
    const std::uint8_t type = byte_at(header, at);
    const std::size_t size = size_at(header, at + 1);
    at += kTlvHeadBytes;
    if (size > header.size() - at) return fail(ProxyError::bad_tlv);
    if (type == kTlvTls) {
      if (std::exchange(has_tls, true) || size < kTlvTlsBytesMin) return fail(ProxyError::bad_tlv);
      out.client_over_tls = (byte_at(header, at) & kClientOverTls) != 0;
    } else if (type == kTlvChecksum) {
      if (std::exchange(has_checksum, true) || size != 4) return fail(ProxyError::bad_tlv);
      const std::size_t said = size_at(header, at) << 16 | size_at(header, at + 2);
      if (checksum_of(header, at) != said) return fail(ProxyError::bad_checksum);
    }
    at += size;
  }
  return {};
}

std::size_t address_bytes(std::uint8_t family) {
  if (family == kInet) return 12;
  if (family == kInet6) return 36;
  return family == kUnix ? 216 : 0;
}

Outcome read_proxied(std::string_view header) {
  const std::uint8_t family = byte_at(header, 13) >> 4, transport = byte_at(header, 13) & 0x0F;
  if (family > kUnix || transport > kStream) return fail(ProxyError::bad_family);
  if ((family == kUnspecified) != (transport == kAnyTransport)) return fail(ProxyError::bad_family);
  const std::size_t tlvs_at = kFixedBytes + address_bytes(family);
  if (header.size() < tlvs_at) return fail(ProxyError::bad_length);
  ProxyHeader out{.bytes = header.size()};
  const auto* address = reinterpret_cast<const std::uint8_t*>(header.data()) + kFixedBytes;
  if (family == kInet) out.client = mapped(address);
  if (family == kInet6) std::copy_n(address, 16, out.client.emplace().begin());
  // What comes with an unspecified family has no form that is known.
  if (family == kUnspecified) return out;
  if (const auto read = read_tlvs(header, tlvs_at, out); !read) return fail(read.error());
  return out;
}

Outcome read_version_2(std::string_view bytes) {
  if (bytes.size() <= kSignature.size()) return std::nullopt;
  const std::uint8_t version = byte_at(bytes, 12) >> 4, command = byte_at(bytes, 12) & 0x0F;
  if (version != 2 || command > kProxy) return fail(ProxyError::bad_version);
  if (bytes.size() < kFixedBytes) return std::nullopt;
  const std::size_t total = kFixedBytes + size_at(bytes, 14);
  if (total > kHeaderBytesMax) return fail(ProxyError::too_long);
  if (bytes.size() < total) return std::nullopt;
  if (command == kLocal) return ProxyHeader{.bytes = total};  // all else is to be skipped
  return read_proxied(bytes.substr(0, total));
}

}  // namespace

Result<std::optional<ProxyHeader>> read_proxy_header(std::string_view bytes) {
  const auto may_begin = [bytes](std::string_view start) {
    const std::size_t common = std::min(bytes.size(), start.size());
    return bytes.substr(0, common) == start.substr(0, common);
  };
  if (may_begin(kLineStart)) return read_version_1(bytes);
  if (may_begin(kSignature)) return read_version_2(bytes);
  return fail(ProxyError::no_header);
}

}  // namespace outcry::proxy
