// Any X-Forwarded-For: what a client writes ahead of its own address doesn't change who it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "transport/access.h"

namespace {

using namespace outcry;

const transport::Access& access_for_test() {
  static const transport::Access access(
      {.trusted_proxies = {net::IpRange::parse("10.0.0.0/8").value(),
                           net::IpRange::parse("2001:db8::/32").value()}});
  return access;
}

transport::Client client_of(std::string_view forwarded_for, std::string_view proto) {
  http::Request request;
  request.forwarded_for = forwarded_for;
  request.forwarded_proto = proto;
  return access_for_test().client_of(request, net::IpAddress::parse("10.0.0.1").value(), false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const std::string_view list = text.substr(0, line);
  const std::string_view forged = line == std::string_view::npos ? "" : text.substr(line + 1);
  const transport::Client client = client_of(list, forged);
  const bool is_found = client.forwarded == transport::Client::Word::taken &&
                        !access_for_test().trusts(client.address);
  if (!is_found) return 0;
  const std::string longer = std::string(forged) + ',' + std::string(list);
  if (client_of(longer, forged).address != client.address) std::abort();
  if (client_of(list, std::string(forged) + ",http").scheme != transport::Scheme::http)
    std::abort();
  return 0;
}
