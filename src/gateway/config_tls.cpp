#include "gateway/config_tls.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

namespace outcry::gateway {
namespace {

bool wants_tls(const ServerConfig& server) {
  return !server.tls_certificate_file.empty() || !server.tls_key_file.empty();
}

Result<std::shared_ptr<net::TlsIdentity>> load(const ServerConfig& server) {
  return net::TlsIdentity::load(
      {.certificate_file = server.tls_certificate_file,
       .key_file = server.tls_key_file,
       .version_min =
           server.tls_version_min == "1.3" ? net::TlsVersion::tls_1_3 : net::TlsVersion::tls_1_2},
      wall_now());
}

/// `what` is missing in the file, if the file can be opened at all.
std::string unreadable(std::string_view key, const std::string& path, std::string_view what) {
  errno = 0;
  if (::access(path.c_str(), R_OK) != 0) {
    return fmt::format("{}: can't read \"{}\": {}", key, path, std::strerror(errno));
  }
  return fmt::format("{}: \"{}\" has no {} in PEM form, or one that is cut short", key, path, what);
}

std::string problem_of(std::error_code error, const ServerConfig& server) {
  const std::string& certificate = server.tls_certificate_file;
  const std::string& key = server.tls_key_file;
  if (error == net::TlsError::certificate_unreadable) {
    return unreadable("server.tls_certificate_file", certificate, "certificate");
  }
  if (error == net::TlsError::key_unreadable) {
    return unreadable("server.tls_key_file", key, "private key");
  }
  if (error == net::TlsError::key_encrypted) {
    return fmt::format(
        "server.tls_key_file: the key in \"{}\" asks for a passphrase; write it without one "
        "(`openssl pkey -in OLD -out NEW`) to a file that only this user can read",
        key);
  }
  if (error == net::TlsError::mismatch) {
    return fmt::format(
        "server.tls_key_file: the key in \"{}\" isn't that of the first certificate in \"{}\"; the "
        "server's own certificate comes first, its issuers behind it",
        key, certificate);
  }
  if (error == net::TlsError::expired) {
    return fmt::format("server.tls_certificate_file: a certificate in \"{}\" has expired; renew it",
                       certificate);
  }
  if (error == net::TlsError::not_yet_valid) {
    return fmt::format(
        "server.tls_certificate_file: a certificate in \"{}\" isn't valid yet; is the clock right?",
        certificate);
  }
  return fmt::format(
      "server.tls_certificate_file: \"{}\" is too weak: at least RSA with 2048 bits or an elliptic "
      "curve, signed with SHA-256",
      certificate);
}

}  // namespace

std::optional<std::string> tls_problem(const ServerConfig& server) {
  if (!wants_tls(server)) return std::nullopt;
  if (server.tls_certificate_file.empty() || server.tls_key_file.empty()) {
    return "server.tls_certificate_file and server.tls_key_file: set both for TLS, or none";
  }
  const auto identity = load(server);
  return identity ? std::nullopt : std::optional(problem_of(identity.error(), server));
}

std::shared_ptr<net::TlsIdentity> tls_identity(const ServerConfig& server) {
  if (!wants_tls(server)) return nullptr;
  auto identity = load(server);
  if (!identity) throw ConfigError(problem_of(identity.error(), server));
  return std::move(*identity);
}

}  // namespace outcry::gateway
