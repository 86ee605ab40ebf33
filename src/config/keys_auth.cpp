#include <array>

#include "config/key_tables.h"

namespace outcry::config {
namespace {

using namespace std::string_view_literals;

constexpr std::array kAlgorithms{"HS256"sv, "HS384"sv, "HS512"sv};

using A = AuthConfig;
constexpr std::array kAuthKeys{
    reloadable({"auth",
                "secret",
                &member<&Config::auth, &A::secret>,
                "Secret that the back end signs its tokens with; at least as many bytes as its "
                "algorithm's hash has: 32, 48 or 64. Empty where public keys are used.",
                "",
                0,
                0,
                {},
                true}),
    reloadable({"auth", "secret_file", &member<&Config::auth, &A::secret_file>,
                "File whose content is the secret; a line end at its end doesn't count."}),
    reloadable({"auth", "algorithm", &member<&Config::auth, &A::algorithm>,
                "Algorithm of the secret. A token that names another is refused.", "", 0, 0,
                kAlgorithms}),
    reloadable(
        {"auth", "public_keys", &member<&Config::auth, &A::public_keys>,
         "Public keys by their `kid`, each with its algorithm and its file: { \"2026-a\" = "
         "\"ES256 keys/2026-a.pem\" }. The file is a public key or a certificate in PEM; "
         "algorithms are RS256 to RS512, PS256 to PS512, ES256 to ES512 and EdDSA (Ed25519)."}),
    reloadable(
        {"auth", "jwks_file", &member<&Config::auth, &A::jwks_file>,
         "File with a JSON Web Key Set (RFC 7517): further keys, also secrets (`oct`) with a "
         "`kid`. A key of it that can't be used is refused at start."}),
    ConfigKey{"auth", "jwks_url", &member<&Config::auth, &A::jwks_url>,
              "Where the identity provider publishes its keys (a JSON Web Key Set), as "
              "\"https://id.example.com/.well-known/jwks.json\". https only, but in a development "
              "run. The last good set stays in use while it doesn't answer."},
    ConfigKey{"auth", "jwks_ca_file", &member<&Config::auth, &A::jwks_ca_file>,
              "PEM file: the roots that its certificate may lead to; empty: the system's."},
    ConfigKey{"auth", "jwks_refresh_s", &member<&Config::auth, &A::jwks_refresh>,
              "Time from one fetch to the next.", "s", 1, 86'400},
    ConfigKey{
        "auth", "jwks_refetch_min_s", &member<&Config::auth, &A::jwks_refetch_min>,
        "A token with an unknown `kid` has the keys fetched at once, but not before this time "
        "since the last fetch; then it is refused as retryable.",
        "s", 1, 3600},
    ConfigKey{"auth", "jwks_timeout_ms", &member<&Config::auth, &A::jwks_timeout>,
              "Time for one fetch; who waits for it waits so long at most.", "ms", 100, 30'000},
    ConfigKey{"auth", "jwks_bytes_max", &member<&Config::auth, &A::jwks_bytes_max>,
              "Largest set; a larger one is refused.", "bytes", 1024, 1'048'576},
    ConfigKey{"auth", "identity_claims", &member<&Config::auth, &A::identity_claims>,
              "Of these claims the first that a token has names its user.", "", 1, 8},
    ConfigKey{"auth", "age_max_s", &member<&Config::auth, &A::age_max>,
              "Longest time since `iat` at which a token is still taken; 0: not limited. A token "
              "without `iat` may end at most this far ahead.",
              "s", 0, 31'536'000},
    ConfigKey{"auth", "leeway_s", &member<&Config::auth, &A::leeway>,
              "How far the clocks of issuer and gateway may be apart.", "s", 0, 600},
    ConfigKey{"auth", "token_bytes_max", &member<&Config::auth, &A::token_bytes_max>,
              "Longest token; a longer one is refused unread.", "bytes", 256, 65'536},
    ConfigKey{"auth", "issuer", &member<&Config::auth, &A::issuer>,
              "Required `iss` claim; empty: any."},
    ConfigKey{"auth", "audience", &member<&Config::auth, &A::audience>,
              "Required in the `aud` claim; empty: any."},
    ConfigKey{"auth", "required_claims", &member<&Config::auth, &A::required_claims>,
              "Further claims that a token must have: \"tenant\" with any value but null, "
              "\"tenant=acme\" with that text.",
              "", 0, 16},
    ConfigKey{"auth", "query_parameter", &member<&Config::auth, &A::query_parameter>,
              "Query parameter that may carry the token; empty: none. The CONNECT payload's "
              "`token` and `Authorization: Bearer` are taken as well."},
    ConfigKey{
        "auth", "expiry_warning_s", &member<&Config::auth, &A::expiry_warning>,
        "A client is sent `token_expiring` so long before its token ends, and at half of what "
        "is left of a shorter one; 0: never. It may answer with `auth_refresh`.",
        "s", 0, 86'400},
    ConfigKey{
        "auth", "revocations_max", &member<&Config::auth, &A::revocations_max>,
        "Revocations that are remembered until they end, about 60 bytes each, by each worker. A "
        "further one ends sockets, but its tokens aren't refused; it is counted.",
        "revocations", 1, 10'000'000},
    ConfigKey{"auth", "revocation_prefix", &member<&Config::auth, &A::revocation_prefix>,
              "Redis keys that begin so, as \"blacklist:\", name revoked tokens: <prefix><jti>, "
              "<prefix>session:<id>, <prefix>user:<id>; each holds until it expires. Looked for in "
              "the database of bus.redis. Empty: none are."},
    ConfigKey{
        "auth", "revocation_scan_ms", &member<&Config::auth, &A::revocation_scan>,
        "Time from the end of one look to the next, and at least 19 times what a look takes: a "
        "second for a million keys of whatever name.",
        "ms", 100, 3'600'000},
    ConfigKey{"auth", "cache_entries_max", &member<&Config::auth, &A::cache_entries_max>,
              "Verified tokens that each worker remembers until they end, about 400 bytes each; 0: "
              "none. The least recently used make room.",
              "entries", 0, 1'000'000},
};

}  // namespace

std::span<const ConfigKey> auth_keys() {
  return kAuthKeys;
}

}  // namespace outcry::config
