// The gateway's part in the audit trail: what its workers have seen, and what it sends out.
#include <utility>
#include <variant>

#include "gateway/gateway.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kEverything = static_cast<std::size_t>(-1);

/// As the configuration calls it.
std::string_view name_of(transport::DeliveryClass delivery_class) {
  switch (delivery_class) {
    case transport::DeliveryClass::must:
      return "must";
    case transport::DeliveryClass::latest:
      return "latest";
    case transport::DeliveryClass::volatile_:
      return "volatile";
  }
  return "must";
}

}  // namespace

void Gateway::record_publications() {
  publisher_.on_release = [this](const bus::Publication& publication, std::string_view position,
                                 transport::DeliveryClass delivery_class) {
    audit_.add_publication(publication, position, name_of(delivery_class));
  };
}

void Gateway::take(AuditNote note) {
  audit_.add(std::move(*note));
}

/// What workers have told last, of all of which nothing else matters any more.
void Gateway::drain_audit() {
  (void)mailbox_.drain(kEverything, [this](ToControl message) {
    if (auto* note = std::get_if<AuditNote>(&message)) take(std::move(*note));
    if (const auto* lost = std::get_if<AuditLost>(&message)) take(*lost);
  });
}

}  // namespace outcry::gateway
