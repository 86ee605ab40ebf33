#include "limits/admission.h"

namespace outcry::limits {
namespace {

// A place may come free at any time; asking more often than this only costs.
constexpr std::chrono::milliseconds kRetryWhenFull{10'000};

}  // namespace

std::optional<Refusal> Admission::admit(const Party& party) {
  if (const auto refused = refusal(party)) return refused;
  if (party.user != kNobody) users_.add(party.user);
  if (party.address != kNobody) addresses_.add(party.address);
  return std::nullopt;
}

std::optional<Refusal> Admission::refusal(const Party& party) {
  std::optional<Refusal> out;
  if (party.user != kNobody && users_.count(party.user) >= limits_.user_sockets_max) {
    out = counts_.reached(limits_, {Limit::user_sockets, kRetryWhenFull});
  }
  if (!out && party.address != kNobody &&
      addresses_.count(party.address) >= limits_.address_sockets_max) {
    out = counts_.reached(limits_, {Limit::address_sockets, kRetryWhenFull});
  }
  return out;
}

void Admission::leave(const Party& party) noexcept {
  if (party.user != kNobody) users_.remove(party.user);
  if (party.address != kNobody) addresses_.remove(party.address);
}

}  // namespace outcry::limits
