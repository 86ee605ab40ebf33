#include "auth/token_verifier.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

#include "auth/signature.h"
#include "auth/token_json.h"
#include "base/base64.h"

namespace outcry::auth {
namespace {

constexpr std::size_t kTextBytesMax = 256;
constexpr std::size_t kListMax = 256;
constexpr double kLatestSecond = 253'402'300'799;  // 9999-12-31: what a date can still name

/// A token without `kid` may be any key's: but it isn't worth more checks than this.
constexpr std::size_t kChecksMax = 8;

/// Identifiers end up in log lines and room names: short, and nothing that could forge a line.
bool usable_text(std::string_view text) {
  return text.size() <= kTextBytesMax &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// A string claim; empty if absent. Error: malformed.
Result<std::string> text_claim(const TokenJson& payload, std::string_view name) {
  const auto member = payload.find(name);
  if (!member) return std::string();
  auto text = text_of(*member);
  if (!text || !usable_text(*text)) return fail(AuthError::malformed);
  return *std::move(text);
}

/// A NumericDate (RFC 7519 §2), which may have a fraction; nullopt if absent. Error: malformed.
Result<std::optional<WallTime>> time_claim(const TokenJson& payload, std::string_view name) {
  const auto member = payload.find(name);
  if (!member) return std::nullopt;
  const auto seconds = number_of(*member);
  if (!seconds || !(*seconds >= 0 && *seconds <= kLatestSecond)) {
    return fail(AuthError::malformed);
  }
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(std::floor(*seconds * 1e3))));
}

std::error_code read_identity(const TokenJson& payload, const TokenPolicy& policy, Claims& claims) {
  for (const std::string& name : policy.identity_claims) {
    const auto member = payload.find(name);
    if (!member) continue;
    // The first one present decides. Going on to the next would let a broken claim pick the user.
    auto user = text_of(*member);
    if (!user || user->empty() || !usable_text(*user)) return AuthError::no_identity;
    claims.user = *std::move(user);
    claims.identity_claim = name;
    return {};
  }
  return AuthError::no_identity;
}

std::error_code read_times(const TokenJson& payload, const TokenPolicy& policy, WallTime now,
                           Claims& claims) {
  const auto expires = time_claim(payload, "exp");
  const auto not_before = time_claim(payload, "nbf");
  const auto issued_at = time_claim(payload, "iat");
  if (!expires || !not_before || !issued_at) return AuthError::malformed;
  if (!expires->has_value()) return AuthError::no_expiry;
  if (now >= **expires + policy.leeway) return AuthError::expired;
  if (not_before->has_value() && now + policy.leeway < **not_before) {
    return AuthError::not_yet_valid;
  }
  if (issued_at->has_value() && now + policy.leeway < **issued_at) return AuthError::not_yet_valid;
  if (policy.age_max > std::chrono::seconds::zero()) {
    const bool too_old = issued_at->has_value() ? now > **issued_at + policy.age_max + policy.leeway
                                                : **expires > now + policy.age_max + policy.leeway;
    if (too_old) return AuthError::too_old;
  }
  claims.expires = **expires;
  claims.issued_at = *issued_at;
  return {};
}

std::error_code check_parties(const TokenJson& payload, const TokenPolicy& policy) {
  if (!policy.issuer.empty()) {
    const auto issuer = payload.find("iss");
    if (!issuer || text_of(*issuer) != policy.issuer) return AuthError::issuer;
  }
  if (policy.audience.empty()) return {};
  const auto audience = payload.find("aud");
  if (!audience) return AuthError::audience;
  if (const auto one = text_of(*audience)) {
    return *one == policy.audience ? std::error_code() : AuthError::audience;
  }
  const auto many = texts_of(*audience);
  const bool listed = many && std::ranges::find(*many, policy.audience) != many->end();
  return listed ? std::error_code() : AuthError::audience;
}

/// A list of short texts; empty if absent. Error: malformed.
Result<std::vector<std::string>> texts_claim(const TokenJson& payload, std::string_view name) {
  const auto member = payload.find(name);
  if (!member) return std::vector<std::string>();
  auto list = texts_of(*member);
  if (!list || list->size() > kListMax || !std::ranges::all_of(*list, usable_text)) {
    return fail(AuthError::malformed);
  }
  return *std::move(list);
}

std::error_code read_details(const TokenJson& payload, const TokenPolicy& policy, Claims& claims) {
  auto type = text_claim(payload, "type");
  auto session_id = text_claim(payload, "session_id");
  auto jti = text_claim(payload, "jti");
  if (!type || !session_id || !jti) return AuthError::malformed;
  if (*type == "refresh") return AuthError::refresh_token;
  claims.type = *std::move(type);
  claims.session_id = *std::move(session_id);
  claims.jti = *std::move(jti);

  auto permissions = texts_claim(payload, "permissions");
  if (!permissions) return AuthError::malformed;
  claims.permissions = *std::move(permissions);
  if (policy.rooms_claim.empty()) return {};
  auto rooms = texts_claim(payload, policy.rooms_claim);
  if (!rooms) return AuthError::malformed;
  claims.rooms = *std::move(rooms);
  return {};
}

std::error_code check_required(const TokenJson& payload, const TokenPolicy& policy) {
  for (const TokenPolicy::RequiredClaim& required : policy.required_claims) {
    const auto member = payload.find(required.name);
    if (!member || *member == "null") return AuthError::missing_claim;
    if (required.text && text_of(*member) != *required.text) return AuthError::missing_claim;
  }
  return {};
}

Result<Claims> read_claims(const TokenJson& payload, const TokenPolicy& policy, WallTime now) {
  Claims claims;
  if (const auto error = read_times(payload, policy, now, claims)) return fail(error);
  if (const auto error = check_parties(payload, policy)) return fail(error);
  if (const auto error = check_required(payload, policy)) return fail(error);
  if (const auto error = read_details(payload, policy, claims)) return fail(error);
  if (const auto error = read_identity(payload, policy, claims)) return fail(error);
  return claims;
}

}  // namespace

