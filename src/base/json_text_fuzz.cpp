// The scanner's verdict must be nlohmann-json's, but for the limits and rules that only we have.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/utf8.h"

namespace outcry::json {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// nlohmann-json's verdict; none for a number beyond double, which is JSON but not its JSON.
std::optional<bool> reference_verdict(std::string_view text) {
  try {
    const auto parsed = nlohmann::json::parse(text);
    return !parsed.is_discarded();
  } catch (const nlohmann::json::out_of_range&) {
    return std::nullopt;
  } catch (const nlohmann::json::parse_error&) {
    return false;
  }
}

// Walks everything that the readers give out; each slice must itself be a valid value.
void walk(std::string_view slice) {
  require(validate(slice).has_value());
  switch (kind_of(slice)) {
    case Kind::array: {
      ArrayReader reader(slice);
      while (const auto element = reader.next()) walk(*element);
      break;
    }
    case Kind::object: {
      ObjectReader reader(slice);
      while (const auto entry = reader.next()) {
        require(outcry::utf8_valid(entry->key));
        walk(entry->value);
      }
      break;
    }
    case Kind::string: {
      const auto text = unescape(slice);
      require(text.has_value() && outcry::utf8_valid(*text));
      std::string quoted;
      append_quoted(quoted, *text);
      require(unescape(quoted) == *text);
      break;
    }
    default:
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto slice = validate(text);
  // nlohmann-json accepts a byte order mark and any depth, and takes a NUL byte for the end.
  const bool comparable = !text.contains('\0') && !text.starts_with("\xef\xbb\xbf") &&
                          (slice || (slice.error() != JsonError::too_deep &&
                                     slice.error() != JsonError::number_too_long));
  if (comparable) {
    const auto reference = reference_verdict(text);
    require(!reference || *reference == slice.has_value());
  }
  if (slice) walk(*slice);

  const auto repaired = repair(text);
  if (repaired) require(validate(*repaired).has_value());
  if (slice) require(repaired == std::string(text));
  return 0;
}

}  // namespace outcry::json
