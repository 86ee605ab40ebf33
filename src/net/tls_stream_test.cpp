#include "net/tls_stream.h"

#include <array>
#include <optional>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "base/bytes.h"
#include "net/tls_context.h"
#include "net/tls_pair_for_test.h"

namespace outcry::net {
namespace {

using test::make_identity;
using test::Pair;
using test::TlsClient;

class TlsStreamTest : public testing::TestWithParam<int> {
 protected:
  TlsClient::Options with_version() const { return {.version = GetParam()}; }

  TlsStats stats_;
  std::shared_ptr<TlsIdentity> identity_ = make_identity();
  TlsContext context_{identity_, stats_};
};

INSTANTIATE_TEST_SUITE_P(Versions, TlsStreamTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "tls_1_2" : "tls_1_3";
                         });

/// The lengths of the records in `sealed`.
std::vector<std::size_t> records_of(std::string_view sealed) {
  std::vector<std::size_t> out;
  while (sealed.size() >= 5) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sealed[i]); };
    out.push_back(static_cast<std::size_t>(byte(3) << 8 | byte(4)));
    sealed.remove_prefix(std::min(sealed.size(), 5 + out.back()));
  }
  return out;
}

TEST_P(TlsStreamTest, carries_bytes_both_ways_after_a_handshake) {
  Pair pair(context_, with_version());
  EXPECT_TRUE(pair.stream->handshaking());
  ASSERT_EQ(pair.exchange(), std::error_code());
  EXPECT_TRUE(pair.client.established());
  EXPECT_FALSE(pair.stream->handshaking());
  EXPECT_EQ(pair.client.version(), GetParam());
  pair.client.send("to the server");
  ASSERT_EQ(pair.exchange(), std::error_code());
  EXPECT_EQ(pair.received, "to the server");
  EXPECT_EQ(pair.write("to the client").value(), 13u);
  pair.client.feed(pair.fetch());
  EXPECT_EQ(pair.client.received, "to the client");
  EXPECT_EQ(stats_.handshakes, 1u);
  EXPECT_EQ(stats_.resumed, 0u);
  EXPECT_EQ(stats_.errors, 0u);
}

TEST_P(TlsStreamTest, a_handshake_and_a_message_may_come_byte_by_byte) {
  Pair pair(context_, with_version());
  pair.client.send("torn");
  while (pair.received.size() < 4) {
    const std::string up = pair.client.output();
    ASSERT_FALSE(up.empty()) << "nothing moves any more";
    for (const char byte : up) {
      pair.deliver({&byte, 1});
      const auto error = pair.read();
      if (error) {
        ASSERT_EQ(error, std::errc::resource_unavailable_try_again);
      }
    }
    pair.client.feed(pair.fetch());
  }
  EXPECT_EQ(pair.received, "torn");
}

