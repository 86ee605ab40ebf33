#include "net/tls_error.h"

#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::net {
namespace {

using namespace std::string_view_literals;

constexpr std::array kNames{
    "no error"sv,
    "no readable certificate in PEM form"sv,
    "no readable private key in PEM form"sv,
    "the private key is encrypted"sv,
    "the private key doesn't belong to the certificate"sv,
    "a certificate has expired"sv,
    "a certificate isn't valid yet"sv,
    "the certificate or its key is too weak"sv,
    "no readable certificate for clients in PEM form"sv,
    "plain HTTP on a TLS port"sv,
    "TLS handshake failed"sv,
    "broken TLS record"sv,
    "TLS answers are not read"sv,
};

}  // namespace

std::error_code make_error_code(TlsError error) noexcept {
  static const TableCategory category("tls", kNames);
  return {static_cast<int>(error), category};
}

}  // namespace outcry::net
