// base/freed.h — a C library's object, owned: freed by the function that the library names.
//
//   using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
#pragma once

namespace outcry {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

}  // namespace outcry
