#include "auth/token_json.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json_text.h"

namespace outcry::auth {
namespace {

constexpr unsigned kDepthMax = 8;
constexpr std::size_t kMembersMax = 64;
constexpr std::size_t kUsualMembers = 8;

}  // namespace

std::optional<TokenJson> TokenJson::parse(std::string_view text) {
  const auto object = json::validate(text, kDepthMax);
  if (!object || json::kind_of(*object) != json::Kind::object) return std::nullopt;
  TokenJson result;
  result.members_.reserve(kUsualMembers);
  json::ObjectReader reader(*object);
  while (const auto member = reader.next()) {
    if (result.find(member->key) || result.members_.size() == kMembersMax) return std::nullopt;
    result.members_.push_back({std::string(member->key), member->value});
  }
  return result;
}

std::optional<std::string_view> TokenJson::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(members_, name, &Member::name);
  if (found == members_.end()) return std::nullopt;
  return found->value;
}

std::optional<std::string> text_of(std::string_view slice) {
  auto text = json::unescape(slice);
  if (!text) return std::nullopt;
  return std::move(*text);
}

std::optional<double> number_of(std::string_view slice) noexcept {
  if (json::kind_of(slice) != json::Kind::number) return std::nullopt;
  double value = 0;
  const char* const end = slice.data() + slice.size();
  const auto [stop, error] = std::from_chars(slice.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::vector<std::string>> texts_of(std::string_view slice) {
  if (json::kind_of(slice) != json::Kind::array) return std::nullopt;
  std::vector<std::string> texts;
  json::ArrayReader reader(slice);
  while (const auto element = reader.next()) {
    auto text = text_of(*element);
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
  }
  return texts;
}

}  // namespace outcry::auth
