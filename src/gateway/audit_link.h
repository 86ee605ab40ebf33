// gateway/audit_link.h — a worker's way to the audit trail: by control, as everything.
//
// Clients make notes as fast as they are refused, so notes are no reason to wait: while earlier
// messages to control wait, they are counted instead, and the count is sent once there is room. The
// trail has it as records that were lost.
// Thread: its worker's only. Owner: Worker.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "gateway/audit_rules.h"
#include "gateway/control_link.h"
#include "net/ip_address.h"

namespace outcry::gateway {

class AuditLink {
 public:
  using AddressOf = std::function<net::IpAddress(EngineId)>;

  /// References must outlive this. `address_of` tells a client's address.
  AuditLink(const AuditRules& rules, ControlLink& control, AddressOf address_of)
      : rules_(rules), control_(control), address_of_(std::move(address_of)) {}

  [[nodiscard]] const AuditRules& rules() const noexcept { return rules_; }

  /// Of a client: its address is added.
  void send(audit::Record record, EngineId client) {
    record.address = address_of_(client).text();
    send(std::move(record));
  }
  void send(audit::Record record) {
    if (control_.clear()) return control_.send(std::make_unique<audit::Record>(std::move(record)));
    if (lost_.count++ == 0) lost_.from = record.time;
    lost_.to = std::max(lost_.from, record.time);
  }
  /// At the end of a tick, before control's link is flushed.
  void flush() {
    if (lost_.count > 0 && control_.clear()) control_.send(std::exchange(lost_, {}));
  }

 private:
  const AuditRules& rules_;
  ControlLink& control_;
  const AddressOf address_of_;
  AuditLost lost_;
};

}  // namespace outcry::gateway
