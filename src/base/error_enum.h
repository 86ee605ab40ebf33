// base/error_enum.h — turns a folder's `enum class` of causes into std::error_code.
//
// A folder writes the enum, a table of names, and one line:
//
//   enum class FrameError : std::uint8_t { none, unmasked_frame, reserved_bits };
//   std::error_code make_error_code(FrameError error);  // {int(error), a static TableCategory}
//   template <> struct std::is_error_code_enum<outcry::…::FrameError> : std::true_type {};
//
// The zero value is reserved: an error_code of value 0 means "no error".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace outcry {

/// A category whose messages are a table indexed by the enum's value.
/// `names` must outlive the program's use of the category (a constexpr array).
class TableCategory final : public std::error_category {
 public:
  TableCategory(const char* name, std::span<const std::string_view> names)
      : name_(name), names_(names) {}

  [[nodiscard]] const char* name() const noexcept override { return name_; }
  [[nodiscard]] std::string message(int value) const override {
    const auto index = static_cast<std::size_t>(value);
    return std::string(index < names_.size() ? names_[index] : std::string_view("unknown"));
  }

 private:
  const char* name_;
  std::span<const std::string_view> names_;
};

}  // namespace outcry
