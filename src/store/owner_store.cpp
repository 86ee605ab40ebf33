#include "store/owner_store.h"

#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::store {

std::error_code make_error_code(StoreError error) noexcept {
  static constexpr std::array<std::string_view, 10> kNames{
      "no error",
      "no store is configured",
      "too many questions wait for the store",
      "the store took too long",
      "the store is unavailable",
      "the store failed too often and is not asked for a while",
      "the store's query failed",
      "the back end's answer is none",
      "the store's query can't be used",
      "the store is stopped",
  };
  static_assert(kNames.size() == static_cast<std::size_t>(StoreError::stopped) + 1);
  static const TableCategory category("store", kNames);
  return {static_cast<int>(error), category};
}

}  // namespace outcry::store
