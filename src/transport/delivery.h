// transport/delivery.h — what becomes of an event that its reader is too slow for.
#pragma once

#include <cstdint>

namespace outcry::transport {

enum class DeliveryClass : std::uint8_t {
  must,      // queued until it is sent; over the limit the session ends and may reconnect
  latest,    // superseded while it waits by a newer one of its key
  volatile_  // dropped unless it could be written now
};

struct DeliveryTerms {
  DeliveryClass delivery_class = DeliveryClass::must;
  // Of `latest`: events with one key supersede each other. Not 0.
  std::uint64_t key = 0;

  /// The terms of the same event under its next alias, which is an event of its own.
  [[nodiscard]] DeliveryTerms of_next_name() const noexcept {
    return {delivery_class, key == 0 ? 0 : key + 1};
  }
};

}  // namespace outcry::transport
