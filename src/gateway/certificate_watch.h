// gateway/certificate_watch.h — when the certificates in use end, so that somebody hears of it
// before clients do: as a metric, in the log and in readiness.
//
// A certificate ends "soon" in its last fifth, or in its last two weeks if those are shorter: what
// renews itself is renewed before.
// Thread: the control thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/tls_identity.h"

namespace outcry::gateway {

struct CertificateInUse {
  std::string port;   // "clients", "operations"
  std::string label;  // a host name that it has
  WallTime not_before;
  WallTime not_after;

  [[nodiscard]] bool ends_soon(WallTime now) const noexcept;
  /// "the certificate of app.example.com on the clients port ends in 3 days".
  [[nodiscard]] std::string text(WallTime now) const;
};

class CertificateWatch {
 public:
  /// From now on this is in use on that port; nullptr: it is plain.
  void use(const std::string& port, std::shared_ptr<const net::TlsIdentity> identity);
  [[nodiscard]] const net::TlsIdentity* in_use(const std::string& port) const;

  [[nodiscard]] std::vector<CertificateInUse> all() const;
  /// Logs those that end soon.
  void warn(WallTime now) const;
  /// Of those that end soon; empty if there are none.
  [[nodiscard]] std::string readiness_text(WallTime now) const;

 private:
  std::map<std::string, std::shared_ptr<const net::TlsIdentity>> by_port_;
};

}  // namespace outcry::gateway
