// auth/token_json.h — the top level of a token's header or payload, read strictly.
//
// A JWT is an object whose few members matter. The reader keeps those of its top level by name and
// skips what is nested in them, so there is no tree and no recursion for a token to exhaust.
// Twice the same name is refused: two readers that keep different ones would see two users.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace outcry::auth {

/// An array of strings only.
using StringList = std::vector<std::string>;
/// null, an object, or an array with something else than strings in it.
struct OtherJson {};
using JsonMember = std::variant<std::string, double, bool, StringList, OtherJson>;

class TokenJson {
 public:
  /// nullopt if `text` isn't one JSON object in UTF-8 (RFC 8259), has a member twice, is nested
  /// deeper than 8, or has more than 64 members at its top level.
  [[nodiscard]] static std::optional<TokenJson> parse(std::string_view text);

  /// The member, or nullptr.
  [[nodiscard]] const JsonMember* find(std::string_view name) const;

 private:
  std::map<std::string, JsonMember, std::less<>> members_;
};

}  // namespace outcry::auth
