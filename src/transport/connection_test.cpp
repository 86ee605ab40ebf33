// HTTP on a Connection: requests, their limits and times, and how connections end.
#include "transport/connection.h"

#include <filesystem>
#include <fstream>
#include <sys/resource.h>

#include <fcntl.h>

#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using test::get;
using test::Response;
using test::TestClient;
using test::TestWorker;
using test::until;
using namespace std::chrono_literals;

constexpr std::size_t kBigBytes = 4 << 20;
constexpr ConnectionId kFirst{0, 1};

/// A small page and a big file.
const StaticFiles& files() {
  static const StaticFiles loaded = [] {
    namespace fs = std::filesystem;
    std::string pattern = (fs::temp_directory_path() / "outcry-files-XXXXXX").string();
    const fs::path root = ::mkdtemp(pattern.data());
    std::ofstream(root / "page.html") << "hello";
    std::ofstream(root / "big") << std::string(kBigBytes, 'x');
    auto out = StaticFiles::load(root.string());
    fs::remove_all(root);
    return std::move(*out);
  }();
  return loaded;
}

TEST(Connection, serves_one_request_after_the_other) {
  TestWorker worker({}, 0, &files());
  TestClient client(worker);
  for (int i = 0; i < 3; ++i) {
    const Response page = client.request(get("/page.html"));
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body, "hello");
    EXPECT_TRUE(page.has("Connection: keep-alive\r\n"));
  }
  EXPECT_EQ(client.request(get("/none")).status, 404);
  EXPECT_EQ(client.request("PUT /page.html HTTP/1.1\r\nHost: here\r\n\r\n").status, 405);
  EXPECT_EQ(worker.stats().connections_accepted, 1u);
  EXPECT_EQ(worker.stats().requests_refused, 2u);
}

TEST(Connection, answers_head_without_the_body_but_with_its_length) {
  TestWorker worker({}, 0, &files());
  TestClient client(worker);
  client.send("HEAD /page.html HTTP/1.1\r\nHost: here\r\n\r\n");
  EXPECT_TRUE(client.response(true).has("Content-Length: 5\r\n"));
  EXPECT_EQ(client.request(get("/page.html")).body, "hello") << "nothing lay between the answers";
}

TEST(Connection, answers_304_to_the_etag_it_gave_also_weak_or_in_a_list) {
  TestWorker worker({}, 0, &files());
  TestClient client(worker);
  const std::string etag = files().find("/page.html")->etag;
  for (const std::string& value : {etag, "W/" + etag, "\"other\", " + etag}) {
    const Response same = client.request(get("/page.html", "If-None-Match: " + value + "\r\n"));
    EXPECT_EQ(same.status, 304) << value;
    EXPECT_TRUE(same.has("ETag: " + etag + "\r\n"));
  }
  EXPECT_EQ(client.request(get("/page.html", "If-None-Match: \"other\"\r\n")).status, 200);
}

TEST(Connection, an_old_client_gets_its_answer_and_the_end) {
  TestWorker worker({}, 0, &files());
  TestClient client(worker);
  const Response page = client.request("GET /page.html HTTP/1.0\r\n\r\n");
  EXPECT_EQ(page.body, "hello");
  EXPECT_TRUE(page.has("Connection: close\r\n"));
  EXPECT_TRUE(client.waits_for_end());
}

TEST(Connection, a_malformed_request_is_answered_and_ends_the_connection) {
  TestWorker worker;
  TestClient client(worker);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + get("/"));
  EXPECT_EQ(client.response().status, 400);
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_EQ(client.received(), "") << "what follows is not to be read as a request";
  EXPECT_EQ(worker.stats().requests_malformed, 1u);
}

TEST(Connection, takes_no_more_than_some_pipelined_requests_from_one_read) {
  TestWorker worker({.pipelined_requests_max = 4}, 0, &files());
  TestClient client(worker);
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += get("/page.html");
  client.send(requests);
  std::uint64_t before = 0;
  while (worker.stats().requests < 50) {
    worker.tick();
    // Once for what was read, and once for what waited.
    ASSERT_LE(worker.stats().requests, before + 8);
    before = worker.stats().requests;
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.response().body, "hello");
}

TEST(Connection, a_peer_that_pipelines_and_never_reads_holds_one_answer) {
  TestWorker worker({}, 0, &files());
  TestClient client(worker, 4096);
  ASSERT_TRUE(until({&worker}, [&] {
    client.send_some(get("/big"));
    const Connection* connection = worker.endpoint.find(kFirst);
    return connection != nullptr && connection->blocked();
  }));
  for (int i = 0; i < 100; ++i) {
    client.send_some(get("/big") + get("/big"));
    worker.tick();
  }
  EXPECT_LE(worker.endpoint.find(kFirst)->queued_bytes(), kBigBytes + 256 * 1024 + 1024);
}

