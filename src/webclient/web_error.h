// webclient/web_error.h — why a URL can't be used or a request got no answer: one value a cause.
#pragma once

#include <cstdint>
#include <system_error>

namespace outcry::webclient {

enum class WebError : std::uint8_t {
  none,
  // Start-up: the URL, the file of certificates.
  not_a_web_url,
  bad_host,
  bad_port,
  bad_target,
  user_info,
  fragment,
  bad_ca_file,
  // A request that was not sent.
  bad_request,   // a header or the target holds what would begin another line
  queue_full,    // too many wait
  circuit_open,  // the server failed too often in a row; see CircuitBreaker
  stopped,       // the client is gone
  // A request that got no whole answer.
  timed_out,  // whatever took the time
  name_not_found,
  unreachable,
  tls_failed,
  untrusted_certificate,
  wrong_host_certificate,
  expired_certificate,
  connection_lost,
  malformed_response,
  headers_too_large,
  body_too_large,
};

[[nodiscard]] std::error_code make_error_code(WebError error) noexcept;

}  // namespace outcry::webclient

template <>
struct std::is_error_code_enum<outcry::webclient::WebError> : std::true_type {};
