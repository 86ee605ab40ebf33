// auth/token_json.h — the top level of a token's header or payload, read strictly.
//
//   {"sub":"u1","exp":1700000900,"ctx":{"exp":0}}
//     sub ─▶ "u1"    exp ─▶ 1700000900    ctx ─▶ {"exp":0}     slices of the text
//
// A JWT is an object whose few members matter. The text is checked as a whole, then its top level
// is cut into slices that are read when asked for: no tree and no recursion for a token to exhaust,
// and nothing allocated for what nobody reads. Twice the same name is refused: two readers that
// keep different ones would see two users.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outcry::auth {

class TokenJson {
 public:
  /// nullopt if `text` isn't one JSON object in UTF-8 (RFC 8259), has a member twice, is nested
  /// deeper than 8, or has more than 64 members at its top level.
  /// `text` must outlive the result, which refers to it.
  [[nodiscard]] static std::optional<TokenJson> parse(std::string_view text);

  /// The slice of a member's value, never empty; nullopt if there is no such member.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

 private:
  struct Member {
    std::string name;  // unescaped
    std::string_view value;
  };
  std::vector<Member> members_;
};

// ---- What a slice says; nullopt if it is of another kind ----

[[nodiscard]] std::optional<std::string> text_of(std::string_view slice);
/// Rounded as IEEE 754 has it; nullopt also for what is beyond a double.
[[nodiscard]] std::optional<double> number_of(std::string_view slice) noexcept;
/// nullopt also for an array with something else than strings in it.
[[nodiscard]] std::optional<std::vector<std::string>> texts_of(std::string_view slice);

}  // namespace outcry::auth
