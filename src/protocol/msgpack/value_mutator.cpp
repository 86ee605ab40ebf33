// A grammar for libFuzzer: msgpack, mutated as a tree. Octets changed blindly break a count, and
// what follows is read as something else or not at all; here counts and lengths are those of what
// is there, most of the time.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

enum class Kind : std::uint8_t { scalar, text, bytes, array, map };

struct Value {
  Kind kind = Kind::scalar;
  std::string octets = "\xc0";  // a scalar with its head; a text or bytes without
  std::vector<Value> items;     // of a map: key, value, key, value …
};

constexpr int kDepthMax = 20;

std::size_t take_number(std::string_view& in, unsigned width) {
  std::size_t out = 0;
  for (; width > 0 && !in.empty(); --width, in.remove_prefix(1)) {
    out = out << 8 | static_cast<std::uint8_t>(in.front());
  }
  return out;
}
std::string take(std::string_view& in, std::size_t size) {
  std::string out(in.substr(0, size));
  in.remove_prefix(out.size());
  return out;
}

Value parse(std::string_view& in, int depth) {
  Value value;
  if (depth == 0) in = {};  // what lies deeper is lost
  if (in.empty()) return value;
  const auto head = static_cast<std::uint8_t>(in.front());
  in.remove_prefix(1);
  const auto items_of = [&](Kind kind, std::size_t count) {
    value.kind = kind;
    for (; count > 0 && !in.empty(); --count) value.items.push_back(parse(in, depth - 1));
  };
  const auto octets_of = [&](Kind kind, std::size_t size) {
    value.kind = kind;
    value.octets = take(in, size);
  };
  if (head >= 0x80 && head < 0x90)
    items_of(Kind::map, 2UL * (head & 15U));
  else if (head >= 0x90 && head < 0xa0)
    items_of(Kind::array, head & 15U);
  else if (head >= 0xa0 && head < 0xc0)
    octets_of(Kind::text, head & 31U);
  else if (head >= 0xc4 && head <= 0xc6)
    octets_of(Kind::bytes, take_number(in, 1U << (head - 0xc4)));
  else if (head >= 0xd9 && head <= 0xdb)
    octets_of(Kind::text, take_number(in, 1U << (head - 0xd9)));
  else if (head == 0xdc || head == 0xdd)
    items_of(Kind::array, take_number(in, head == 0xdc ? 2 : 4));
  else if (head == 0xde || head == 0xdf)
    items_of(Kind::map, 2 * take_number(in, head == 0xde ? 2 : 4));
  else {
    std::size_t size = 0;
    if (head >= 0xca && head <= 0xcb) size = 4UL << (head - 0xca);
    if (head >= 0xcc && head <= 0xd3) size = 1UL << (head & 3U);
    if (head >= 0xd4 && head <= 0xd8) size = 1 + (1UL << (head - 0xd4));
    value.octets = std::string(1, static_cast<char>(head)) + take(in, size);
  }
  return value;
}

void append_head(std::string& out, std::uint8_t head, std::size_t number, unsigned width) {
  out += static_cast<char>(head);
  while (width-- > 0) out += static_cast<char>(number >> 8 * width & 0xFF);
}

void append(std::string& out, const Value& value) {
  const std::size_t size = value.octets.size(), count = value.items.size();
  switch (value.kind) {
    case Kind::scalar:
      out += value.octets;
      return;
    case Kind::text:
      size < 32 ? append_head(out, static_cast<std::uint8_t>(0xa0 | size), 0, 0)
                : append_head(out, 0xdb, size, 4);
      out += value.octets;
      return;
    case Kind::bytes:
      append_head(out, 0xc6, size, 4);
      out += value.octets;
      return;
    case Kind::array:
      count < 16 ? append_head(out, static_cast<std::uint8_t>(0x90 | count), 0, 0)
                 : append_head(out, 0xdd, count, 4);
      break;
    case Kind::map:
      count < 32 ? append_head(out, static_cast<std::uint8_t>(0x80 | count / 2), 0, 0)
                 : append_head(out, 0xdf, count / 2, 4);
      break;
  }
  for (const Value& item : value.items) append(out, item);
}

/// Some value of the tree: every step down is a toss.
Value& pick(Value& from, std::minstd_rand& random) {
  Value* at = &from;
  while (!at->items.empty() && random() % 4 != 0) at = &at->items[random() % at->items.size()];
  return *at;
}

void mutate(Value& root, std::minstd_rand& random) {
  Value& value = pick(root, random);
  const auto turned = random() % 7;
  if (turned == 0) {
    value = Value(pick(root, random));
  } else if (turned == 1) {
    Value inside = std::move(value);
    value = Value{.kind = Kind::array, .octets = {}, .items = {}};
    value.items.push_back(std::move(inside));
  } else if (turned == 2 && !value.items.empty()) {
    value.items.erase(value.items.begin() +
                      static_cast<std::ptrdiff_t>(random() % value.items.size()));
  } else if (turned == 3 && !value.items.empty()) {
    value.items.push_back(value.items[random() % value.items.size()]);
  } else if (turned == 4) {
    value.kind = static_cast<Kind>(random() % 5);
  } else {
    std::vector<std::uint8_t> octets(value.octets.begin(), value.octets.end());
    const std::size_t size = octets.size();
    octets.resize(size + 32);
    octets.resize(LLVMFuzzerMutate(octets.data(), size, octets.size()));
    value.octets.assign(octets.begin(), octets.end());
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::string_view in(reinterpret_cast<const char*>(data), size);
  Value root = parse(in, kDepthMax);
  for (unsigned turns = 1 + random() % 3; turns > 0; --turns) mutate(root, random);
  std::string out;
  append(out, root);
  out += in;  // what came behind the value
  if (out.empty() || out.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::ranges::copy(out, data);
  return out.size();
}
