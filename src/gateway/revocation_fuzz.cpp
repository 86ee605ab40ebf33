// A revocation comes from a back end or by Redis: whatever it says, one thing is named, the times
// are in range, and what another node is told means the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json_text.h"
#include "gateway/revocation_order.h"

using namespace outcry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
  const auto object = json::validate({reinterpret_cast<const char*>(data), size}, 2);
  if (!object) return 0;
  const auto read = gateway::read_revocation(*object, kNow);
  if (!read) return 0;
  if (read->value.empty() || read->value.size() > 256) std::abort();
  if (read->until && *read->until <= kNow) std::abort();
  const std::string text = gateway::revocation_text(*read, "n");
  const auto again = gateway::read_revocation(json::validate(text).value(), kNow, "from");
  if (!again || again->value != read->value || again->kind != read->kind) std::abort();
  return 0;
}
