#include "audit/trail_line.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/json_text.h"

namespace outcry::audit {
namespace {

constexpr std::string_view kSequence = R"({"seq":)";
constexpr std::string_view kPrevious = R"(,"prev":")";
constexpr std::string_view kHash = R"(,"hash":")";
constexpr std::string_view kSignature = R"(,"signature":")";
constexpr std::string_view kTime = R"("time":")";
constexpr std::string_view kKind = R"(","kind":")";
constexpr std::size_t kDigestCharacters = 64;
constexpr std::size_t kSignatureCharacters = 88;
constexpr std::size_t kTimeCharacters = 24;
constexpr unsigned kDepthMax = 3;

/// What is signed: a text of its own, which serves for nothing else.
std::string signed_text(std::uint64_t sequence, std::string_view time, std::string_view hash) {
  return fmt::format("outcry-audit-1\n{}\n{}\n{}\n", sequence, time, hash);
}

/// Takes `name` and a text of `size` characters with its closing quote from the end.
std::optional<std::string_view> take_last(std::string_view& text, std::string_view name,
                                          std::size_t size) {
  const std::size_t whole = name.size() + size + 1;
  if (text.size() < whole || text.back() != '"') return std::nullopt;
  const std::string_view last = text.substr(text.size() - whole);
  if (!last.starts_with(name)) return std::nullopt;
  text.remove_suffix(whole);
  return last.substr(name.size(), size);
}

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (digits.empty() || !whole || digits.front() == '0') return std::nullopt;
  return value;
}

/// `{"seq":7,"time":"…","kind":"join"`: what every line begins with.
bool parse_beginning(Line& line) {
  std::string_view text = line.hashed;
  if (!text.starts_with(kSequence)) return false;
  text.remove_prefix(kSequence.size());
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return false;
  const auto sequence = number(text.substr(0, comma));
  if (!sequence) return false;
  line.sequence = *sequence;
  text.remove_prefix(comma + 1);
  if (!text.starts_with(kTime)) return false;
  line.time = text.substr(kTime.size(), kTimeCharacters);
  text.remove_prefix(kTime.size() + line.time.size());
  if (!text.starts_with(kKind)) return false;
  text.remove_prefix(kKind.size());
  line.kind_name = text.substr(0, text.find('"'));
  line.kind = kind_of(line.kind_name);
  return true;
}

}  // namespace

void append_line(std::string& out, Link& last, const Record& record, const SigningKey& key) {
  const std::size_t began = out.size();
  fmt::format_to(std::back_inserter(out), "{}{},", kSequence, last.sequence + 1);
  append_members(out, record);
  fmt::format_to(std::back_inserter(out), R"({}{}")", kPrevious, last.hash);
  last = {.sequence = last.sequence + 1,
          .hash = hex(sha256({std::string_view(out).substr(began)}))};
  fmt::format_to(std::back_inserter(out), R"({}{}")", kHash, last.hash);
  if (is_signed(record.kind)) {
    const std::string text = signed_text(last.sequence, time_text(record.time), last.hash);
    fmt::format_to(std::back_inserter(out), R"({}{}")", kSignature, key.sign(text));
  }
  out += "}\n";
}

std::optional<Line> parse_line(std::string_view text) {
  if (text.size() > kLineBytesMax || !text.ends_with('}')) return std::nullopt;
  Line line{.text = text};
  std::string_view rest = text.substr(0, text.size() - 1);
  if (const auto signature = take_last(rest, kSignature, kSignatureCharacters)) {
    line.signature = *signature;
  }
  const auto hash = take_last(rest, kHash, kDigestCharacters);
  if (!hash || !is_hex_digest(*hash)) return std::nullopt;
  line.hash = *hash;
  line.hashed = rest;
  const auto previous = take_last(rest, kPrevious, kDigestCharacters);
  if (!previous || !is_hex_digest(*previous)) return std::nullopt;
  line.previous = *previous;
  const bool is_json = json::validate(text, kDepthMax).has_value();
  if (!parse_beginning(line) || !is_json) return std::nullopt;
  return line;
}

bool Line::holds() const {
  return hex(sha256({hashed})) == hash;
}

bool Line::verifies(const PublicKey& key) const {
  return key.verifies(signed_text(sequence, time, hash), signature);
}

std::optional<std::string> Line::detail_text(std::string_view name) const {
  const auto detail = json::member(text, "detail");
  return detail ? json::string_member(*detail, name) : std::nullopt;
}

std::optional<std::uint64_t> Line::detail_number(std::string_view name) const {
  const auto detail = json::member(text, "detail");
  const auto value = detail ? json::member(*detail, name) : std::nullopt;
  const auto out = value ? json::integer(*value) : std::nullopt;
  if (!out || *out < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*out);
}

std::optional<WallTime> parse_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return std::nullopt;
  std::array<int, 7> parts{};
  std::size_t part = 0;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (is_digit != (kForm[i] == '0') || (!is_digit && text[i] != kForm[i])) return std::nullopt;
    if (!is_digit) {
      ++part;
    } else {
      parts[part] = parts[part] * 10 + (text[i] - '0');
    }
  }
  const std::chrono::year_month_day date{std::chrono::year(parts[0]),
                                         std::chrono::month(static_cast<unsigned>(parts[1])),
                                         std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(parts[3]) +
         std::chrono::minutes(parts[4]) + std::chrono::seconds(parts[5]) +
         std::chrono::milliseconds(parts[6]);
}

}  // namespace outcry::audit
