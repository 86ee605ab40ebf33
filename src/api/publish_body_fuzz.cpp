// Whatever decodes obeys the limits that the rest of the gateway relies on.
#include <cstdint>
#include <cstdlib>

#include "api/publish_body.h"
#include "base/json_text.h"
#include "base/utf8.h"

namespace {

using outcry::api::PublishLimits;
using outcry::api::PublishShape;

constexpr PublishLimits kLimits{
    .room_bytes_max = 16, .event_bytes_max = 16, .rooms_max = 3, .except_max = 3, .batch_max = 3};

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const outcry::bus::Publication& publication) {
  const auto& audience = publication.audience;
  require(!audience.everyone);
  require(!audience.rooms.empty() && audience.rooms.size() <= kLimits.rooms_max);
  require(audience.except.size() <= kLimits.except_max);
  require(audience.namespace_name.starts_with('/'));
  require(!publication.event.empty() && publication.event.size() <= kLimits.event_bytes_max);
  require(publication.attachments.empty());
  for (const auto& room : audience.rooms) {
    require(!room.empty() && room.size() <= kLimits.room_bytes_max && outcry::utf8_valid(room));
  }
  if (!publication.arguments.empty()) {
    require(outcry::json::validate(publication.arguments).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const auto shape : {PublishShape::room, PublishShape::rooms, PublishShape::batch}) {
    auto decoded = outcry::api::decode_publish_body(body, shape, kLimits);
    if (!decoded) {
      const auto response = outcry::api::problem_response(std::move(decoded.error()));
      require(outcry::json::validate(response.body).has_value());
      continue;
    }
    require(!decoded->empty() && decoded->size() <= kLimits.batch_max);
    for (const auto& publication : *decoded) check(publication);
  }
  return 0;
}
