#include "cli/token.h"

#include <chrono>
#include <ostream>

#include "auth/token_verifier.h"
#include "base/clock.h"

namespace outcry::cli {

int print_token(const TokenOptions& options, const Surroundings& surroundings) {
  config::LoadOptions load;
  load.file = options.config;
  load.environment = surroundings.environment;
  const config::AuthConfig auth = config::read_config(load).config.auth;
  auth::Key key;
  key.algorithm = auth::algorithm_named(auth.algorithm).value_or(auth::Algorithm::hs256);
  key.material = options.secret_file.empty()
                     ? auth.secret
                     : config::read_secret_file(options.secret_file, "--secret-file");
  if (key.material.empty()) {
    throw config::ConfigError(
        "token: no secret; give --secret-file, --config or OUTCRY_AUTH_SECRET");
  }
  if (options.user.empty()) throw config::ConfigError("token: --user is empty");

  auth::TokenRequest request;
  request.user = options.user;
  request.identity_claim = options.claim;
  request.issued_at = wall_now();
  request.lifetime = std::chrono::seconds(options.ttl_s);
  request.session_id = options.session_id;
  request.issuer = auth.issuer;
  request.audience = auth.audience;
  surroundings.out << auth::mint(key, request) << '\n';
  return kExitDone;
}

}  // namespace outcry::cli
