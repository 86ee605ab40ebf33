#include "api/router.h"

#include <utility>

namespace outcry::api {

void Router::add(Route route) {
  routes_.push_back(std::move(route));
}

const Route* Router::find(std::string_view method, std::string_view path) const noexcept {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Route& route : routes_) {
    if (route.path == path && route.method == wanted) return &route;
  }
  return nullptr;
}

std::string Router::allowed_methods(std::string_view path) const {
  std::string allowed;
  for (const Route& route : routes_) {
    if (route.path != path) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return allowed;
}

}  // namespace outcry::api
