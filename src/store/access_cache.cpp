#include "store/access_cache.h"

#include <cstring>
#include <list>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/by_text.h"
#include "store/owner_store.h"

namespace outcry::store {
namespace {

/// All of a question in one text, so that an answer costs one: the policy (1 byte), the object's
/// length (4), object, user.
std::string key_of(const AccessQuestion& question) {
  const auto size = static_cast<std::uint32_t>(question.object.size());
  std::string key(1 + sizeof(size), static_cast<char>(question.policy));
  std::memcpy(key.data() + 1, &size, sizeof(size));
  key.reserve(key.size() + question.object.size() + question.user.size());
  return key.append(question.object).append(question.user);
}

std::string_view user_of(std::string_view key) {
  std::uint32_t object_size = 0;
  std::memcpy(&object_size, key.data() + 1, sizeof(object_size));
  return key.substr(1 + sizeof(object_size) + object_size);
}

std::size_t index_of(const AccessQuestion& question) {
  return static_cast<std::size_t>(question.policy);
}

}  // namespace

struct AccessCache::State : std::enable_shared_from_this<State> {
  State(boost::asio::any_io_executor chosen, AccessCacheOptions wanted, Sources asked, Clock now)
      : executor(std::move(chosen)),
        options(wanted),
        sources(std::move(asked)),
        clock(std::move(now)) {}

  struct Entry {
    std::string key;
    TimePoint expires;
    bool allowed = false;
  };
  using Order = std::list<Entry>;  // the most recently used first

  // The set holds places in the order and is asked with keys.
  struct KeyOf {
    std::string_view operator()(std::string_view key) const { return key; }
    std::string_view operator()(Order::iterator entry) const { return entry->key; }
  };

  struct Flight {
    std::vector<Done> waiting;
    bool stale = false;  // the right was changed while the question was under way
  };

  [[nodiscard]] std::optional<bool> recall(const AccessQuestion& question);
  void ask_source(const AccessQuestion& question);
  void remember(const AccessQuestion& question, const Access& access);
  void erase(Order::iterator entry);
  void answer(const AccessQuestion& question, const Result<Access>& access);

  boost::asio::any_io_executor executor;
  AccessCacheOptions options;
  Sources sources;
  Clock clock;
  Order order;
  boost::unordered_flat_set<Order::iterator, HashByText<KeyOf>, SameText<KeyOf>> entries;
  std::map<AccessQuestion, Flight> flights;
  AccessCacheStats stats;
};

std::optional<bool> AccessCache::State::recall(const AccessQuestion& question) {
  const auto found = entries.find(std::string_view(key_of(question)));
  if (found == entries.end()) return std::nullopt;
  const auto entry = *found;
  if (clock() >= entry->expires) {
    erase(entry);
    return std::nullopt;
  }
  order.splice(order.begin(), order, entry);
  return entry->allowed;
}

void AccessCache::State::ask_source(const AccessQuestion& question) {
  ++stats.asked[index_of(question)];
  sources[index_of(question)](question, [weak = weak_from_this(), question](Result<Access> access) {
    if (const auto alive = weak.lock()) alive->answer(question, access);
  });
}

void AccessCache::State::remember(const AccessQuestion& question, const Access& access) {
  const AccessLifetimes& usual = options.lifetimes[index_of(question)];
  const auto lifetime = access.lifetime.value_or(access.allowed ? usual.allowed : usual.denied);
  if (lifetime <= std::chrono::milliseconds::zero() || options.entries_max == 0) return;
  std::string key = key_of(question);
  if (const auto found = entries.find(std::string_view(key)); found != entries.end()) erase(*found);
  while (entries.size() >= options.entries_max) {
    erase(std::prev(order.end()));
    ++stats.evicted;
  }
  order.push_front(
      {.key = std::move(key), .expires = clock() + lifetime, .allowed = access.allowed});
  entries.insert(order.begin());
}

void AccessCache::State::erase(Order::iterator entry) {
  entries.erase(entry);
  order.erase(entry);
}

void AccessCache::State::answer(const AccessQuestion& question, const Result<Access>& access) {
  const auto found = flights.find(question);
  if (found == flights.end()) return;
  if (std::exchange(found->second.stale, false) && access) return ask_source(question);
  // Taken out before the calls: one of them may ask the same question again.
  auto flight = flights.extract(found);
  if (!access) {
    ++stats.errors[index_of(question)];
  } else {
    remember(question, *access);
  }
  const Result<bool> allowed = access ? Result<bool>(access->allowed) : fail(access.error());
  for (Done& done : flight.mapped().waiting) done(allowed);
}

AccessCache::AccessCache(boost::asio::any_io_executor executor, AccessCacheOptions options,
                         Sources sources, Clock clock)
    : state_(std::make_shared<State>(std::move(executor), options, std::move(sources),
                                     std::move(clock))) {}

AccessCache::~AccessCache() = default;

void AccessCache::ask(AccessQuestion question, Done done) {
  State& state = *state_;
  const auto post = [&state, &done](Result<bool> allowed) {
    boost::asio::post(state.executor,
                      [done = std::move(done), allowed]() mutable { done(allowed); });
  };
  if (state.sources[index_of(question)] == nullptr) return post(fail(StoreError::not_configured));
  if (const std::optional<bool> allowed = state.recall(question)) {
    ++(*allowed ? state.stats.hits_allowed : state.stats.hits_denied);
    return post(*allowed);
  }
  const auto [flight, is_first] = state.flights.try_emplace(question);
  flight->second.waiting.push_back(std::move(done));
  if (is_first) return state.ask_source(question);
  ++state.stats.shared;
}

void AccessCache::forget(const AccessQuestion& question) {
  State& state = *state_;
  const auto found = state.entries.find(std::string_view(key_of(question)));
  if (found != state.entries.end()) {
    state.erase(*found);
    ++state.stats.forgotten;
  }
  const auto flight = state.flights.find(question);
  if (flight != state.flights.end()) flight->second.stale = true;
}

void AccessCache::forget_user(const std::string& user) {
  State& state = *state_;
  for (auto entry = state.order.begin(); entry != state.order.end();) {
    const auto next = std::next(entry);
    if (user_of(entry->key) == user) {
      state.erase(entry);
      ++state.stats.forgotten;
    }
    entry = next;
  }
  for (auto& [question, flight] : state.flights) {
    if (question.user == user) flight.stale = true;
  }
}

AccessCacheStats AccessCache::stats() const {
  AccessCacheStats stats = state_->stats;
  stats.entries = state_->entries.size();
  stats.in_flight = state_->flights.size();
  return stats;
}

}  // namespace outcry::store
