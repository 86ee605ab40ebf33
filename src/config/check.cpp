#include "config/check.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "auth/room_policy.h"
#include "auth/secret_strength.h"
#include "config/auth.h"
#include "config/events.h"
#include "config/retention_rules.h"
#include "config/tls.h"
#include "net/ip_range.h"
#include "protocol/socketio/packet.h"
#include "store/postgres_url.h"
#include "webclient/web_url.h"

namespace outcry::config {
namespace {

bool is_numeric_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return inet_pton(AF_INET, host.c_str(), out.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

std::optional<unsigned> decimal(std::string_view text, unsigned maximum) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value <= maximum ? std::optional(value) : std::nullopt;
}

/// RFC 6454 §6.2: scheme, host, and the port if it isn't the scheme's; browsers send lower case
/// and hosts in ASCII. One that no browser sends would be listed in vain.
bool is_origin(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return false;
  const std::string_view rest = text.substr(scheme + 3);
  const bool repeats_port = (text.starts_with("https://") && rest.ends_with(":443")) ||
                            (text.starts_with("http://") && rest.ends_with(":80"));
  const auto is_sent = [](char c) { return c > 0x20 && c < 0x7F && (c < 'A' || c > 'Z'); };
  return !rest.empty() && !repeats_port && std::ranges::all_of(text, is_sent) &&
         rest.find_first_of("/?#@*\\,") == std::string_view::npos;
}

class Rules {
 public:
  Rules(const Config& config, bool development) : config_(config), development_(development) {}

  Strings problems() {
    server();
    for (const std::string& tls : tls_problems(config_)) problem("{}", tls);
    socketio();
    operations();
    for (const std::string& auth : auth_problems(config_.auth, development_)) problem("{}", auth);
    if (!config_.auth.revocation_prefix.empty() && config_.bus.redis.empty()) {
      problem("auth.revocation_prefix: needs bus.redis, whose keys it names");
    }
    bus();
    store();
    rooms();
    policies();
    for (const std::string& events : events_problems(config_)) problem("{}", events);
    eventlog();
    audit();
    limits();
    return std::move(problems_);
  }

