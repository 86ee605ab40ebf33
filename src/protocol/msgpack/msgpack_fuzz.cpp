// Whatever a payload decodes to must be writable, within its limits, as JSON that passes the gate;
// and a used decoder must agree with a fresh one.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_text.h"
#include "protocol/msgpack/msgpack_decoder.h"

namespace {

constexpr outcry::ValueLimits kLimits{.nodes_max = 10'000, .bytes_max = 100'000, .depth_max = 64};

std::string decode(outcry::msgpack::MsgpackDecoder& decoder, std::string_view payload) {
  const auto value = decoder.decode(payload);
  if (!value) return "error: " + value.error().message();
  std::string json;
  std::vector<std::string> attachments;
  value->append_json(json, attachments);
  if (!outcry::json::validate(json)) std::abort();
  if (attachments.size() > kLimits.nodes_max) std::abort();
  return json;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static outcry::msgpack::MsgpackDecoder used(kLimits);
  outcry::msgpack::MsgpackDecoder fresh(kLimits);
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  if (decode(used, payload) != decode(fresh, payload)) std::abort();
  return 0;
}
