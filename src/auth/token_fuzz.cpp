// Any text, as a token, as the payload of a signed one, as a set of keys and as a key's file: an
// answer, and never a broken claim or a weak key.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwk_set.h"
#include "auth/token_cache.h"
#include "auth/token_verifier.h"

namespace {

using namespace outcry;
using namespace outcry::auth;

constexpr std::string_view kSecret = "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e";
// ES256, RFC 7515 A.3.
constexpr std::string_view kSigned =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

const TokenCache::SharedVerifier& verifier() {
  static const auto instance = std::make_shared<const TokenVerifier>(
      std::vector<Key>{{"", Algorithm::hs256, std::string(kSecret)}}, TokenPolicy{});
  return instance;
}

/// In memory or not, a token means what it says.
void check_cache(std::string_view token, const Result<Claims>& verified) {
  static TokenCache cache(verifier(), 64);
  for (int i = 0; i < 2; ++i) {
    const auto cached = cache.verify(token, kNow);
    if (cached.has_value() != verified.has_value()) std::abort();
    if (cached ? (*cached)->user != verified->user : cached.error() != verified.error()) {
      std::abort();
    }
  }
}

void check(std::string_view token) {
  const auto claims = verifier()->verify(token, kNow);
  check_cache(token, claims);
  if (!claims) return;
  const bool printable =
      claims->user.find_first_of(std::string_view("\0\n\r\x7f", 4)) == std::string::npos;
  if (claims->user.empty() || claims->user.size() > 256 || !printable ||
      claims->expires + TokenPolicy{}.leeway <= kNow || claims->type == "refresh") {
    std::abort();
  }
}

/// What is taken is ready to verify with, whoever wrote it.
void check_keys(std::string_view text) {
  for (const bool secrets : {false, true}) {
    const auto set = parse_jwk_set(text, {.secrets = secrets});
    if (!set) continue;
    if (set->keys.size() > kJwkSetKeysMax) std::abort();
    (void)TokenVerifier(set->keys, TokenPolicy{}).verify(kSigned, kNow);
    for (const Key& key : set->keys) {
      if (!secrets && family_of(key.algorithm) == AlgorithmFamily::hmac) std::abort();
    }
  }
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    const auto key = key_of_pem("", algorithm, text);
    if (key) (void)TokenVerifier({*key}, TokenPolicy{}).verify(kSigned, kNow);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check(input);
  check_keys(input);
  // The same bytes with our signature: past it, into the claims.
  check(sign_payload({"", Algorithm::hs256, std::string(kSecret)}, input));
  return 0;
}
