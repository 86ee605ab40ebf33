#include "bus/redis_server_for_test.h"

#include <cerrno>
#include <csignal>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>

#include <hiredis/hiredis.h>
#include <unistd.h>

namespace outcry::bus {
namespace {

void execute(const std::vector<std::string>& command, int output) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  ::dup2(output, STDOUT_FILENO);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

void read_until(int descriptor, std::string_view wanted) {
  std::string seen;
  char buffer[1024];
  while (seen.find(wanted) == std::string::npos) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw std::runtime_error("redis-server did not start: " + seen);
    seen.append(buffer, static_cast<std::size_t>(count));
  }
}

std::string take(void* answer, redisContext* context) {
  if (answer == nullptr) throw std::runtime_error(context->errstr);
  auto* const reply = static_cast<redisReply*>(answer);
  const bool has_text = reply->str != nullptr;
  std::string text = has_text ? std::string(reply->str, static_cast<std::size_t>(reply->len)) : "";
  const bool is_error = reply->type == REDIS_REPLY_ERROR;
  freeReplyObject(reply);
  if (is_error) throw std::runtime_error(text);
  return text;
}

}  // namespace

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

RedisServer::RedisServer(std::uint16_t port, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{
      "/usr/bin/redis-server", "--port", std::to_string(port), "--bind", "127.0.0.1", "--save", "",
      "--appendonly",          "no"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  pid_ = ::fork();
  if (pid_ == 0) execute(command, pipe_ends[1]);
  ::close(pipe_ends[1]);
  output_ = pipe_ends[0];
  try {
    read_until(output_, "Ready to accept connections");
  } catch (...) {
    end();
    throw;
  }
}

RedisServer::~RedisServer() {
  end();
}

void RedisServer::end() const {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::close(output_);
}

void RedisServer::pause() const {
  ::kill(pid_, SIGSTOP);
}
void RedisServer::resume() const {
  ::kill(pid_, SIGCONT);
}

void RedisClient::Free::operator()(redisContext* context) const noexcept {
  redisFree(context);
}

RedisClient::RedisClient(std::uint16_t port) : context_(redisConnect("127.0.0.1", port)) {
  if (context_ == nullptr || context_->err != 0) throw std::runtime_error("can't connect");
}

void RedisClient::publish(std::string_view channel, std::string_view payload) {
  append_publish(channel, payload);
  answers(1);
}

void RedisClient::append_publish(std::string_view channel, std::string_view payload) {
  redisAppendCommand(context_.get(), "PUBLISH %b %b", channel.data(), channel.size(),
                     payload.data(), payload.size());
}

void RedisClient::answers(std::size_t count) {
  for (; count > 0; --count) {
    void* answer = nullptr;
    redisGetReply(context_.get(), &answer);
    (void)take(answer, context_.get());  // only its absence or an error matters, and both throw
  }
}

std::string RedisClient::command(const std::vector<std::string>& arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  return take(
      redisCommandArgv(context_.get(), static_cast<int>(texts.size()), texts.data(), sizes.data()),
      context_.get());
}

}  // namespace outcry::bus
