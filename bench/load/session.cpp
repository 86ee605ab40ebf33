#include "load/session.h"

#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/http_answer.h"
#include "common/workload.h"

namespace outcry::bench {
namespace {

constexpr std::size_t kHttpAnswerBytesMax = 16'384;
constexpr std::size_t kDetailBytesMax = 120;
constexpr char kPacketSeparator = '\x1e';  // Engine.IO 4, between the packets of a polling body
// RFC 6455 §4.1 wants a random nonce; servers don't compare nonces, and a fixed one keeps a run
// repeatable.
constexpr std::string_view kWebSocketKey = "b3V0Y3J5LWJlbmNoLWtleQ==";
constexpr std::string_view kDeflateOffer =
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
    "client_no_context_takeover\r\n";

/// Finds a field's name where it stood in the text before, or by a search: messages of one kind are
/// laid out alike, and at millions of events a second the search would be most of the work.
std::string_view after_field(std::string_view text, std::string_view name,
                             std::size_t& guess) noexcept {
  if (guess >= text.size() || !text.substr(guess).starts_with(name)) guess = text.find(name);
  if (guess == std::string_view::npos) return {};
  return text.substr(guess + name.size());
}

template <class Number>
bool first_digits(std::string_view rest, std::size_t width, Number& out) noexcept {
  // Between a key and its digits stand quotes, a colon, and the name's prefix: `":"bench-`, or `":
  // "bench-`.
  const std::size_t first = rest.find_first_of("0123456789");
  if (first == std::string_view::npos || rest.size() - first < width) return false;
  const char* begin = rest.data() + first;
  const auto [end, error] = std::from_chars(begin, begin + width, out);
  return error == std::errc{} && end == begin + width;
}

/// The name in front of an event's arguments: `["risk_alert",…`.
std::string_view name_of(std::string_view body) noexcept {
  if (!body.starts_with("[\"")) return {};
  body.remove_prefix(2);
  return body.substr(0, body.find('"'));
}

/// The text between the quotes that follow `name`, or empty.
std::string_view text_after(std::string_view text, std::string_view name) noexcept {
  std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  at = text.find(':', at);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = text.find('"', at);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin + 1, text.find('"', begin + 1) - begin - 1);
}

}  // namespace

struct Session::Call {
  std::string_view in;
  const SessionOptions& options;
  std::string& out;
  std::vector<Delivery>& deliveries;
};

bool find_event_fields(std::string_view text, EventFields& out) noexcept {
  thread_local std::size_t challenge_guess = 0;
  thread_local std::size_t timestamp_guess = 0;
  const std::string_view challenge = after_field(text, R"("challenge_id")", challenge_guess);
  const std::string_view timestamp = after_field(text, kTimestampField, timestamp_guess);
  return first_digits(challenge, kIndexDigits, out.challenge) &&
         first_digits(timestamp, kTimestampDigits, out.published_ns);
}

bool find_symbol(std::string_view text, std::uint8_t& out) noexcept {
  const auto found = symbol_index(text_after(text, kSymbolField));
  out = found.value_or(0);
  return found.has_value();
}

void Session::start(const SessionOptions& options, std::string& out) {
  if (options.mode == SessionMode::polling) {
    stage_ = Stage::opening;
    return request(options, out);
  }
  const std::string whose = options.mode == SessionMode::bare
                                ? fmt::format("&challenge={}", challenge_id(challenge_))
                                : std::string();
  out += fmt::format(
      "GET {}?EIO=4&transport=websocket{} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n{}\r\n",
      options.path, whose, options.host, kWebSocketKey,
      options.inflater != nullptr ? kDeflateOffer : "");
}

void Session::receive(std::string_view bytes, const SessionOptions& options, std::string& out,
                      std::vector<Delivery>& deliveries) {
  std::string joined_up;
  if (!torn_.empty()) {
    joined_up = std::move(torn_);
    joined_up += bytes;
    bytes = joined_up;
  }
  Call call{bytes, options, out, deliveries};
  while (stage_ != Stage::failed && take_one(call)) {
  }
  torn_.assign(call.in);
}

/// False when what is left isn't whole yet.
bool Session::take_one(Call& call) {
  if (call.options.mode == SessionMode::polling) return take_poll(call);
  return stage_ == Stage::upgrading ? take_upgrade(call) : take_frame_of(call);
}

bool Session::take_upgrade(Call& call) {
  const std::size_t end = call.in.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (call.in.size() > kHttpAnswerBytesMax) fail("HTTP answer too long", {});
    return false;
  }
  const std::string_view head = call.in.substr(0, end);
  if (!head.starts_with("HTTP/1.1 101")) {
    fail("upgrade refused", head.substr(0, head.find("\r\n")));
    return false;
  }
  const std::string_view extensions = header_value(head, "sec-websocket-extensions");
  const bool agreed =
      extensions.empty() ||
      (call.options.inflater != nullptr && extensions.starts_with("permessage-deflate") &&
       extensions.find("server_no_context_takeover") != std::string_view::npos);
  if (!agreed) fail("extension that was not offered", extensions);
  call.in.remove_prefix(end + 4);
  stage_ = !agreed                                  ? Stage::failed
           : call.options.mode == SessionMode::bare ? Stage::joined
                                                    : Stage::opening;
  return agreed;
}

