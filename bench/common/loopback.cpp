#include "common/loopback.h"

#include <arpa/inet.h>
#include <charconv>
#include <cstdint>
#include <string>

namespace outcry::bench {

std::optional<sockaddr_in> parse_loopback(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string host(address.substr(0, colon));
  const std::string_view port_text = address.substr(colon + 1);

  std::uint16_t port = 0;
  const char* end = port_text.data() + port_text.size();
  const auto [parsed_to, error] = std::from_chars(port_text.data(), end, port);
  if (error != std::errc{} || parsed_to != end || port == 0) return std::nullopt;

  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &out.sin_addr) != 1) return std::nullopt;
  constexpr std::uint32_t kLoopbackNetwork = 127;
  if (ntohl(out.sin_addr.s_addr) >> 24 != kLoopbackNetwork) return std::nullopt;
  return out;
}

}  // namespace outcry::bench
