#include "gateway/awaited_acks.h"

#include <algorithm>
#include <string>

namespace outcry::gateway {

void AwaitedAcks::add(const AckWish& wish, std::span<const SessionId> recipients, TimePoint now) {
  const bool fits =
      acks_.size() < kAwaitedAcksMax && recipients_ + recipients.size() <= kAwaitedRecipientsMax;
  if (recipients.empty() || !fits) return;
  recipients_ += recipients.size();
  acks_.emplace(wish.ack_id, Ack{.wish = wish,
                                 .recipients = {recipients.begin(), recipients.end()},
                                 .expires = now + kAckLifetime});
}

std::unique_ptr<CallbackAnswer> AwaitedAcks::take(SessionId session, std::uint64_t ack_id,
                                                  std::string_view arguments) {
  const auto found = acks_.find(ack_id);
  if (found == acks_.end()) return nullptr;
  const Ack& ack = found->second;
  if (std::ranges::find(ack.recipients, session) == ack.recipients.end()) return nullptr;
  auto answer =
      std::make_unique<CallbackAnswer>(CallbackAnswer{.callback = ack.wish.callback,
                                                      .channel = ack.wish.channel,
                                                      .arguments = std::string(arguments)});
  forget(found);  // the publisher uses the first answer only
  return answer;
}

void AwaitedAcks::forget_expired(TimePoint now) {
  while (!acks_.empty() && acks_.begin()->second.expires <= now) forget(acks_.begin());
}

void AwaitedAcks::forget(Acks::iterator ack) {
  recipients_ -= ack->second.recipients.size();
  acks_.erase(ack);
}

}  // namespace outcry::gateway
