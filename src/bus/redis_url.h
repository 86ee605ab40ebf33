// bus/redis_url.h — where Redis is and how to log in, out of one URL.
//
//   redis://[[user]:password@]host[:port][/database]     host: a name, IPv4 or [IPv6]
//
// What is not supported is named in the error, not guessed at: a rediss:// URL that quietly went
// unencrypted would be worse than one that is refused at start-up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"

namespace outcry::bus {

enum class RedisError : std::uint8_t {
  none,
  // The URL.
  not_a_redis_url,
  tls_unsupported,
  sentinel_unsupported,
  unix_socket_unsupported,
  bad_host,
  bad_port,
  bad_database,
  bad_escape,
  unknown_option,
  // The connection.
  unreachable,
  connection_lost,
  no_answer,
  refused,
  message_too_big,
  protocol_violation,
};
[[nodiscard]] std::error_code make_error_code(RedisError error);

/// Holds a secret: never print it whole, redis_url_without_secrets() is for people.
struct RedisEndpoint {
  std::string host;
  std::uint16_t port = 6379;
  std::string user;      // empty: Redis' default user
  std::string password;  // empty: no AUTH is sent
  std::uint32_t database = 0;

  bool operator==(const RedisEndpoint&) const = default;
};

/// User, password and host may be percent-encoded (RFC 3986 §2.1).
/// Errors: those of the URL in RedisError; their messages name the remedy.
[[nodiscard]] Result<RedisEndpoint> parse_redis_url(std::string_view url);

/// `redis://host:port/database`, for logs and readiness.
[[nodiscard]] std::string redis_url_without_secrets(const RedisEndpoint& endpoint);

}  // namespace outcry::bus

template <>
struct std::is_error_code_enum<outcry::bus::RedisError> : std::true_type {};
