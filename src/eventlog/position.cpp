#include "eventlog/position.h"

#include "base/assert.h"
#include "base/random.h"

namespace outcry::eventlog {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned kBitsPerDigit = 6;
constexpr std::size_t kLifeDigits = 6;
constexpr std::size_t kCountDigits = 8;
static_assert(kLifeDigits + 2 * kCountDigits == kPositionLength);

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(0xff);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

void write_number(std::span<char> out, std::uint64_t number) noexcept {
  OUTCRY_ASSERT(number >> (kBitsPerDigit * out.size()) == 0);
  for (std::size_t i = out.size(); i-- > 0; number >>= kBitsPerDigit) {
    out[i] = kDigits[number & 0x3f];
  }
}

std::optional<std::uint64_t> read_number(std::string_view text) noexcept {
  std::uint64_t number = 0;
  for (const char digit : text) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(digit)];
    if (value == 0xff) return std::nullopt;
    number = number << kBitsPerDigit | value;
  }
  return number;
}

}  // namespace

Life make_life() {
  std::array<std::byte, sizeof(Life)> raw;
  Life life = 0;
  while (life == 0) {
    random_bytes(raw);
    for (const std::byte byte : raw) life = life << 8 | std::to_integer<Life>(byte);
    life &= (Life{1} << kBitsPerDigit * kLifeDigits) - 1;
  }
  return life;
}

void write_position(std::span<char, kPositionLength> out, const Position& position) noexcept {
  write_number(out.first<kLifeDigits>(), position.life);
  write_number(out.subspan<kLifeDigits, kCountDigits>(), position.durable);
  write_number(out.last<kCountDigits>(), position.released);
}

std::string to_string(const Position& position) {
  std::array<char, kPositionLength> text;
  write_position(text, position);
  return {text.data(), text.size()};
}

std::optional<Position> parse_position(std::string_view text) noexcept {
  if (text.size() != kPositionLength) return std::nullopt;
  const auto life = read_number(text.substr(0, kLifeDigits));
  const auto durable = read_number(text.substr(kLifeDigits, kCountDigits));
  const auto released = read_number(text.substr(kLifeDigits + kCountDigits));
  if (!life || *life == 0 || !durable || !released) return std::nullopt;
  return Position{.life = *life, .durable = *durable, .released = *released};
}

}  // namespace outcry::eventlog
