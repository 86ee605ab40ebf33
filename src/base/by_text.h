// base/by_text.h — hash and equality for tables that hold something with a name and are asked with
// the name alone.
//
//   struct KeyOf {
//     std::string_view operator()(std::string_view key) const { return key; }
//     std::string_view operator()(const Entry& entry) const { return entry.key; }
//   };
//   boost::unordered_flat_set<Entry, HashByText<KeyOf>, SameText<KeyOf>>
//
// The name then lies in one place, the entry, and a look-up makes no copy of it. Whoever chooses
// names can't make them fall together: base/text_hash.h.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/text_hash.h"

namespace outcry {

/// Of what is a text itself.
struct AsText {
  std::string_view operator()(std::string_view text) const noexcept { return text; }
};

template <class TextOf = AsText>
struct HashByText {
  using is_transparent = void;
  std::size_t operator()(const auto& of) const noexcept { return hash_text(TextOf{}(of)); }
};

template <class TextOf = AsText>
struct SameText {
  using is_transparent = void;
  bool operator()(const auto& a, const auto& b) const noexcept {
    return TextOf{}(a) == TextOf{}(b);
  }
};

}  // namespace outcry
