// limits/admission.h — who may have one more socket: what must be exact over all workers.
//
//   CONNECT, its token verified ─▶ admit() ─▶ counted, or a Refusal
//   the socket is gone          ─▶ leave()
//
// One owner counts for all workers, so that ten tabs are ten tabs whichever worker each is at, and
// no worker needs a lock. What it keeps of who is connected is a word for the user and one for the
// address.
// Thread: its owner's only; takes the time as an argument.
#pragma once

#include <optional>

#include "limits/count_table.h"
#include "limits/limits.h"

namespace outcry::limits {

class Admission {
 public:
  explicit Admission(const Limits& limits) : limits_(limits) {}

  /// nullopt: admitted, and counted until leave().
  [[nodiscard]] std::optional<Refusal> admit(const Party& party);
  /// Of a party that was admitted.
  void leave(const Party& party) noexcept;

  /// From the next admit() on; who is in stays in.
  void set_limits(const Limits& limits) noexcept { limits_ = limits; }
  [[nodiscard]] const LimitCounts& counts() const noexcept { return counts_; }
  /// Connected now; exempt addresses are not among them.
  [[nodiscard]] std::size_t users() const noexcept { return users_.size(); }
  [[nodiscard]] std::size_t addresses() const noexcept { return addresses_.size(); }

 private:
  [[nodiscard]] std::optional<Refusal> refusal(const Party& party);

  Limits limits_;
  LimitCounts counts_;
  CountTable users_;
  CountTable addresses_;
};

}  // namespace outcry::limits
