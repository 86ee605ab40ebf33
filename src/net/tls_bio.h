// net/tls_bio.h — what OpenSSL takes for its socket: the buffers of the worker that it works on.
//
// For tls_context.cpp and tls_stream.cpp.
#pragma once

#include <cstddef>

struct bio_st;

namespace outcry::net {

struct TlsBuffers;

/// Plaintext of one record at most (RFC 8446 §5.1).
inline constexpr std::size_t kTlsRecordBytes = 16 * 1024;

/// Reads from `buffers.unread`, appends to `buffers.sealed`. Nullptr if memory is short.
[[nodiscard]] bio_st* make_tls_bio(TlsBuffers& buffers);
void move_tls_bio(bio_st& bio, TlsBuffers& buffers);

}  // namespace outcry::net
