// What a token costs: verified, found in the cache, and missed there.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "auth/signature.h"
#include "auth/signing_key_for_test.h"
#include "auth/token_cache.h"
#include "auth/token_verifier.h"

namespace outcry::auth {
namespace {

const WallTime kNow{std::chrono::seconds(1'700'000'000)};

Key key() {
  return {"", Algorithm::hs256, "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e"};
}

/// Claims as an access token of the platform has them.
std::string token_of(int user) {
  TokenRequest request;
  request.user = "5f0c2a1e-8d0e-4b57-9a55-" + std::to_string(100'000'000'000 + user);
  request.identity_claim = "sub";
  request.issued_at = kNow;
  request.session_id = "b7b7b0d4-3f5e-4c1c-9d0a-6a5f3e2d1c0b";
  request.jti = "0c9d8e7f-6a5b-4c3d-2e1f-0a9b8c7d6e5f";
  request.type = "access";
  request.permissions = {"view", "trade"};
  return mint(key(), request);
}

const TokenCache::SharedVerifier& verifier() {
  static const auto instance =
      std::make_shared<const TokenVerifier>(std::vector<Key>{key()}, TokenPolicy{});
  return instance;
}

void verify_hs256(benchmark::State& state) {
  const std::string token = token_of(1);
  for (auto _ : state) benchmark::DoNotOptimize(verifier()->verify(token, kNow));
  state.counters["token_bytes"] = static_cast<double>(token.size());
}
BENCHMARK(verify_hs256);

/// A signature of each kind, without the rest of a token.
void check_signature(benchmark::State& state, Algorithm algorithm) {
  const test::SigningKey signer = test::SigningKey::of(algorithm);
  const SignatureCheck check(key_of_pem("", algorithm, signer.public_pem()).value());
  const std::string input(400, 'a');
  const std::string signature = signer.sign(algorithm, input);
  for (auto _ : state) benchmark::DoNotOptimize(check.verify(input, signature));
}
BENCHMARK_CAPTURE(check_signature, rs256, Algorithm::rs256);
BENCHMARK_CAPTURE(check_signature, ps256, Algorithm::ps256);
BENCHMARK_CAPTURE(check_signature, es256, Algorithm::es256);
BENCHMARK_CAPTURE(check_signature, es384, Algorithm::es384);
BENCHMARK_CAPTURE(check_signature, es512, Algorithm::es512);
BENCHMARK_CAPTURE(check_signature, eddsa, Algorithm::eddsa);

void find_in_cache(benchmark::State& state) {
  TokenCache cache(verifier(), 1024);
  const std::string token = token_of(1);
  for (auto _ : state) benchmark::DoNotOptimize(cache.verify(token, kNow));
}
BENCHMARK(find_in_cache);

/// Ten thousand users in turn, as after a restart: nobody is found, everybody is kept for a while.
void miss_the_cache(benchmark::State& state) {
  TokenCache cache(verifier(), 1024);
  std::vector<std::string> tokens;
  tokens.reserve(10'000);
  for (int user = 0; user < 10'000; ++user) tokens.push_back(token_of(user));
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cache.verify(tokens[next], kNow));
    next = (next + 1) % tokens.size();
  }
}
BENCHMARK(miss_the_cache);

}  // namespace
}  // namespace outcry::auth
