#include "load/session.h"

#include <charconv>
#include <cstddef>
#include <system_error>

#include <fmt/format.h>

#include "common/workload.h"

namespace outcry::bench {
namespace {

constexpr std::size_t kHttpAnswerBytesMax = 16'384;
constexpr std::size_t kDetailBytesMax = 120;
// RFC 6455 §4.1 wants a random nonce; servers don't compare nonces, and a fixed one keeps a run
// repeatable.
constexpr std::string_view kWebSocketKey = "b3V0Y3J5LWJlbmNoLWtleQ==";

template <class Number>
bool digits_after(std::string_view text, std::string_view name, std::size_t width,
                  Number& out) noexcept {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = text.substr(at + name.size());
  // Between a key and its digits stand quotes, a colon, and the name's prefix: `":"bench-`, or `":
  // "bench-`.
  const std::size_t first = rest.find_first_of("0123456789");
  if (first == std::string_view::npos || rest.size() - first < width) return false;
  const char* begin = rest.data() + first;
  const auto [end, error] = std::from_chars(begin, begin + width, out);
  return error == std::errc{} && end == begin + width;
}

}  // namespace

bool find_event_fields(std::string_view text, EventFields& out) noexcept {
  return digits_after(text, R"("challenge_id")", kIndexDigits, out.challenge) &&
         digits_after(text, kTimestampField, kTimestampDigits, out.published_ns);
}

void Session::start(const SessionOptions& options, std::string& out) {
  out += fmt::format(
      "GET {}?EIO=4&transport=websocket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n\r\n",
      options.path, options.host, kWebSocketKey);
}

void Session::receive(std::string_view bytes, const SessionOptions& options, std::string& out,
                      std::vector<Delivery>& deliveries) {
  std::string joined_up;
  if (!torn_.empty()) {
    joined_up = std::move(torn_);
    joined_up += bytes;
    bytes = joined_up;
  }
  if (stage_ == Stage::upgrading) upgrade(bytes);
  while (stage_ != Stage::upgrading && stage_ != Stage::failed) {
    Frame frame;
    const FrameStatus status = take_frame(bytes, frame);
    if (status == FrameStatus::malformed) fail("malformed frame", {});
    if (status != FrameStatus::complete) break;
    take(frame, options, out, deliveries);
  }
  torn_.assign(bytes);
}

void Session::upgrade(std::string_view& in) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (in.size() > kHttpAnswerBytesMax) fail("HTTP answer too long", {});
    return;
  }
  if (!in.starts_with("HTTP/1.1 101"))
    return fail("upgrade refused", in.substr(0, in.find("\r\n")));
  in.remove_prefix(end + 4);
  stage_ = Stage::opening;
}

void Session::take(const Frame& frame, const SessionOptions& options, std::string& out,
                   std::vector<Delivery>& deliveries) {
  switch (frame.opcode) {
    case kOpText:
      return packet(frame.payload, options, out, deliveries);
    case kOpPing:
      return send(out, kOpPong, frame.payload);
    case kOpClose:
      return fail("closed by the server", frame.payload.size() > 2 ? frame.payload.substr(2) : "");
    default:
      return;  // binary attachments and pongs mean nothing to this client
  }
}

void Session::packet(std::string_view text, const SessionOptions& options, std::string& out,
                     std::vector<Delivery>& deliveries) {
  if (text.starts_with("42")) return event(text, deliveries);
  if (text == "2") return send(out, kOpText, "3");
  if (text.starts_with("0{") && stage_ == Stage::opening) {
    stage_ = Stage::connecting;
    return send(out, kOpText, fmt::format(R"(40{{"token":"{}"}})", options.token));
  }
  if (text.starts_with("40") && stage_ == Stage::connecting) {
    stage_ = options.join ? Stage::joining : Stage::joined;
    if (!options.join) return;
    return send(
        out, kOpText,
        fmt::format(R"(42["join_challenge",{{"challenge_id":"{}"}}])", challenge_id(challenge_)));
  }
  if (text.starts_with("44")) return fail("CONNECT refused", text);
  if (text.starts_with("41") || text.starts_with("1"))
    return fail("disconnected by the server", text);
}

void Session::event(std::string_view text, std::vector<Delivery>& deliveries) {
  const std::string_view body = text.substr(2);
  if (body.starts_with(R"(["equity_updated")")) {
    EventFields fields;
    if (!find_event_fields(body, fields)) return fail("event without its fields", body);
    deliveries.push_back(
        {fields.published_ns, fields.challenge == challenge_, fields.published_ns > newest_ns_});
    newest_ns_ = std::max(newest_ns_, fields.published_ns);
    return;
  }
  if (stage_ != Stage::joining) return;
  if (body.starts_with(R"(["joined_challenge")")) {
    stage_ = Stage::joined;
  } else if (body.starts_with(R"(["error")")) {
    fail("join refused", body);
  }
}

void Session::send(std::string& out, std::uint8_t opcode, std::string_view payload) const {
  // The server has to unmask whatever the key; a key derived from the session keeps a run
  // repeatable.
  append_client_frame(out, opcode, payload, 0x9E3779B9U * (challenge_ + 1));
}

void Session::fail(std::string_view why, std::string_view detail) {
  stage_ = Stage::failed;
  failure_ = detail.empty() ? std::string(why)
                            : fmt::format("{}: {}", why, detail.substr(0, kDetailBytesMax));
}

}  // namespace outcry::bench
