#include "transport/access.h"

#include <fmt/format.h>

#include "protocol/http/header_list.h"

namespace outcry::transport {
namespace {

/// "192.0.2.7", "192.0.2.7:4711", "2001:db8::7", "[2001:db8::7]" or "[2001:db8::7]:4711": some
/// proxies add the port.
std::optional<net::IpAddress> address_of(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    const bool ends_well =
        end != std::string_view::npos && (end + 1 == text.size() || text[end + 1] == ':');
    return ends_well ? net::IpAddress::parse(text.substr(1, end - 1)) : std::nullopt;
  }
  const std::size_t colon = text.find(':');
  const bool has_port = colon != std::string_view::npos && text.rfind(':') == colon;
  return net::IpAddress::parse(has_port ? text.substr(0, colon) : text);
}

/// The list's last element, taken from its end.
std::string_view take_last(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const bool is_only = comma == std::string_view::npos;
  const std::string_view last = is_only ? list : list.substr(comma + 1);
  list = is_only ? std::string_view() : list.substr(0, comma);
  return http::trimmed(last);
}

/// https only if every proxy on the way says so: of several legs the worst counts.
Scheme scheme_of(std::string_view forwarded_proto) {
  while (!forwarded_proto.empty()) {
    if (!http::equal_ignoring_case(take_last(forwarded_proto), "https")) return Scheme::http;
  }
  return Scheme::https;
}

std::string make_hsts_line(std::chrono::seconds max_age) {
  if (max_age == std::chrono::seconds::zero()) return {};
  return fmt::format("Strict-Transport-Security: max-age={}\r\n", max_age.count());
}

}  // namespace

Access::Access(const AccessOptions& options)
    : origins_(options.allowed_origins),
      proxies_(options.trusted_proxies),
      plain_http_(options.plain_http),
      hsts_line_(make_hsts_line(options.hsts_max_age)) {}

Client Access::client_of(const http::Request& request, const net::IpAddress& peer,
                         bool over_tls) const {
  Client client{.address = peer, .scheme = over_tls ? Scheme::https : Scheme::unsaid};
  if (request.forwarded_for.empty() && request.forwarded_proto.empty()) return client;
  if (!trusts(peer)) {
    client.forwarded = Client::Word::ignored;
    return client;
  }
  const bool well_formed = find_address(request.forwarded_for, client.address);
  client.forwarded = well_formed ? Client::Word::taken : Client::Word::malformed;
  if (!request.forwarded_proto.empty()) {
    client.scheme = scheme_of(request.forwarded_proto);
  } else if (!over_tls) {
    client.scheme = Scheme::http;  // who forwards from a secure side says so
  }
  return client;
}

/// False if an element isn't an address: who wrote it is then as near as we get to the client.
bool Access::find_address(std::string_view forwarded_for, net::IpAddress& address) const {
  while (!forwarded_for.empty() && trusts(address)) {
    const auto next = address_of(take_last(forwarded_for));
    if (!next) return false;
    address = *next;
  }
  return true;
}

bool Access::serves(const Client& client) const noexcept {
  if (plain_http_ || client.scheme == Scheme::https) return true;
  return client.scheme == Scheme::unsaid && client.address.is_loopback();
}

}  // namespace outcry::transport
