// The gateway's part in a reload: what control and its workers take from a new configuration.
#include <utility>

#include "config/tls.h"
#include "gateway/gateway.h"
#include "gateway/gateway_setup.h"

namespace outcry::gateway {

// One function for each part: it makes the part's object from the new configuration, or throws
// ConfigError.
config::Reloader::Commit Gateway::prepare_reload(const config::Config& next,
                                                 config::Strings& changed) {
  auto update = std::make_shared<WorkerUpdate>();
  prepare_tls(next, changed, *update);
  update->access = std::make_shared<const transport::Access>(access_options(next.server));
  // With the same hash: what is counted under a key is still found.
  update->limits = std::make_shared<const LimitRules>(next.limits, rules_.hash, workers_.size());
  auto keys = std::make_shared<config::Reloader::Commit>(token_keys_->prepare(next.auth, changed));
  return [this, update = std::move(update), keys = std::move(keys)] {
    put_in_force(update);
    if (*keys) (*keys)();
  };
}

void Gateway::use_keys(std::shared_ptr<const auth::TokenVerifier> verifier, bool withdrawn) {
  put_in_force(std::make_shared<const WorkerUpdate>(
      WorkerUpdate{.verifier = std::move(verifier), .keys_withdrawn = withdrawn}));
}

void Gateway::take(KeyWanted wanted) {
  token_keys_->refetch([this, wanted] {
    workers_.post(wanted.worker, KeysSettled{});
    wake_workers_later();
  });
}

void Gateway::prepare_tls(const config::Config& next, config::Strings& changed,
                          WorkerUpdate& update) const {
  auto identity = config::clients_tls(next.server);
  const net::TlsIdentity* running = certificates_.in_use("clients");
  if ((identity == nullptr) != (running == nullptr)) {
    throw config::ConfigError(
        "server.tls_certificate_file: TLS is switched on and off by a restart, not by a reload");
  }
  if (!identity || identity->same_as(*running)) return;
  config::note_new_content(changed, "server.tls_certificate_file");
  update.tls = std::move(identity);
}

void Gateway::put_in_force(const std::shared_ptr<const WorkerUpdate>& update) {
  if (update->tls) certificates_.use("clients", update->tls);
  if (update->limits) {
    admission_.set_limits(update->limits->limits);
    guard_.use(update->limits);
    user_totals_.use(update->limits);
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(static_cast<WorkerId>(i), update);
  }
  wake_workers();
}

}  // namespace outcry::gateway
