#include "base/slot_table.h"

#include <gtest/gtest.h>

#include "base/ids.h"

namespace outcry {
namespace {

struct Thing {
  Thing(SessionId own, int v) : id(own), value(v) {}
  SessionId id;
  int value;
};

TEST(SlotTable, a_reused_slot_is_not_found_by_the_old_id) {
  SlotTable<Thing, SessionId> table;
  const SessionId first = table.emplace(1).id;
  table.erase(first);
  const SessionId second = table.emplace(2).id;
  EXPECT_EQ(first.slot, second.slot);
  EXPECT_EQ(table.find(first), nullptr);
  ASSERT_NE(table.find(second), nullptr);
  EXPECT_EQ(table.find(second)->value, 2);
}

TEST(SlotTable, objects_stay_where_they_are_while_the_table_grows) {
  SlotTable<Thing, SessionId> table;
  Thing& first = table.emplace(0);
  for (int i = 1; i < 2000; ++i) table.emplace(i);
  EXPECT_EQ(&first, table.find(first.id));
  EXPECT_EQ(table.size(), 2000u);
}

TEST(SlotTable, the_default_id_names_nobody) {
  SlotTable<Thing, SessionId> table;
  EXPECT_EQ(table.find(SessionId{}), nullptr);
  table.emplace(1);
  EXPECT_EQ(table.find(SessionId{}), nullptr);
}

}  // namespace
}  // namespace outcry
