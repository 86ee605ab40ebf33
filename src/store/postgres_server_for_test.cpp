#include "store/postgres_server_for_test.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>

#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

namespace outcry::store {
namespace {

constexpr std::chrono::seconds kPatience{60};

std::uint16_t free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, size) != 0 || ::getsockname(listener, generic, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "free_port");
  }
  ::close(listener);
  return ntohs(address.sin_port);
}

std::filesystem::path temporary_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "outcry-postgres-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  return name;
}

struct Finish {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};

}  // namespace

PostgresServer::PostgresServer(const Settings& settings)
    : directory_(temporary_directory()), port_(free_port()) {
  start(settings);
}

PostgresServer::~PostgresServer() {
  kill();
  std::error_code ignored;  // a leftover in the temporary directory harms no other test
  std::filesystem::remove_all(directory_, ignored);
}

void PostgresServer::start(const Settings& settings) {
  std::vector<std::string> command{OUTCRY_POSTGRES_SERVER, directory_, std::to_string(port_)};
  command.insert(command.end(), settings.begin(), settings.end());
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const TimePoint end = steady_now() + kPatience;
  while (steady_now() < end) {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    // Until it answers; after a kill it may refuse to start while its predecessor's children end.
    while (steady_now() < end && ::waitpid(pid_, nullptr, WNOHANG) == 0) {
      try {
        (void)run("SELECT 1");
        return;
      } catch (const std::runtime_error&) {
        std::this_thread::yield();
      }
    }
  }
  throw std::runtime_error("PostgreSQL did not start");
}

void PostgresServer::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::string PostgresServer::url(const std::string& host, const std::string& options) const {
  return "postgresql://outcry:secret%20word@" + host + ":" + std::to_string(port_) + "/postgres" +
         options;
}

std::string PostgresServer::run(const std::string& sql) const {
  const std::unique_ptr<PGconn, Finish> connection(PQconnectdb(url().c_str()));
  const std::unique_ptr<PGresult, Finish> result(PQexec(connection.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace outcry::store
