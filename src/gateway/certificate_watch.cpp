#include "gateway/certificate_watch.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace outcry::gateway {
namespace {

constexpr std::chrono::hours kDay{24};
constexpr std::chrono::hours kSoonAtMost = 14 * kDay;

}  // namespace

bool CertificateInUse::ends_soon(WallTime now) const noexcept {
  return not_after - now <= std::min<WallTime::duration>((not_after - not_before) / 5, kSoonAtMost);
}

std::string CertificateInUse::text(WallTime now) const {
  const auto left = not_after - now;
  const std::string what = fmt::format("the certificate of {} on the {} port", label, port);
  if (left <= WallTime::duration::zero()) return what + " has ended";
  if (left < 2 * kDay) {
    return fmt::format("{} ends in {} hours", what, left / std::chrono::hours(1));
  }
  return fmt::format("{} ends in {} days", what, left / kDay);
}

void CertificateWatch::use(const std::string& port,
                           std::shared_ptr<const net::TlsIdentity> identity) {
  by_port_[port] = std::move(identity);
}

const net::TlsIdentity* CertificateWatch::in_use(const std::string& port) const {
  const auto found = by_port_.find(port);
  return found == by_port_.end() ? nullptr : found->second.get();
}

std::vector<CertificateInUse> CertificateWatch::all() const {
  std::vector<CertificateInUse> out;
  for (const auto& [port, identity] : by_port_) {
    if (!identity) continue;
    for (const net::TlsCertificate& certificate : identity->certificates()) {
      out.push_back({.port = port,
                     .label = certificate.label(),
                     .not_before = certificate.not_before(),
                     .not_after = certificate.not_after()});
    }
  }
  return out;
}

void CertificateWatch::warn(WallTime now) const {
  for (const CertificateInUse& certificate : all()) {
    if (!certificate.ends_soon(now)) continue;
    log::warning("{}: renew it and reload (SIGHUP)", certificate.text(now));
  }
}

std::string CertificateWatch::readiness_text(WallTime now) const {
  std::string out;
  for (const CertificateInUse& certificate : all()) {
    if (certificate.ends_soon(now)) out += (out.empty() ? "" : "; ") + certificate.text(now);
  }
  return out;
}

}  // namespace outcry::gateway
