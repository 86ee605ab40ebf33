#include "auth/jwk_set.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "auth/ec_curve.h"
#include "auth/secret_strength.h"
#include "auth/token_json.h"
#include "base/base64.h"
#include "base/json_text.h"

namespace outcry::auth {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kIdBytesMax = 256;

std::optional<std::string> text_member(const TokenJson& key, std::string_view name) {
  const auto member = key.find(name);
  return member ? text_of(*member) : std::nullopt;
}

/// nullopt if it is absent, no text, or no base64url (RFC 7518 §2).
std::optional<std::string> bytes_member(const TokenJson& key, std::string_view name) {
  const auto text = text_member(key, name);
  return text ? base64url_decode(*text) : std::nullopt;
}

bool is_for_signatures(const TokenJson& key) {
  if (key.find("use") && text_member(key, "use") != "sig") return false;
  const auto operations = key.find("key_ops");
  if (!operations) return true;
  const auto names = texts_of(*operations);
  return names && std::ranges::find(*names, "verify") != names->end();
}

/// RFC 7518 §6.2.2, §6.3.2: any of these makes a key that can sign. `k` is a secret's own.
bool is_private(const TokenJson& key) {
  constexpr std::array kParts{"d"sv, "p"sv, "q"sv, "dp"sv, "dq"sv, "qi"sv, "oth"sv};
  return std::ranges::any_of(kParts, [&key](auto part) { return key.find(part).has_value(); });
}

/// What `alg` says, or else the key's kind.
Result<Algorithm> algorithm_of(const TokenJson& key, std::string_view kind) {
  if (const auto alg = key.find("alg")) {
    const auto name = text_of(*alg);
    const auto algorithm = name ? algorithm_named(*name) : std::nullopt;
    if (!algorithm) return fail(KeyError::unknown_algorithm);
    return *algorithm;
  }
  const std::string curve = text_member(key, "crv").value_or(std::string());
  if (kind == "RSA") return Algorithm::rs256;
  if (kind == "OKP") return Algorithm::eddsa;
  for (const Algorithm one : {Algorithm::es256, Algorithm::es384, Algorithm::es512}) {
    if (kind == "EC" && curve_of(one).jwk == curve) return one;
  }
  return fail(kind == "oct" ? KeyError::unknown_algorithm : KeyError::unknown_kind);
}

Result<Key> secret_key(const TokenJson& key, std::string id, Algorithm algorithm,
                       JwkSetRules rules) {
  if (!rules.secrets) return fail(KeyError::secret_not_allowed);
  if (family_of(algorithm) != AlgorithmFamily::hmac) return fail(KeyError::other_kind);
  auto secret = bytes_member(key, "k");
  if (!secret) return fail(KeyError::unreadable);
  if (secret_weakness(*secret, secret_bytes_min(algorithm))) return fail(KeyError::weak_secret);
  return Key{.id = std::move(id), .algorithm = algorithm, .material = *std::move(secret)};
}

Result<Key> rsa_key(const TokenJson& key, std::string id, Algorithm algorithm) {
  const auto modulus = bytes_member(key, "n");
  const auto exponent = bytes_member(key, "e");
  if (!modulus || !exponent) return fail(KeyError::unreadable);
  return key_of_rsa(std::move(id), algorithm, *modulus, *exponent);
}

Result<Key> point_key(const TokenJson& key, std::string id, Algorithm algorithm) {
  if (family_of(algorithm) != AlgorithmFamily::ecdsa ||
      text_member(key, "crv") != curve_of(algorithm).jwk) {
    return fail(KeyError::other_kind);
  }
  const auto x = bytes_member(key, "x");
  const auto y = bytes_member(key, "y");
  if (!x || !y) return fail(KeyError::unreadable);
  return key_of_point(std::move(id), algorithm, *x, *y);
}

Result<Key> edwards_key(const TokenJson& key, std::string id, Algorithm algorithm) {
  if (text_member(key, "crv") != "Ed25519") return fail(KeyError::unknown_kind);
  if (algorithm != Algorithm::eddsa) return fail(KeyError::other_kind);
  const auto x = bytes_member(key, "x");
  if (!x) return fail(KeyError::unreadable);
  return key_of_ed25519(std::move(id), *x);
}

Result<Key> read_key(const TokenJson& key, std::string id, JwkSetRules rules) {
  const auto kind = text_member(key, "kty");
  if (!kind) return fail(KeyError::unreadable);
  constexpr std::array kKinds{"RSA"sv, "EC"sv, "OKP"sv, "oct"sv};
  if (std::ranges::find(kKinds, *kind) == kKinds.end()) return fail(KeyError::unknown_kind);
  if (!is_for_signatures(key)) return fail(KeyError::other_use);
  if (is_private(key)) return fail(KeyError::private_key);
  const auto algorithm = algorithm_of(key, *kind);
  if (!algorithm) return fail(algorithm.error());
  if (*kind == "oct") return secret_key(key, std::move(id), *algorithm, rules);
  if (*kind == "RSA") return rsa_key(key, std::move(id), *algorithm);
  if (*kind == "EC") return point_key(key, std::move(id), *algorithm);
  return edwards_key(key, std::move(id), *algorithm);
}

void add_key(std::string_view text, JwkSetRules rules, JwkSet& set) {
  const auto key = TokenJson::parse(text);
  const std::string id = key ? text_member(*key, "kid").value_or(std::string()) : std::string();
  const bool bad_id = key && key->find("kid") && (id.empty() || id.size() > kIdBytesMax);
  auto read = key && !bad_id ? read_key(*key, id, rules) : fail(KeyError::unreadable);
  if (read) {
    set.keys.push_back(*std::move(read));
  } else if (read.error() == KeyError::other_use || read.error() == KeyError::unknown_kind) {
    ++set.others;
  } else {
    set.refused.push_back({.id = id.substr(0, kIdBytesMax), .error = read.error()});
  }
}

}  // namespace

Result<JwkSet> parse_jwk_set(std::string_view text, JwkSetRules rules) {
  const auto document = TokenJson::parse(text);
  const auto keys = document ? document->find("keys") : std::nullopt;
  if (!keys || json::kind_of(*keys) != json::Kind::array) return fail(KeyError::unreadable);
  JwkSet set;
  std::size_t count = 0;
  json::ArrayReader reader(*keys);
  while (const auto key = reader.next()) {
    if (++count > kJwkSetKeysMax) return fail(KeyError::unreadable);
    add_key(*key, rules, set);
  }
  return set;
}

}  // namespace outcry::auth
