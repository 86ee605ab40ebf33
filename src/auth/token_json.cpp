#include "auth/token_json.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

namespace outcry::auth {
namespace {

constexpr std::size_t kDepthMax = 8;
constexpr std::size_t kMembersMax = 64;

/// nlohmann's event interface; a callback that returns false ends the parse.
class TopLevelReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::map<std::string, JsonMember, std::less<>> members;

  bool null() override { return scalar(OtherJson{}); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(number_integer_t value) override {
    return scalar(static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return scalar(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return scalar(value); }
  bool binary(binary_t&) override { return false; }
  bool string(string_t& value) override {
    if (depth_ == 2 && list_) {
      list_->push_back(std::move(value));
      return true;
    }
    return scalar(std::move(value));
  }

  bool start_object(std::size_t) override {
    if (depth_ == 2) list_.reset();  // an object inside the array: no list of strings
    return ++depth_ <= kDepthMax;
  }
  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    name_ = std::move(name);
    return !members.contains(name_) && members.size() < kMembersMax;
  }
  bool end_object() override {
    --depth_;
    return depth_ != 1 || keep(OtherJson{});
  }
  bool start_array(std::size_t) override {
    if (depth_ == 0) return false;  // a token is an object
    if (depth_ == 1) list_.emplace();
    if (depth_ == 2) list_.reset();
    return ++depth_ <= kDepthMax;
  }
  bool end_array() override {
    --depth_;
    if (depth_ != 1) return true;
    if (!list_) return keep(OtherJson{});
    StringList list = std::move(*list_);
    list_.reset();
    return keep(std::move(list));
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool scalar(JsonMember value) {
    if (depth_ == 0) return false;
    if (depth_ == 2) list_.reset();
    return depth_ != 1 || keep(std::move(value));
  }
  bool keep(JsonMember value) { return members.emplace(name_, std::move(value)).second; }

  std::size_t depth_ = 0;
  std::string name_;
  std::optional<StringList> list_;  // the array at depth 2, as long as it holds only strings
};

}  // namespace

std::optional<TokenJson> TokenJson::parse(std::string_view text) {
  TopLevelReader reader;
  if (!nlohmann::json::sax_parse(text, &reader)) return std::nullopt;
  TokenJson result;
  result.members_ = std::move(reader.members);
  return result;
}

const JsonMember* TokenJson::find(std::string_view name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

}  // namespace outcry::auth