TEST(Connection, an_answer_that_nobody_reads_ends_the_connection) {
  TestWorker worker({.request_timeout = 50ms}, 0, &files());
  TestClient client(worker, 4096);
  std::string requests;
  for (int i = 0; i < 4; ++i) requests += get("/big");
  client.send(requests);
  EXPECT_TRUE(until({&worker}, [&] { return worker.stats().connections_closed == 1; }));
}

TEST(Connection, a_request_has_one_time_for_all_of_it) {
  for (const std::string& unfinished : {std::string("GET / HT"), test::post("/", "").substr(0, 20),
                                        std::string("POST / HTTP/1.1\r\nHost: here\r\n"
                                                    "Content-Length: 10\r\n\r\n")}) {
    TestWorker worker({.request_timeout = 60ms});
    TestClient client(worker);
    client.send(unfinished);
    // A byte now and then must not prolong it.
    ASSERT_TRUE(until({&worker}, [&] {
      if (worker.endpoint.loop().stats().ticks % 4 == 0) client.send_some("x");
      return client.received().find("\r\n\r\n") != std::string::npos;
    }));
    EXPECT_EQ(client.response().status, 408);
    EXPECT_TRUE(client.waits_for_end());
  }
}

TEST(Connection, a_silent_connection_ends_without_a_word) {
  TestWorker worker({.request_timeout = 30ms, .keep_alive_timeout = 30ms});
  TestClient silent(worker), served(worker);
  EXPECT_EQ(served.request(get("/")).status, 404);
  EXPECT_TRUE(silent.waits_for_end());
  EXPECT_TRUE(served.waits_for_end());
  EXPECT_EQ(silent.received() + served.received(), "");
}

TEST(Connection, asks_once_for_a_body_that_waits_for_it) {
  TestWorker worker;
  TestClient client(worker);
  client.send(
      "POST /x HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(client.response().status, 100);
  client.send("ab");
  worker.tick();
  client.send("cd");
  EXPECT_EQ(client.response().status, 405);
}

TEST(Connection, a_peer_that_shuts_its_side_still_gets_all_answers) {
  TestWorker worker({.pipelined_requests_max = 2}, 0, &files());
  TestClient client(worker);
  std::string requests;
  for (int i = 0; i < 9; ++i) requests += get("/page.html");
  client.send(requests);
  client.shut();
  for (int i = 0; i < 9; ++i) EXPECT_EQ(client.response().body, "hello");
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_TRUE(until({&worker}, [&] { return worker.endpoint.connection_count() == 0; }));
}

TEST(Connection, a_peer_that_shuts_its_side_gets_a_long_answer_whole) {
  for (const char* header : {"", "Connection: close\r\n"}) {
    TestWorker worker({}, 0, &files());
    TestClient client(worker, 4096);
    client.send(get("/big", header));
    client.shut();
    EXPECT_EQ(client.response().body.size(), kBigBytes);
    EXPECT_TRUE(client.waits_for_end());
    EXPECT_TRUE(until({&worker}, [&] { return worker.endpoint.connection_count() == 0; }));
  }
}

TEST(Connection, a_slow_answer_leaves_its_short_time_behind) {
  // The answer is written slowly, which arms the request timeout; once it is out, the poll behind
  // it belongs to its session's heartbeat.
  TestWorker worker({.ping_interval = 1000ms, .request_timeout = 400ms}, 0, &files());
  TestClient client(worker, 4096);
  const std::string sid = test::open_polling(client);
  client.send(get("/big") + get(test::with_sid(test::kPolling, sid)));
  ASSERT_TRUE(until({&worker}, [&] { return worker.endpoint.find(kFirst)->blocked(); }));
  EXPECT_EQ(client.response().body.size(), kBigBytes);
  EXPECT_EQ(client.response().body, "2");
}

TEST(Endpoint, refuses_connections_over_its_limit) {
  TestWorker worker({.connections_max = 1});
  TestClient first(worker);
  EXPECT_EQ(first.request(get("/")).status, 404);
  TestClient second(worker);
  EXPECT_TRUE(second.waits_for_end());
  EXPECT_EQ(worker.stats().connections_refused, 1u);
  first.close();
  EXPECT_TRUE(until({&worker}, [&] { return worker.endpoint.connection_count() == 0; }));
  TestClient third(worker);
  EXPECT_EQ(third.request(get("/")).status, 404);
}

TEST(Endpoint, refuses_when_descriptors_run_out_and_recovers) {
  TestWorker worker;
  TestClient refused(worker);  // connected, but not yet accepted
  rlimit saved{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &saved), 0);
  const net::UniqueFd lowest_free(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const rlimit none_left{static_cast<rlim_t>(lowest_free.get() + 1), saved.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  const bool ended = refused.waits_for_end();
  ::setrlimit(RLIMIT_NOFILE, &saved);
  EXPECT_TRUE(ended);
  EXPECT_GE(worker.stats().connections_refused, 1u);
  EXPECT_EQ(worker.stats().connections_accepted, 0u);
  TestClient served(worker);
  EXPECT_EQ(served.request(get("/")).status, 404);
}

}  // namespace
}  // namespace outcry::transport
