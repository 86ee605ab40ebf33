#include "limits/key_hash.h"

#include <algorithm>

namespace outcry::limits {

KeyHash KeyHash::random() noexcept {
  return KeyHash(SipKey::random());
}

Key KeyHash::operator()(Bytes bytes) const noexcept {
  return std::max<std::uint64_t>(sip_hash(key_, bytes), 1);
}

}  // namespace outcry::limits
