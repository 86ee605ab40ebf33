#include "protocol/pickle/decimal.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"

namespace outcry::pickle {
namespace {

constexpr std::size_t kWords = kIntegerBytesMax / 4;
constexpr std::uint32_t kBillion = 1'000'000'000;  // nine digits for each division

// Divides the number in place and returns the remainder.
std::uint32_t divide_by_billion(std::span<std::uint32_t> words) {
  std::uint64_t remainder = 0;
  for (std::size_t i = words.size(); i-- > 0;) {
    const std::uint64_t part = (remainder << 32) | words[i];
    words[i] = static_cast<std::uint32_t>(part / kBillion);
    remainder = part % kBillion;
  }
  return static_cast<std::uint32_t>(remainder);
}

}  // namespace

std::string decimal_of(std::string_view twos_complement) {
  OUTCRY_ASSERT(twos_complement.size() <= kIntegerBytesMax);
  const bool negative =
      !twos_complement.empty() && (static_cast<unsigned char>(twos_complement.back()) & 0x80u) != 0;

  // Magnitude: for a negative number the complement of each byte, plus one.
  std::array<std::uint32_t, kWords> words{};
  unsigned carry = negative ? 1 : 0;
  for (std::size_t i = 0; i < twos_complement.size(); ++i) {
    const auto byte = static_cast<unsigned char>(twos_complement[i]);
    const unsigned sum = (negative ? static_cast<unsigned char>(~byte) : byte) + carry;
    words[i / 4] |= (sum & 0xffu) << (8 * (i % 4));
    carry = sum >> 8;
  }

  std::string digits;  // last digit first
  std::size_t used = (twos_complement.size() + 3) / 4;
  while (used > 0) {
    std::uint32_t group = divide_by_billion(std::span(words).first(used));
    for (int i = 0; i < 9; ++i, group /= 10) digits.push_back(static_cast<char>('0' + group % 10));
    while (used > 0 && words[used - 1] == 0) --used;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  if (digits.empty()) digits.push_back('0');
  if (negative) digits.push_back('-');
  std::ranges::reverse(digits);
  return digits;
}

}  // namespace outcry::pickle
