// store/postgres_url.h — where PostgreSQL is and how to log in, out of one URL, as libpq reads it.
//
//   postgresql://[user[:password]@][host[:port]][,…][/database][?sslmode=verify-full&…]
//
// libpq's own texts may quote what it took for a host or a port, and in a URL with an unescaped
// password that is a part of it. So they are shown only for a URL without a login, and ports are
// checked here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outcry::store {

/// `postgresql://` or `postgres://`.
[[nodiscard]] bool is_postgres_url(std::string_view url) noexcept;

/// What is wrong with the URL, for the operator; nullopt: nothing. Never holds a secret.
[[nodiscard]] std::optional<std::string> postgres_url_problem(const std::string& url);

/// What is wrong with the query's parameters, as far as can be told without a database.
[[nodiscard]] std::optional<std::string> postgres_query_problem(std::string_view query);

/// libpq's keywords and their values, those that were given. Holds a secret. Empty for a URL that
/// postgres_url_problem() refuses.
using PostgresParameters = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] PostgresParameters postgres_parameters(const std::string& url);

/// `postgresql://host:port/database`, for logs.
[[nodiscard]] std::string postgres_url_without_secrets(const PostgresParameters& parameters);

}  // namespace outcry::store
