// The offers of Sec-WebSocket-Extensions (RFC 6455 §9.1) and what permessage-deflate makes of them
// (RFC 7692 §7.1).
#include <optional>
#include <string>

#include "protocol/websocket/deflate.h"

namespace outcry::websocket {
namespace {

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

/// Cuts a header value into tokens, quoted strings and separators, from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() {
    skip_blank();
    return rest_.empty();
  }

  [[nodiscard]] bool take(char separator) {
    skip_blank();
    if (rest_.empty() || rest_.front() != separator) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Empty if there is none.
  [[nodiscard]] std::string_view take_token() {
    skip_blank();
    std::size_t size = 0;
    while (size < rest_.size() && is_token_char(rest_[size])) ++size;
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }

  /// A token or a quoted string, whose content must be a token too; empty if it is neither.
  [[nodiscard]] std::string take_value() {
    if (!take('"')) return std::string(take_token());
    std::string value;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty() || !is_token_char(rest_.front())) return {};
      value.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return {};
    rest_.remove_prefix(1);
    return value;
  }

 private:
  void skip_blank() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
};

/// 8 to 15 without leading zeros, or nothing.
std::optional<int> window_bits(std::string_view value) {
  if (value == "8" || value == "9") return value.front() - '0';
  if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5') {
    return 10 + (value[1] - '0');
  }
  return std::nullopt;
}

/// One offer while its parameters are read.
class Offer {
 public:
  explicit Offer(std::string_view extension)
      : acceptable_(equal_ignoring_case(extension, "permessage-deflate")) {}

  /// `value` is nullopt for a parameter without one.
  void take(std::string_view name, const std::optional<std::string>& value) {
    if (equal_ignoring_case(name, "server_no_context_takeover")) {
      acceptable_ &= first_of(kServerNoContext) && !value;
    } else if (equal_ignoring_case(name, "client_no_context_takeover")) {
      acceptable_ &= first_of(kClientNoContext) && !value;
    } else if (equal_ignoring_case(name, "client_max_window_bits")) {
      // We inflate with the largest window, so that any of the client's will do.
      acceptable_ &= first_of(kClientWindow) && (!value || window_bits(*value));
    } else if (equal_ignoring_case(name, "server_max_window_bits")) {
      server_window_ = value ? window_bits(*value) : std::nullopt;
      acceptable_ &= first_of(kServerWindow) && server_window_ && *server_window_ > 8;
    } else {
      acceptable_ = false;
    }
  }

  [[nodiscard]] std::optional<DeflateAgreement> agreement() const {
    if (!acceptable_) return std::nullopt;
    DeflateAgreement agreed{
        .server_max_window_bits = server_window_.value_or(15),
        .response = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"};
    if (server_window_) {
      agreed.response += "; server_max_window_bits=" + std::to_string(*server_window_);
    }
    return agreed;
  }

 private:
  enum Parameter : unsigned {
    kServerNoContext = 1,
    kClientNoContext = 2,
    kClientWindow = 4,
    kServerWindow = 8,
  };

  bool first_of(Parameter parameter) {
    const bool is_first = (seen_ & parameter) == 0;
    seen_ |= parameter;
    return is_first;
  }

  std::optional<int> server_window_;
  unsigned seen_ = 0;
  bool acceptable_;
};

}  // namespace

Result<std::optional<DeflateAgreement>> negotiate_deflate(std::string_view offers) {
  // Read to the end although the first good offer wins: what is malformed is refused wherever
  // it stands.
  std::optional<DeflateAgreement> agreed;
  Scanner scanner(offers);
  while (!scanner.at_end()) {
    if (scanner.take(',')) continue;  // empty elements are allowed (RFC 9110 §5.6.1.2)
    const std::string_view extension = scanner.take_token();
    if (extension.empty()) return fail(WebSocketError::malformed_extensions);
    Offer offer(extension);
    while (scanner.take(';')) {
      const std::string_view name = scanner.take_token();
      if (name.empty()) return fail(WebSocketError::malformed_extensions);
      std::optional<std::string> value;
      if (scanner.take('=')) {
        value = scanner.take_value();
        if (value->empty()) return fail(WebSocketError::malformed_extensions);
      }
      offer.take(name, value);
    }
    if (!agreed) agreed = offer.agreement();
    if (!scanner.at_end() && !scanner.take(',')) return fail(WebSocketError::malformed_extensions);
  }
  return agreed;
}

}  // namespace outcry::websocket
