// Any target, Idempotency-Key and body of a caller with a key, over all routes: one answer, in JSON
// with a status that callers know, and what the gateway is asked obeys the limits.
//
//   first line: METHOD TARGET [KEY], as of a request; the rest: the body
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "api/ban_routes.h"
#include "api/event_routes.h"
#include "api/health_routes.h"
#include "api/member_routes.h"
#include "api/publish_routes.h"
#include "api/receipt_routes.h"
#include "api/revocation_routes.h"
#include "base/json_text.h"

namespace {

using namespace outcry;

constexpr std::size_t kNameBytesMax = 256;

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax;
}

/// A gateway that looks at what it is asked, and does nothing.
class CheckingOperations final : public gateway::Operations {
 public:
  void publish(bus::Publication publication, gateway::PublishDone done) override {
    require(is_name(publication.id) && publication.source == "api:k");
    done(gateway::PublishReceipt{.id = publication.id, .offset = {}});
  }
  void remove_member(gateway::MemberRemoval removal, gateway::RemovalDone done) override {
    require(is_name(removal.room) && is_name(removal.user) && removal.by == "api:k");
    done(1);
  }
  void revoke(gateway::TokenRevocation revocation, gateway::RevocationDone done) override {
    require(is_name(revocation.value) && revocation.by == "api:k");
    done(1);
  }
  [[nodiscard]] Result<gateway::RoomEvents> read_room(const gateway::RoomQuery& query) override {
    require(query.room.size() <= kNameBytesMax);
    require(query.last >= 1 && query.last <= 1'000);
    require(query.events_max >= 1 && query.events_max <= 1'000);
    return gateway::RoomEvents{};
  }
  void receipts(gateway::ReceiptQuery query, gateway::ReceiptsDone done) override {
    require(query.event.empty() == query.room.empty());
    require(query.after.size() <= kNameBytesMax);
    require(query.receipts_max >= 1 && query.receipts_max <= 1'000);
    done(gateway::EventReceipts{});
  }
  [[nodiscard]] std::vector<gateway::BanInfo> bans() const override { return {}; }
  bool lift_ban(const gateway::BanTarget& target, std::string_view by) override {
    require(is_name(target.name) && by == "api:k");
    return true;
  }
  [[nodiscard]] gateway::Readiness readiness() const override { return {}; }
  void collect_metrics(gateway::MetricsDone done) override { done({}); }
};

const api::Router& router() {
  static const api::Router made = [] {
    static CheckingOperations operations;
    api::Router out;
    api::add_publish_routes(out, operations);
    api::add_event_routes(out, operations);
    api::add_receipt_routes(out, operations);
    api::add_member_routes(out, operations);
    api::add_ban_routes(out, operations);
    api::add_revocation_routes(out, operations);
    api::add_health_routes(out, operations);
    return out;
  }();
  return made;
}

/// What precedes the first `end`; `text` keeps what follows it.
std::string_view take_until(std::string_view& text, char end) {
  const std::size_t length = text.find(end);
  const std::string_view out = text.substr(0, length);
  text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
  return out;
}

void check(const api::Response& response) {
  const bool known = response.status == 200 || response.status == 400 || response.status == 422;
  require(known);
  if (response.content_type.find("json") == std::string::npos) return;
  require(json::validate(response.body).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body(reinterpret_cast<const char*>(data), size);
  std::string_view line = take_until(body, '\n');
  const std::string_view method = take_until(line, ' ');
  std::string_view query = take_until(line, ' ');
  const std::string_view path = take_until(query, '?');
  const api::Route* const route = router().find(method, path);
  if (route == nullptr) return 0;
  const api::Request request{.path = path,
                             .query = query,
                             .body = body,
                             .parameter = api::Router::parameter_of(*route, path),
                             .idempotency_key = line,
                             .key_id = "k"};
  int answers = 0;
  route->handle(request, [&answers](const api::Response& response) {
    ++answers;
    check(response);
  });
  require(answers == 1);
  return 0;
}
