// What the back end answers is read strictly: never a yes that isn't one whole JSON object with
// "allow":true in it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/http_policy.h"

using namespace outcry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto answer = gateway::decode_policy_answer(200, body);
  if (answer && answer->allowed) {
    const bool may_say_so =
        body.find('{') != std::string_view::npos && body.find("true") != std::string_view::npos;
    if (!may_say_so) std::abort();
  }
  if (answer && answer->lifetime && answer->lifetime->count() < 0) std::abort();
  const auto forbidden = gateway::decode_policy_answer(403, body);
  if (!forbidden || forbidden->allowed) std::abort();
  return 0;
}
