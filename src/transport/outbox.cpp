#include "transport/outbox.h"

#include <algorithm>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/assert.h"
#include "protocol/engineio/packet.h"

namespace outcry::transport {
namespace {

// Up to here a scan for a key is cheaper than an index.
constexpr std::size_t kScannedEntries = 32;
// A list that has grown longer is freed, and so are more of them: what a crowd of slow readers
// needed once isn't kept.
constexpr std::size_t kEntriesKept = 64;
constexpr std::size_t kListsKept = 16'384;
constexpr std::uint32_t kNowhere = 0xffffffff;

struct Entry {
  FrameRef frame;   // null: superseded
  TimePoint since;  // when it, or what it superseded, began to wait
};

/// Where the entries of a key are; those superseded or sent, nowhere.
struct Places {
  std::uint32_t newest = kNowhere;
  std::uint32_t before = kNowhere;
};

using KeyIndex = boost::unordered_flat_map<std::uint64_t, Places>;

}  // namespace

struct OutboxPool::List {
  /// Removes the newest entry of `key` if the rules allow; `since` becomes when it began to wait.
  bool supersede(std::uint64_t key, TimePoint& since, std::chrono::milliseconds conflation);
  [[nodiscard]] Places places_of(std::uint64_t key) const;
  [[nodiscard]] Places scan(std::uint64_t key) const;
  void make_index();
  void remove(Entry& entry) noexcept;
  void close_gaps();
  void skip_gaps() noexcept {
    while (head < entries.size() && !entries[head].frame) ++head;
  }
  /// First entry that isn't on the wire yet, not even partly.
  [[nodiscard]] std::size_t first_unsent() const noexcept { return head + (sent > 0 ? 1 : 0); }
  void reset() noexcept;

  std::vector<Entry> entries;
  std::unique_ptr<KeyIndex> index;  // of a long list
  std::size_t head = 0;
  std::size_t waiting = 0;
  std::size_t sent = 0;  // bytes of the first entry already written
  std::size_t bytes = 0;
};

// ---- Lists ----

void OutboxPool::Delete::operator()(List* list) const noexcept {
  delete list;
}

OutboxPool::OutboxPool() {
  free_.reserve(kListsKept);  // give_back() must not need memory
}

OutboxPool::~OutboxPool() = default;

OutboxPool::ListPtr OutboxPool::take() {
  if (free_.empty()) return ListPtr(new List());
  ListPtr list = std::move(free_.back());
  free_.pop_back();
  return list;
}

void OutboxPool::give_back(ListPtr list) noexcept {
  list->reset();
  if (list->entries.capacity() <= kEntriesKept && free_.size() < kListsKept) {
    free_.push_back(std::move(list));
  }
}

void OutboxPool::List::reset() noexcept {
  entries.clear();
  index.reset();
  head = waiting = sent = bytes = 0;
}

void OutboxPool::List::remove(Entry& entry) noexcept {
  bytes -= entry.frame->wire().size();
  entry.frame = FrameRef();
  --waiting;
}

/// Moves the entries together. Seldom: only once most of the list is gaps, or already sent.
void OutboxPool::List::close_gaps() {
  entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(head));
  head = 0;
  std::erase_if(entries, [](const Entry& entry) { return !entry.frame; });
  if (!index) return;
  index.reset();
  if (waiting > kScannedEntries) make_index();
}

// ---- Conflation ----

bool OutboxPool::List::supersede(std::uint64_t key, TimePoint& since,
                                 std::chrono::milliseconds conflation) {
  if (!index && waiting > kScannedEntries) make_index();
  const Places places = places_of(key);
  if (places.newest == kNowhere) return false;
  Entry& newest = entries[places.newest];
  const bool keeps_its_place = since - newest.since >= conflation;
  if (keeps_its_place && places.before == kNowhere) return false;
  since = newest.since;
  remove(newest);
  if (index) (*index)[key].newest = kNowhere;
  return true;
}

Places OutboxPool::List::places_of(std::uint64_t key) const {
  if (!index) return scan(key);
  const auto found = index->find(key);
  if (found == index->end()) return {};
  Places places = found->second;
  // Sent since, or about to be: no longer ours to take back.
  const auto first = static_cast<std::uint32_t>(first_unsent());
  if (places.before < first) places.before = kNowhere;
  if (places.newest < first) places.newest = kNowhere;
  return places;
}

Places OutboxPool::List::scan(std::uint64_t key) const {
  Places places;
  for (std::size_t i = first_unsent(); i < entries.size(); ++i) {
    const FrameRef& frame = entries[i].frame;
    if (!frame || frame.terms().key != key) continue;
    places.before = places.newest;
    places.newest = static_cast<std::uint32_t>(i);
  }
  return places;
}

