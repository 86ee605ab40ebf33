#include "store/owner_cache.h"

#include <cstring>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/by_text.h"

namespace outcry::store {
namespace {

/// Both texts in one, so that an answer costs one: the object's length (4 bytes), object, user.
std::string key_of(const OwnerQuestion& question) {
  const auto size = static_cast<std::uint32_t>(question.object_id.size());
  std::string key(sizeof(size), '\0');
  std::memcpy(key.data(), &size, sizeof(size));
  key.reserve(key.size() + question.object_id.size() + question.user.size());
  return key.append(question.object_id).append(question.user);
}

std::string_view user_of(std::string_view key) {
  std::uint32_t object_size = 0;
  std::memcpy(&object_size, key.data(), sizeof(object_size));
  return key.substr(sizeof(object_size) + object_size);
}

}  // namespace

struct OwnerCache::State {
  struct Entry {
    std::string key;
    TimePoint expires;
    bool owned = false;
  };
  using Order = std::list<Entry>;  // the most recently used first

  // The set holds places in the order and is asked with keys.
  struct KeyOf {
    std::string_view operator()(std::string_view key) const { return key; }
    std::string_view operator()(Order::iterator entry) const { return entry->key; }
  };

  OwnerStore& behind;
  boost::asio::any_io_executor executor;
  OwnerCacheOptions options;
  Clock clock;
  Order order{};
  boost::unordered_flat_set<Order::iterator, HashByText<KeyOf>, SameText<KeyOf>> entries{};
  struct Flight {
    std::vector<OwnerAnswer> answers;
    bool remember = true;  // false: the user was forgotten while the question was under way
  };
  std::map<OwnerQuestion, Flight> waiting{};
  OwnerCacheStats stats{};

  [[nodiscard]] std::optional<bool> recall(const OwnerQuestion& question);
  void remember(const OwnerQuestion& question, bool owned);
  void erase(Order::iterator entry);
  void answer(const OwnerQuestion& question, const Result<bool>& owned);
};

std::optional<bool> OwnerCache::State::recall(const OwnerQuestion& question) {
  const auto found = entries.find(std::string_view(key_of(question)));
  if (found == entries.end()) return std::nullopt;
  const auto entry = *found;
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
  std::string key = key_of(question);
  if (const auto found = entries.find(std::string_view(key)); found != entries.end()) erase(*found);
  while (entries.size() >= options.entries_max) {
    erase(std::prev(order.end()));
    ++stats.evicted;
  }
  order.push_front({.key = std::move(key), .expires = clock() + lifetime, .owned = owned});
  entries.insert(order.begin());
}

void OwnerCache::State::erase(Order::iterator entry) {
  entries.erase(entry);
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
    if (user_of(entry->key) == user) state.erase(entry);
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
