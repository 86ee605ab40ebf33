#include "eventlog/stored_sum.h"

#include <algorithm>
#include <string>

#include "base/text_hash.h"
#include "eventlog/sqlite_log_state.h"

namespace outcry::eventlog {
namespace {

// Not a secret: whoever can change the file can change its sums.
constexpr SipKey kKey{.k0 = 0x6f7574637279206c, .k1 = 0x6f6720726f777321};

std::uint64_t sum_of(const Strings& fields) {
  const std::string packed = pack_strings(fields);
  return std::max<std::uint64_t>(sip_hash(kKey, as_bytes(packed)), 1);
}

}  // namespace

std::uint64_t sum_of(const StoredEvent& event) {
  return sum_of({std::to_string(event.number), event.namespace_name, event.everyone ? "1" : "0",
                 pack_strings(event.rooms), pack_strings(event.except), event.event,
                 event.arguments, pack_strings(event.attachments), event.id});
}

std::uint64_t sum_of(const StoredValue& value) {
  return sum_of({value.namespace_name, value.room, value.event, std::to_string(value.key),
                 value.packet, pack_strings(value.attachments)});
}

}  // namespace outcry::eventlog