bool Session::take_frame_of(Call& call) {
  Frame frame;
  const FrameStatus status = take_frame(call.in, frame);
  if (status == FrameStatus::malformed) fail("malformed frame", {});
  if (status != FrameStatus::complete) return false;
  message(frame, call);
  return true;
}

void Session::message(const Frame& frame, Call& call) {
  Inflater* inflater = call.options.inflater;
  if (frame.compressed && inflater == nullptr) return fail("malformed frame", {});
  switch (frame.opcode) {
    case kOpText: {
      if (!frame.compressed) {
        if (inflater != nullptr) inflater->count_plain(frame.payload);
        return packet(frame.payload, call);
      }
      const std::string* text = inflater->inflate(frame.payload);
      return text == nullptr ? fail("garbage instead of a deflated message", {})
                             : packet(*text, call);
    }
    case kOpPing:
      return append_client_frame(call.out, kOpPong, frame.payload, challenge_ + 1);
    case kOpClose: {
      const bool says_why = frame.payload.size() >= 2;
      if (says_why) {
        const auto byte = [&](std::size_t i) {
          return static_cast<std::uint8_t>(frame.payload[i]);
        };
        close_code_ = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
      }
      return fail("closed by the server",
                  says_why ? fmt::format("{} {}", close_code_, frame.payload.substr(2)) : "");
    }
    default:
      return;  // binary attachments and pongs mean nothing to this client
  }
}

bool Session::take_poll(Call& call) {
  HttpAnswer answer;
  const HttpStatus status = take_http_answer(call.in, answer);
  if (status == HttpStatus::malformed) fail("HTTP answer that is not understood", call.in);
  if (status != HttpStatus::complete) return false;
  constexpr int kOk = 200;
  if (answer.status != kOk) {
    fail(fmt::format("HTTP {}", answer.status), answer.body);
    return false;
  }
  // To a POST the answer is "ok", which is no packet.
  std::string_view rest = answer.body == "ok" ? std::string_view() : answer.body;
  while (!rest.empty() && stage_ != Stage::failed) {
    const std::size_t end = rest.find(kPacketSeparator);
    packet(rest.substr(0, end), call);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  if (stage_ != Stage::failed) request(call.options, call.out);
  return true;
}

/// Polling: posts what waits, or asks for more.
void Session::request(const SessionOptions& options, std::string& out) {
  const std::string target = fmt::format("{}?EIO=4&transport=polling{}{}", options.path,
                                         sid_.empty() ? "" : "&sid=", sid_);
  if (unposted_.empty()) {
    out += fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", target, options.host);
    return;
  }
  out += fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: text/plain;charset=UTF-8\r\n"
      "Content-Length: {}\r\n\r\n{}",
      target, options.host, unposted_.size(), unposted_);
  unposted_ = std::string();
}

void Session::packet(std::string_view text, Call& call) {
  if (text.starts_with("42")) return event(text.substr(2), call);
  if (text == "2") return send(call, "3");
  if (text.starts_with("0{") && stage_ == Stage::opening) return opened(text, call);
  if (text.starts_with("40") && stage_ == Stage::connecting) {
    stage_ = call.options.join ? Stage::joining : Stage::joined;
    if (!call.options.join) return;
    return send(call, fmt::format(R"(42["join_challenge",{{"challenge_id":"{}"}}])",
                                  challenge_id(challenge_)));
  }
  if (text.starts_with("44")) return fail("CONNECT refused", text);
  if (text.starts_with("41") || text.starts_with("1"))
    return fail("disconnected by the server", text);
}

void Session::opened(std::string_view text, Call& call) {
  if (call.options.mode == SessionMode::polling) sid_ = text_after(text, R"("sid")");
  stage_ = Stage::connecting;
  send(call, fmt::format(R"(40{{"token":"{}"}})", call.options.token));
}

void Session::event(std::string_view text, Call& call) {
  const std::string_view name = name_of(text);
  if (const auto kind = event_kind(name)) {
    EventFields fields;
    std::uint8_t symbol = 0;
    if (!find_event_fields(text, fields)) return fail("event without its fields", text);
    if (call.options.wants_symbols && *kind == EventKind::equity_updated &&
        !find_symbol(text, symbol)) {
      return fail("event without its key", text);
    }
    call.deliveries.push_back({fields.published_ns, fields.challenge == challenge_,
                               fields.published_ns > newest_ns_,
                               static_cast<std::uint8_t>(stream_slot(*kind, symbol))});
    newest_ns_ = std::max(newest_ns_, fields.published_ns);
    return;
  }
  if (stage_ != Stage::joining) return;
  if (name == "joined_challenge") {
    stage_ = Stage::joined;
  } else if (name == "error") {
    fail("join refused", text);
  }
}

void Session::send(Call& call, std::string_view packet_text) {
  if (call.options.mode == SessionMode::polling) {
    if (!unposted_.empty()) unposted_.push_back(kPacketSeparator);
    unposted_ += packet_text;
    return;
  }
  // The server has to unmask whatever the key; a key derived from the session keeps a run
  // repeatable.
  append_client_frame(call.out, kOpText, packet_text, 0x9E3779B9U * (challenge_ + 1));
}

void Session::fail(std::string_view why, std::string_view detail) {
  stage_ = Stage::failed;
  failure_ = detail.empty() ? std::string(why)
                            : fmt::format("{}: {}", why, detail.substr(0, kDetailBytesMax));
}

}  // namespace outcry::bench
