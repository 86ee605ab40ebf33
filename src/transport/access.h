// transport/access.h — who sent a request, and whether it is served at all: decided by its head,
// before it is routed.
//
//   peer (TCP, or the PROXY header) ── trusted proxy? ──▶ X-Forwarded-For, -Proto ──▶ Client
//   Client ── https, or this machine? ──▶ served             Origin ── listed? ──▶ may connect
//
// A proxy that passes requests on appends the address that it saw to X-Forwarded-For. So the list
// is read from its end, as long as those who appended are trusted: the first that isn't is the
// client, and what stands before it anyone may have written. Forwarded (RFC 7239) is not read: of
// two headers that say the same, a proxy sets one, and passes on what the client wrote in the other
// (docs/decisions/0014-behind-proxies.md).
// Thread: immutable; shared by all workers, who swap it for another one on a reload.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "net/ip_range.h"
#include "protocol/http/request.h"
#include "transport/client.h"
#include "transport/origin_policy.h"

namespace outcry::transport {

struct AccessOptions {
  // Exact origins that browsers may connect from; "*" alone allows all. A request without an
  // Origin, or from the server's own, is always allowed.
  std::vector<std::string> allowed_origins;
  // Peers whose word about their clients is taken.
  std::vector<net::IpRange> trusted_proxies;
  // Whether requests that came over plain HTTP from other machines are served.
  bool plain_http = false;
  // Strict-Transport-Security on answers over TLS; zero: none.
  std::chrono::seconds hsts_max_age{0};
};

class Access {
 public:
  explicit Access(const AccessOptions& options);

  [[nodiscard]] const OriginPolicy& origins() const noexcept { return origins_; }
  [[nodiscard]] bool trusts(const net::IpAddress& peer) const noexcept {
    return net::contains(proxies_, peer);
  }
  /// `over_tls`: the peer speaks TLS to us, or a PROXY header says that the client does to it.
  [[nodiscard]] Client client_of(const http::Request& request, const net::IpAddress& peer,
                                 bool over_tls) const;
  /// False if this client came by plain HTTP, and may not.
  [[nodiscard]] bool serves(const Client& client) const noexcept;
  /// A header line for answers over TLS, ended by CR LF; empty: none.
  [[nodiscard]] std::string_view hsts_line() const noexcept { return hsts_line_; }

 private:
  [[nodiscard]] bool find_address(std::string_view forwarded_for, net::IpAddress& address) const;

  const OriginPolicy origins_;
  const std::vector<net::IpRange> proxies_;
  const bool plain_http_;
  const std::string hsts_line_;
};

}  // namespace outcry::transport
