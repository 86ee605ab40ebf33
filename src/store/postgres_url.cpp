#include "store/postgres_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace outcry::store {
namespace {

constexpr std::array<std::string_view, 6> kSslModes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};
constexpr std::string_view kForm =
    "postgresql://[user[:password]@]host[:port]/database[?sslmode=verify-full]; "
    "percent-encode what is special in a password";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

/// Null if libpq refuses; then `why` has its words.
Options parse(const std::string& url, std::string& why) {
  char* text = nullptr;
  Options options(PQconninfoParse(url.c_str(), &text));
  if (text != nullptr) {
    why = text;
    PQfreemem(text);
    while (why.ends_with('\n')) why.pop_back();
  }
  return options;
}

std::string_view value_of(const PostgresParameters& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65'535;
}

/// One for each host; an empty one is the default.
bool are_ports(std::string_view list) {
  while (!list.empty()) {
    const std::string_view port = list.substr(0, list.find(','));
    if (!port.empty() && !is_port(port)) return false;
    list.remove_prefix(std::min(list.size(), port.size() + 1));
  }
  return true;
}

PostgresParameters given(const PQconninfoOption* option) {
  PostgresParameters out;
  for (; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) out.emplace_back(option->keyword, option->val);
  }
  return out;
}

}  // namespace

bool is_postgres_url(std::string_view url) noexcept {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

std::optional<std::string> postgres_url_problem(const std::string& url) {
  std::string why;
  const Options options = parse(url, why);
  if (options == nullptr) {
    const bool has_login = url.find('@') != std::string::npos;
    return fmt::format("must be {}{}", kForm, has_login || why.empty() ? "" : " (" + why + ")");
  }
  const PostgresParameters parameters = given(options.get());
  if (!are_ports(value_of(parameters, "port"))) {
    return fmt::format("the port must be 1 to 65535; the form is {}", kForm);
  }
  const std::string_view mode = value_of(parameters, "sslmode");
  if (!mode.empty() && std::ranges::find(kSslModes, mode) == kSslModes.end()) {
    return fmt::format("sslmode must be one of {}", fmt::join(kSslModes, ", "));
  }
  if (!value_of(parameters, "service").empty()) {
    return "a service file is not supported; write the parameters into the URL";
  }
  return std::nullopt;
}

std::optional<std::string> postgres_query_problem(std::string_view query) {
  const auto has = [query](std::string_view text) {
    return query.find(text) != std::string_view::npos;
  };
  if (has("$1") && has("$2")) return std::nullopt;
  if (has("?1") || has("?2")) {
    return "PostgreSQL's parameters are $1, the object, and $2, the user; write them for ?1 and ?2";
  }
  return "needs the parameters $1, the object, and $2, the user";
}

PostgresParameters postgres_parameters(const std::string& url) {
  std::string why;
  const Options options = parse(url, why);
  return options == nullptr ? PostgresParameters() : given(options.get());
}

std::string postgres_url_without_secrets(const PostgresParameters& parameters) {
  const std::string_view port = value_of(parameters, "port");
  return fmt::format("postgresql://{}{}{}/{}", value_of(parameters, "host"),
                     port.empty() ? "" : ":", port, value_of(parameters, "dbname"));
}

}  // namespace outcry::store
