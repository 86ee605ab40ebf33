#include "config/auth.h"

#include <utility>

#include <fmt/format.h>

#include "auth/jwk_set.h"
#include "auth/secret_strength.h"
#include "webclient/web_url.h"

namespace outcry::config {
namespace {

using auth::Algorithm;
using auth::AlgorithmFamily;
using auth::Key;

auth::Algorithm algorithm_of_secret(const AuthConfig& config) {
  return auth::algorithm_named(config.algorithm).value_or(Algorithm::hs256);
}

/// `text` is "ES256 keys/2026-a.pem".
Key read_public_key(const std::string& id, std::string_view text) {
  const std::size_t space = text.find(' ');
  const auto algorithm = auth::algorithm_named(text.substr(0, space));
  const std::size_t path_at = text.find_first_not_of(' ', space);
  if (!algorithm || path_at == std::string_view::npos || space == std::string_view::npos) {
    throw ConfigError(fmt::format(
        "auth.public_keys: \"{}\" = \"{}\" must be an algorithm and a file, such as \"ES256 "
        "keys/2026-a.pem\"",
        id, text));
  }
  if (family_of(*algorithm) == AlgorithmFamily::hmac) {
    throw ConfigError(
        fmt::format("auth.public_keys: \"{}\" can't be of {}, whose keys are secrets: anyone who "
                    "has the public "
                    "key could sign",
                    id, name_of(*algorithm)));
  }
  const std::string path(text.substr(path_at));
  auto key = auth::key_of_pem(id, *algorithm, read_secret_file(path, "auth.public_keys"));
  if (!key) {
    throw ConfigError(fmt::format("auth.public_keys: \"{}\" ({} of \"{}\") {}", id,
                                  name_of(*algorithm), path, key.error().message()));
  }
  return *std::move(key);
}

void append_jwks_file(const std::string& path, std::vector<Key>& keys) {
  auto set = auth::parse_jwk_set(read_secret_file(path, "auth.jwks_file"), {.secrets = true});
  if (!set) {
    throw ConfigError(fmt::format(
        "auth.jwks_file: \"{}\" must be {{\"keys\":[…]}} with at most {} keys (RFC 7517)", path,
        auth::kJwkSetKeysMax));
  }
  for (const auto& refused : set->refused) {
    throw ConfigError(fmt::format("auth.jwks_file: the key \"{}\" in \"{}\" {}", refused.id, path,
                                  refused.error.message()));
  }
  if (set->keys.empty()) {
    throw ConfigError(fmt::format("auth.jwks_file: \"{}\" has no key that signs tokens", path));
  }
  for (Key& key : set->keys) keys.push_back(std::move(key));
}

bool has_other_keys(const AuthConfig& config) {
  return !config.public_keys.empty() || !config.jwks_file.empty() || !config.jwks_url.empty();
}

auth::TokenPolicy::RequiredClaim required_claim(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {.name = text, .text = std::nullopt};
  return {.name = text.substr(0, equals), .text = text.substr(equals + 1)};
}

}  // namespace

std::vector<Key> token_keys(const AuthConfig& config) {
  std::vector<Key> keys;
  if (!config.secret.empty()) {
    keys.push_back({.id = {}, .algorithm = algorithm_of_secret(config), .material = config.secret});
  }
  for (const auto& [id, text] : config.public_keys) keys.push_back(read_public_key(id, text));
  if (!config.jwks_file.empty()) append_jwks_file(config.jwks_file, keys);
  return keys;
}

auth::TokenPolicy token_policy(const Config& config) {
  const AuthConfig& auth = config.auth;
  auth::TokenPolicy policy{.identity_claims = auth.identity_claims,
                           .age_max = auth.age_max,
                           .leeway = auth.leeway,
                           .token_bytes_max = auth.token_bytes_max,
                           .issuer = auth.issuer,
                           .audience = auth.audience,
                           .rooms_claim = config.policy_grant.claim};
  for (const std::string& text : auth.required_claims) {
    policy.required_claims.push_back(required_claim(text));
  }
  return policy;
}

Strings auth_problems(const AuthConfig& config, bool development) {
  Strings problems;
  const auto bytes_min = auth::secret_bytes_min(algorithm_of_secret(config));
  const auto weakness = auth::secret_weakness(config.secret, bytes_min);
  const bool needed = !config.secret.empty() || !has_other_keys(config);
  if (weakness && needed && !development) {
    problems.push_back(fmt::format(
        "auth.secret: {}; make one with `openssl rand -base64 48` and set it here, in "
        "auth.secret_file or in OUTCRY_AUTH_SECRET, the same in the back end (--dev allows "
        "weak ones), or set auth.public_keys, auth.jwks_file or auth.jwks_url",
        *weakness));
  }
  if (!config.jwks_url.empty()) {
    const auto url = webclient::parse_web_url(config.jwks_url);
    if (!url) {
      problems.push_back("auth.jwks_url: " + url.error().message());
    } else if (!url->tls && !development) {
      problems.emplace_back(
          "auth.jwks_url: must begin with \"https://\", or who stands between could bring keys of "
          "his own (--dev allows http)");
    }
  }
  try {
    (void)token_keys(config);
  } catch (const ConfigError& error) {
    problems.emplace_back(error.what());
  }
  for (const std::string& text : config.required_claims) {
    if (text.starts_with('=')) {
      problems.push_back(
          fmt::format("auth.required_claims: \"{}\" names no claim; write \"tenant\" or "
                      "\"tenant=acme\"",
                      text));
    }
  }
  return problems;
}

}  // namespace outcry::config
