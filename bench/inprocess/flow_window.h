// inprocess/flow_window.h — how far a publisher may run ahead of the worker.
//
//   published ────────────────▶ 1000
//   asked, after               896          "have you taken what came before this question?"
//   confirmed, by the answer   640          open while published − confirmed < limit
//
// A question travels in the worker's mailbox behind the events published before it, so its answer
// says that they were taken. That bounds the queue without a look into the gateway. Pure.
#pragma once

#include <cstdint>

namespace outcry::bench {

class FlowWindow {
 public:
  /// `limit` >= 1 events. A burst may exceed it once, when the window was open before.
  explicit FlowWindow(std::uint64_t limit) noexcept : limit_(limit) {}

  [[nodiscard]] bool is_open() const noexcept { return published_ - confirmed_ < limit_; }
  void published(std::uint64_t events) noexcept { published_ += events; }

  /// Not while a question is under way, and not before half of the window is used: questions cost
  /// both threads time.
  [[nodiscard]] bool should_ask() const noexcept {
    return !asking_ && published_ - confirmed_ >= (limit_ + 1) / 2;
  }
  void asked() noexcept {
    asking_ = true;
    asked_after_ = published_;
  }
  void answered() noexcept {
    asking_ = false;
    confirmed_ = asked_after_;
  }

 private:
  std::uint64_t limit_;
  std::uint64_t published_ = 0;
  std::uint64_t asked_after_ = 0;
  std::uint64_t confirmed_ = 0;
  bool asking_ = false;
};

}  // namespace outcry::bench
