#include "transport/outbox.h"

#include <algorithm>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/assert.h"
#include "protocol/engineio/packet.h"

namespace outcry::transport {
namespace {

// Up to here a scan for a key is cheaper than an index.
constexpr std::size_t kScannedEntries = 32;

}  // namespace

/// Where the waiting entries of each key are, for an outbox that has grown long.
struct Outbox::KeyIndex {
  boost::unordered_flat_map<std::uint64_t, Places> places;
};

Outbox::Outbox(FramePool& pool) : pool_(pool) {}

Outbox::~Outbox() {
  clear();
}

bool Outbox::push(const FrameRef& frame, std::chrono::milliseconds conflation) {
  if (entries_.capacity() == 0) entries_ = pool_.take_list();
  const bool is_latest = frame.terms().delivery_class == DeliveryClass::latest;
  Entry entry{.frame = frame, .since = frame.since()};
  const bool superseded = is_latest && waiting_ > 0 && supersede(entry, conflation);
  if (entries_.size() - head_ > 2 * std::size_t{waiting_} + kScannedEntries) close_gaps();
  if (is_latest && index_) {
    Places& places = index_->places[frame.terms().key];
    if (places.newest != kNowhere) places.before = places.newest;
    places.newest = static_cast<std::uint32_t>(entries_.size());
  }
  entries_.push_back(std::move(entry));
  ++waiting_;
  bytes_ += frame->wire().size();
  return superseded;
}

// ---- Conflation ----

bool Outbox::supersede(Entry& entry, std::chrono::milliseconds conflation) {
  if (!index_ && entries_.size() - head_ > kScannedEntries) index();
  const std::uint64_t key = entry.frame.terms().key;
  const Places places = places_of(key);
  if (places.newest == kNowhere) return false;
  Entry& newest = entries_[places.newest];
  const bool keeps_its_place = entry.since - newest.since >= conflation;
  if (keeps_its_place && places.before == kNowhere) return false;
  entry.since = newest.since;
  remove(newest);
  if (index_) index_->places[key].newest = kNowhere;
  return true;
}

Outbox::Places Outbox::places_of(std::uint64_t key) const {
  if (!index_) return scan(key);
  const auto found = index_->places.find(key);
  if (found == index_->places.end()) return {};
  Places places = found->second;
  // Sent since, or about to be: no longer ours to take back.
  const auto first = static_cast<std::uint32_t>(first_unsent());
  if (places.before < first) places.before = kNowhere;
  if (places.newest < first) places.newest = kNowhere;
  return places;
}

Outbox::Places Outbox::scan(std::uint64_t key) const {
  Places places;
  for (std::size_t i = first_unsent(); i < entries_.size(); ++i) {
    const FrameRef& frame = entries_[i].frame;
    if (!frame || frame.terms().key != key) continue;
    places.before = places.newest;
    places.newest = static_cast<std::uint32_t>(i);
  }
  return places;
}

void Outbox::index() {
  index_ = std::make_unique<KeyIndex>();
  for (std::size_t i = head_; i < entries_.size(); ++i) {
    const FrameRef& frame = entries_[i].frame;
    if (!frame || frame.terms().key == 0) continue;
    Places& places = index_->places[frame.terms().key];
    places.before = places.newest;
    places.newest = static_cast<std::uint32_t>(i);
  }
}

void Outbox::remove(Entry& entry) noexcept {
  bytes_ -= entry.frame->wire().size();
  entry.frame = FrameRef();
  --waiting_;
}

/// Moves the entries together. Seldom: only once most of the list is gaps, or already sent.
void Outbox::close_gaps() {
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
  std::erase_if(entries_, [](const Entry& entry) { return !entry.frame; });
  if (!index_) return;
  index_.reset();
  if (entries_.size() > kScannedEntries) index();
}

void Outbox::skip_gaps() noexcept {
  while (head_ < entries_.size() && !entries_[head_].frame) ++head_;
}

// ---- Sending ----

std::size_t Outbox::gather(std::span<iovec> parts, const WireForm& form) const {
  std::size_t count = 0;
  std::size_t skipped = sent_;
  for (std::size_t i = head_; i < entries_.size() && count < parts.size(); ++i) {
    if (!entries_[i].frame) continue;
    const std::string_view wire = form.of(entries_[i].frame).substr(std::exchange(skipped, 0));
    parts[count++] = {const_cast<char*>(wire.data()), wire.size()};
  }
  return count;
}

void Outbox::consume(std::size_t bytes, const WireForm& form) {
  sent_ += bytes;
  while (!empty()) {
    skip_gaps();
    const std::size_t size = form.of(entries_[head_].frame).size();
    if (sent_ < size) return;
    sent_ -= size;
    pop();
  }
  OUTCRY_ASSERT(sent_ == 0);
}

void Outbox::take_payload(std::string& out, std::size_t packets_max) {
  std::size_t packets = 0;
  while (!empty()) {
    skip_gaps();
    const FrameRef& entry = entries_[head_].frame;
    packets += entry->packet_count();
    // An event and its attachments are one unit, also when it alone exceeds the cap.
    if (packets > packets_max && packets != entry->packet_count()) break;
    if (packets != entry->packet_count()) out += engineio::kSeparator;
    entry->append_payload(out);
    pop();
  }
}

void Outbox::take_wire(std::string& out, bool first_only, const WireForm& form) {
  std::size_t skipped = sent_;
  for (std::size_t i = head_; i < entries_.size(); ++i) {
    if (!entries_[i].frame) continue;
    if (first_only && (i > head_ || sent_ == 0)) break;
    out += form.of(entries_[i].frame).substr(std::exchange(skipped, 0));
  }
  clear();
}

void Outbox::pop() {
  const std::size_t sent = sent_;
  remove(entries_[head_]);
  ++head_;
  if (empty()) {
    clear();
    sent_ = sent;
    return;
  }
  // A queue that never empties must not grow at its front.
  if (head_ >= 64 && std::size_t{head_} * 2 > entries_.size()) close_gaps();
}

void Outbox::clear() noexcept {
  if (entries_.capacity() > 0) pool_.give_back(std::move(entries_));
  entries_ = {};
  index_.reset();
  head_ = 0;
  waiting_ = 0;
  sent_ = 0;
  bytes_ = 0;
}

}  // namespace outcry::transport
