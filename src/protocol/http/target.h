// protocol/http/target.h — the query of a request target: `EIO=4&transport=polling&sid=…`.
//
// Bounded: a query longer in parameters than any client's is cut, so that a lookup's cost doesn't
// grow with what a peer sends.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace outcry::http {

/// Parameters looked at in one query; what follows them is ignored.
inline constexpr std::size_t kParametersMax = 64;

/// Both parts as sent, still encoded. `flag` alone has an empty value.
struct Parameter {
  std::string_view name;
  std::string_view value;
};

/// Walks a query: `while (const auto parameter = cursor.next())`. Empty pieces are skipped.
class QueryCursor {
 public:
  /// `query` must outlive the cursor and the parameters it gives.
  explicit QueryCursor(std::string_view query) noexcept : rest_(query) {}
  [[nodiscard]] std::optional<Parameter> next() noexcept;

 private:
  std::string_view rest_;
  std::size_t given_ = 0;
};

/// Undoes percent-encoding, with `+` as space. An escape that isn't two hex digits stays as it
/// is, as browsers do. The result is bytes: it may hold NUL and need not be UTF-8.
[[nodiscard]] std::string percent_decode(std::string_view text);

/// The value of the first parameter called `name` (compared after decoding), decoded.
[[nodiscard]] std::optional<std::string> find_parameter(std::string_view query,
                                                        std::string_view name);

/// The parameter `name`, a number from 1 to `most`; `usual` if it isn't there. The error is for
/// people.
[[nodiscard]] std::expected<std::size_t, std::string> count_parameter(std::string_view query,
                                                                      std::string_view name,
                                                                      std::size_t usual,
                                                                      std::size_t most);

}  // namespace outcry::http
