// base/rare_text.h — a text that is nearly always empty, and then costs a pointer.
//
// A connection has several of them; a std::string would cost it 32 bytes each.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace outcry {

class RareText {
 public:
  RareText() = default;
  RareText& operator=(std::string text) {
    text_ = text.empty() ? nullptr : std::make_unique<std::string>(std::move(text));
    return *this;
  }

  [[nodiscard]] bool empty() const noexcept { return text_ == nullptr || text_->empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return text_ == nullptr ? 0 : text_->size(); }
  [[nodiscard]] std::string_view view() const noexcept {
    return text_ == nullptr ? std::string_view() : std::string_view(*text_);
  }
  /// To be written to. Memory exists from here to clear().
  [[nodiscard]] std::string& writable() {
    if (text_ == nullptr) text_ = std::make_unique<std::string>();
    return *text_;
  }
  /// Gives the text away; empty afterwards.
  [[nodiscard]] std::string take() {
    const auto text = std::move(text_);
    return text == nullptr ? std::string() : std::move(*text);
  }
  void clear() noexcept { text_.reset(); }

 private:
  std::unique_ptr<std::string> text_;
};

}  // namespace outcry
