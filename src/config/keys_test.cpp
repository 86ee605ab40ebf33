#include "config/keys.h"

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "config/config.h"

namespace outcry::config {
namespace {

TEST(ConfigKeys, names_are_unique_and_limits_hold_for_the_defaults) {
  std::set<std::string> names;
  std::set<std::string> variables;
  for (const ConfigKey& key : config_keys()) {
    EXPECT_TRUE(names.insert(full_name(key)).second) << full_name(key);
    EXPECT_TRUE(variables.insert(environment_name(key)).second) << environment_name(key);
    EXPECT_TRUE(key.meaning.ends_with('.')) << full_name(key);
    EXPECT_EQ(find_key(key.section, key.name), &key);
  }
}

TEST(ConfigKeys, a_unit_in_the_name_is_the_unit_of_the_key) {
  for (const ConfigKey& key : config_keys()) {
    EXPECT_EQ(key.name.ends_with("_ms"), key.unit == "ms") << full_name(key);
    EXPECT_EQ(key.name.ends_with("_s"), key.unit == "s") << full_name(key);
    if (key.name.find("bytes") != std::string_view::npos) {
      EXPECT_EQ(key.unit, "bytes");
    }
  }
}

TEST(ConfigReference, the_page_is_what_the_table_prints) {
  std::ifstream file(OUTCRY_CONFIG_REFERENCE);
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(page, config_reference_markdown())
      << "print it again: outcry default-config --markdown > docs/reference/config.md";
}

}  // namespace
}  // namespace outcry::config
