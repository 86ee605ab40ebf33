#include "store/access_cache.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "store/answer_table.h"
#include "store/owner_store.h"

namespace outcry::store {
namespace {

std::size_t index_of(const AccessQuestion& question) {
  return static_cast<std::size_t>(question.policy);
}

}  // namespace

struct AccessCache::State : std::enable_shared_from_this<State> {
  State(boost::asio::any_io_executor chosen, AccessCacheOptions wanted, Sources asked, Clock now)
      : executor(std::move(chosen)),
        options(wanted),
        sources(std::move(asked)),
        clock(std::move(now)),
        answers(wanted.entries_max) {}

  struct Flight {
    std::vector<Done> waiting;
    bool stale = false;  // the right was changed while the question was under way
  };

  void ask_source(const AccessQuestion& question);
  void remember(const AccessQuestion& question, const Access& access);
  void answer(const AccessQuestion& question, const Result<Access>& access);
  void join_flight(const AccessQuestion& question, Done done);

  boost::asio::any_io_executor executor;
  AccessCacheOptions options;
  Sources sources;
  Clock clock;
  AnswerTable answers;
  std::map<AccessQuestion, Flight> flights;
  AccessCacheStats stats;
};

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
  if (answers.keep(question, access.allowed, clock() + lifetime)) ++stats.evicted;
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
  const std::optional<bool> allowed = state.answers.recall(question, state.clock());
  if (!allowed) return state.join_flight(question, std::move(done));
  ++(*allowed ? state.stats.hits_allowed : state.stats.hits_denied);
  boost::asio::post(state.executor, [weak = std::weak_ptr(state_), question = std::move(question),
                                     done = std::move(done)]() mutable {
    const auto alive = weak.lock();
    if (alive == nullptr) return;
    // Looked up once more: the right may have been changed since.
    if (const auto still = alive->answers.recall(question, alive->clock())) return done(*still);
    alive->join_flight(question, std::move(done));
  });
}

void AccessCache::forget(const AccessQuestion& question) {
  State& state = *state_;
  if (state.answers.forget(question)) ++state.stats.forgotten;
  const auto flight = state.flights.find(question);
  if (flight != state.flights.end()) flight->second.stale = true;
}

void AccessCache::forget_user(const std::string& user) {
  State& state = *state_;
  state.stats.forgotten += state.answers.forget_user(user);
  for (auto& [question, flight] : state.flights) {
    if (question.user == user) flight.stale = true;
  }
}

AccessCacheStats AccessCache::stats() const {
  AccessCacheStats stats = state_->stats;
  stats.entries = state_->answers.size();
  stats.in_flight = state_->flights.size();
  return stats;
}

}  // namespace outcry::store
