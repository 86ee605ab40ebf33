#include "auth/token_verifier.h"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"

namespace outcry::auth {
namespace {

using testing::ElementsAre;

constexpr std::string_view kSecret = "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e";
const WallTime kNow{seconds(1'700'000'000)};

Key key(std::string id = {}, std::string_view material = kSecret) {
  return {std::move(id), Algorithm::hs256, std::string(material)};
}

TokenVerifier verifier(TokenPolicy policy = {}) {
  std::vector<Key> keys;
  keys.push_back(key());
  return {std::move(keys), std::move(policy)};
}

std::string part(std::string_view json) {
  return base64url_encode(as_bytes(json));
}

/// A token with any header and payload, signed by OpenSSL's one-call HMAC: not the code under test,
/// which mint() shares with verify().
std::string sign(std::string_view header, std::string_view text,
                 std::string_view secret = kSecret) {
  const std::string input = part(header) + '.' + part(text);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), mac.data(), &length);
  return input + '.' + base64url_encode(std::as_bytes(std::span(mac.data(), length)));
}

/// `{"sub":"u1","iat":…,"exp":…,EXTRA}` with times relative to kNow.
std::string payload(const std::string& extra = {}, int iat = 0, int exp = 900) {
  const auto now = std::chrono::duration_cast<seconds>(kNow.time_since_epoch()).count();
  return R"({"sub":"u1","iat":)" + std::to_string(now + iat) + R"(,"exp":)" +
         std::to_string(now + exp) + (extra.empty() ? "" : "," + extra) + "}";
}

constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT"})";

std::error_code error_of(const std::string& token, TokenPolicy policy = {}) {
  const auto claims = verifier(std::move(policy)).verify(token, kNow);
  return claims ? std::error_code() : claims.error();
}
std::error_code error_of_payload(const std::string& text, TokenPolicy policy = {}) {
  return error_of(sign(kHeader, text), std::move(policy));
}

TEST(TokenVerifier, accepts_the_token_of_rfc_7515_appendix_a_1) {
  const auto material = base64url_decode(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  ASSERT_TRUE(material);
  std::vector<Key> keys;
  keys.push_back(key("", *material));
  const TokenVerifier rfc(std::move(keys), {.identity_claims = {"iss"}, .age_max = seconds(0)});
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const auto claims = rfc.verify(token, WallTime(seconds(1'300'819'379)));
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->user, "joe");
  EXPECT_EQ(rfc.verify(token, WallTime(seconds(1'300'819'410))).error(), AuthError::expired);
}

TEST(TokenVerifier, reads_the_claims_of_a_minted_token) {
  TokenRequest request;
  request.user = "trader-7";
  request.issued_at = kNow;
  request.lifetime = seconds(600);
  request.session_id = "s1";
  request.jti = "j1";
  request.type = "access";
  request.permissions = {"view", "trade"};
  const auto claims = verifier().verify(mint(key(), request), kNow);
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->user, "trader-7");
  EXPECT_EQ(claims->identity_claim, "user_id");
  EXPECT_EQ(claims->session_id, "s1");
  EXPECT_EQ(claims->jti, "j1");
  EXPECT_EQ(claims->type, "access");
  EXPECT_EQ(claims->expires, kNow + seconds(600));
  EXPECT_EQ(claims->issued_at, kNow);
  EXPECT_THAT(claims->permissions, ElementsAre("view", "trade"));
}

TEST(TokenVerifier, the_first_identity_claim_present_names_the_user) {
  const auto both = verifier().verify(sign(kHeader, payload(R"("user_id":"u2")")), kNow);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->user, "u2");
  EXPECT_EQ(both->identity_claim, "user_id");
  const auto only_sub = verifier().verify(sign(kHeader, payload()), kNow);
  ASSERT_TRUE(only_sub);
  EXPECT_EQ(only_sub->user, "u1");
  EXPECT_EQ(only_sub->identity_claim, "sub");
}

TEST(TokenVerifier, an_unusable_identity_claim_does_not_fall_through_to_the_next) {
  for (const char* bad : {"7", "\"\"", "null", "[\"u\"]", "{}", "true", R"("a\nb")", R"("a\u0000")",
                          R"("a\u007f")"}) {
    EXPECT_EQ(error_of_payload(payload(std::string("\"user_id\":") + bad)), AuthError::no_identity)
        << bad;
  }
  EXPECT_EQ(error_of_payload(payload(), {.identity_claims = {"email"}}), AuthError::no_identity);
}

TEST(TokenVerifier, a_user_has_at_most_256_bytes) {
  const auto with_user = [](std::size_t bytes) {
    return error_of_payload(payload(R"("user_id":")" + std::string(bytes, 'u') + '"'));
  };
  EXPECT_EQ(with_user(256), std::error_code());
  EXPECT_EQ(with_user(257), AuthError::no_identity);
}

TEST(TokenVerifier, the_algorithm_is_the_keys_whatever_the_header_says) {
  const std::string body = payload();
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"hs256"})", R"({"alg":"HS384"})",
        R"({"alg":"RS256"})", R"({"alg":""})", R"({"alg":1})", R"({"alg":null})", R"({})"}) {
    EXPECT_EQ(error_of(sign(header, body)), AuthError::algorithm) << header;
    EXPECT_EQ(error_of(part(header) + '.' + part(body) + '.'), AuthError::algorithm) << header;
  }
}

TEST(TokenVerifier, a_critical_header_is_refused) {
  EXPECT_EQ(error_of(sign(R"({"alg":"HS256","crit":["b64"],"b64":false})", payload())),
            AuthError::critical_header);
  EXPECT_EQ(error_of(sign(R"({"alg":"HS256","crit":[]})", payload())), AuthError::critical_header);
}

TEST(TokenVerifier, any_changed_character_breaks_the_signature_or_the_form) {
  const std::string token = sign(kHeader, payload());
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(error_of(changed)) << i;
  }
  EXPECT_EQ(error_of(sign(kHeader, payload(), "another secret of thirty-two bytes")),
            AuthError::bad_signature);
}

TEST(TokenVerifier, a_torn_token_is_refused_at_each_byte) {
  const std::string token = sign(kHeader, payload());
  for (std::size_t length = 0; length < token.size(); ++length) {
    EXPECT_TRUE(error_of(token.substr(0, length))) << length;
  }
}

TEST(TokenVerifier, a_token_of_another_form_is_malformed) {
  const std::string token = sign(kHeader, payload());
  EXPECT_EQ(error_of(""), AuthError::missing);
  for (const std::string& bad :
       {std::string("x"), std::string("."), std::string(".."), std::string("a.b"), token + ".x",
        token + "=", " " + token, token + "\n", "Bearer " + token,
        part("[]") + "." + part(payload()) + ".AAAA", part("\"HS256\"") + ".e30.AAAA"}) {
    EXPECT_EQ(error_of(bad), AuthError::malformed) << bad;
  }
}

TEST(TokenVerifier, a_signature_with_another_spelling_of_the_same_bytes_is_refused) {
  std::string token = sign(kHeader, payload());
  // 32 bytes leave two unused bits in the last character; the next letter has the same used ones.
  ++token.back();
  EXPECT_TRUE(error_of(token));
}

TEST(TokenVerifier, the_length_limit_is_exact) {
  const std::string token = sign(kHeader, payload());
  EXPECT_EQ(error_of(token, {.token_bytes_max = token.size()}), std::error_code());
  EXPECT_EQ(error_of(token, {.token_bytes_max = token.size() - 1}), AuthError::too_long);
}

TEST(TokenVerifier, a_payload_that_is_not_strict_json_is_malformed) {
  for (const std::string& bad : {
           std::string("{}x"),
           std::string("[]"),
           std::string("null"),
           std::string(""),
           std::string(R"({"sub":"u1","sub":"u2","exp":1700000900,"iat":1700000000})"),
           std::string(R"({"sub":"u1","s\u0075b":"u2","exp":1700000900,"iat":1700000000})"),
           std::string("{\"sub\":\"\xff\"}"),
           std::string("{\"sub\":\"\xed\xa0\x80\"}"),
           std::string(R"({"sub":"u1",})"),
           std::string(R"({'sub':"u1"})"),
           payload("\"deep\":" + std::string(9, '[') + std::string(9, ']')),
       }) {
    EXPECT_EQ(error_of_payload(bad), AuthError::malformed) << bad;
  }
}

TEST(TokenVerifier, members_of_nested_objects_are_not_claims) {
  const std::string text =
      R"({"x":{"sub":"admin","exp":1},"y":[{"sub":"admin"}],)" + payload().substr(1);
  const auto claims = verifier().verify(sign(kHeader, text), kNow);
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->user, "u1");
}

TEST(TokenVerifier, expiry_is_required_and_has_leeway) {
  EXPECT_EQ(error_of_payload(R"({"sub":"u1","iat":1700000000})"), AuthError::no_expiry);
  EXPECT_EQ(error_of_payload(payload("", -60, -29)), std::error_code());
  EXPECT_EQ(error_of_payload(payload("", -60, -30)), AuthError::expired);
}

TEST(TokenVerifier, nbf_and_iat_ahead_are_not_valid_yet_beyond_the_leeway) {
  EXPECT_EQ(error_of_payload(payload(R"("nbf":1700000030)")), std::error_code());
  EXPECT_EQ(error_of_payload(payload(R"("nbf":1700000031)")), AuthError::not_yet_valid);
  EXPECT_EQ(error_of_payload(payload("", 30)), std::error_code());
  EXPECT_EQ(error_of_payload(payload("", 31)), AuthError::not_yet_valid);
}

TEST(TokenVerifier, age_is_limited_by_iat_unless_the_limit_is_off) {
  EXPECT_EQ(error_of_payload(payload("", -3630)), std::error_code());
  EXPECT_EQ(error_of_payload(payload("", -3631)), AuthError::too_old);
  EXPECT_EQ(error_of_payload(payload("", -1'000'000), {.age_max = seconds(0)}), std::error_code());
}

TEST(TokenVerifier, without_iat_the_end_may_not_be_further_ahead_than_the_age_limit) {
  EXPECT_EQ(error_of_payload(R"({"sub":"u1","exp":1700003630})"), std::error_code());
  EXPECT_EQ(error_of_payload(R"({"sub":"u1","exp":1700003631})"), AuthError::too_old);
}

TEST(TokenVerifier, times_may_have_fractions_but_must_be_sane_numbers) {
  const auto claims =
      verifier().verify(sign(kHeader, R"({"sub":"u1","exp":1700000900.75,"iat":1.7e9})"), kNow);
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->expires, kNow + milliseconds(900'750));
  for (const char* bad : {"\"1700000900\"", "-1", "1e300", "253402300800", "true", "null", "[1]"}) {
    EXPECT_EQ(error_of_payload(std::string(R"({"sub":"u1","exp":)") + bad + "}"),
              AuthError::malformed)
        << bad;
  }
}

TEST(TokenVerifier, a_refresh_token_is_refused) {
  EXPECT_EQ(error_of_payload(payload(R"("type":"refresh")")), AuthError::refresh_token);
  EXPECT_EQ(error_of_payload(payload(R"("type":"access")")), std::error_code());
  EXPECT_EQ(error_of_payload(payload(R"("type":["refresh"])")), AuthError::malformed);
}

TEST(TokenVerifier, issuer_and_audience_are_compared_if_configured) {
  const TokenPolicy policy{.issuer = "back", .audience = "live"};
  EXPECT_EQ(error_of_payload(payload(R"("iss":"back","aud":"live")"), policy), std::error_code());
  EXPECT_EQ(error_of_payload(payload(R"("iss":"back","aud":["x","live"])"), policy),
            std::error_code());
  EXPECT_EQ(error_of_payload(payload(R"("aud":"live")"), policy), AuthError::issuer);
  EXPECT_EQ(error_of_payload(payload(R"("iss":"Back","aud":"live")"), policy), AuthError::issuer);
  for (const char* bad :
       {R"("iss":"back")", R"("iss":"back","aud":"x")", R"("iss":"back","aud":["x"])",
        R"("iss":"back","aud":[])", R"("iss":"back","aud":["live",1])"}) {
    EXPECT_EQ(error_of_payload(payload(bad), policy), AuthError::audience) << bad;
  }
}

TEST(TokenVerifier, permissions_are_a_list_of_texts) {
  for (const char* bad : {R"("permissions":"all")", R"("permissions":[1])",
                          R"("permissions":["a",["b"]])", R"("permissions":[{"a":1}])"}) {
    EXPECT_EQ(error_of_payload(payload(bad)), AuthError::malformed) << bad;
  }
}

TEST(TokenVerifier, rooms_are_listed_by_the_claim_that_the_policy_names) {
  const std::string text = payload(R"("rooms":["desk_7","team_*"])");
  const auto named = verifier({.rooms_claim = "rooms"}).verify(sign(kHeader, text), kNow);
  ASSERT_TRUE(named) << named.error().message();
  EXPECT_THAT(named->rooms, ElementsAre("desk_7", "team_*"));
  EXPECT_TRUE(verifier().verify(sign(kHeader, text), kNow)->rooms.empty());
  EXPECT_EQ(error_of_payload(payload(R"("rooms":"desk_7")"), {.rooms_claim = "rooms"}),
            AuthError::malformed);
  EXPECT_EQ(error_of_payload(payload(R"("rooms":[7])"), {.rooms_claim = "rooms"}),
            AuthError::malformed);
  EXPECT_EQ(error_of_payload(payload(R"("rooms":"desk_7")")), std::error_code());
}

TEST(TokenVerifier, kid_selects_among_keys_and_never_brings_one_in) {
  std::vector<Key> keys;
  keys.push_back(key("old", "first secret, thirty-two bytes..."));
  keys.push_back(key("new", kSecret));
  const TokenVerifier two(std::move(keys), {});
  const auto error = [&](const char* header) {
    const auto claims = two.verify(sign(header, payload()), kNow);
    return claims ? std::error_code() : claims.error();
  };
  EXPECT_EQ(error(R"({"alg":"HS256","kid":"new"})"), std::error_code());
  EXPECT_EQ(error(R"({"alg":"HS256"})"), std::error_code());
  EXPECT_EQ(error(R"({"alg":"HS256","kid":"old"})"), AuthError::bad_signature);
  EXPECT_EQ(error(R"({"alg":"HS256","kid":"other"})"), AuthError::unknown_key);
  EXPECT_EQ(error(R"({"alg":"HS256","kid":7})"), AuthError::malformed);
}

TEST(TokenVerifier, an_unknown_kid_is_told_apart_from_a_wrong_algorithm) {
  std::vector<Key> keys;
  keys.push_back(key("", kSecret));  // serves any token of its algorithm
  keys.push_back(key("named", kSecret));
  const TokenVerifier two(std::move(keys), {});
  const auto error = [&](const char* header) {
    return two.verify(sign(header, payload(), "another secret of thirty-two bytes"), kNow).error();
  };
  EXPECT_EQ(error(R"({"alg":"RS256","kid":"other"})"), AuthError::unknown_key);
  EXPECT_EQ(error(R"({"alg":"RS256","kid":"named"})"), AuthError::algorithm);
  EXPECT_EQ(error(R"({"alg":"RS256"})"), AuthError::algorithm);
  EXPECT_EQ(error(R"({"alg":"HS256","kid":"other"})"), AuthError::bad_signature);
}

TEST(TokenVerifier, without_keys_every_token_names_an_unknown_one) {
  const TokenVerifier none({}, {});
  EXPECT_EQ(none.verify(sign(kHeader, payload()), kNow).error(), AuthError::unknown_key);
}

TEST(TokenVerifier, a_token_is_worth_a_few_checks_only) {
  std::vector<Key> keys;
  keys.reserve(21);
  for (int i = 0; i < 20; ++i)
    keys.push_back(key("", "a wrong secret, number " + std::to_string(i)));
  keys.push_back(key("last", kSecret));
  const TokenVerifier many(std::move(keys), {});
  EXPECT_EQ(many.verify(sign(kHeader, payload()), kNow).error(), AuthError::bad_signature);
}

TEST(TokenVerifier, required_claims_are_there_with_their_texts) {
  TokenPolicy policy;
  policy.required_claims = {{"tenant", std::nullopt}, {"env", "live"}};
  EXPECT_EQ(error_of_payload(payload(R"("tenant":7,"env":"live")"), policy), std::error_code());
  for (const char* bad : {R"("env":"live")", R"("tenant":null,"env":"live")", R"("tenant":"a")",
                          R"("tenant":"a","env":"test")", R"("tenant":"a","env":["live"])"}) {
    EXPECT_EQ(error_of_payload(payload(bad), policy), AuthError::missing_claim) << bad;
  }
}

TEST(TokenVerifier, needs_keys_with_material) {
  std::vector<Key> keys;
  keys.push_back(key("", ""));
  EXPECT_THROW(TokenVerifier(std::move(keys), {}), std::invalid_argument);
}

}  // namespace
}  // namespace outcry::auth
