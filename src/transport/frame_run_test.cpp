#include "transport/frame_run.h"

#include <gtest/gtest.h>

namespace outcry::transport {
namespace {

class FrameRunTest : public testing::Test {
 protected:
  FrameRef frame(std::string_view packet) { return frames_.share(make_frame(packet)); }
  std::string joined(std::initializer_list<FrameRef> waiting, std::size_t sent = 0) {
    Outbox outbox(lists_);
    for (const FrameRef& one : waiting) outbox.push(one);
    outbox.consume(sent, {});
    return std::string(run_.joined(outbox, {}));
  }

  FramePool frames_;
  OutboxPool lists_;
  FrameRun run_;
};

TEST_F(FrameRunTest, the_second_of_the_same_list_gets_it_in_one_piece) {
  const FrameRef a = frame("4a"), b = frame("4b"), c = frame("4c");
  const std::string all = std::string(a->wire()) + std::string(b->wire());
  EXPECT_EQ(joined({a, b}), "");
  EXPECT_EQ(joined({a, b}), all);
  EXPECT_EQ(joined({a, b}), all);
  EXPECT_EQ(joined({a, b, c}), "") << "another list";
  EXPECT_EQ(joined({a, b, c}), all + std::string(c->wire()));
  EXPECT_EQ(joined({b, a, c}), "") << "another order";
}

TEST_F(FrameRunTest, one_frame_and_one_that_is_partly_sent_stay_as_they_are) {
  const FrameRef a = frame("4a"), b = frame("4b");
  EXPECT_EQ(joined({a}), "");
  EXPECT_EQ(joined({a}), "");
  EXPECT_EQ(joined({a, b}), "");
  EXPECT_EQ(joined({a, b}, 1), "");
  EXPECT_EQ(joined({a, b}), std::string(a->wire()) + std::string(b->wire()));
}

TEST_F(FrameRunTest, long_lists_are_not_copied) {
  const std::string half(32 * 1024, 'x');
  const FrameRef a = frame(half), b = frame(half), small = frame("4b");
  EXPECT_EQ(joined({a, b}), "");
  EXPECT_EQ(joined({a, b}), "");
  EXPECT_EQ(joined({a, small}), "");
  EXPECT_EQ(joined({a, small}), std::string(a->wire()) + std::string(small->wire()));
}

TEST_F(FrameRunTest, equal_bytes_of_another_frame_are_another_list) {
  const FrameRef tail = frame("4z");
  {
    const FrameRef mine = frame("4a");
    EXPECT_EQ(joined({mine, tail}), "");
  }
  const FrameRef yours = frame("4b");  // would lie where mine lay, if the run had let it go
  EXPECT_EQ(joined({yours, tail}), "");
  EXPECT_EQ(joined({yours, tail}), std::string(yours->wire()) + std::string(tail->wire()));
}

TEST_F(FrameRunTest, a_superseded_frame_is_no_part_of_the_list) {
  const DeliveryTerms terms{.delivery_class = DeliveryClass::latest, .key = 1};
  const FrameRef old = frames_.share(make_frame("4old"), terms);
  const FrameRef fresh = frames_.share(make_frame("4new"), terms);
  const FrameRef must = frame("4must");
  const auto offer = [&] {
    Outbox outbox(lists_);
    outbox.push(old);
    outbox.push(must);
    outbox.push(fresh, std::chrono::milliseconds(100));
    return std::string(run_.joined(outbox, {}));
  };
  EXPECT_EQ(offer(), "");
  EXPECT_EQ(offer(), std::string(must->wire()) + std::string(fresh->wire()));
}

TEST_F(FrameRunTest, cleared_it_holds_nothing) {
  const SharedFrame shared = make_frame("4a");
  {
    const FrameRef a = frames_.share(shared), b = frame("4b");
    EXPECT_EQ(joined({a, b}), "");
  }
  EXPECT_EQ(shared.use_count(), 2u);
  run_.clear();
  EXPECT_EQ(shared.use_count(), 1u);
}

}  // namespace
}  // namespace outcry::transport
