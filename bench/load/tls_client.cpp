#include "load/tls_client.h"

#include <array>
#include <stdexcept>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace outcry::bench {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};

using Ticket = std::unique_ptr<SSL_SESSION, FreeSession>;

constexpr int kTicketSlot = 0;  // the application's own, of a state's data

}  // namespace

struct TlsClient::Context {
  std::unique_ptr<SSL_CTX, FreeContext> ssl;
  std::vector<Ticket> tickets;  ///< by connection; never resized, states point into it
  bool resume = true;

  /// OpenSSL has a ticket for us. Returning 1 takes the reference over.
  static int take_ticket(SSL* state, SSL_SESSION* session) {
    auto* self = static_cast<Context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(state)));
    if (!self->resume) return 0;
    static_cast<Ticket*>(SSL_get_ex_data(state, kTicketSlot))->reset(session);
    return 1;
  }
};

std::string tls_error_text() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  if (code == 0) return "TLS failed";
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

TlsClient::TlsClient(const TlsOptions& options, std::uint32_t connections)
    : context_(std::make_unique<Context>()) {
  context_->ssl.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* ssl = context_->ssl.get();
  if (ssl == nullptr || SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1) {
    throw std::runtime_error(tls_error_text());
  }
  if (!options.ca_file.empty()) {
    if (SSL_CTX_load_verify_locations(ssl, options.ca_file.c_str(), nullptr) != 1) {
      throw std::runtime_error(options.ca_file + ": " + tls_error_text());
    }
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  }
  // Ten thousand idle buffers of 16 KiB would be most of this process.
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_app_data(ssl, context_.get());
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ssl, Context::take_ticket);
  context_->tickets.resize(connections);
  context_->resume = options.resume;
}

TlsClient::~TlsClient() = default;

ssl_st* TlsClient::open(int fd, std::uint32_t index) {
  SSL* state = SSL_new(context_->ssl.get());
  if (state == nullptr) return nullptr;
  Ticket& ticket = context_->tickets[index];
  const bool kept = SSL_set_ex_data(state, kTicketSlot, &ticket) == 1;
  if (!kept || SSL_set_fd(state, fd) != 1) {
    SSL_free(state);
    return nullptr;
  }
  SSL_set_connect_state(state);
  if (ticket) SSL_set_session(state, ticket.get());  // one that isn't accepted costs nothing
  return state;
}

void TlsClient::count_handshake(const ssl_st* state) {
  ++stats_.handshakes;
  if (SSL_session_reused(state) == 1) ++stats_.resumed;
  stats_.version = SSL_get_version(state);
  stats_.cipher = SSL_get_cipher_name(state);
}

}  // namespace outcry::bench
