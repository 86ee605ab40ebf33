#include "protocol/http/request_head.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "protocol/http/header_list.h"

namespace outcry::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;

std::string_view as_view(beast::string_view text) {
  return {text.data(), text.size()};
}

/// A member of Request for each header that is kept, and whether it is a list, which may be sent
/// in several fields. The others may be sent once.
struct KnownHeader {
  std::string_view Request::* member;
  bool is_list = false;
};

std::optional<KnownHeader> known_header(field name, std::string_view name_text) {
  switch (name) {
    case field::host:
      return KnownHeader{&Request::host};
    case field::origin:
      return KnownHeader{&Request::origin};
    case field::connection:
      return KnownHeader{&Request::connection, true};
    case field::upgrade:
      return KnownHeader{&Request::upgrade, true};
    case field::sec_websocket_key:
      return KnownHeader{&Request::websocket_key};
    case field::sec_websocket_version:
      return KnownHeader{&Request::websocket_version};
    case field::sec_websocket_extensions:
      return KnownHeader{&Request::websocket_extensions, true};
    case field::sec_websocket_protocol:
      return KnownHeader{&Request::websocket_protocol, true};
    case field::content_type:
      return KnownHeader{&Request::content_type};
    case field::authorization:
      return KnownHeader{&Request::authorization};
    case field::user_agent:
      return KnownHeader{&Request::user_agent};
    case field::expect:
      return KnownHeader{&Request::expect};
    case field::if_none_match:
      return KnownHeader{&Request::if_none_match, true};
    case field::accept_encoding:
      return KnownHeader{&Request::accept_encoding, true};
    case field::access_control_request_headers:
      return KnownHeader{&Request::access_control_request_headers, true};
    case field::access_control_request_method:
      return KnownHeader{&Request::access_control_request_method};
    default:
      break;
  }
  if (equal_ignoring_case(name_text, "x-forwarded-for")) {
    return KnownHeader{&Request::forwarded_for, true};
  }
  if (equal_ignoring_case(name_text, "x-forwarded-proto")) {
    return KnownHeader{&Request::forwarded_proto, true};
  }
  if (equal_ignoring_case(name_text, "x-api-key")) return KnownHeader{&Request::api_key};
  return std::nullopt;
}

Method method_of(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return Method::get;
    case beast::http::verb::head:
      return Method::head;
    case beast::http::verb::post:
      return Method::post;
    case beast::http::verb::put:
      return Method::put;
    case beast::http::verb::delete_:
      return Method::delete_;
    case beast::http::verb::patch:
      return Method::patch;
    case beast::http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

/// No space, delimiter or byte outside ASCII: what a URI's authority can't have.
bool is_valid_host(std::string_view host) {
  return std::ranges::all_of(host, [](char c) {
    return c > 0x20 && c < 0x7F &&
           std::string_view("\"#,/<>?@\\^`{|}").find(c) == std::string_view::npos;
  });
}

/// Beast without I/O: it gets the whole head at once and calls back for each part of it.
class HeadReader final : private beast::http::basic_parser<true> {
 public:
  HeadReader() {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // RequestParser bounds the head
    skip(true);                                               // and reads the body
  }

  /// Parses one line, or all of a head. The first cause, if there is one.
  Result<void> read(std::string_view text) {
    beast::error_code code;
    eager(true);
    put(boost::asio::const_buffer(text.data(), text.size()), code);
    if (cause_ != HttpError::none) return fail(cause_);
    if (code == beast::http::error::need_more && got_request_line_ && !is_header_done()) return {};
    if (code) return fail(cause_of(code));
    return {};
  }

  [[nodiscard]] bool head_done() const { return is_header_done(); }

  Request request;
  std::size_t hosts = 0;
  /// Second and later values of list headers, in their order.
  std::vector<std::pair<std::string_view Request::*, std::string_view>> repeats;

 private:
  HttpError cause_of(beast::error_code code) const {
    using beast::http::error;
    if (code == error::bad_line_ending) return HttpError::bad_line_ending;
    if (code == error::bad_method) return HttpError::bad_method;
    if (code == error::bad_target) return HttpError::bad_target;
    if (code == error::bad_field) return HttpError::bad_header_name;
    if (code == error::bad_value) return HttpError::bad_header_value;
    if (code == error::multiple_content_length) return HttpError::repeated_content_length;
    // Beast reports a second framing header by the name of that header.
    if (code == error::bad_content_length) {
      return request.chunked ? HttpError::content_length_with_transfer
                             : HttpError::bad_content_length;
    }
    if (code == error::bad_transfer_encoding) {
      return request.content_length ? HttpError::content_length_with_transfer
                                    : HttpError::unsupported_transfer_coding;
    }
    return HttpError::bad_version;
  }

  /// Ends the parse: Beast stops at any error, ours is told apart by `cause_`.
  void refuse(HttpError cause, beast::error_code& code) {
    cause_ = cause;
    code = beast::http::error::bad_value;
  }

  void on_request_impl(beast::http::verb verb, beast::string_view /*method*/,
                       beast::string_view target, int version,
                       beast::error_code& /*code*/) override {
    got_request_line_ = true;
    request.method = method_of(verb);
    request.target = as_view(target);
    request.minor_version = version - 10;
  }

  void on_field_impl(field name, beast::string_view name_text, beast::string_view value_text,
                     beast::error_code& code) override {
    const std::string_view value = as_view(value_text);
    if (name == field::content_length) return take_content_length(value, code);
    if (name == field::transfer_encoding) return take_transfer_encoding(value, code);
    if (name == field::host && ++hosts > 1) return refuse(HttpError::repeated_host, code);
    const std::optional<KnownHeader> known = known_header(name, as_view(name_text));
    if (!known) return;
    std::string_view& kept = request.*known->member;
    if (kept.data() == nullptr) {
      kept = value;
    } else if (known->is_list) {
      repeats.emplace_back(known->member, value);
    } else {
      refuse(HttpError::repeated_header, code);
    }
  }

  void take_content_length(std::string_view value, beast::error_code& code) {
    if (request.content_length) return refuse(HttpError::repeated_content_length, code);
    std::uint64_t bytes = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, bytes);
    if (error != std::errc{} || stop != end) return refuse(HttpError::bad_content_length, code);
    request.content_length = bytes;
  }

  void take_transfer_encoding(std::string_view value, beast::error_code& code) {
    if (request.minor_version == 0) return refuse(HttpError::transfer_encoding_in_http_1_0, code);
    if (request.chunked || !equal_ignoring_case(value, "chunked")) {
      return refuse(HttpError::unsupported_transfer_coding, code);
    }
    request.chunked = true;
  }

  // The rest of what Beast reports concerns bodies, which it doesn't see here.
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override {
    return 0;
  }
  void on_finish_impl(beast::error_code&) override {}

  HttpError cause_ = HttpError::none;
  bool got_request_line_ = false;
};

