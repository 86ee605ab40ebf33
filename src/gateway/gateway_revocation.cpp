// The gateway's part in tokens that are taken back.
#include <utility>

#include "base/json_text.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/gateway_timers.h"
#include "gateway/revocation_order.h"

namespace outcry::gateway {

void Gateway::revoke(TokenRevocation revocation, RevocationDone done) {
  log::info("tokens revoked by {}", name_of(revocation.kind));
  if (bus_) {
    bus_->tell_nodes(config_.socketio.namespaces.front(), kRevokeEvent,
                     revocation_text(revocation, node_));
  }
  revoker_->revoke(revocation, RevocationSource::api, std::move(done));
}

/// Of a publisher, or another node. `fields` is a JSON object.
std::error_code Gateway::take_revocation(std::string_view fields, const std::string& by) {
  if (json::string_member(fields, "from") == node_) return {};
  auto revocation = read_revocation(fields, wall_now(), "from");
  if (!revocation) return PublishError::bad_command;
  revocation->by = by;
  revoker_->revoke(*revocation, RevocationSource::publisher, {});
  return {};
}

void Gateway::post_revocations(const RevocationBatch& batch, Revoker::Counted counted) {
  struct Collection {
    Revoker::Counted counted;
    std::vector<std::uint32_t> counts;
    std::size_t missing = 0;
  };
  auto collection = std::make_shared<Collection>();
  collection->counted = std::move(counted);
  collection->counts.resize(batch->size());
  collection->missing = workers_.size();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto told = [this, collection](std::vector<std::uint32_t> counts) {  // on the worker's thread
      post([collection, counts = std::move(counts)] {
        for (std::size_t at = 0; at < counts.size(); ++at) collection->counts[at] += counts[at];
        if (--collection->missing == 0) collection->counted(collection->counts);
      });
    };
    workers_.post(static_cast<WorkerId>(i), std::make_unique<RevokeTokens>(RevokeTokens{
                                                .batch = batch, .done = std::move(told)}));
  }
  wake_workers_later();
}

}  // namespace outcry::gateway