void OutboxPool::List::make_index() {
  index = std::make_unique<KeyIndex>();
  for (std::size_t i = head; i < entries.size(); ++i) {
    const FrameRef& frame = entries[i].frame;
    if (!frame || frame.terms().key == 0) continue;
    Places& places = (*index)[frame.terms().key];
    places.before = places.newest;
    places.newest = static_cast<std::uint32_t>(i);
  }
}

// ---- Queueing ----

std::size_t Outbox::size() const noexcept {
  return list_ ? list_->waiting : 0;
}

std::size_t Outbox::bytes() const noexcept {
  return list_ ? list_->bytes : 0;
}

bool Outbox::partly_sent() const noexcept {
  return list_ && list_->sent > 0;
}

bool Outbox::holds(std::span<const FrameRef> frames) const noexcept {
  if (frames.size() != size() || !list_) return false;
  std::size_t i = 0;
  for (auto entry = list_->entries.begin() + static_cast<std::ptrdiff_t>(list_->head);
       entry != list_->entries.end(); ++entry) {
    if (!entry->frame) continue;
    if (!entry->frame.same_as(frames[i++])) return false;
  }
  return true;
}

void Outbox::copy_to(std::vector<FrameRef>& out) const {
  if (!list_) return;
  for (std::size_t i = list_->head; i < list_->entries.size(); ++i) {
    if (list_->entries[i].frame) out.push_back(list_->entries[i].frame);
  }
}

void Outbox::push(const FrameRef& frame) {
  append(frame, frame.since());
}

bool Outbox::push(const FrameRef& frame, std::chrono::milliseconds conflation) {
  if (!list_ || frame.terms().delivery_class != DeliveryClass::latest) {
    append(frame, frame.since());
    return false;
  }
  TimePoint since = frame.since();
  const bool superseded = list_->supersede(frame.terms().key, since, conflation);
  append(frame, since);
  return superseded;
}

void Outbox::append(const FrameRef& frame, TimePoint since) {
  if (!list_) list_ = pool_.take();
  OutboxPool::List& list = *list_;
  if (list.entries.size() - list.head > 2 * list.waiting + kScannedEntries) list.close_gaps();
  if (list.index && frame.terms().key != 0) {
    Places& places = (*list.index)[frame.terms().key];
    if (places.newest != kNowhere) places.before = places.newest;
    places.newest = static_cast<std::uint32_t>(list.entries.size());
  }
  list.entries.push_back({.frame = frame, .since = since});
  ++list.waiting;
  list.bytes += frame->wire().size();
}

void Outbox::pop() {
  OutboxPool::List& list = *list_;
  list.remove(list.entries[list.head]);
  ++list.head;
  if (list.waiting == 0) return clear();
  // A queue that never empties must not grow at its front.
  if (list.head >= 64 && list.head * 2 > list.entries.size()) list.close_gaps();
}

void Outbox::clear() noexcept {
  if (list_) pool_.give_back(std::move(list_));
}

// ---- Sending ----

std::size_t Outbox::gather(std::span<iovec> parts, const WireForm& form) const {
  if (!list_) return 0;
  std::size_t count = 0;
  std::size_t skipped = list_->sent;
  for (std::size_t i = list_->head; i < list_->entries.size() && count < parts.size(); ++i) {
    const FrameRef& frame = list_->entries[i].frame;
    if (!frame) continue;
    const std::string_view wire = form.of(frame).substr(std::exchange(skipped, 0));
    parts[count++] = {const_cast<char*>(wire.data()), wire.size()};
  }
  return count;
}

void Outbox::consume(std::size_t bytes, const WireForm& form) {
  while (list_) {
    list_->skip_gaps();
    const std::size_t left = form.of(list_->entries[list_->head].frame).size() - list_->sent;
    if (bytes < left) {
      list_->sent += bytes;
      return;
    }
    bytes -= left;
    list_->sent = 0;
    pop();
  }
  OUTCRY_ASSERT(bytes == 0);
}

void Outbox::take_payload(std::string& out, std::size_t packets_max) {
  std::size_t packets = 0;
  while (list_) {
    list_->skip_gaps();
    const FrameRef& frame = list_->entries[list_->head].frame;
    packets += frame->packet_count();
    // An event and its attachments are one unit, also when it alone exceeds the cap.
    if (packets > packets_max && packets != frame->packet_count()) break;
    if (packets != frame->packet_count()) out += engineio::kSeparator;
    frame->append_payload(out);
    pop();
  }
}

void Outbox::take_wire(std::string& out, bool first_only, const WireForm& form) {
  if (!list_) return;
  std::size_t skipped = list_->sent;
  for (std::size_t i = list_->head; i < list_->entries.size(); ++i) {
    const FrameRef& frame = list_->entries[i].frame;
    if (!frame) continue;
    if (first_only && (i > list_->head || list_->sent == 0)) break;
    out += form.of(frame).substr(std::exchange(skipped, 0));
  }
  clear();
}

}  // namespace outcry::transport
