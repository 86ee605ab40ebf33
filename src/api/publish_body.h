// api/publish_body.h — the JSON that a back end sends, as publications.
//
//   {"room":"challenge_7","event":"risk_alert","data":{"level":2}}      POST /v1/publish
//   {"rooms":["a","b"],"event":"closed"}                                POST /v1/broadcast
//   [{"room":"a","event":"x"},{"rooms":["b"],"event":"y"}]              POST /v1/batch
//
// Strict: an unknown key is an error, because a misspelt "excpet" would otherwise show an event to
// the one who must not see it. `data` is passed on as the text that it is.
// Pure. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "api/problem_details.h"
#include "bus/publication.h"

namespace outcry::api {

/// Lengths in bytes of UTF-8, after unescaping.
struct PublishLimits {
  std::size_t room_bytes_max = 256;
  std::size_t event_bytes_max = 128;
  std::size_t namespace_bytes_max = 128;
  std::size_t id_bytes_max = 128;
  std::size_t rooms_max = 1000;   // of one publication
  std::size_t except_max = 1000;  // of one publication
  std::size_t batch_max = 1000;
};

enum class PublishShape : std::uint8_t { room, rooms, batch };

/// Decodes a whole body; one publication for `room` and `rooms`, 1 to batch_max for `batch`. All
/// are checked: on the first fault nothing is returned but a Problem that points at it.
/// Problems: malformed_request if it isn't JSON (RFC 8259), invalid_field otherwise.
[[nodiscard]] std::expected<std::vector<bus::Publication>, Problem> decode_publish_body(
    std::string_view body, PublishShape shape, const PublishLimits& limits);

/// Whether `id` may be an idempotency id: 1 to id_bytes_max visible ASCII characters.
[[nodiscard]] bool is_publication_id(std::string_view id, const PublishLimits& limits) noexcept;

}  // namespace outcry::api
