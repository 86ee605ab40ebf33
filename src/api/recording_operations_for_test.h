// api/recording_operations_for_test.h — the gateway's side of a route's test: records what it is
// asked, and answers as it is told.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "gateway/operations.h"

namespace outcry::api::test {

class RecordingOperations final : public gateway::Operations {
 public:
  void publish(bus::Publication publication, gateway::PublishDone done) override {
    published.push_back(publication);
    if (answers_later) {
      waiting.push_back(std::move(done));
    } else if (!errors.empty() && errors.front()) {
      done(fail(errors.front()));
      errors.pop_front();
    } else {
      if (!errors.empty()) errors.pop_front();
      done(gateway::PublishReceipt{publication.id, fmt::format("e1.{}", published.size())});
    }
  }
  void remove_member(gateway::MemberRemoval removal, gateway::RemovalDone done) override {
    removed.push_back(std::move(removal));
    if (errors.empty()) return done(2);
    done(fail(errors.front()));
    errors.pop_front();
  }
  void revoke(gateway::TokenRevocation revocation, gateway::RevocationDone done) override {
    revoked.push_back(std::move(revocation));
    if (errors.empty()) return done(1);
    done(fail(errors.front()));
    errors.pop_front();
  }
  [[nodiscard]] Result<gateway::RoomEvents> read_room(const gateway::RoomQuery& query) override {
    queries.push_back(query);
    if (!errors.empty()) return fail(errors.front());
    return gateway::RoomEvents{
        .events = {{.event = "risk_alert",
                    .arguments = R"({"n":1})",
                    .offset = "Kx3f_200000007000009zP"},
                   {.event = "note", .arguments = "", .offset = "Kx3f_200000008000009zQ"}},
        .offset = "Kx3f_200000008000009zQ",
        .more = true};
  }
  void receipts(gateway::ReceiptQuery query, gateway::ReceiptsDone done) override {
    receipt_queries.push_back(std::move(query));
    if (!errors.empty()) return done(fail(errors.front()));
    const WallTime sent{std::chrono::milliseconds(1'700'000'000'042)};
    done(gateway::EventReceipts{
        .receipts =
            {{.sid = "5OLsBz8GPEvRKXFyAAAB", .user = "ann", .sent = sent, .acknowledged = {}},
             {.sid = "Zz3kQw8GPEvRKXFyAAAC", .user = "bob", .sent = {}, .acknowledged = sent}},
        .more = true});
  }
  [[nodiscard]] std::vector<gateway::BanInfo> bans() const override { return banned; }
  bool lift_ban(const gateway::BanTarget& target, std::string_view by) override {
    lifted_by.emplace_back(by);
    return std::erase_if(banned, [&](const gateway::BanInfo& ban) {
             return ban.target.kind == target.kind && ban.target.name == target.name;
           }) > 0;
  }
  [[nodiscard]] gateway::Readiness readiness() const override { return ready; }
  void collect_metrics(gateway::MetricsDone done) override {
    done({{.name = "outcry_joins_total",
           .help = "Joins.",
           .type = observe::MetricType::counter,
           .value = 3}});
  }

  std::vector<bus::Publication> published;
  std::vector<gateway::MemberRemoval> removed;
  std::vector<gateway::TokenRevocation> revoked;
  std::vector<gateway::RoomQuery> queries;
  std::vector<gateway::ReceiptQuery> receipt_queries;
  std::vector<gateway::BanInfo> banned{
      {.target = {.kind = gateway::BanKind::user, .name = "u7"}, .left = std::chrono::seconds(540)},
      {.target = {.kind = gateway::BanKind::address, .name = "192.0.2.1"},
       .left = std::chrono::seconds(12)}};
  std::vector<std::string> lifted_by;
  std::deque<std::error_code> errors;  // of the next calls; a value of 0 is success
  bool answers_later = false;
  std::vector<gateway::PublishDone> waiting;
  gateway::Readiness ready;
};

}  // namespace outcry::api::test
