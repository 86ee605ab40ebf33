#include "gateway/audit_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

class AuditLinkTest : public testing::Test {
 protected:
  static audit::Record note(int second) {
    return {.kind = audit::Kind::deny, .time = WallTime(std::chrono::seconds(second))};
  }
  /// What control gets, in its order: the second of each note, and minus the count of those lost.
  std::vector<int> drain() {
    std::vector<int> out;
    (void)mailbox_.drain(1'000, [&](ToControl message) {
      if (const auto* one = std::get_if<AuditNote>(&message)) {
        out.push_back(static_cast<int>((*one)->time.time_since_epoch() / std::chrono::seconds(1)));
        addresses_.push_back((*one)->address);
      } else {
        lost_ = std::get<AuditLost>(message);
        out.push_back(-static_cast<int>(lost_.count));
      }
    });
    return out;
  }

  const AuditRules rules_{.rooms = true};
  ControlWaker waker_{[] {}};
  ControlMailbox mailbox_{waker_, 2};
  ControlLink control_{mailbox_};
  AuditLink link_{rules_, control_,
                  [](EngineId) { return net::IpAddress::parse("192.0.2.9").value(); }};
  std::vector<std::string> addresses_;
  AuditLost lost_;
};

TEST_F(AuditLinkTest, a_clients_note_has_its_address) {
  link_.send(note(1), EngineId{.slot = 3, .generation = 1});
  link_.send(note(2));
  EXPECT_EQ(drain(), (std::vector{1, 2}));
  EXPECT_EQ(addresses_, (std::vector<std::string>{"192.0.2.9", ""}));
}

TEST_F(AuditLinkTest, notes_that_control_has_no_room_for_are_counted_and_told_later) {
  for (int i = 1; i <= 3; ++i) link_.send(note(i));  // the third waits in the link
  for (int i = 4; i <= 9; ++i) link_.send(note(i));
  link_.flush();
  (void)control_.flush();
  EXPECT_EQ(drain(), (std::vector{1, 2}));
  (void)control_.flush();  // what had waited goes first
  link_.flush();
  (void)control_.flush();
  EXPECT_EQ(drain(), (std::vector{3, -6}));
  EXPECT_EQ(lost_.from, WallTime(std::chrono::seconds(4)));
  EXPECT_EQ(lost_.to, WallTime(std::chrono::seconds(9)));
  link_.send(note(10));
  link_.flush();
  EXPECT_EQ(drain(), (std::vector{10}));
}

}  // namespace
}  // namespace outcry::gateway
