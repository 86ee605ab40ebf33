#include "bus/redis_url.h"

#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/error_enum.h"

namespace outcry::bus {
namespace {

constexpr std::string_view kScheme = "redis://";
constexpr std::uint32_t kDatabaseMax = 65'535;

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::optional<std::uint32_t> number(std::string_view digits, std::uint32_t max) noexcept {
  std::uint32_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end || value > max) return std::nullopt;
  return value;
}

RedisError scheme_error(std::string_view url) noexcept {
  if (url.starts_with("rediss://") || url.starts_with("valkeys://")) {
    return RedisError::tls_unsupported;
  }
  if (url.starts_with("redis+sentinel://") || url.starts_with("valkey+sentinel://")) {
    return RedisError::sentinel_unsupported;
  }
  if (url.starts_with("unix://")) return RedisError::unix_socket_unsupported;
  return RedisError::not_a_redis_url;
}

RedisError parse_login(std::string_view login, RedisEndpoint& out) {
  const std::size_t colon = login.find(':');
  if (colon == std::string_view::npos) return RedisError::not_a_redis_url;
  const auto user = percent_decoded(login.substr(0, colon));
  const auto password = percent_decoded(login.substr(colon + 1));
  if (!user || !password) return RedisError::bad_escape;
  out.user = *user;
  out.password = *password;
  return RedisError::none;
}

RedisError parse_host(std::string_view text, RedisEndpoint& out) {
  std::string_view host = text.substr(0, text.find(':'));
  std::string_view rest = text.substr(host.size());
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return RedisError::bad_host;
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return RedisError::bad_host;
  }
  const auto decoded = percent_decoded(host);
  if (!decoded) return RedisError::bad_escape;
  if (decoded->empty() || decoded->find_first_of(" /@") != std::string::npos) {
    return RedisError::bad_host;
  }
  out.host = *decoded;
  if (rest.empty()) return RedisError::none;
  const auto port = number(rest.substr(1), 65'535);
  if (!port || *port == 0) return RedisError::bad_port;
  out.port = static_cast<std::uint16_t>(*port);
  return RedisError::none;
}

RedisError parse_authority(std::string_view authority, RedisEndpoint& out) {
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const RedisError error = parse_login(authority.substr(0, at), out);
    if (error != RedisError::none) return error;
    authority.remove_prefix(at + 1);
  }
  return parse_host(authority, out);
}

}  // namespace

std::error_code make_error_code(RedisError error) {
  static constexpr std::array<std::string_view, 16> kNames{
      "no error",
      "not a Redis URL; supported: redis://[[user]:password@]host[:port][/database]",
      "TLS to Redis (rediss://) is not supported; use redis:// through a local TLS tunnel",
      "Redis Sentinel is not supported; use redis:// with the primary's address",
      "Unix sockets are not supported; use redis://host:port",
      "the Redis URL has no usable host; IPv6 addresses stand in brackets",
      "the Redis URL's port must be 1 to 65535",
      "the Redis URL's path must be a database number, for example /0",
      "the Redis URL holds a % that is not followed by two hexadecimal digits",
      "options after ? are not supported in the Redis URL",
      "can't connect to Redis",
      "the connection to Redis was lost",
      "Redis does not answer",
      "Redis refused a command",
      "a message from Redis is over the limit",
      "the answer is not Redis' protocol"};
  static const TableCategory category("redis", kNames);
  return {static_cast<int>(error), category};
}

Result<RedisEndpoint> parse_redis_url(std::string_view url) {
  if (!url.starts_with(kScheme)) return fail(scheme_error(url));
  url.remove_prefix(kScheme.size());
  if (url.find_first_of("?#") != std::string_view::npos) return fail(RedisError::unknown_option);
  const std::size_t slash = url.find('/');
  RedisEndpoint endpoint;
  const RedisError error = parse_authority(url.substr(0, slash), endpoint);
  if (error != RedisError::none) return fail(error);
  if (slash != std::string_view::npos && slash + 1 < url.size()) {
    const auto database = number(url.substr(slash + 1), kDatabaseMax);
    if (!database) return fail(RedisError::bad_database);
    endpoint.database = *database;
  }
  return endpoint;
}

std::string redis_url_without_secrets(const RedisEndpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("redis://{}{}{}:{}/{}", is_ipv6 ? "[" : "", endpoint.host, is_ipv6 ? "]" : "",
                     endpoint.port, endpoint.database);
}

}  // namespace outcry::bus
