#include "transport/origin_policy.h"

#include <fmt/format.h>

namespace outcry::transport {
namespace {

// A value that goes back into a header: an Origin is ASCII without controls, anything else is not
// repeated.
bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (c < 0x21 || c > 0x7e) return false;
  }
  return true;
}

bool is_field_list(std::string_view text) {
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '-' && c != '_' && c != ',' && c != ' ') return false;
  }
  return true;
}

bool is_own(std::string_view origin, std::string_view host, Scheme scheme) {
  constexpr std::string_view kHttp = "http://", kHttps = "https://";
  if (host.empty()) return false;
  const auto is = [&](std::string_view begin) {
    return origin.starts_with(begin) && origin.substr(begin.size()) == host;
  };
  return (scheme != Scheme::http && is(kHttps)) || (scheme != Scheme::https && is(kHttp));
}

}  // namespace

OriginPolicy::OriginPolicy(const std::vector<std::string>& allowed)
    : allowed_(allowed.begin(), allowed.end()), any_(allowed_.contains("*")) {}

bool OriginPolicy::allows(std::string_view origin, std::string_view host, Scheme scheme) const {
  if (origin.empty() || any_ || is_own(origin, host, scheme)) return true;
  return allowed_.contains(std::string(origin));
}

std::string OriginPolicy::response_headers(std::string_view origin) const {
  if (origin.empty() || !is_printable(origin)) return {};
  // The origin is named even when every one is allowed: browsers refuse '*' with credentials,
  // which socket.io-client may be told to send.
  return fmt::format(
      "Access-Control-Allow-Origin: {}\r\nAccess-Control-Allow-Credentials: true\r\n"
      "Vary: Origin\r\n",
      origin);
}

std::string OriginPolicy::preflight_headers(std::string_view origin,
                                            std::string_view requested_headers) const {
  std::string out = response_headers(origin);
  if (out.empty()) return out;
  out += "Access-Control-Allow-Methods: GET,POST\r\n";
  if (!requested_headers.empty() && is_field_list(requested_headers)) {
    out += fmt::format("Access-Control-Allow-Headers: {}\r\n", requested_headers);
  }
  out += "Access-Control-Max-Age: 600\r\n";
  return out;
}

}  // namespace outcry::transport
