// gateway/token_keys.h — the keys that verify tokens, now: those of files, and those of a URL.
//
//   start, SIGHUP ─▶ files ─┐
//   every refresh ─▶ URL   ─┴▶ a new TokenVerifier, if anything changed ─▶ every worker
//   unknown `kid` ─▶ URL, but not more often than jwks_refetch_min
//
// The set at the URL replaces the one before as a whole, once it has arrived whole and has a key in
// it. Until then, and for as long as the URL doesn't answer, the last good one serves: an identity
// provider that is down stops nobody who has a token. The URL is the configuration's and never a
// token's.
//
// A verifier is immutable and shared; workers swap it between two ticks.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "auth/token_verifier.h"
#include "base/clock.h"
#include "config/config.h"
#include "config/reload.h"
#include "gateway/operations.h"

namespace outcry::gateway {

struct TokenKeysStats {
  std::size_t keys = 0;  // in force
  std::uint64_t changes = 0;

  // Of the URL; `has_url` false: none is configured.
  bool has_url = false;
  std::uint64_t fetches = 0;           // that brought a set
  std::uint64_t failures = 0;          // that didn't
  std::uint64_t refetches = 0;         // begun for a `kid` that no key had
  std::uint64_t refetches_early = 0;   // asked for too soon after the last
  std::size_t keys_refused = 0;        // of the last set, not usable
  std::optional<WallTime> fetched_at;  // the last set
  std::string failure;                 // of the last fetch; empty: it brought a set
};

class TokenKeys {
 public:
  /// `withdrawn`: a key of the verifier before isn't in this one.
  using OnChange =
      std::function<void(std::shared_ptr<const auth::TokenVerifier> verifier, bool withdrawn)>;

  /// Throws ConfigError for what can't be used. `config` and the executor's context must outlive
  /// this.
  TokenKeys(const boost::asio::any_io_executor& executor, const config::Config& config,
            OnChange on_change);
  ~TokenKeys();
  TokenKeys(const TokenKeys&) = delete;
  TokenKeys& operator=(const TokenKeys&) = delete;

  /// Begins to fetch, if there is a URL.
  void start();
  /// Of the keys in files.
  [[nodiscard]] std::shared_ptr<const auth::TokenVerifier> verifier() const;
  /// A token names a key that isn't known. Calls `done` once nothing newer is to be had: after a
  /// fetch, or at once if the last one was a moment ago. Never after this object's end.
  void refetch(std::function<void()> done);
  /// A part of a reload: reads the files again.
  [[nodiscard]] config::Reloader::Commit prepare(const config::AuthConfig& next,
                                                 config::Strings& changed);

  void append_checks(Readiness& readiness) const;
  [[nodiscard]] TokenKeysStats stats() const;

 private:
  struct Source;

  [[nodiscard]] std::vector<auth::Key> all_keys() const;
  void put_in_force();

  const config::Config& config_;
  OnChange on_change_;
  std::vector<auth::Key> of_files_;
  std::vector<auth::Key> in_force_;
  std::uint64_t changes_ = 0;
  std::shared_ptr<Source> source_;  // null: no URL. Late answers hold it weakly
};

}  // namespace outcry::gateway
