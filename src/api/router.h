// api/router.h — which handler answers a path. A path has at most one part that is anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/exchange.h"

namespace outcry::api {

struct Route {
  std::string method;  // GET (which answers HEAD as well) or POST (whose body is JSON)
  std::string path;    // "/v1/rooms/{room}/events": one part in braces is not empty, and no '/'
  bool needs_key = true;
  Handler handle;
  bool takes_body = true;  // of a POST: without, nothing is asked of the body's headers
};

class Router {
 public:
  void add(Route route);

  /// The route for the request, nullptr if there is none.
  [[nodiscard]] const Route* find(std::string_view method, std::string_view path) const noexcept;
  /// What stands for the route's braces in `path`, which it answers; decoded.
  [[nodiscard]] static std::string parameter_of(const Route& route, std::string_view path);

  /// The methods that `path` takes, as the header Allow wants them; empty: no such path.
  [[nodiscard]] std::string allowed_methods(std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace outcry::api
