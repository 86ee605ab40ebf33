// What a client says that comes back: a pid and a position, a line each. Whatever is read is just
// what is written again, and a pid that we haven't made names nobody.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "eventlog/position.h"
#include "gateway/recovery_id.h"
#include "gateway/socket_id.h"

namespace {

using namespace outcry;

const gateway::RecoveryIds& ids() {
  static const gateway::RecoveryIds made(gateway::RecoveryIds::Key{});  // one that is known
  return made;
}

void check_pid(std::string_view pid) {
  const auto named = ids().read(pid);
  if (!named) return;
  if (ids().make(named->worker, named->sid) != pid) std::abort();
  (void)gateway::SocketId::slot_of(named->sid);
}

void check_position(std::string_view text) {
  const auto position = eventlog::parse_position(text);
  if (position && eventlog::to_string(*position) != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    check_pid(line);
    check_position(line);
  }
  return 0;
}
