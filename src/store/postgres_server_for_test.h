// store/postgres_server_for_test.h — a real PostgreSQL server for tests: a cluster of its own in a
// temporary directory, on loopback, ended with its owner.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace outcry::store {

class PostgresServer {
 public:
  using Settings = std::vector<std::string>;  // "name=value"

  /// Makes the cluster, starts the server and waits until it answers. Throws if it doesn't.
  explicit PostgresServer(const Settings& settings = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// Ends the server as `kill -9` does. start() goes on with the same cluster and port.
  void kill();
  void start(const Settings& settings = {});

  /// `postgresql://outcry:…@host:port/postgres` and `options`, such as "?sslmode=require".
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1",
                                const std::string& options = {}) const;
  /// Throws with the server's words if it refuses. Returns the first field of the first row.
  std::string run(const std::string& sql) const;
  /// The cluster's directory, whose files the server may read.
  [[nodiscard]] std::filesystem::path data() const { return directory_ / "data"; }

 private:
  std::filesystem::path directory_;
  std::uint16_t port_;
  pid_t pid_ = 0;
};

}  // namespace outcry::store
