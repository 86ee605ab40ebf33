#include "net/tls_bio.h"

#include <algorithm>
#include <cstring>

#include <openssl/bio.h>

#include "net/tls_context.h"

namespace outcry::net {
namespace {

TlsBuffers& buffers_of(BIO* bio) {
  return *static_cast<TlsBuffers*>(BIO_get_data(bio));
}

int read_received(BIO* bio, char* out, std::size_t size, std::size_t* taken) {
  auto& unread = buffers_of(bio).unread;
  BIO_clear_retry_flags(bio);
  if (unread.empty()) {
    BIO_set_retry_read(bio);  // not the end: more may come
    return 0;
  }
  *taken = std::min(size, unread.size());
  std::memcpy(out, unread.data(), *taken);
  unread = unread.subspan(*taken);
  return 1;
}

int append_sealed(BIO* bio, const char* in, std::size_t size, std::size_t* taken) {
  BIO_clear_retry_flags(bio);
  buffers_of(bio).sealed.append(in, size);
  *taken = size;
  return 1;
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;  // every other question is answered "no"
}

int create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* method() {
  static const BIO_METHOD* const made = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "worker buffers");
    if (m != nullptr) {
      BIO_meth_set_read_ex(m, read_received);
      BIO_meth_set_write_ex(m, append_sealed);
      BIO_meth_set_ctrl(m, control);
      BIO_meth_set_create(m, create);
    }
    return m;
  }();
  return made;
}

}  // namespace

bio_st* make_tls_bio(TlsBuffers& buffers) {
  BIO* bio = method() != nullptr ? BIO_new(method()) : nullptr;
  if (bio != nullptr) BIO_set_data(bio, &buffers);
  return bio;
}

void move_tls_bio(bio_st& bio, TlsBuffers& buffers) {
  BIO_set_data(&bio, &buffers);
}

}  // namespace outcry::net
