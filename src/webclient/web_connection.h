// webclient/web_connection.h — one connection to the server: opened with its first exchange, and
// good for the next as long as both sides keep it.
//
// The templates of TLS are in this file's .cpp, those of HTTP in web_exchange.h. Thread: its
// executor's. Owner: WebClient; an exchange that is being cancelled refers to it as well.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "base/result.h"
#include "webclient/web_message.h"
#include "webclient/web_url.h"

namespace outcry::webclient {

/// Whom to connect to and whom to trust there; shared by all connections of a client.
struct WebServer;
/// Error: bad_ca_file.
[[nodiscard]] Result<std::shared_ptr<WebServer>> make_web_server(WebUrl url,
                                                                 const std::string& ca_file);

struct WebLimits {
  std::size_t header_bytes_max = 0;
  std::size_t body_bytes_max = 0;
};

class WebConnection {
 public:
  [[nodiscard]] static std::shared_ptr<WebConnection> create(boost::asio::any_io_executor executor,
                                                             std::shared_ptr<WebServer> server,
                                                             WebLimits limits);
  WebConnection() = default;
  WebConnection(const WebConnection&) = delete;
  WebConnection& operator=(const WebConnection&) = delete;
  virtual ~WebConnection() = default;

  /// One at a time. `done` is called later, once; after close() with connection_lost, as soon as
  /// what was under way has ended.
  virtual void exchange(const WebRequest& request, WebAnswer done) = 0;
  /// Whether another exchange may follow the last one.
  [[nodiscard]] virtual bool usable() = 0;
  /// Whether anything came in answer to the last request.
  [[nodiscard]] virtual bool heard() const = 0;
  virtual void close() = 0;
};

}  // namespace outcry::webclient
