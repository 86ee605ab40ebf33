#include "cli/publish.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include "cli/version.h"

namespace outcry::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr auto kTimeLimit = std::chrono::seconds(10);

/// The data goes in as it was written: parsed and printed again, 1.10 would become 1.1.
std::string request_body(const PublishOptions& options) {
  const std::string data = options.data == "-"
                               ? std::string(std::istreambuf_iterator<char>(std::cin), {})
                               : options.data;
  if (!nlohmann::json::accept(data)) throw config::ConfigError("publish: --data is not JSON");
  nlohmann::ordered_json head{{"room", options.room}, {"event", options.event}};
  if (!options.id.empty()) head["id"] = options.id;
  if (!options.namespace_name.empty()) head["namespace"] = options.namespace_name;
  std::string body = head.dump();
  body.back() = ',';  // its closing brace
  return body + "\"data\":" + data + '}';
}

std::string find_api_key(const PublishOptions& options, const Surroundings& surroundings,
                         const config::OperationsConfig& operations) {
  if (!options.api_key_file.empty()) {
    return config::read_secret_file(options.api_key_file, "--api-key-file");
  }
  const auto variable = surroundings.environment.find("OUTCRY_API_KEY");
  if (variable != surroundings.environment.end()) return variable->second;
  if (!operations.api_keys.empty()) return operations.api_keys.front();
  throw config::ConfigError("publish: no API key; give --api-key-file, OUTCRY_API_KEY or --config");
}

/// A key with a line end in it would write further headers.
std::string api_key_of(const PublishOptions& options, const Surroundings& surroundings,
                       const config::OperationsConfig& operations) {
  std::string key = find_api_key(options, surroundings, operations);
  const bool printable =
      std::ranges::all_of(key, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (key.empty() || !printable) {
    throw config::ConfigError("publish: the API key must be printable ASCII without spaces");
  }
  return key;
}

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

/// One exchange with a time limit over all of its steps. Throws boost::system::system_error.
/// Asynchronous inside, because only asynchronous operations of a tcp_stream have a limit.
Response exchange(const tcp::endpoint& endpoint, const Request& request) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  beast::flat_buffer buffer;
  Response response;
  beast::error_code failed;
  stream.expires_after(kTimeLimit);
  stream.async_connect(endpoint, [&](beast::error_code connect_error) {
    failed = connect_error;
    if (failed) return;
    http::async_write(stream, request, [&](beast::error_code write_error, std::size_t) {
      failed = write_error;
      if (failed) return;
      http::async_read(stream, buffer, response,
                       [&](beast::error_code read_error, std::size_t) { failed = read_error; });
    });
  });
  io.run();
  if (failed) throw beast::system_error(failed);
  return response;
}

}  // namespace

int publish(const PublishOptions& options, const Surroundings& surroundings) {
  config::LoadOptions load;
  load.file = options.config;
  load.environment = surroundings.environment;
  const config::OperationsConfig operations = config::read_config(load).config.operations;
  if (options.address.empty() && !operations.tls_certificate_file.empty()) {
    throw config::ConfigError(
        "publish: the operations port speaks TLS (operations.tls_certificate_file), and this "
        "command "
        "doesn't; use curl with --cacert");
  }
  const std::string address = options.address.empty() ? operations.listen : options.address;
  const auto listen = config::parse_listen_address(address);
  if (!listen || listen->port == 0) {
    throw config::ConfigError("publish: \"" + address + "\" must be a numeric address and a port");
  }

  Request request{http::verb::post, "/v1/publish", 11};
  request.set(http::field::host, address);
  request.set(http::field::user_agent, version_line());
  request.set(http::field::content_type, "application/json");
  request.set("X-API-Key", api_key_of(options, surroundings, operations));
  request.body() = request_body(options);
  request.keep_alive(false);
  request.prepare_payload();

  const std::string host = listen->host.empty() ? "127.0.0.1" : listen->host;
  Response response;
  try {
    response = exchange(tcp::endpoint(asio::ip::make_address(host), listen->port), request);
  } catch (const boost::system::system_error& error) {
    surroundings.err << "publish: " << address << ": " << error.code().message() << '\n';
    return kExitFailed;
  }
  if (response.result() == http::status::ok) {
    surroundings.out << response.body() << '\n';
    return kExitDone;
  }
  surroundings.err << "publish: " << response.result_int() << ' ' << response.body() << '\n';
  return kExitFailed;
}

}  // namespace outcry::cli
