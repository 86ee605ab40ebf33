#include "base/value_tree.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_text.h"

namespace outcry {
namespace {

using Index = ValueTree::Index;

std::string json_of(const ValueTree& tree, Index index) {
  std::string out;
  std::vector<std::string> attachments;
  tree.at(index).append_json(out, attachments);
  EXPECT_TRUE(json::validate(out)) << out;
  return out;
}

std::string real_json(double value) {
  ValueTree tree;
  return json_of(tree, tree.add_real(value));
}

TEST(ValueTree, writes_each_scalar) {
  ValueTree tree;
  EXPECT_EQ(json_of(tree, tree.add_null()), "null");
  EXPECT_EQ(json_of(tree, tree.add_boolean(true)), "true");
  EXPECT_EQ(json_of(tree, tree.add_boolean(false)), "false");
  EXPECT_EQ(json_of(tree, tree.add_int64(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(json_of(tree, tree.add_uint64(7)), "7");
  EXPECT_EQ(json_of(tree, tree.add_uint64(UINT64_MAX)), "18446744073709551615");
  EXPECT_EQ(json_of(tree, tree.add_bigint("1180591620717411303424")), "1180591620717411303424");
  EXPECT_EQ(json_of(tree, tree.add_string("a\"\n")), "\"a\\\"\\n\"");
  EXPECT_EQ(json_of(tree, tree.add_string("\xed\xa0\x80x\xff")), "\"\xef\xbf\xbdx\xef\xbf\xbd\"");
  EXPECT_EQ(json_of(tree, tree.add_array()), "[]");
  EXPECT_EQ(json_of(tree, tree.add_object()), "{}");
}

TEST(ValueTree, writes_reals_with_the_fewest_digits_that_read_back) {
  EXPECT_EQ(real_json(0.1), "0.1");
  EXPECT_EQ(real_json(1.0), "1");
  EXPECT_EQ(real_json(100000.0), "100000");
  EXPECT_EQ(real_json(0.0), "0");
  EXPECT_EQ(real_json(-0.0), "-0.0");
  EXPECT_EQ(real_json(-1e300), "-1e+300");
  EXPECT_EQ(real_json(5e-324), "5e-324");
  EXPECT_EQ(real_json(9999999999999998.0), "9999999999999998");
  EXPECT_EQ(real_json(1e16), "1e+16");
  EXPECT_EQ(real_json(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(real_json(std::nan("")), "null");
  EXPECT_EQ(real_json(-INFINITY), "null");
  for (const double value : {1.0 / 3, 1e-4, 9.9e-5, 123456.789, 2.5e15}) {
    EXPECT_EQ(std::stod(real_json(value)), value);
  }
}

TEST(ValueTree, extracts_bytes_depth_first) {
  ValueTree tree;
  const Index inner = tree.add_array();
  const Index object = tree.add_object();
  const Index root = tree.add_array();
  tree.append(inner, tree.add_bytes("second"));
  tree.insert(object, tree.add_string("a"), tree.add_bytes("first"));
  tree.insert(object, tree.add_string("b"), inner);
  tree.append(root, object);
  tree.append(root, tree.add_bytes("third"));
  std::string out;
  std::vector<std::string> attachments;
  tree.at(root).append_json(out, attachments);
  EXPECT_EQ(out, R"([{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]},)"
                 R"({"_placeholder":true,"num":2}])");
  EXPECT_THAT(attachments, testing::ElementsAre("first", "second", "third"));
}

TEST(ValueTree, writes_other_keys_as_python_does) {
  ValueTree tree;
  const Index object = tree.add_object();
  const auto put = [&](Index key) { tree.insert(object, key, tree.add_null()); };
  put(tree.add_int64(-1));
  put(tree.add_null());
  put(tree.add_boolean(false));
  put(tree.add_real(1.5));
  put(tree.add_real(1.0));
  put(tree.add_real(1e16));
  put(tree.add_real(-INFINITY));
  put(tree.add_bigint("-99999999999999999999"));
  EXPECT_EQ(json_of(tree, object),
            R"({"-1":null,"null":null,"false":null,"1.5":null,"1.0":null,"1e+16":null,)"
            R"("-Infinity":null,"-99999999999999999999":null})");
}

TEST(ValueTree, finds_the_last_of_equal_keys) {
  ValueTree tree;
  const Index object = tree.add_object();
  tree.insert(object, tree.add_string("k"), tree.add_int64(1));
  tree.insert(object, tree.add_int64(5), tree.add_int64(2));
  tree.insert(object, tree.add_string("k"), tree.add_int64(3));
  ASSERT_TRUE(tree.at(object).find("k"));
  EXPECT_EQ(tree.at(object).find("k")->integer(), 3);
  EXPECT_FALSE(tree.at(object).find("5"));
  EXPECT_EQ(tree.at(object).size(), 3u);
}

TEST(ValueTree, owned_text_survives_growth_of_the_tree) {
  ValueTree tree;
  const Index first = tree.add_owned_string("first");
  for (int i = 0; i < 1000; ++i) tree.add_owned_string(std::to_string(i));
  EXPECT_EQ(tree.at(first).text(), "first");
  EXPECT_EQ(tree.at(first + 1000).utf8(), "999");
}

// list in list in list …, `height` containers.
Index nest(ValueTree& tree, unsigned height) {
  Index inner = tree.add_array();
  for (unsigned i = 1; i < height; ++i) {
    const Index outer = tree.add_array();
    tree.append(outer, inner);
    inner = outer;
  }
  return inner;
}

TEST(ValueTree, bounds_depth_exactly) {
  ValueTree tree;
  const ValueLimits limits;
  EXPECT_EQ(tree.measure(nest(tree, 64), limits), std::error_code());
  EXPECT_EQ(tree.measure(nest(tree, 65), limits), ValueError::too_deep);
}

// The shared part is measured first where it is shallow, then met again where it is too deep.
TEST(ValueTree, bounds_depth_of_shared_parts_where_they_are_deepest) {
  ValueTree tree;
  const Index shared = nest(tree, 40);
  Index deep = shared;
  for (int i = 0; i < 30; ++i) {
    const Index outer = tree.add_array();
    tree.append(outer, deep);
    deep = outer;
  }
  const Index root = tree.add_array();
  tree.append(root, shared);
  EXPECT_EQ(tree.measure(root, ValueLimits{}), std::error_code());
  tree.append(root, deep);
  EXPECT_EQ(tree.measure(root, ValueLimits{}), ValueError::too_deep);
}

TEST(ValueTree, counts_shared_parts_as_often_as_they_occur) {
  ValueTree tree;
  Index bomb = tree.add_string("x");
  for (int i = 0; i < 40; ++i) {
    const Index outer = tree.add_array();
    tree.append(outer, bomb);
    tree.append(outer, bomb);
    bomb = outer;
  }
  EXPECT_EQ(tree.measure(bomb, ValueLimits{}), ValueError::too_many_nodes);

  ValueTree pair;
  const Index text = pair.add_string("12345");
  const Index list = pair.add_array();
  pair.append(list, text);
  pair.append(list, text);
  EXPECT_EQ(pair.measure(list, {.nodes_max = 3, .bytes_max = 10}), std::error_code());
  EXPECT_EQ(pair.measure(list, {.nodes_max = 2, .bytes_max = 10}), ValueError::too_many_nodes);
  EXPECT_EQ(pair.measure(list, {.nodes_max = 3, .bytes_max = 9}), ValueError::too_many_bytes);
}

TEST(ValueTree, refuses_cycles) {
  ValueTree tree;
  const Index a = tree.add_array();
  const Index b = tree.add_object();
  tree.append(a, b);
  tree.insert(b, tree.add_string("a"), a);
  EXPECT_EQ(tree.measure(a, ValueLimits{}), ValueError::cyclic);
  const Index self = tree.add_array();
  tree.append(self, self);
  EXPECT_EQ(tree.measure(self, ValueLimits{}), ValueError::cyclic);
}

}  // namespace
}  // namespace outcry
