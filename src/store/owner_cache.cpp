#include "store/owner_cache.h"

#include <optional>
#include <utility>

#include <boost/asio/post.hpp>

namespace outcry::store {

struct OwnerCache::State {
  struct Entry {
    OwnerQuestion question;
    bool owned = false;
    TimePoint expires;
  };
  using Order = std::list<Entry>;  // the most recently used first

  OwnerStore& behind;
  boost::asio::any_io_executor executor;
  OwnerCacheOptions options;
  Clock clock;
  Order order;
  std::map<OwnerQuestion, Order::iterator> entries;
  struct Flight {
    std::vector<OwnerAnswer> answers;
    bool remember = true;  // false: the user was forgotten while the question was under way
  };
  std::map<OwnerQuestion, Flight> waiting;
  OwnerCacheStats stats;

  [[nodiscard]] std::optional<bool> recall(const OwnerQuestion& question);
  void remember(const OwnerQuestion& question, bool owned);
  void erase(Order::iterator entry);
  void answer(const OwnerQuestion& question, const Result<bool>& owned);
};

std::optional<bool> OwnerCache::State::recall(const OwnerQuestion& question) {
  const auto found = entries.find(question);
  if (found == entries.end()) return std::nullopt;
  const auto entry = found->second;
  if (clock() >= entry->expires) {
    erase(entry);
    return std::nullopt;
  }
  order.splice(order.begin(), order, entry);
  return entry->owned;
}

void OwnerCache::State::remember(const OwnerQuestion& question, bool owned) {
  const auto lifetime = owned ? options.owned_lifetime : options.denied_lifetime;
  if (lifetime <= std::chrono::milliseconds::zero() || options.entries_max == 0) return;
  if (const auto found = entries.find(question); found != entries.end()) erase(found->second);
  while (entries.size() >= options.entries_max) {
    erase(std::prev(order.end()));
    ++stats.evicted;
  }
  order.push_front({question, owned, clock() + lifetime});
  entries.emplace(question, order.begin());
}

void OwnerCache::State::erase(Order::iterator entry) {
  entries.erase(entry->question);
  order.erase(entry);
}

void OwnerCache::State::answer(const OwnerQuestion& question, const Result<bool>& owned) {
  // Taken out before the calls: a callback may ask the same question again.
  auto asked = waiting.extract(question);
  if (asked.empty()) return;
  Flight& flight = asked.mapped();
  if (!owned) {
    ++stats.errors;
  } else if (flight.remember) {
    remember(question, *owned);
  }
  for (OwnerAnswer& done : flight.answers) done(owned);
}

OwnerCache::OwnerCache(OwnerStore& behind, boost::asio::any_io_executor executor,
                       OwnerCacheOptions options, Clock clock)
    : state_(std::make_shared<State>(behind, std::move(executor), options, std::move(clock))) {}

OwnerCache::~OwnerCache() = default;

void OwnerCache::ask(OwnerQuestion question, OwnerAnswer done) {
  State& state = *state_;
  if (const std::optional<bool> owned = state.recall(question)) {
    ++(*owned ? state.stats.hits_owned : state.stats.hits_denied);
    boost::asio::post(state.executor,
                      [done = std::move(done), owned = *owned]() mutable { done(owned); });
    return;
  }
  const auto [flight, is_first] = state.waiting.try_emplace(question);
  flight->second.answers.push_back(std::move(done));
  if (!is_first) {
    ++state.stats.shared;
    return;
  }
  ++state.stats.asked;
  state.behind.ask(question, [weak = std::weak_ptr(state_), question](Result<bool> owned) {
    if (const auto alive = weak.lock()) alive->answer(question, owned);
  });
}

void OwnerCache::forget_user(const std::string& user) {
  State& state = *state_;
  for (auto entry = state.order.begin(); entry != state.order.end();) {
    const auto next = std::next(entry);
    if (entry->question.user == user) state.erase(entry);
    entry = next;
  }
  for (auto& [question, flight] : state.waiting) {
    if (question.user == user) flight.remember = false;
  }
}

OwnerCacheStats OwnerCache::stats() const {
  OwnerCacheStats stats = state_->stats;
  stats.entries = state_->entries.size();
  stats.in_flight = state_->waiting.size();
  return stats;
}

}  // namespace outcry::store
