// What may come before HTTP and TLS: a PROXY header, which says whose connection this is.
#include "net/tcp.h"
#include "protocol/proxy/proxy_header.h"
#include "transport/connection.h"
#include "transport/endpoint.h"

namespace outcry::transport {

// Looked at before it is taken: what follows it belongs to TLS, which reads the socket itself.
void Connection::read_preface() {
  const auto buffer = endpoint_.read_buffer().first(proxy::kHeaderBytesMax);
  const auto peeked = net::peek_some(fd_.get(), buffer);
  if (!peeked) return read_failed(peeked.error());
  if (*peeked == 0) return stream_ended();

  const std::size_t before = unread_.size();
  unread_.writable() += as_text(buffer.first(*peeked));
  const auto header = proxy::read_proxy_header(unread_.view());
  if (!header) {
    ++endpoint_.counters().proxy_headers_refused;
    return lose(CloseReason::transport_error);
  }
  const std::size_t taken = *header ? (*header)->bytes - before : *peeked;
  const auto got = net::read_some(fd_.get(), buffer.first(taken));  // they are there
  if (!got || *got != taken) return lose(CloseReason::transport_error);
  if (!*header) return;
  unread_.clear();
  if ((*header)->client) peer_address_ = net::IpAddress(*(*header)->client);
  over_tls_ = (*header)->client_over_tls;
  mode_ = Mode::http;
}

}  // namespace outcry::transport