struct TokenVerifier::KeyState {
  std::string id;
  Algorithm algorithm;
  SignatureCheck check;
};

TokenVerifier::TokenVerifier(std::vector<Key> keys, TokenPolicy policy)
    : policy_(std::move(policy)) {
  for (Key& key : keys) {
    SignatureCheck check(key);
    keys_.push_back(std::make_unique<KeyState>(std::move(key.id), key.algorithm, std::move(check)));
    OPENSSL_cleanse(key.material.data(), key.material.size());
  }
}

TokenVerifier::~TokenVerifier() = default;
TokenVerifier::TokenVerifier(TokenVerifier&&) noexcept = default;
TokenVerifier& TokenVerifier::operator=(TokenVerifier&&) noexcept = default;

Result<Claims> TokenVerifier::verify(std::string_view jwt, WallTime now) const {
  const Result<std::string_view> encoded = signed_payload(jwt);
  if (!encoded) return fail(encoded.error());
  const std::optional<std::string> text = base64url_decode(*encoded);
  if (!text) return fail(AuthError::malformed);
  const std::optional<TokenJson> payload = TokenJson::parse(*text);
  if (!payload) return fail(AuthError::malformed);
  return read_claims(*payload, policy_, now);
}

WallTime TokenVerifier::valid_until(const Claims& claims) const noexcept {
  WallTime end = claims.expires + policy_.leeway;
  if (claims.issued_at && policy_.age_max > std::chrono::seconds::zero()) {
    // Exactly at its greatest age a token is still good.
    const WallTime too_old =
        *claims.issued_at + policy_.age_max + policy_.leeway + std::chrono::milliseconds(1);
    end = std::min(end, too_old);
  }
  return end;
}

/// The payload part of `jwt`, still encoded, once its signature holds.
Result<std::string_view> TokenVerifier::signed_payload(std::string_view jwt) const {
  if (jwt.empty()) return fail(AuthError::missing);
  if (jwt.size() > policy_.token_bytes_max) return fail(AuthError::too_long);
  const std::size_t first = jwt.find('.');
  const std::size_t last = jwt.rfind('.');
  if (first == std::string_view::npos || jwt.find('.', first + 1) != last || first == last) {
    return fail(AuthError::malformed);
  }
  const auto header = base64url_decode(jwt.substr(0, first));
  const auto signature = base64url_decode(jwt.substr(last + 1));
  if (!header || !signature) return fail(AuthError::malformed);
  if (const auto error = check_signature(*header, jwt.substr(0, last), *signature)) {
    return fail(error);
  }
  return jwt.substr(first + 1, last - first - 1);
}

std::error_code TokenVerifier::check_signature(std::string_view header, std::string_view input,
                                               std::string_view signature) const {
  const std::optional<TokenJson> json = TokenJson::parse(header);
  if (!json) return AuthError::malformed;
  if (json->find("crit")) return AuthError::critical_header;
  const auto alg = json->find("alg");
  const auto algorithm = alg ? text_of(*alg) : std::nullopt;
  if (!algorithm) return AuthError::algorithm;
  const auto kid = json->find("kid");
  const auto key_id = kid ? text_of(*kid) : std::nullopt;
  if (kid && !key_id) return AuthError::malformed;

  std::size_t checks = 0;
  bool named = !key_id;  // a key of the token's `kid`, or any if it has none
  for (const auto& key : keys_) {
    if (key_id && !key->id.empty() && key->id != *key_id) continue;
    named = named || !key->id.empty();
    if (*algorithm != name_of(key->algorithm) || checks == kChecksMax) continue;
    ++checks;
    if (key->check.verify(input, signature)) return {};
  }
  if (checks > 0) return AuthError::bad_signature;
  return named && !keys_.empty() ? AuthError::algorithm : AuthError::unknown_key;
}

std::string sign_payload(const Key& key, std::string_view payload) {
  nlohmann::ordered_json header{{"alg", name_of(key.algorithm)}, {"typ", "JWT"}};
  if (!key.id.empty()) header["kid"] = key.id;
  std::string token = base64url_encode(as_bytes(header.dump()));
  token += '.';
  token += base64url_encode(as_bytes(payload));
  const std::string signature = sign_hmac(key, token);
  token += '.';
  token += base64url_encode(as_bytes(signature));
  return token;
}

std::string mint(const Key& key, const TokenRequest& request) {
  const auto issued = std::chrono::floor<std::chrono::seconds>(request.issued_at);
  const std::int64_t issued_at = issued.time_since_epoch().count();
  nlohmann::ordered_json payload{{request.identity_claim, request.user},
                                 {"iat", issued_at},
                                 {"exp", issued_at + request.lifetime.count()}};
  const auto add = [&payload](const char* name, const std::string& value) {
    if (!value.empty()) payload[name] = value;
  };
  add("session_id", request.session_id);
  add("jti", request.jti);
  add("type", request.type);
  add("iss", request.issuer);
  add("aud", request.audience);
  if (!request.permissions.empty()) payload["permissions"] = request.permissions;
  try {
    return sign_payload(key, payload.dump());
  } catch (const nlohmann::json::type_error&) {
    throw std::invalid_argument("a token's claims must be UTF-8");
  }
}

}  // namespace outcry::auth
