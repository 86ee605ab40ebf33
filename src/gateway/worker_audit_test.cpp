// What a worker tells the audit trail of its clients.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/worker_fixture.h"

namespace outcry::gateway {
namespace {

using audit::Kind;
using test::Client;
using test::token_of;
using test::Verdict;
using testing::StartsWith;

class WorkerAuditTest : public test::WorkerFixture {
 protected:
  explicit WorkerAuditTest(const config::Strings& records = {"connections", "rooms"})
      : WorkerFixture(audited(records)) {}

  static config::Config audited(const config::Strings& records) {
    config::Config config = test::test_config();
    config.audit.path = "/nowhere";  // a worker never opens it
    config.audit.records = records;
    return config;
  }
  /// The next note: "kind user room detail".
  std::string told() {
    const auto note = next<AuditNote>();
    addresses_.push_back(note->address);
    sockets_.push_back(note->socket);
    std::string out(audit::name_of(note->kind));
    out += ' ' + note->user;
    for (const std::string& room : note->rooms) out += ' ' + room;
    for (const audit::Detail& detail : note->details) {
      const auto& text = std::get<std::string>(detail.value);
      if (!text.empty()) out += ' ' + std::string(detail.name) + '=' + text;
    }
    return out;
  }

  config::Strings addresses_;
  config::Strings sockets_;
};

TEST_F(WorkerAuditTest, a_socket_is_told_from_its_connect_to_its_end) {
  Client client(port_);
  client.send(fmt::format(R"(40{{"token":"{}"}})", token_of("alice")));
  EXPECT_THAT(client.receive(), StartsWith("40{\"sid\""));
  EXPECT_EQ(told(), "connect alice transport=websocket");
  client.send(test::kJoin);
  answer(next<JoinRequest>(), Verdict::granted);
  EXPECT_EQ(told(), "join alice challenge_7 cause=client");
  EXPECT_TRUE(next<JoinSettled>().present);
  client.send(R"(42["leave_challenge",{"challenge_id":"7"}])");
  EXPECT_EQ(told(), "leave alice challenge_7 cause=client");
  (void)next<RoomEmptied>();
  client.send(test::kJoin);
  answer(next<JoinRequest>(), Verdict::denied);
  EXPECT_EQ(told(), "deny alice challenge_7 code=forbidden");
  client.send("41");
  EXPECT_EQ(told(), "disconnect alice cause=client");
  EXPECT_THAT(addresses_, testing::Each("127.0.0.1"));
  EXPECT_THAT(sockets_, testing::Each(sockets_.front()));
  EXPECT_EQ(sockets_.front().size(), kSocketIdLength);
}

TEST_F(WorkerAuditTest, who_is_refused_is_told_by_code_and_cause_and_no_name_that_is_not_proved) {
  Client client(port_);
  client.send(R"(40{"token":"a.b.c"})");
  EXPECT_THAT(client.receive(), StartsWith("44"));
  EXPECT_THAT(told(), StartsWith("refuse  code=token_invalid cause="));
  client.send(R"(40/nowhere,{"token":"a.b.c"})");
  EXPECT_EQ(told(), "refuse  code=invalid_namespace");
}

TEST_F(WorkerAuditTest, a_page_that_may_not_connect_is_told_by_its_origin) {
  constexpr std::string_view kHeader = " HTTP/1.1\r\nOrigin: https://evil.example\r\nX-Rest:";
  EXPECT_THROW(Client(port_, kHeader), std::runtime_error);
  EXPECT_EQ(told(), "refuse  code=origin origin=https://evil.example");
  EXPECT_EQ(addresses_.back(), "127.0.0.1");
}

TEST_F(WorkerAuditTest, a_member_whose_right_has_ended_is_told_as_removed) {
  Client client(port_);
  client.send(fmt::format(R"(40{{"token":"{}"}})", token_of("alice")));
  EXPECT_EQ(told(), "connect alice transport=websocket");
  client.send(test::kJoin);
  answer(next<JoinRequest>(), Verdict::granted);
  EXPECT_EQ(told(), "join alice challenge_7 cause=client");
  EXPECT_TRUE(next<JoinSettled>().present);
  client.send(test::kJoin);
  answer(next<JoinRequest>(), Verdict::denied);
  EXPECT_EQ(told(), "remove alice challenge_7 cause=right_ended");
  (void)next<RoomEmptied>();
  EXPECT_EQ(told(), "deny alice challenge_7 code=forbidden");
}

class WorkerRoomsAuditTest : public WorkerAuditTest {
 protected:
  WorkerRoomsAuditTest() : WorkerAuditTest({"rooms"}) {}
};

TEST_F(WorkerRoomsAuditTest, what_is_not_to_be_recorded_is_not_told) {
  Client client(port_);
  client.send(fmt::format(R"(40{{"token":"{}"}})", token_of("alice")));
  client.send(test::kJoin);
  answer(next<JoinRequest>(), Verdict::granted);
  EXPECT_EQ(told(), "join alice challenge_7 cause=client") << "and no connect before it";
}

}  // namespace
}  // namespace outcry::gateway
