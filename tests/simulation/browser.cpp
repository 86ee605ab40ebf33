#include "browser.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "auth/token_verifier.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "gateway/client_for_test.h"
#include "protocol/websocket/client_frames.h"

namespace outcry::simulation {
namespace {

constexpr std::string_view kUpgrade =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: here\r\n"
    "User-Agent: Mozilla/5.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

std::uint32_t number_of(std::string_view payload, std::string_view member) {
  const auto value = json::member(payload, member);
  const auto number = value ? json::integer(*value) : std::nullopt;
  return static_cast<std::uint32_t>(number.value_or(0));
}

/// A server's frame at the front of `in`: its length with the header, and where its payload is.
struct FrameView {
  std::uint8_t opcode = 0;
  std::size_t header = 0;
  std::size_t payload = 0;
};
std::optional<FrameView> frame_of(std::string_view in) {
  if (in.size() < 2) return std::nullopt;
  const auto at = [in](std::size_t i) { return static_cast<std::uint8_t>(in[i]); };
  FrameView out{.opcode = at(0), .header = 2, .payload = at(1)};
  if (out.payload == 126) {
    out.header = 4;
    if (in.size() < out.header) return std::nullopt;
    out.payload = std::size_t{at(2)} << 8 | at(3);
  }
  if (in.size() < out.header + out.payload) return std::nullopt;
  return out;
}

}  // namespace

std::string Browser::name() const {
  return fmt::format("user{}", number_);
}

std::string Browser::new_token() const {
  return gateway::test::token_of(name());
}

// ---- Its connection ----

void Browser::open(LinePtr line) {
  line_ = std::move(line);
  if (!line_) return;
  out_ = kUpgrade;
  in_.clear();
  upgraded_ = false;
}

void Browser::lose() {
  line_.reset();
  out_.clear();
  in_.clear();
  connected_ = false;
}

void Browser::cut(Line::Cut how) {
  if (!line_) return;
  line_->cut(how);
  lose();
}

void Browser::trespass(std::string_view room) {
  if (connected_) send_packet(fmt::format(R"(42["join_room",{{"room":"{}"}}])", room));
}

bool Browser::send_some(std::size_t most) {
  if (!line_ || out_.empty()) return false;
  const std::size_t count = std::min(most, out_.size());
  line_->arrive(std::string_view(out_).substr(0, count));
  out_.erase(0, count);
  return true;
}

bool Browser::receive_some(std::size_t most) {
  if (!line_) return false;
  const std::string got = line_->take(most);
  in_ += got;
  if (!upgraded_) take_answer();
  while (line_ && upgraded_ && take_frame()) {
  }
  if (line_ && line_->is_over()) lose();
  return !got.empty();
}

/// To the request for an upgrade; whatever else it is than a yes, the client tries again.
void Browser::take_answer() {
  const std::size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  if (!in_.starts_with("HTTP/1.1 101 ")) return cut(Line::Cut::closed);
  in_.erase(0, end + 4);
  upgraded_ = true;
}

bool Browser::take_frame() {
  const auto frame = frame_of(in_);
  if (!frame) return false;
  const std::string payload = in_.substr(frame->header, frame->payload);
  in_.erase(0, frame->header + frame->payload);
  ++frames_;
  if (frame->opcode == 0x88) {
    cut(Line::Cut::closed);
  } else if (frame->opcode == 0x81 && !payload.empty()) {
    take_packet(payload);
  } else {
    checker_.failed(fmt::format("client {} gets no frame of a kind there is", number_));
  }
  return line_ != nullptr;
}

void Browser::send_packet(std::string_view packet) {
  out_ += websocket::test::client_frame(websocket::Opcode::text, packet);
}

// ---- Packets ----

void Browser::take_packet(std::string_view packet) {
  if (packet == "2") return send_packet("3");
  if (packet.starts_with("0{")) {
    const std::string back =
        pid_.empty() ? "" : fmt::format(R"("pid":"{}","offset":"{}",)", pid_, offset_);
    return send_packet(fmt::format(R"(40{{{}"token":"{}"}})", back, new_token()));
  }
  if (packet.starts_with("40")) return take_connect(packet.substr(2));
  if (packet.starts_with("42")) return take_event(packet.substr(2));
  if (packet.starts_with("44")) return cut(Line::Cut::closed);  // and tries again
  checker_.failed(fmt::format("client {} gets a packet that nobody sends: {}", number_, packet));
}

void Browser::take_connect(std::string_view data) {
  const std::string pid = json::string_member(data, "pid").value_or("");
  if (pid.empty() || connected_) {
    checker_.failed(fmt::format("client {} gets CONNECT, and should not have", number_));
  }
  connected_ = true;
  is_what_it_was_ = pid == pid_;
  if (is_what_it_was_) {
    ++recoveries_;
    checker_.recovered(number_);
  } else {
    // One that was cut off before it was told where it is can't say so.
    if (is_placed_) checker_.began_anew(number_);
    pid_ = pid;
    is_placed_ = false;
    missing_ = {rooms_.begin(), rooms_.end()};
  }
  join_missing();
}

void Browser::join_missing() {
  for (const std::string& room : missing_) {
    send_packet(fmt::format(R"(42["join_room",{{"room":"{}"}}])", room));
  }
  if (missing_.empty()) checker_.is_whole(number_);
}

void Browser::take_event(std::string_view text) {
  if (!connected_) {
    return checker_.failed(fmt::format("client {} gets an event before CONNECT", number_));
  }
  json::ArrayReader packet(text);
  const std::string event = json::unescape(packet.next().value_or("")).value_or("");
  std::string payload;
  while (const auto argument = packet.next()) {
    if (payload.empty()) payload = *argument;
    if (!argument->starts_with('"')) continue;
    offset_ = json::unescape(*argument).value_or("");
    is_placed_ = true;
  }
  if (event == "note" || event == "risk_alert" || event == "RISK_ALERT") {
    checker_.shown(number_, number_of(payload, "n"), event == "RISK_ALERT");
  } else if (event == "quote") {
    const std::string key = json::string_member(payload, "key").value_or("");
    const std::string room = json::string_member(payload, "room").value_or("");
    checker_.shown_value(number_, room + "/" + key, number_of(payload, "v"));
  } else if (event == "joined_room") {
    take_reply(json::string_member(payload, "room").value_or(""));
  } else if (event == "error") {
    const std::string code = json::string_member(payload, "code").value_or("");
    // The wall clock jumps by as much as a token lasts.
    const bool is_right = code == "grant_required" || code == "token_expired";
    if (!is_right) checker_.failed(fmt::format("client {} is told {}", number_, payload));
  } else if (event == "token_expiring") {
    send_packet(fmt::format(R"(42["auth_refresh",{{"token":"{}"}}])", new_token()));
  } else if (event == "resync_required") {
    if (!is_what_it_was_) return;  // it knows already
    checker_.began_anew(number_);
    if (missing_.empty()) checker_.is_whole(number_);
  } else if (event != "position" && event != "auth_refreshed") {
    checker_.failed(fmt::format("client {} gets {}", number_, text));
  }
}

void Browser::take_reply(std::string_view room) {
  missing_.erase(std::string(room));
  if (missing_.empty()) checker_.is_whole(number_);
}

}  // namespace outcry::simulation
