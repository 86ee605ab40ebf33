// A stream of requests read in one piece and byte by byte gives the same requests and the same
// error at the same place.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include <fmt/format.h>

#include "protocol/http/request.h"
#include "protocol/http/target.h"

namespace {

using namespace outcry;

constexpr http::RequestLimits kLimits{
    .head_bytes_max = 512, .target_bytes_max = 128, .headers_max = 8, .body_bytes_max = 64};

std::string describe(const http::RequestParser& parser) {
  const http::Request& request = parser.request();
  if (parser.body().size() > kLimits.body_bytes_max) std::abort();
  return fmt::format("{} {} {} {} {} {} {} {}\n", static_cast<int>(request.method), request.path,
                     http::find_parameter(request.query, "sid").value_or(""), request.host,
                     request.connection, request.keep_alive, request.forwarded_for, parser.body());
}

std::string read_all(Bytes in, std::size_t piece_bytes) {
  std::string seen;
  http::RequestParser parser(kLimits);
  while (!in.empty()) {
    const auto taken = parser.feed(in.first(std::min(piece_bytes, in.size())));
    if (!taken) return seen + taken.error().message();
    in = in.subspan(*taken);
    if (!parser.complete()) continue;
    seen += describe(parser);
    parser.reset();
  }
  return seen + (parser.idle() ? "idle" : "unfinished");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = std::as_bytes(std::span(data, size));
  if (read_all(bytes, size) != read_all(bytes, 1)) std::abort();
  return 0;
}
