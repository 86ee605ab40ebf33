// What becomes of a socket's token at one worker: a new one, and keys that come later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/worker_fixture.h"

namespace outcry::gateway {
namespace {

using test::Client;
using test::token_of;
using testing::HasSubstr;
using testing::StartsWith;

class WorkerTokensTest : public test::WorkerFixture {
 protected:
  static std::string token(seconds lifetime, std::string_view user = "alice",
                           const char* rooms = nullptr) {
    const auto now = std::chrono::floor<seconds>(wall_now()).time_since_epoch().count();
    return auth::sign_payload(
        {.material = std::string(test::kSecret)},
        fmt::format(R"({{"user_id":"{}","iat":{},"exp":{}{}}})", user, now, now + lifetime.count(),
                    rooms ? fmt::format(R"(,"rooms":{})", rooms) : ""));
  }
  static std::string refresh(const std::string& with, std::string_view ack = "") {
    return fmt::format(R"(42{}["auth_refresh",{{"token":"{}"}}])", ack, with);
  }
};

TEST_F(WorkerTokensTest, a_new_token_of_the_same_user_counts_from_then_on) {
  Client client(port_);
  EXPECT_THAT(client.connect(token(seconds(-28))), StartsWith("40{\"sid\"")) << "within the leeway";
  client.send(refresh(token(seconds(600)), "7"));
  EXPECT_THAT(client.receive(), StartsWith(R"(42["auth_refreshed",{"expires_in_s":)"));
  EXPECT_THAT(client.receive(), StartsWith(R"(437[{"status":"ok","expires_in_s":)"));
  Client other(port_);
  EXPECT_THAT(other.connect(token(seconds(-28))), StartsWith("40{\"sid\""));
  EXPECT_EQ(other.receive(), "") << "the end that the first one would have had by now";
  client.send(refresh(token(seconds(700))));
  EXPECT_THAT(client.receive(), StartsWith(R"(42["auth_refreshed")"));
  EXPECT_EQ(stats().clients.token_refreshes, 2u);
}

TEST_F(WorkerTokensTest, a_refused_one_changes_nothing) {
  Client client(port_);
  EXPECT_THAT(client.connect(token(seconds(-28))), StartsWith("40{\"sid\""));
  const auto answer = [&client](const std::string& packet) {
    client.send(packet);
    const std::string event = client.receive();
    return event + client.receive();
  };
  EXPECT_THAT(answer(refresh(token(seconds(600), "bob"), "1")),
              HasSubstr(R"(431[{"status":"error","message":"the token is another user's)"));
  EXPECT_THAT(answer(refresh(token(seconds(-60)), "2")), HasSubstr("token_expired"));
  EXPECT_THAT(answer(refresh("nonsense", "3")), HasSubstr("token_invalid"));
  EXPECT_THAT(answer(R"(424["auth_refresh"])"), HasSubstr("token_missing"));
  EXPECT_THAT(answer(R"(425["auth_refresh",{"token":7}])"), HasSubstr("token_missing"));
  EXPECT_EQ(client.receive(), "") << "the first token's end";
  EXPECT_EQ(stats().clients.token_refreshes_refused, 5u);
  EXPECT_EQ(
      stats().transport.sessions_closed[static_cast<std::size_t>(transport::CloseReason::expired)],
      1u);
}

TEST_F(WorkerTokensTest, after_eight_refusals_in_a_row_none_is_looked_at) {
  Client client(port_);
  (void)client.connect_as("alice");
  for (int i = 0; i < 8; ++i) {
    client.send(refresh("nonsense"));
    EXPECT_THAT(client.receive(), HasSubstr("token_invalid"));
  }
  client.send(refresh(token_of("alice")));
  EXPECT_THAT(client.receive(), HasSubstr("too_many_tokens"));
}

TEST_F(WorkerTokensTest, the_end_is_announced_once_for_each_token) {
  Client client(port_);
  EXPECT_THAT(client.connect(token(seconds(2))), StartsWith("40{\"sid\""));
  EXPECT_THAT(client.receive(), StartsWith(R"(42["token_expiring",{"expires_in_s":)"));
  client.send(refresh(token(seconds(3))));
  EXPECT_THAT(client.receive(), StartsWith(R"(42["auth_refreshed")"));
  EXPECT_THAT(client.receive(), StartsWith(R"(42["token_expiring")"));
  EXPECT_EQ(stats().clients.tokens_expiring, 2u);
}

TEST_F(WorkerTokensTest, rooms_that_the_new_token_lists_no_more_are_left) {
  Client client(port_);
  EXPECT_THAT(client.connect(token(seconds(600), "alice", R"(["desk_1","desk_2"])")),
              StartsWith("40{\"sid\""));
  for (const char* room : {"desk_1", "desk_2"}) {
    client.send(fmt::format(R"(42["join_room",{{"room":"{}"}}])", room));
    answer(next<JoinRequest>(), test::Verdict::granted);
    EXPECT_THAT(client.receive(), StartsWith(R"(42["joined_room")"));
    EXPECT_TRUE(next<JoinSettled>().present);
  }
  client.send(refresh(token(seconds(600), "alice", R"(["desk_2"])")));
  EXPECT_THAT(client.receive(), StartsWith(R"(42["auth_refreshed")"));
  EXPECT_EQ(client.receive(), R"(42["left_room",{"room":"desk_1"}])");
  EXPECT_THAT(client.receive(), HasSubstr("removed"));
  EXPECT_EQ(next<RoomEmptied>().room->name(), "desk_1");
}

TEST_F(WorkerTokensTest, the_token_of_each_namespace_is_its_own_and_the_first_end_counts) {
  Client client(port_);
  EXPECT_THAT(client.connect(token(seconds(600))), StartsWith("40{\"sid\""));
  client.send(fmt::format(R"(40/admin,{{"token":"{}"}})", token(seconds(-28))));
  EXPECT_THAT(client.receive(), StartsWith("40/admin,{\"sid\""));
  client.send(refresh(token(seconds(700))));
  EXPECT_THAT(client.receive(), StartsWith(R"(42["auth_refreshed")"));
  EXPECT_EQ(client.receive(), "") << "with the token of /admin";
}

// ---- Revocation ----

class RevocationTest : public WorkerTokensTest {
 protected:
  std::string token_with(const char* more) {
    const auto now = std::chrono::floor<seconds>(wall_now()).time_since_epoch().count();
    return auth::sign_payload(
        {.material = std::string(test::kSecret)},
        fmt::format(R"({{"sub":"alice","iat":{},"exp":{}{}}})", now, now + 600, more));
  }
  /// How many sockets each has ended.
  std::vector<std::uint32_t> revoke(std::vector<std::pair<RevocationKind, const char*>> what) {
    std::vector<Revocation> batch;
    batch.reserve(what.size());
    for (const auto& [kind, value] : what) {
      batch.push_back({revocation_key(rules_.hash, kind, value), wall_now() + seconds(60)});
    }
    std::vector<std::uint32_t> out;
    std::binary_semaphore done{0};
    post(std::make_unique<RevokeTokens>(
        RevokeTokens{.batch = std::make_shared<const std::vector<Revocation>>(std::move(batch)),
                     .done = [&](std::vector<std::uint32_t> counts) {
                       out = std::move(counts);
                       done.release();
                     }}));
    EXPECT_TRUE(done.try_acquire_for(seconds(20)));
    return out;
  }
};

TEST_F(RevocationTest, ends_the_sockets_that_live_by_the_token_and_no_other) {
  Client one(port_), same(port_), other(port_);
  for (Client* client : {&one, &same}) {
    client->send(fmt::format(R"(40{{"token":"{}","x":1}})", token_with(R"(,"jti":"a")")));
    EXPECT_THAT(client->receive(), StartsWith("40{"));
    EXPECT_THAT(client->receive(), HasSubstr("connected"));
    (void)next<JoinRequest>();
    (void)next<JoinRequest>();
  }
  EXPECT_THAT(other.connect(token_of("alice")), StartsWith("40{"));
  EXPECT_EQ(revoke({{RevocationKind::jti, "b"}, {RevocationKind::jti, "a"}}),
            (std::vector<std::uint32_t>{0, 2}));
  EXPECT_THAT(one.receive(), HasSubstr("token_revoked"));
  EXPECT_EQ(one.receive(), "");
  other.send(refresh(token_with(R"(,"jti":"a")")));
  EXPECT_THAT(other.receive(), HasSubstr("token_revoked")) << "and the old one counts";
  other.send(refresh(token_with(R"(,"jti":"c")")));
  EXPECT_THAT(other.receive(), StartsWith(R"(42["auth_refreshed")"));
  EXPECT_EQ(revoke({{RevocationKind::jti, "c"}}), std::vector<std::uint32_t>{1})
      << "by the token that it lives by now";
  EXPECT_EQ(
      stats().transport.sessions_closed[static_cast<std::size_t>(transport::CloseReason::revoked)],
      3u);
}

TEST_F(RevocationTest, a_revoked_user_or_session_does_not_connect) {
  EXPECT_EQ(revoke({{RevocationKind::user, "bob"}, {RevocationKind::session, "s1"}}),
            (std::vector<std::uint32_t>{0, 0}));
  Client bob(port_), session(port_), alice(port_);
  EXPECT_THAT(bob.connect(token_of("bob")), HasSubstr("token_revoked"));
  EXPECT_THAT(session.connect(token_with(R"(,"session_id":"s1")")), HasSubstr("token_revoked"));
  EXPECT_THAT(alice.connect(token_of("alice")), StartsWith("40{"));
  const WorkerStats counted = stats();
  EXPECT_EQ(counted.clients.tokens_refused[static_cast<std::size_t>(auth::AuthError::revoked)], 2u);
}

TEST_F(RevocationTest, one_that_comes_while_control_is_asked_is_heard) {
  control_.show_admissions();
  Client client(port_);
  client.send(fmt::format(R"(40{{"token":"{}"}})", token_of("alice")));
  const auto request = next<AdmitRequest>();
  (void)revoke({{RevocationKind::user, "alice"}});
  post(std::make_unique<AdmitAnswer>(AdmitAnswer{.engine = request.engine,
                                                 .party = request.party,
                                                 .refused = std::nullopt,
                                                 .namespace_id = request.namespace_id}));
  EXPECT_THAT(client.receive(), HasSubstr("token_revoked"));
  EXPECT_EQ(next<SocketGone>().party.user, request.party.user);
}

}  // namespace
}  // namespace outcry::gateway
