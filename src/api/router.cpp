#include "api/router.h"

#include <utility>

#include "protocol/http/target.h"

namespace outcry::api {
namespace {

/// The route's path around its braces; without any, `after` is empty.
struct Around {
  std::string_view before;
  std::string_view after;
};

Around around(std::string_view path) {
  const std::size_t open = path.find('{');
  if (open == std::string_view::npos) return {path, {}};
  return {path.substr(0, open), path.substr(path.find('}', open) + 1)};
}

std::string_view inside(const Route& route, std::string_view path) {
  const auto [before, after] = around(route.path);
  return path.substr(before.size(), path.size() - before.size() - after.size());
}

bool answers(const Route& route, std::string_view path) {
  if (route.path.find('{') == std::string::npos) return route.path == path;
  const auto [before, after] = around(route.path);
  if (path.size() <= before.size() + after.size()) return false;
  return path.starts_with(before) && path.ends_with(after) &&
         inside(route, path).find('/') == std::string_view::npos;
}

}  // namespace

void Router::add(Route route) {
  routes_.push_back(std::move(route));
}

const Route* Router::find(std::string_view method, std::string_view path) const noexcept {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Route& route : routes_) {
    if (route.method == wanted && answers(route, path)) return &route;
  }
  return nullptr;
}

std::string Router::parameter_of(const Route& route, std::string_view path) {
  if (route.path.find('{') == std::string::npos) return {};
  return http::percent_decode(inside(route, path));
}

std::string Router::allowed_methods(std::string_view path) const {
  std::string allowed;
  for (const Route& route : routes_) {
    if (!answers(route, path)) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return allowed;
}

}  // namespace outcry::api