TEST_P(TlsStreamTest, one_read_brings_all_that_waits) {
  Pair pair(context_, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  std::string sealed;
  for (int i = 0; i < 100; ++i) {
    pair.client.send("a record ");
    sealed += pair.client.output();
  }
  pair.deliver(sealed);
  ASSERT_EQ(pair.read(), std::error_code());
  EXPECT_EQ(pair.received.size(), 900u);
  EXPECT_EQ(pair.read(), std::errc::resource_unavailable_try_again);
}

TEST_P(TlsStreamTest, a_record_may_be_torn_between_reads_wherever_it_is) {
  Pair pair(context_, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  for (std::size_t torn = 1; torn < 16'384; torn += 1'811) {
    pair.received.clear();
    pair.client.send(std::string(16'384, 'x') + std::string(16'384, 'y'));
    const std::string sealed = pair.client.output();
    pair.deliver(sealed.substr(0, torn));
    EXPECT_EQ(pair.read(), std::errc::resource_unavailable_try_again);
    pair.deliver(sealed.substr(torn));
    ASSERT_EQ(pair.exchange(), std::error_code());
    while (!pair.read()) continue;
    EXPECT_EQ(pair.received, std::string(16'384, 'x') + std::string(16'384, 'y')) << torn;
  }
}

TEST_P(TlsStreamTest, small_parts_go_into_one_record) {
  Pair pair(context_, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  std::string frame(100, 'f');
  const std::vector<iovec> parts(60, iovec{frame.data(), frame.size()});
  EXPECT_EQ(pair.write(parts).value(), 6'000u);
  const std::string sealed = pair.fetch();
  EXPECT_EQ(records_of(sealed).size(), 1u);
  pair.client.feed(sealed);
  EXPECT_EQ(pair.client.received, std::string(6'000, 'f'));
}

TEST_P(TlsStreamTest, parts_of_all_sizes_arrive_in_order_in_full_records) {
  Pair pair(context_, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  std::string all;
  std::vector<std::string> pieces;
  for (const std::size_t size : {1, 0, 16'383, 16'384, 16'385, 3, 0, 40'000, 1, 2}) {
    pieces.emplace_back(size, static_cast<char>('a' + pieces.size()));
    all += pieces.back();
  }
  std::vector<iovec> parts;
  for (std::string& piece : pieces) parts.push_back({piece.data(), piece.size()});
  std::size_t records = 0;
  ASSERT_EQ(pair.write(parts).value(), all.size());
  for (;;) {
    const std::string sealed = pair.fetch();
    records += records_of(sealed).size();
    pair.client.feed(sealed);
    if (!pair.stream->has_unsent()) break;
    ASSERT_TRUE(pair.write(std::span<const iovec>()).has_value());
  }
  pair.client.feed(pair.fetch());
  EXPECT_EQ(pair.client.received, all);
  EXPECT_LE(records, all.size() / 16'384 + 4);
}

TEST_P(TlsStreamTest, what_a_full_socket_leaves_over_is_sent_later_and_nothing_twice) {
  Pair pair(context_, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  const int small = 4'096;
  ::setsockopt(pair.near->get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
  std::string text(1 << 20, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  std::size_t taken = 0, blocked = 0;
  while (taken < text.size() || pair.stream->has_unsent()) {
    const auto wrote = pair.write(std::string_view(text).substr(taken));
    ASSERT_TRUE(wrote.has_value());
    taken += *wrote;
    if (pair.stream->has_unsent()) {
      ++blocked;
      EXPECT_EQ(pair.write("not yet").value(), 0u) << "the socket is still full";
    }
    pair.client.feed(pair.fetch());
  }
  EXPECT_GT(blocked, 10u);
  EXPECT_EQ(pair.client.received, text);
}

TEST_P(TlsStreamTest, any_worker_resumes_what_another_began) {
  TlsStats other_stats;
  TlsContext other(identity_, other_stats);
  identity_->forget_ticket_seed();
  Pair first(context_, with_version());
  ASSERT_EQ(first.exchange(), std::error_code());
  ASSERT_NE(first.client.session(), nullptr);

  Pair second(other, {.version = GetParam(), .session = first.client.session()});
  second.client.send("again");
  ASSERT_EQ(second.exchange(), std::error_code());
  EXPECT_TRUE(second.client.resumed());
  EXPECT_EQ(second.received, "again");
  EXPECT_EQ(other_stats.handshakes, 1u);
  EXPECT_EQ(other_stats.resumed, 1u);

  TlsContext late(identity_, other_stats);  // the seed is forgotten: its tickets are its own
  Pair third(late, {.version = GetParam(), .session = first.client.session()});
  ASSERT_EQ(third.exchange(), std::error_code());
  EXPECT_TRUE(third.client.established());
  EXPECT_FALSE(third.client.resumed());
}

TEST_P(TlsStreamTest, a_stream_goes_on_in_another_worker_and_outlives_its_first) {
  TlsStats first_stats;
  std::optional<TlsContext> first(std::in_place, identity_, first_stats);
  Pair pair(*first, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  pair.client.send("whole");
  const std::string sealed = pair.client.output();
  pair.deliver(sealed.substr(0, 10));
  EXPECT_EQ(pair.read(), std::errc::resource_unavailable_try_again);

  pair.stream->move_to(context_);
  first.reset();
  pair.deliver(sealed.substr(10));
  ASSERT_EQ(pair.read(), std::error_code());
  EXPECT_EQ(pair.received, "whole");
  pair.client.renegotiate();
  (void)pair.exchange();  // answered without the first worker
  if (GetParam() == TLS1_3_VERSION) {
    EXPECT_EQ(pair.write("here").value(), 4u);
    pair.client.feed(pair.fetch());
    EXPECT_EQ(pair.client.received, "here");
  }
  EXPECT_EQ(first_stats.handshakes, 1u);
  EXPECT_EQ(stats_.handshakes, 0u);
}

TEST_P(TlsStreamTest, the_peers_close_notify_is_the_end_and_stays_it) {
  Pair pair(context_, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  pair.client.send("last words");
  pair.client.close();
  pair.deliver(pair.client.output() + "and what no TLS is");
  ASSERT_EQ(pair.read(), std::error_code());
  EXPECT_EQ(pair.received, "last words");
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(pair.read(), std::error_code());
    EXPECT_TRUE(pair.ended);
  }
  EXPECT_EQ(pair.write("still yours").value(), 11u);
  EXPECT_TRUE(pair.stream->close(pair.near->get()));
  EXPECT_TRUE(pair.stream->close(pair.near->get())) << "once is enough";
  const std::string sealed = pair.fetch();
  EXPECT_EQ(records_of(sealed).size(), 2u);
  pair.client.feed(sealed);
  EXPECT_TRUE(pair.client.closed());
}

TEST_P(TlsStreamTest, an_end_without_close_notify_is_an_end) {
  Pair pair(context_, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  pair.far.reset();
  ASSERT_EQ(pair.read(), std::error_code());
  EXPECT_TRUE(pair.ended);
  EXPECT_EQ(stats_.errors, 0u);
}

TEST_P(TlsStreamTest, a_peer_that_goes_amid_the_handshake_is_no_error_of_tls) {
  Pair pair(context_, with_version());
  pair.deliver(pair.client.output().substr(0, 50));
  EXPECT_EQ(pair.read(), std::errc::resource_unavailable_try_again);
  pair.far.reset();
  ASSERT_EQ(pair.read(), std::error_code());
  EXPECT_TRUE(pair.ended);
  EXPECT_TRUE(pair.stream->close(pair.near->get())) << "nobody to say it to";
  EXPECT_EQ(stats_.handshakes, 0u);
  EXPECT_EQ(stats_.errors, 0u);
}

TEST_P(TlsStreamTest, a_forged_record_ends_the_stream_with_an_alert) {
  Pair pair(context_, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  pair.client.send("a forged one");
  std::string sealed = pair.client.output();
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  pair.deliver(sealed);
  EXPECT_EQ(pair.read(), TlsError::record);
  EXPECT_EQ(pair.received, "");
  EXPECT_EQ(pair.read(), TlsError::record);
  EXPECT_FALSE(pair.write("anything").has_value());
  pair.client.feed(pair.fetch());
  EXPECT_TRUE(pair.client.failed()) << "bad_record_mac";
  EXPECT_EQ(stats_.errors, 1u);
}

TEST_P(TlsStreamTest, a_peer_that_asks_for_new_keys_gets_no_new_handshake) {
  Pair pair(context_, with_version());
  ASSERT_EQ(pair.exchange(), std::error_code());
  pair.client.renegotiate();
  (void)pair.exchange();
  EXPECT_EQ(stats_.handshakes, 1u);
  if (GetParam() == TLS1_2_VERSION) {
    EXPECT_TRUE(pair.client.failed()) << "no_renegotiation";
    return;
  }
  EXPECT_EQ(stats_.errors, 0u);
  pair.client.send("with new keys");  // RFC 8446 §4.6.3: these are not a handshake
  ASSERT_EQ(pair.exchange(), std::error_code());
  EXPECT_EQ(pair.received, "with new keys");
  EXPECT_EQ(pair.write("both of us").value(), 10u);
  pair.client.feed(pair.fetch());
  EXPECT_EQ(pair.client.received, "both of us");
}

class TlsHandshakeTest : public testing::Test {
 protected:
  TlsStats stats_;
  std::shared_ptr<TlsIdentity> identity_ = make_identity();
  TlsContext context_{identity_, stats_};
};

TEST_F(TlsHandshakeTest, plain_http_is_told_apart) {
  for (const char* request : {"GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "HEAD / HTTP/1.1\r\n"}) {
    Pair pair(context_);
    pair.deliver(request);
    EXPECT_EQ(pair.read(), TlsError::plain_http) << request;
    EXPECT_EQ(pair.fetch(), "") << "an alert means nothing to who doesn't speak TLS";
  }
  EXPECT_EQ(stats_.errors, 3u);
}

TEST_F(TlsHandshakeTest, what_is_no_tls_is_refused_without_an_answer_of_length) {
  for (const std::string& garbage :
       {std::string("OPTIONS * HTTP/1.1\r\n"), std::string(100, '\0'), std::string(70'000, '\x16'),
        std::string("\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff", 10)}) {
    Pair pair(context_);
    pair.deliver(garbage);
    std::error_code error;
    for (int i = 0; i < 4 && (!error || error == std::errc::resource_unavailable_try_again); ++i) {
      error = pair.read();
    }
    EXPECT_EQ(error, TlsError::handshake) << garbage.substr(0, 20);
    EXPECT_LE(pair.fetch().size(), 7u) << "one alert at most";
  }
  EXPECT_EQ(stats_.errors, 4u);
  EXPECT_EQ(stats_.handshakes, 0u);
}

TEST_F(TlsHandshakeTest, versions_that_are_too_old_are_refused) {
  Pair old(context_, {.version = TLS1_1_VERSION});
  EXPECT_EQ(old.exchange(), TlsError::handshake);
  EXPECT_TRUE(old.client.failed());

  TlsContext strict(make_identity(TlsVersion::tls_1_3), stats_);
  Pair refused(strict, {.version = TLS1_2_VERSION});
  EXPECT_EQ(refused.exchange(), TlsError::handshake);
  Pair taken(strict);
  EXPECT_EQ(taken.exchange(), std::error_code());
  EXPECT_EQ(taken.client.version(), TLS1_3_VERSION);
}

TEST_F(TlsHandshakeTest, the_protocol_is_http_1_1_or_nothing) {
  Pair both(context_, {.protocols = "\x02h2\x08http/1.1"});
  EXPECT_EQ(both.exchange(), std::error_code());
  EXPECT_EQ(both.client.protocol(), "http/1.1");
  Pair none(context_);
  EXPECT_EQ(none.exchange(), std::error_code());
  EXPECT_EQ(none.client.protocol(), "");
  Pair other(context_, {.protocols = "\x02h2"});
  EXPECT_EQ(other.exchange(), TlsError::handshake);
  EXPECT_TRUE(other.client.failed());
}

TEST_F(TlsHandshakeTest, the_ticket_of_another_server_leads_to_a_full_handshake) {
  TlsContext foreign(make_identity(), stats_);
  Pair there(foreign);
  ASSERT_EQ(there.exchange(), std::error_code());
  Pair here(context_, {.session = there.client.session()});
  ASSERT_EQ(here.exchange(), std::error_code());
  EXPECT_TRUE(here.client.established());
  EXPECT_FALSE(here.client.resumed());
}

TEST_F(TlsHandshakeTest, a_peer_that_makes_us_answer_and_never_reads_is_dropped) {
  Pair pair(context_);
  ASSERT_EQ(pair.exchange(), std::error_code());
  const int small = 4'096;
  ::setsockopt(pair.near->get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
  std::error_code error;
  for (int i = 0; i < 100'000 && error != TlsError::unread; ++i) {
    pair.client.renegotiate();
    pair.deliver(pair.client.output());
    error = pair.read();
  }
  EXPECT_EQ(error, TlsError::unread);
  EXPECT_EQ(stats_.errors, 1u);
  EXPECT_EQ(pair.read(), TlsError::record) << "and stays so";
}

TEST_F(TlsHandshakeTest, nothing_can_be_written_before_it_is_done) {
  Pair pair(context_);
  EXPECT_TRUE(pair.write(std::span<const iovec>()).has_value());
  EXPECT_FALSE(pair.write("too early").has_value());
}

}  // namespace
}  // namespace outcry::net
