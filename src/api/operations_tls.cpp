#include "api/operations_tls.h"

#include <openssl/ssl.h>

#include "base/assert.h"

namespace outcry::api {

namespace ssl = boost::asio::ssl;

std::shared_ptr<ssl::context> tls_settings(const net::TlsIdentity* identity) {
  if (identity == nullptr) return nullptr;
  auto out = std::make_shared<ssl::context>(ssl::context::tls_server);
  OUTCRY_ASSERT(identity->apply(*out->native_handle()));  // it was tried when it was loaded
  // Few callers, with connections that last: nothing to gain by resuming, and with clients'
  // certificates each handshake asks for them.
  SSL_CTX_set_session_cache_mode(out->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(out->native_handle(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(out->native_handle(), 0);
  return out;
}

}  // namespace outcry::api
