#include "webclient/web_url.h"

#include <algorithm>
#include <charconv>

namespace outcry::webclient {
namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool is_address_character(char c) noexcept {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' ||
         c == '.';
}

/// What may stand in a request line: visible ASCII.
bool is_target_character(char c) noexcept {
  return c > ' ' && c < '\x7f';
}

WebError parse_authority(std::string_view authority, WebUrl& out) {
  if (authority.find('@') != std::string_view::npos) return WebError::user_info;
  std::string_view host = authority.substr(0, authority.find(':'));
  std::string_view rest = authority.substr(host.size());
  const bool bracketed = authority.starts_with('[');
  if (bracketed) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return WebError::bad_host;
    host = authority.substr(1, close - 1);
    rest = authority.substr(close + 1);
  }
  if (host.empty() ||
      !std::ranges::all_of(host, bracketed ? is_address_character : is_name_character)) {
    return WebError::bad_host;
  }
  out.host = host;
  if (rest.empty()) return WebError::none;
  if (rest.front() != ':') return WebError::bad_host;
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out.port);
  const bool whole = error == std::errc() && end == rest.data() + rest.size();
  return whole && out.port != 0 ? WebError::none : WebError::bad_port;
}

}  // namespace

Result<WebUrl> parse_web_url(std::string_view url) {
  WebUrl out;
  out.tls = url.starts_with(kHttps);
  if (!out.tls && !url.starts_with(kHttp)) return fail(WebError::not_a_web_url);
  out.port = out.tls ? 443 : 80;
  url.remove_prefix(out.tls ? kHttps.size() : kHttp.size());
  if (url.find('#') != std::string_view::npos) return fail(WebError::fragment);
  const std::size_t path = std::min(url.find_first_of("/?"), url.size());
  const WebError error = parse_authority(url.substr(0, path), out);
  if (error != WebError::none) return fail(error);
  const std::string_view target = url.substr(path);
  if (!std::ranges::all_of(target, is_target_character)) return fail(WebError::bad_target);
  out.target = target.starts_with('/') ? std::string(target) : '/' + std::string(target);
  return out;
}

std::string WebUrl::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  std::string out = is_ipv6 ? '[' + host + ']' : host;
  if (port != (tls ? 443 : 80)) out += ':' + std::to_string(port);
  return out;
}

std::string WebUrl::origin() const {
  return std::string(tls ? kHttps : kHttp) + authority();
}

}  // namespace outcry::webclient
