#include "config/tls.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace outcry::config {
namespace {

/// A certificate with its key, and the keys of the configuration that name them.
struct Pair {
  std::string certificate_key;
  std::string certificate;
  std::string key_key;
  std::string key;
};

/// `what` is missing in the file, if the file can be opened at all.
std::string unreadable(std::string_view key, const std::string& path, std::string_view what) {
  errno = 0;
  if (::access(path.c_str(), R_OK) != 0) {
    return fmt::format("{}: can't read \"{}\": {}", key, path, std::strerror(errno));
  }
  return fmt::format("{}: \"{}\" has no {} in PEM form, or one that is cut short", key, path, what);
}

std::string problem_of(std::error_code error, const Pair& pair) {
  if (error == net::TlsError::certificate_unreadable) {
    return unreadable(pair.certificate_key, pair.certificate, "certificate");
  }
  if (error == net::TlsError::key_unreadable) {
    return unreadable(pair.key_key, pair.key, "private key");
  }
  if (error == net::TlsError::key_encrypted) {
    return fmt::format(
        "{}: the key in \"{}\" asks for a passphrase; write it without one (`openssl pkey -in OLD "
        "-out NEW`) to a file that only this user can read",
        pair.key_key, pair.key);
  }
  if (error == net::TlsError::mismatch) {
    return fmt::format(
        "{}: the key in \"{}\" isn't that of the first certificate in \"{}\"; the server's own "
        "certificate comes first, its issuers behind it",
        pair.key_key, pair.key, pair.certificate);
  }
  if (error == net::TlsError::expired) {
    return fmt::format("{}: a certificate in \"{}\" has expired; renew it", pair.certificate_key,
                       pair.certificate);
  }
  if (error == net::TlsError::not_yet_valid) {
    return fmt::format("{}: a certificate in \"{}\" isn't valid yet; is the clock right?",
                       pair.certificate_key, pair.certificate);
  }
  return fmt::format(
      "{}: \"{}\" is too weak: at least RSA with 2048 bits or an elliptic curve, signed with "
      "SHA-256",
      pair.certificate_key, pair.certificate);
}

net::TlsCertificate load(const Pair& pair) {
  auto loaded =
      net::TlsCertificate::load({.certificate = pair.certificate, .key = pair.key}, wall_now());
  if (!loaded) throw ConfigError(problem_of(loaded.error(), pair));
  return std::move(*loaded);
}

/// The pair of one port's section; nullopt if neither is set.
std::optional<Pair> pair_of(std::string_view section, const std::string& certificate,
                            const std::string& key) {
  if (certificate.empty() && key.empty()) return std::nullopt;
  Pair pair{fmt::format("{}.tls_certificate_file", section), certificate,
            fmt::format("{}.tls_key_file", section), key};
  if (certificate.empty() || key.empty()) {
    throw ConfigError(
        fmt::format("{} and {}: set both for TLS, or none", pair.certificate_key, pair.key_key));
  }
  return pair;
}

}  // namespace

std::shared_ptr<net::TlsIdentity> clients_tls(const ServerConfig& server) {
  const auto first = pair_of("server", server.tls_certificate_file, server.tls_key_file);
  if (!first) {
    if (server.tls_certificates.empty()) return nullptr;
    throw ConfigError(
        "server.tls_certificates: these are further ones; set server.tls_certificate_file and "
        "server.tls_key_file for clients that ask for no name");
  }
  std::vector<net::TlsCertificate> certificates;
  certificates.push_back(load(*first));
  for (const auto& [certificate, key] : server.tls_certificates) {
    certificates.push_back(
        load({"server.tls_certificates", certificate, "server.tls_certificates", key}));
    if (certificates.back().names().empty()) {
      throw ConfigError(fmt::format(
          "server.tls_certificates: the certificate in \"{}\" names no host (subjectAltName), so "
          "no client would ever get it",
          certificate));
    }
  }
  auto identity = std::make_shared<net::TlsIdentity>(
      std::move(certificates),
      server.tls_version_min == "1.3" ? net::TlsVersion::tls_1_3 : net::TlsVersion::tls_1_2);
  if (!identity->repeated_name().empty()) {
    throw ConfigError(fmt::format(
        "server.tls_certificates: \"{}\" is a name of two certificates; leave one of them out",
        identity->repeated_name()));
  }
  return identity;
}

std::shared_ptr<net::TlsIdentity> operations_tls(const OperationsConfig& operations) {
  const auto pair = pair_of("operations", operations.tls_certificate_file, operations.tls_key_file);
  const std::string& ca_file = operations.tls_client_ca_file;
  if (!pair) {
    if (ca_file.empty()) return nullptr;
    throw ConfigError(
        "operations.tls_client_ca_file: needs operations.tls_certificate_file and "
        "operations.tls_key_file; without TLS nobody can show a certificate");
  }
  std::vector<net::TlsCertificate> certificates;
  certificates.push_back(load(*pair));
  auto identity = std::make_shared<net::TlsIdentity>(std::move(certificates));
  if (!ca_file.empty() && identity->require_clients_of(ca_file)) {
    throw ConfigError(unreadable("operations.tls_client_ca_file", ca_file, "certificate"));
  }
  return identity;
}

Strings tls_problems(const Config& config) {
  Strings problems;
  const auto note = [&problems](const auto& load_it) {
    try {
      (void)load_it();
    } catch (const ConfigError& error) {
      problems.emplace_back(error.what());
    }
  };
  note([&config] { return clients_tls(config.server); });
  note([&config] { return operations_tls(config.operations); });
  return problems;
}

}  // namespace outcry::config
