#include "auth/secret_strength.h"

#include <algorithm>
#include <array>
#include <bitset>

#include <fmt/format.h>

namespace outcry::auth {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kDistinctBytesMin = 10;  // 32 random hexadecimal digits have 14 on average

/// From documentation, templates and tutorials. Lower case, letters and digits only. A secret that
/// is one of them, or one of them repeated, is refused; see kGiveaways for longer ones.
constexpr std::array kWellKnown{
    "secret"sv,
    "secretkey"sv,
    "secretkeyhere"sv,
    "secretsecret"sv,
    "topsecret"sv,
    "mysecret"sv,
    "mysecretkey"sv,
    "mysupersecretkey"sv,
    "shhhhh"sv,
    "jwtsecret"sv,
    "jwtsecretkey"sv,
    "jwtsecretstring"sv,
    "jwtkey"sv,
    "jwttoken"sv,
    "devsecret"sv,
    "devsecretkey"sv,
    "devkey"sv,
    "dev"sv,
    "development"sv,
    "developmentsecret"sv,
    "developmentsecretkey"sv,
    "testsecret"sv,
    "testkey"sv,
    "test"sv,
    "testing"sv,
    "default"sv,
    "defaultsecret"sv,
    "password"sv,
    "passw0rd"sv,
    "password123"sv,
    "admin"sv,
    "root"sv,
    "letmein"sv,
    "qwerty"sv,
    "qwertyuiopasdfghjklzxcvbnm"sv,
    "abcdefghijklmnopqrstuvwxyz"sv,
    "0123456789abcdef"sv,
    "1234567890"sv,
    "123456789"sv,
    "12345678"sv,
    "hs256secret"sv,
    "hmacsecret"sv,
    "signingkey"sv,
    "flasksecret"sv,
    "flasksecretkey"sv,
    "appsecret"sv,
    "appsecretkey"sv,
    "tradesense"sv,
    "tradesensesecret"sv,
    "tradesensesecretkey"sv,
    "tradesensejwtsecret"sv,
    "outcry"sv,
    "outcrysecret"sv,
    // The keys in the examples of RFC 7515 §A.1 and of jwt.io, which many copy.
    "aym1syspppcyfmosujfisdylwisyfttrwgioqwuwp0"sv,
    "your256bitsecret"sv,
    "astringsecretatleast256bitslong"sv,
};

/// Whoever wrote one of these meant it to be replaced. Long enough not to occur by chance.
constexpr std::array kGiveaways{
    "changeme"sv,      "changethis"sv,      "changeit"sv,      "changein"sv,      "yoursecret"sv,
    "yourjwtsecret"sv, "yoursupersecret"sv, "supersecret"sv,   "replaceme"sv,     "replacethis"sv,
    "inproduction"sv,  "donotuse"sv,        "placeholder"sv,   "insecure"sv,      "secretkey"sv,
    "jwtsecret"sv,     "tradesensejwt"sv,   "defaultsecret"sv, "examplesecret"sv, "256bitsecret"sv,
    "devsecret"sv,     "developmentkey"sv,  "keepitsecret"sv,  "notsosecret"sv,
};

/// Lower case, letters and digits only: "Your-Secret_Key" is as known as "yoursecretkey".
std::string plain_form(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
    if (c >= 'A' && c <= 'Z') plain += static_cast<char>(c - 'A' + 'a');
  }
  return plain;
}

/// Whether `text` is `part` again and again, the last one perhaps cut off.
bool repeats(std::string_view text, std::string_view part) {
  if (part.empty() || text.size() < part.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != part[i % part.size()]) return false;
  }
  return true;
}

bool repeats_itself(std::string_view text) {
  for (std::size_t period = 1; period <= text.size() / 2; ++period) {
    if (repeats(text, text.substr(0, period))) return true;
  }
  return false;
}

std::size_t distinct_bytes(std::string_view text) {
  std::bitset<256> seen;
  for (const char c : text) seen.set(static_cast<unsigned char>(c));
  return seen.count();
}

/// Most neighbours one apart: "abcdefgh…", "9876…".
bool counts_up_or_down(std::string_view text) {
  std::size_t steps = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const int difference = text[i] - text[i - 1];
    if (difference == 1 || difference == -1) ++steps;
  }
  return steps * 2 > text.size();
}

}  // namespace

std::optional<std::string> secret_weakness(std::string_view secret, std::size_t bytes_min) {
  if (secret.empty()) return "is empty";
  // A public key that stands where a secret belongs is known to everybody (CVE-2015-9235).
  if (secret.contains("-----BEGIN ")) return "is a key or certificate in PEM, and no secret";
  const std::string plain = plain_form(secret);
  if (std::ranges::any_of(kWellKnown, [&](auto known) { return repeats(plain, known); })) {
    return "is a well-known default";
  }
  const auto within = [&plain](std::string_view giveaway) { return plain.contains(giveaway); };
  if (std::ranges::any_of(kGiveaways, within)) return "contains a well-known default";
  if (secret.size() < bytes_min) {
    return fmt::format("has {} bytes; at least {} are needed", secret.size(), bytes_min);
  }
  if (repeats_itself(secret)) return "is a repeated pattern";
  if (distinct_bytes(secret) < kDistinctBytesMin) return "has too few different characters";
  if (counts_up_or_down(secret)) return "is a simple sequence";
  return std::nullopt;
}

}  // namespace outcry::auth
