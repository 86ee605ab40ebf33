// How a worker asks control for each socket, and what becomes of late and refused answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/worker_fixture.h"

namespace outcry::gateway {
namespace {

using test::Client;
using test::token_of;
using testing::HasSubstr;
using testing::StartsWith;

class WorkerAdmissionTest : public test::WorkerFixture {
 protected:
  WorkerAdmissionTest() { control_.show_admissions(); }

  static std::string connect_packet(std::string_view user, std::string_view namespace_name = "") {
    return fmt::format(R"(40{}{{"token":"{}"}})", namespace_name, token_of(user));
  }
  void admit(const AdmitRequest& request) {
    post(std::make_unique<AdmitAnswer>(AdmitAnswer{.engine = request.engine,
                                                   .party = request.party,
                                                   .refused = std::nullopt,
                                                   .namespace_id = request.namespace_id}));
  }
  void refuse(const AdmitRequest& request, Code code, std::uint32_t retry_after_ms) {
    post(std::make_unique<AdmitAnswer>(AdmitAnswer{.engine = request.engine,
                                                   .party = request.party,
                                                   .retry_after_ms = retry_after_ms,
                                                   .refused = code,
                                                   .namespace_id = request.namespace_id}));
  }
  void wait_until_no_session() {
    while (stats().engine_sessions > 0) std::this_thread::yield();
  }
};

TEST_F(WorkerAdmissionTest, a_socket_opens_once_control_has_admitted_it) {
  Client client(port_);
  client.send(connect_packet("alice"));
  const auto request = next<AdmitRequest>();
  EXPECT_EQ(request.party.user, rules_.limits->user_key("alice"));
  EXPECT_EQ(request.party.address, limits::kNobody) << "this machine is exempt";
  EXPECT_EQ(stats().sockets, 0u);
  publish({.everyone = true}, "1");
  admit(request);
  EXPECT_THAT(client.receive(), StartsWith("40{\"sid\"")) << "and heard nothing before";
  EXPECT_EQ(stats().sockets, 1u);
  client.send("41");
  EXPECT_EQ(next<SocketGone>().party, request.party);
}

TEST_F(WorkerAdmissionTest, a_refused_socket_is_told_why_and_when_to_come_again) {
  Client client(port_);
  client.send(connect_packet("alice"));
  refuse(next<AdmitRequest>(), Code::user_limit, 1500);
  EXPECT_EQ(client.receive(),
            R"(44{"message":"this user has too many connections",)"
            R"("data":{"code":"user_limit","retryable":true,"retry_after_ms":1500}})");
  client.send(connect_packet("alice"));
  admit(next<AdmitRequest>());
  EXPECT_THAT(client.receive(), StartsWith("40{\"sid\"")) << "the connection was left open";
  const WorkerStats counted = stats();
  EXPECT_EQ(counted.clients.connects_refused, 1u);
  EXPECT_EQ(counted.clients.connects, 1u);
}

TEST_F(WorkerAdmissionTest, a_token_that_is_refused_asks_nobody) {
  Client client(port_);
  EXPECT_THAT(client.connect("forged"), HasSubstr("token_invalid"));
  client.send(connect_packet("alice"));
  EXPECT_EQ(next<AdmitRequest>().party.user, rules_.limits->user_key("alice"));
}

TEST_F(WorkerAdmissionTest, who_is_admitted_after_going_is_given_back) {
  Client client(port_);
  client.send(connect_packet("alice"));
  const auto request = next<AdmitRequest>();
  client.drop();
  wait_until_no_session();
  admit(request);
  EXPECT_EQ(next<SocketGone>().party, request.party);

  Client refused(port_);
  refused.send(connect_packet("bob"));
  const auto late = next<AdmitRequest>();
  refused.drop();
  wait_until_no_session();
  Client reuses_the_slot(port_);
  reuses_the_slot.send(connect_packet("mallory"));
  const auto own = next<AdmitRequest>();
  EXPECT_EQ(own.engine.slot, late.engine.slot);
  refuse(late, Code::user_limit, 1);
  admit(own);
  EXPECT_THAT(reuses_the_slot.receive(), StartsWith("40{\"sid\""));
}

TEST_F(WorkerAdmissionTest, nothing_may_be_said_before_the_answer) {
  for (const std::string& packet :
       {connect_packet("alice"), std::string(test::kJoin), std::string("41")}) {
    Client client(port_);
    client.send(connect_packet("alice"));
    const auto request = next<AdmitRequest>();
    client.send(packet);
    EXPECT_EQ(client.receive(), "") << packet;
    admit(request);
    EXPECT_EQ(next<SocketGone>().party, request.party);
  }
}

TEST_F(WorkerAdmissionTest, namespaces_are_asked_for_one_by_one_and_answered_in_any_order) {
  Client client(port_);
  client.send(connect_packet("alice"));
  client.send(connect_packet("bob", "/admin,"));
  const auto first = next<AdmitRequest>();
  const auto second = next<AdmitRequest>();
  EXPECT_NE(first.party.user, second.party.user);
  admit(second);
  EXPECT_THAT(client.receive(), StartsWith("40/admin,{\"sid\""));
  refuse(first, Code::address_limit, 1);
  EXPECT_THAT(client.receive(), StartsWith("44{"));
  client.drop();
  EXPECT_EQ(next<SocketGone>().party, second.party);
}

TEST_F(WorkerAdmissionTest, a_namespace_may_be_left_and_joined_again) {
  Client client(port_);
  for (int i = 0; i < 3; ++i) {
    client.send(connect_packet("alice"));
    admit(next<AdmitRequest>());
    EXPECT_THAT(client.receive(), StartsWith("40{\"sid\""));
    client.send("41");
    EXPECT_EQ(next<SocketGone>().party.user, rules_.limits->user_key("alice"));
  }
}

}  // namespace
}  // namespace outcry::gateway