 private:
  template <class... Args>
  void problem(fmt::format_string<Args...> format, Args&&... args) {
    problems_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  void listen(std::string_view key, const std::string& value) {
    if (!parse_listen_address(value)) {
      problem("{} = \"{}\": must be a numeric address and a port, such as \"127.0.0.1:5000\"", key,
              value);
    }
  }

  void server() {
    const ServerConfig& server = config_.server;
    listen("server.listen", server.listen);
    const std::string& path = server.path;
    if (path.size() < 3 || path.front() != '/' || path.back() != '/' ||
        path.find_first_of("?#% ") != std::string::npos) {
      problem("server.path = \"{}\": must begin and end with \"/\", such as \"/socket.io/\"", path);
    }
    proxies();
    for (const std::string& origin : server.allowed_origins) {
      if (origin == "*" && !development_) {
        problem(
            "server.allowed_origins: \"*\" lets any web site use a visitor's session; list "
            "the origins, such as \"https://app.example.com\" (--dev allows \"*\")");
      } else if (origin != "*" && !is_origin(origin)) {
        problem(
            "server.allowed_origins: \"{}\" isn't an origin as browsers send it; write "
            "scheme://host[:port] in lower case, without a path and without the scheme's own port, "
            "a host with other letters as xn--…",
            origin);
      }
    }
  }

  void proxies() {
    const ServerConfig& server = config_.server;
    for (const std::string& proxy : server.trusted_proxies) {
      if (net::IpRange::parse(proxy)) continue;
      problem(
          "server.trusted_proxies: \"{}\" must be an address or a range without bits behind its "
          "prefix, such as \"10.0.0.7\", \"10.0.0.0/8\" or \"2001:db8::/32\"",
          proxy);
    }
    if (server.proxy_protocol == "required" && server.trusted_proxies.empty()) {
      problem(
          "server.proxy_protocol = \"required\": list the proxies in server.trusted_proxies; from "
          "others no connection is taken");
    }
  }

  void socketio() {
    for (const std::string& name : config_.socketio.namespaces) {
      if (!name.starts_with('/') || name.find_first_of(",? ") != std::string::npos) {
        problem(
            "socketio.namespaces: \"{}\" must begin with \"/\" and have no comma, question "
            "mark or space",
            name);
      }
    }
  }

  void operations() {
    const OperationsConfig& operations = config_.operations;
    listen("operations.listen", operations.listen);
    if (development_) return;
    if (operations.api_keys.empty()) {
      problem(
          "operations.api_keys: at least one is needed; make one with `openssl rand -base64 "
          "24` and set it here, in operations.api_keys_file or in "
          "OUTCRY_OPERATIONS_API_KEYS (--dev makes one up)");
    }
    for (const std::string& key : operations.api_keys) {
      if (key.size() < kApiKeyBytesMin) {
        problem(
            "operations.api_keys: a key has {} bytes; at least {} are needed; make one with "
            "`openssl rand -base64 24`",
            key.size(), kApiKeyBytesMin);
      }
    }
  }

  void bus() {
    const BusConfig& bus = config_.bus;
    if (!bus.redis.empty() && !bus.redis.starts_with("redis://")) {
      problem("bus.redis: must begin with \"redis://\"");
    }
    if (bus.reconnect_min > bus.reconnect_max) {
      problem("bus.reconnect_min_ms = {}: must not be above bus.reconnect_max_ms = {}",
              bus.reconnect_min.count(), bus.reconnect_max.count());
    }
  }

  void store() {
    const std::string& url = config_.store.url;
    if (url.empty()) return;
    // The URL is never repeated: it may hold a password, also where it isn't of the right form.
    if (store::is_postgres_url(url)) {
      if (const auto wrong = store::postgres_url_problem(url)) problem("store.url: {}", *wrong);
      if (const auto wrong = store::postgres_query_problem(config_.store.owner_query)) {
        problem("store.owner_query: {}", *wrong);
      }
    } else if (!url.starts_with("sqlite:") || url == "sqlite:") {
      problem("store.url: must be \"sqlite:\" and the path of a file, or \"postgresql://…\"");
    }
  }

  void rooms() {
    templates("rooms.owner", config_.rooms.owner, auth::RoomAccess::owner);
    templates("rooms.grant", config_.rooms.grant, auth::RoomAccess::grant);
    templates("rooms.http", config_.rooms.http, auth::RoomAccess::http);
    templates("rooms.http_fail_open", config_.rooms.http_fail_open, auth::RoomAccess::http_open);
    templates("rooms.user", config_.rooms.user, auth::RoomAccess::user);
    templates("rooms.public", config_.rooms.everyone, auth::RoomAccess::everyone);
    if (problems_.empty() && !auth::RoomPolicy::create(templates_)) {
      problem("rooms: two templates describe the same rooms");
    }
    for (const std::string& room : config_.contract.greet_rooms) {
      const std::size_t brace = room.find_first_of("{}");
      if (brace != std::string::npos && room.substr(brace) != "{user}") {
        problem("contract.greet_rooms: \"{}\" may only end in {{user}}", room);
      }
    }
  }

  void eventlog() {
    const EventlogConfig& log = config_.eventlog;
    const auto is_of = [](std::string_view mode) {
      return mode == "before_delivery" || mode == "async" || mode == "no";
    };
    for (const auto& [event, mode] : log.events) {
      const bool state =
          std::ranges::find(config_.events.latest, event) != config_.events.latest.end();
      if (!is_of(mode) || (state && mode == "before_delivery")) {
        problem("eventlog.events: \"{}\" = \"{}\": must be {}\"async\" or \"no\"", event, mode,
                state ? "" : "\"before_delivery\", ");
      }
    }
    for (const auto& [room, text] : log.rooms) {
      if (auth::check_room_template({room, auth::RoomAccess::everyone})) {
        problem("eventlog.rooms: \"{}\" isn't a template; write a name that ends in {{id}}", room);
      }
      if (!parse_retention(text, {})) {
        problem(
            "eventlog.rooms: \"{}\" = \"{}\": write \"age 7d, events 100000, bytes 64mb\", or a "
            "part "
            "of it",
            room, text);
      }
    }
    if (config_.recovery.position_event.empty() ||
        socketio::is_reserved_event(config_.recovery.position_event)) {
      problem("recovery.position_event: \"{}\" can't be the name of an event",
              config_.recovery.position_event);
    }
  }

  void audit() {
    const AuditConfig& audit = config_.audit;
    if (audit.path.empty() && !audit.key_file.empty()) {
      problem("audit.key_file: without audit.path nothing is recorded, and nothing signed");
    }
    if (audit.bytes_max > 0 && audit.bytes_max < 2 * audit.file_bytes_max) {
      problem("audit.bytes_max = {}: must be at least twice audit.file_bytes_max = {}, or 0",
              audit.bytes_max, audit.file_bytes_max);
    }
  }

  void limits() {
    for (const std::string& text : config_.limits.exempt_addresses) {
      if (!net::IpRange::parse(text)) {
        problem(
            "limits.exempt_addresses: \"{}\" is neither an address nor a range; write "
            "\"192.0.2.1\" or \"192.0.2.0/24\", without bits behind the prefix",
            text);
      }
    }
    rates();
  }

  void rates() {
    const LimitsConfig& limits = config_.limits;
    burst("address_connects", limits.address_connects_per_second, limits.address_connects_burst);
    burst("connection_packets", limits.connection_packets_per_second,
          limits.connection_packets_burst);
    burst("connection_bytes", limits.connection_bytes_per_second, limits.connection_bytes_burst);
    burst("user_packets", limits.user_packets_per_second, limits.user_packets_burst);
    burst("user_bytes", limits.user_bytes_per_second, limits.user_bytes_burst);
    burst("user_joins", limits.user_joins_per_second, limits.user_joins_burst);
    holds_a_message("connection_bytes", limits.connection_bytes_per_second,
                    limits.connection_bytes_burst);
    holds_a_message("user_bytes", limits.user_bytes_per_second, limits.user_bytes_burst);
    const auto rises = [this](std::string_view who, std::size_t delay_at, std::size_t ban_at) {
      if (delay_at <= ban_at) return;
      problem("limits.{}_failed_joins_delay_at = {}: must not be above _ban_at = {}", who, delay_at,
              ban_at);
    };
    rises("user", limits.user_failed_joins_delay_at, limits.user_failed_joins_ban_at);
    rises("address", limits.address_failed_joins_delay_at, limits.address_failed_joins_ban_at);
  }

  void burst(std::string_view name, std::size_t per_second, std::size_t at_once) {
    constexpr std::size_t kLongest = 3'600;  // what a bucket can count (limits/rate.h)
    if (per_second == 0 || at_once / per_second <= kLongest) return;
    problem("limits.{}_burst = {}: takes more than an hour at _per_second = {}", name, at_once,
            per_second);
  }

  void holds_a_message(std::string_view name, std::size_t per_second, std::size_t at_once) {
    if (per_second == 0 || at_once >= config_.engine.max_payload_bytes) return;
    problem("limits.{}_burst = {}: must hold a message of engine.max_payload_bytes = {}", name,
            at_once, config_.engine.max_payload_bytes);
  }

  static bool needs_id(auth::RoomAccess access) {
    return access == auth::RoomAccess::owner || access == auth::RoomAccess::user;
  }

  void policies() {
    const PolicyGrantConfig& grant = config_.policy_grant;
    if (!config_.rooms.grant.empty() && grant.claim.empty() && grant.secret.empty()) {
      problem(
          "rooms.grant: nothing can list these rooms; set policy_grant.claim or "
          "policy_grant.secret");
    }
    if (!grant.secret.empty() && grant.secret == config_.auth.secret) {
      problem("policy_grant.secret: must not be auth.secret, or a grant would be a token");
    }
    if (const auto weakness = auth::secret_weakness(grant.secret);
        weakness && !grant.secret.empty() && !development_) {
      problem("policy_grant.secret: {}; make one with `openssl rand -base64 48`", *weakness);
    }
    const PolicyHttpConfig& http = config_.policy_http;
    const bool asks = !config_.rooms.http.empty() || !config_.rooms.http_fail_open.empty();
    if (asks && http.url.empty()) {
      problem("policy_http.url: is needed, for rooms.http or rooms.http_fail_open has templates");
    }
    if (!http.url.empty()) {
      if (const auto url = webclient::parse_web_url(http.url); !url) {
        problem("policy_http.url: {}", url.error().message());
      }
    }
    const bool bad_secret =
        std::ranges::any_of(http.secret, [](unsigned char c) { return c <= 0x20 || c >= 0x7f; });
    if (bad_secret) {
      problem(
          "policy_http.secret: must be visible ASCII without spaces, for it is sent in a header");
    }
  }

  void templates(std::string_view key, const Strings& texts, auth::RoomAccess access) {
    for (const std::string& text : texts) {
      templates_.push_back({text, access});
      if (auth::check_room_template(templates_.back())) {
        problem("{}: \"{}\" isn't a template; write a name that ends in {{id}}{}", key, text,
                needs_id(access) ? "" : ", or a whole name");
      }
    }
  }

  const Config& config_;
  bool development_;
  std::vector<auth::RoomTemplate> templates_;
  Strings problems_;
};

}  // namespace

Strings config_problems(const Config& config, bool development) {
  return Rules(config, development).problems();
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = decimal(text.substr(colon + 1), 65'535);
  std::string host(text.substr(0, colon));
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool plain_ipv6 = !bracketed && host.find(':') != std::string::npos;
  const bool no_ipv6 = bracketed && host.find(':') == std::string::npos;
  if (!port || plain_ipv6 || no_ipv6 || (!host.empty() && !is_numeric_address(host))) {
    return std::nullopt;
  }
  return ListenAddress{std::move(host), static_cast<std::uint16_t>(*port)};
}

}  // namespace outcry::config