/// Why Beast refused a request line for its target or version, in more detail than it gives.
HttpError version_fault(std::string_view line) {
  line.remove_suffix(2);
  const std::size_t first = line.find(' ');
  if (line.find('\r') != std::string_view::npos) return HttpError::bad_line_ending;
  if (first == std::string_view::npos) return HttpError::missing_version;
  const std::size_t second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return HttpError::missing_version;
  const std::string_view version = line.substr(second + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool well_formed = version.size() == 8 && version.starts_with("HTTP/") &&
                           is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  return well_formed ? HttpError::unsupported_version : HttpError::bad_version;
}

/// Splits the target into path and query; an absolute target names the host as well.
Result<void> split_target(Request& request) {
  std::string_view rest = request.target;
  const bool clean =
      std::ranges::all_of(rest, [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
  if (!clean) return fail(HttpError::bad_target);
  if (rest == "*" && request.method == Method::options) {
    request.path = rest;
    return {};
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(rest.substr(0, scheme.size()), scheme)) continue;
    rest.remove_prefix(scheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    request.host = rest.substr(0, end);
    rest.remove_prefix(end);
    if (request.host.empty() || !is_valid_host(request.host)) return fail(HttpError::bad_target);
    if (rest.empty() || rest.front() == '?') {  // an empty path is the root (RFC 9110 §4.2.3)
      request.path = "/";
      request.query = rest.empty() ? rest : rest.substr(1);
      return {};
    }
    break;
  }
  if (rest.front() != '/') return fail(HttpError::bad_target);
  const std::size_t question = rest.find('?');
  request.path = rest.substr(0, question);
  if (question != std::string_view::npos) request.query = rest.substr(question + 1);
  return {};
}

/// Writes "first, second, …" for each repeated list header to `joined`. Reserved in one piece:
/// the views into it must not move.
void join_repeats(HeadReader& reader, std::size_t head_bytes, std::string& joined) {
  if (reader.repeats.empty()) return;
  joined.reserve(head_bytes + 2 * reader.repeats.size());
  for (std::size_t i = 0; i < reader.repeats.size(); ++i) {
    const auto member = reader.repeats[i].first;
    const auto first_of_kind =
        std::ranges::find(reader.repeats, member, [](const auto& repeat) { return repeat.first; });
    if (first_of_kind != reader.repeats.begin() + static_cast<std::ptrdiff_t>(i)) continue;
    const std::size_t start = joined.size();
    joined += reader.request.*member;
    for (const auto& [other, value] : reader.repeats) {
      if (other == member) joined.append(", ").append(value);
    }
    reader.request.*member = std::string_view(joined).substr(start);
  }
}

void derive_wishes(Request& request) {
  const bool modern = request.minor_version >= 1;
  request.keep_alive = modern ? !list_has_token(request.connection, "close")
                              : list_has_token(request.connection, "keep-alive");
  request.wants_upgrade = modern && list_has_token(request.connection, "upgrade");
  request.upgrades_to_websocket =
      request.wants_upgrade && list_has_token(request.upgrade, "websocket");
  request.expects_continue = modern && equal_ignoring_case(request.expect, "100-continue");
}

}  // namespace

Result<void> check_request_line(std::string_view line, std::size_t target_bytes_max) {
  HeadReader reader;
  const Result<void> read = reader.read(line);
  if (!read) {
    const HttpError fault = version_fault(line);
    if (read.error() == HttpError::bad_method) return read;
    if (read.error() == HttpError::bad_target && fault != HttpError::missing_version) return read;
    return fail(fault);
  }
  if (reader.request.target.size() > target_bytes_max) return fail(HttpError::target_too_long);
  return split_target(reader.request);
}

Result<Request> parse_head(std::string_view head, std::string& joined) {
  HeadReader reader;
  if (const Result<void> read = reader.read(head); !read) return fail(read.error());
  if (!reader.head_done()) return fail(HttpError::bad_header_name);
  Request& request = reader.request;
  if (request.minor_version >= 1 && reader.hosts == 0) return fail(HttpError::missing_host);
  if (!is_valid_host(request.host)) return fail(HttpError::bad_host);
  join_repeats(reader, head.size(), joined);
  if (const Result<void> split = split_target(request); !split) return fail(split.error());
  derive_wishes(request);
  return request;
}

}  // namespace outcry::http
