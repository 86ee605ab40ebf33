#include "node.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace outcry::simulation {
namespace {

// Small, so that a few missed events come in several parts.
constexpr gateway::ReplayLimits kLimits{.events_max = 100'000, .part_events_max = 3};

}  // namespace

Node::Node(eventlog::SimulatedDisk& disk, const gateway::Config& config, Mutant mutant)
    : mutant_(mutant),
      config_(config),
      rules_(gateway::shared_rules(config_)),
      snapshots_(rooms_, {}) {
  std::string notice;
  auto log = eventlog::SqliteLog::open({.path = "log.db", .vfs = disk.name()}, notice);
  if (!log) throw std::runtime_error("the log can't be opened: " + notice);
  log_ = *std::move(log);
  auto contents = log_->load();
  if (!contents) throw std::runtime_error("the log can't be read: " + log_->why());
  if (log_->begin_life(life_, eventlog::Promise::always, wall_)) {
    throw std::runtime_error("no life can be begun: " + log_->why());
  }
  history_.emplace(rooms_, config_.eventlog, life_, contents->last_number);
  replay_.emplace(rooms_, *history_);
  publisher_.emplace(rules_, rooms_, snapshots_, *history_, *this, this);
  load(*std::move(contents));
}

void Node::load(eventlog::LogContents contents) {
  for (const eventlog::Life life : contents.lives) history_->know_life(life);
  history_->note_trimmed(contents.trimmed_number);
  for (eventlog::StoredEvent& stored : contents.events) {
    const std::uint64_t number = stored.number;
    std::string id = stored.id;
    publisher_->load(std::move(stored), now_, wall_);
    if (mutant_ == Mutant::forgets_ids || id.empty()) continue;
    recent_ids_.remember(std::move(id), {.life = life_, .durable = number, .released = number});
  }
  for (eventlog::StoredValue& stored : contents.values) publisher_->load(std::move(stored));
}

// ---- Publishing, and the log's thread ----

void Node::publish(bus::Publication publication, Accepted done) {
  const std::string id = publication.id;
  gateway::RecentIds::Done told = [done = std::move(done)](Result<eventlog::Position> at) mutable {
    done(at.has_value());
  };
  if (const auto position = recent_ids_.find(id)) return told(*position);
  if (recent_ids_.wait(id, told)) return;
  recent_ids_.begin(id);
  (void)recent_ids_.wait(id, told);
  publisher_->accept(std::move(publication), {}, now_,
                     [this, id](Result<eventlog::Position> at) { recent_ids_.finish(id, at); });
  publisher_->commit();
}

void Node::save_values() {
  publisher_->save_values(wall_);
}

bool Node::add(eventlog::Change change) {
  if (mutant_ == Mutant::early_release) {
    if (const auto* event = std::get_if<eventlog::StoredEvent>(&change)) {
      reports_.push_back(event->number);
    }
  }
  to_write_.push_back(std::move(change));
  return true;
}

bool Node::step_writer() {
  if (to_write_.empty()) return false;
  const std::vector<eventlog::Change> batch(std::make_move_iterator(to_write_.begin()),
                                            std::make_move_iterator(to_write_.end()));
  to_write_.clear();
  committed_ = false;
  if (log_->write(batch, wall_)) throw std::runtime_error("the log can't be written");
  std::uint64_t number = 0;
  for (const eventlog::Change& change : batch) {
    if (const auto* event = std::get_if<eventlog::StoredEvent>(&change)) number = event->number;
  }
  if (number != 0 && mutant_ != Mutant::early_release) reports_.push_back(number);
  return true;
}

bool Node::step_report() {
  if (reports_.empty()) return false;
  const std::uint64_t number = reports_.front();
  reports_.pop_front();
  publisher_->on_log({.kind = eventlog::LogReport::Kind::written, .number = number}, now_);
  return true;
}

// ---- Workers ----

bool Node::post(WorkerId worker, gateway::ToWorker message) {
  mailboxes_[worker].push_back(std::move(message));
  return true;
}

bool Node::step_worker(WorkerId worker) {
  if (mailboxes_[worker].empty()) return false;
  Work work = std::move(mailboxes_[worker].front());
  mailboxes_[worker].pop_front();
  if (auto* call = std::get_if<std::function<void()>>(&work)) {
    (*call)();
    return true;
  }
  const auto& message = std::get<gateway::ToWorker>(work);
  if (const auto* one = std::get_if<gateway::RoomDelivery>(&message)) {
    deliver(worker, one->room, one->frame);
  } else if (const auto* any = std::get_if<std::shared_ptr<const gateway::Delivery>>(&message)) {
    deliver(worker, **any);
  }
  return true;
}

void Node::deliver(WorkerId worker, rooms::RoomNumber room, const transport::SharedFrame& frame) {
  const auto found = members_[worker].find(room);
  if (found == members_[worker].end()) return;
  for (const SessionPtr& session : found->second) {
    if (session->catching_up && mutant_ != Mutant::no_hold_back) continue;
    session->pipe.emplace_back(frame->text());
  }
}

void Node::deliver(WorkerId worker, const gateway::Delivery& delivery) {
  std::vector<SessionPtr> to;
  const auto add = [&](const std::vector<SessionPtr>& sessions) {
    for (const SessionPtr& session : sessions) {
      if (std::ranges::find(to, session) == to.end()) to.push_back(session);
    }
  };
  for (const auto& [number, sessions] : members_[worker]) {
    const bool meant = std::ranges::any_of(delivery.audience.rooms, [&](const auto& target) {
      return target.room && target.room->number() == number;
    });
    if (meant || delivery.audience.everyone) add(sessions);
  }
  delivery.frames.for_each([&](const transport::SharedFrame& frame) {
    for (const SessionPtr& session : to) {
      if (session->catching_up && mutant_ != Mutant::no_hold_back) continue;
      session->pipe.emplace_back(frame->text());
    }
  });
}

void Node::attach(const SessionPtr& session) {
  for (const std::string& room : session->rooms) {
    const gateway::RoomRecord& record = rooms_.find_or_make(0, room);
    members_[session->worker][record.room->number()].push_back(session);
  }
}

void Node::detach(Session& session) {
  session.alive = false;
  for (auto& [room, sessions] : members_[session.worker]) {
    std::erase_if(sessions, [&session](const SessionPtr& one) { return one.get() == &session; });
  }
}

void Node::grant(Session& session) {
  for (const std::string& room : session.rooms) {
    rooms_.granted(rooms_.find_or_make(0, room), session.worker);
  }
}

SessionPtr Node::connect(std::string sid, std::vector<std::string> rooms, WorkerId worker) {
  auto session = std::make_shared<Session>(
      Session{.sid = std::move(sid), .rooms = std::move(rooms), .worker = worker});
  std::vector<std::string> greeting;
  for (const std::string& room : session->rooms) {
    const gateway::RoomRecord& record = rooms_.find_or_make(0, room);
    for (const auto& frame : gateway::Snapshots::frames_of(record)) {
      greeting.emplace_back(make_frame_without_trailer(*frame)->text());
    }
  }
  greeting.push_back("position " + to_string(history_->position()));
  grant(*session);
  mailboxes_[worker].push_back(std::function<void()>([this, session, greeting] {
    attach(session);
    session->pipe.insert(session->pipe.end(), greeting.begin(), greeting.end());
  }));
  return session;
}

// ---- Coming back ----

SessionPtr Node::come_back(const SessionPtr& old, std::string sid, std::vector<std::string> rooms,
                           const std::string& offset, WorkerId worker) {
  auto session = std::make_shared<Session>(
      Session{.sid = std::move(sid), .rooms = std::move(rooms), .worker = worker});
  const auto begin = [this, session, offset] {
    const auto position = eventlog::parse_position(offset);
    const auto seen = position ? history_->seen_by(*position) : std::nullopt;
    if (!seen) {
      session->pipe.emplace_back("resync");
      return;
    }
    std::uint64_t from = *seen;
    if (mutant_ == Mutant::replay_skips_one) ++from;
    if (mutant_ == Mutant::replay_repeats_one && from > 0) --from;
    answer_return(session, from, true);
  };
  if (!old || !old->alive) {
    begin();
    return session;
  }
  // The worker that has it still gives it up; then control goes on.
  mailboxes_[old->worker].push_back(std::function<void()>([this, old, begin] {
    detach(*old);
    begin();
  }));
  return session;
}

void Node::answer_return(const SessionPtr& session, std::uint64_t seen, bool first) {
  auto part = replay_->for_socket(0, session->rooms, session->sid, seen, kLimits);
  if (!part) {
    session->pipe.emplace_back("resync");
    return;
  }
  if (first && mutant_ != Mutant::late_grant) grant(*session);
  std::vector<std::string> texts;
  for (const auto& frame : part->frames) texts.emplace_back(frame->text());
  const auto more = part->more ? std::optional(part->seen) : std::nullopt;
  mailboxes_[session->worker].push_back(std::function<void()>([this, session, texts, more, first] {
    if (!session->alive) return;
    if (first) {
      if (mutant_ == Mutant::late_grant) grant(*session);
      attach(session);
      session->pipe.emplace_back("connect");
    }
    session->pipe.insert(session->pipe.end(), texts.begin(), texts.end());
    session->catching_up = more.has_value();
    session->more_after = more;
  }));
}

bool Node::step_session(const SessionPtr& session) {
  if (!session->more_after || !session->pipe.empty() || !session->alive) return false;
  answer_return(session, *std::exchange(session->more_after, std::nullopt), false);
  return true;
}

bool Node::idle() const {
  return to_write_.empty() && reports_.empty() &&
         std::ranges::all_of(mailboxes_, [](const auto& mailbox) { return mailbox.empty(); });
}

}  // namespace outcry::simulation
