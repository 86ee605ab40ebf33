#include "store/access_cache.h"

#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/by_text.h"
#include "base/counted_block.h"
#include "store/owner_store.h"

namespace outcry::store {
namespace {

/// All of a question in one text: the policy (1 byte), the object's length (4), object, user.
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

  // An answer, with its question's key behind it: there are as many as clients have rooms.
  using Hook =
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>>;
  struct Entry : CountedBlock<Entry>, Hook {
    Entry(TimePoint until, bool yes) noexcept
        : expires_and_allowed((until.time_since_epoch().count() << 1) | (yes ? 1 : 0)) {}
    [[nodiscard]] bool allowed() const noexcept { return (expires_and_allowed & 1) != 0; }
    [[nodiscard]] bool expired(TimePoint now) const noexcept {
      return now.time_since_epoch().count() >= expires_and_allowed >> 1;
    }
    std::int64_t expires_and_allowed;  // in one word, which saves another
  };
  using EntryPtr = CountedPtr<Entry>;
  using Order = boost::intrusive::list<Entry, boost::intrusive::constant_time_size<false>>;

  struct KeyOf {
    std::string_view operator()(std::string_view key) const { return key; }
    std::string_view operator()(const EntryPtr& entry) const { return entry->bytes(); }
  };

  struct Flight {
    std::vector<Done> waiting;
    bool stale = false;  // the right was changed while the question was under way
  };

  [[nodiscard]] std::optional<bool> recall(const AccessQuestion& question);
  void ask_source(const AccessQuestion& question);
  void remember(const AccessQuestion& question, const Access& access);
  void erase(std::string_view key);
  void answer(const AccessQuestion& question, const Result<Access>& access);
  void join_flight(const AccessQuestion& question, Done done);

  boost::asio::any_io_executor executor;
  AccessCacheOptions options;
  Sources sources;
  Clock clock;
  boost::unordered_flat_set<EntryPtr, HashByText<KeyOf>, SameText<KeyOf>> entries;
  Order order;  // of them, the most recently used first
  std::map<AccessQuestion, Flight> flights;
  AccessCacheStats stats;
};

std::optional<bool> AccessCache::State::recall(const AccessQuestion& question) {
  const std::string key = key_of(question);
  const auto found = entries.find(std::string_view(key));
  if (found == entries.end()) return std::nullopt;
  Entry& entry = found->unshared();
  if (entry.expired(clock())) {
    erase(key);
    return std::nullopt;
  }
  order.splice(order.begin(), order, Order::s_iterator_to(entry));
  return entry.allowed();
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
  const std::string key = key_of(question);
  erase(key);
  while (entries.size() >= options.entries_max) {
    erase(order.back().bytes());
    ++stats.evicted;
  }
  auto entry = EntryPtr::make(
      key.size(),
      [&key](Entry&, std::span<char> out) { std::memcpy(out.data(), key.data(), key.size()); },
      clock() + lifetime, access.allowed);
  order.push_front(entry.unshared());
  entries.insert(std::move(entry));
}

void AccessCache::State::erase(std::string_view key) {
  const auto found = entries.find(key);
  if (found == entries.end()) return;
  order.erase(Order::s_iterator_to(found->unshared()));
  entries.erase(found);
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

void AccessCache::State::join_flight(const AccessQuestion& question, Done done) {
  const auto [flight, is_first] = flights.try_emplace(question);
  flight->second.waiting.push_back(std::move(done));
  if (is_first) return ask_source(question);
  ++stats.shared;
}

AccessCache::AccessCache(boost::asio::any_io_executor executor, AccessCacheOptions options,
                         Sources sources, Clock clock)
    : state_(std::make_shared<State>(std::move(executor), options, std::move(sources),
                                     std::move(clock))) {}

AccessCache::~AccessCache() = default;

void AccessCache::ask(AccessQuestion question, Done done) {
  State& state = *state_;
  if (state.sources[index_of(question)] == nullptr) {
    return boost::asio::post(state.executor, [done = std::move(done)]() mutable {
      done(fail(StoreError::not_configured));
    });
  }
  const std::optional<bool> allowed = state.recall(question);
  if (!allowed) return state.join_flight(question, std::move(done));
  ++(*allowed ? state.stats.hits_allowed : state.stats.hits_denied);
  boost::asio::post(state.executor, [weak = std::weak_ptr(state_), question = std::move(question),
                                     done = std::move(done)]() mutable {
    const auto alive = weak.lock();
    if (alive == nullptr) return;
    // Looked up once more: the right may have been changed since.
    if (const auto still = alive->recall(question)) return done(*still);
    alive->join_flight(question, std::move(done));
  });
}

void AccessCache::forget(const AccessQuestion& question) {
  State& state = *state_;
  const std::size_t before = state.entries.size();
  state.erase(key_of(question));
  state.stats.forgotten += before - state.entries.size();
  const auto flight = state.flights.find(question);
  if (flight != state.flights.end()) flight->second.stale = true;
}

void AccessCache::forget_user(const std::string& user) {
  State& state = *state_;
  for (auto entry = state.order.begin(); entry != state.order.end();) {
    const auto next = std::next(entry);
    if (user_of(entry->bytes()) == user) {
      state.erase(entry->bytes());
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
