// gateway/http_policy.h — asks the back end whether a user may into a room.
//
//   POST policy_http.url   {"user":"u7","namespace":"/","room":"team_7"}
//     200 {"allow":true}                        yes, remembered as configured
//     200 {"allow":false,"lifetime_ms":1000}    no, remembered for a second
//     403                                       no
//     anything else, or nothing in time         no answer: what the room's template says for that
//
// Rooms of `rooms.http` are closed without an answer, those of `rooms.http_fail_open` are open; a
// yes of that kind is counted and not remembered.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "base/result.h"
#include "config/config.h"
#include "store/access.h"
#include "webclient/web_client.h"

namespace outcry::gateway {

/// What an answer says. Error: StoreError::bad_answer.
[[nodiscard]] Result<store::Access> decode_policy_answer(unsigned status, std::string_view body);

struct HttpPolicyStats {
  webclient::WebClientStats client;
  std::uint64_t failed_open = 0;  // let in for want of an answer
};

class HttpPolicy {
 public:
  /// `config` must outlive this. Throws ConfigError if its URL or its certificates can't be used.
  HttpPolicy(const boost::asio::any_io_executor& executor, const config::Config& config);

  /// `question.object` is a room's key. Errors: StoreError.
  void ask(const store::AccessQuestion& question, store::AccessDone done);

  [[nodiscard]] HttpPolicyStats stats() const;

 private:
  const config::Strings& namespaces_;
  std::string target_;
  std::string authorization_;  // empty: none is sent
  std::unique_ptr<webclient::WebClient> client_;
  std::shared_ptr<std::uint64_t> failed_open_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace outcry::gateway
