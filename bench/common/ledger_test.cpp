#include "common/ledger.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace outcry::bench {
namespace {

struct LedgerTest : testing::Test {
  ~LedgerTest() override { std::filesystem::remove(file); }
  std::string file =
      (std::filesystem::temp_directory_path() / ("outcry-ledger-test-" + std::to_string(getpid())))
          .string();
};

TEST_F(LedgerTest, what_is_written_is_read_again) {
  Ledger written;
  written.add(42, EventKind::equity_updated, 0, 100);
  written.add(42, EventKind::equity_updated, 0, 110);
  written.add(42, EventKind::equity_updated, 27, 105);
  written.add(42, EventKind::risk_alert, 0, 107);
  written.add(0, EventKind::risk_alert, 0, ~std::uint64_t{0});
  written.write(file);
  const Ledger read = Ledger::read(file);
  for (const std::uint32_t room : {0U, 1U, 42U}) EXPECT_EQ(read.of(room), written.of(room)) << room;
  EXPECT_EQ(read.of(42)[0], (StreamSum{.count = 2, .sum = 210, .newest_ns = 110}));
  EXPECT_EQ(read.of(42)[27].newest_ns, 105U);
  EXPECT_EQ(read.of(42)[stream_slot(EventKind::risk_alert, 0)].count, 1U);
  EXPECT_EQ(read.of(1), RoomStreams{});
}

TEST_F(LedgerTest, a_line_that_is_no_stream_is_an_error_that_names_its_place) {
  for (const char* line :
       {"0000001 equity_updated EURUSD 1 2", "0000001 equity_updated - 1 2 3",
        "0000001 risk_alert EURUSD 1 2 3", "0000001 other - 1 2 3", "x risk_alert - 1 2 3", ""}) {
    std::ofstream(file) << "0000001 risk_alert - 1 2 3\n" << line << '\n';
    try {
      (void)Ledger::read(file);  // what it returns doesn't matter: it must not return
      FAIL() << line;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string(error.what()), file + ":2: not a stream");
    }
  }
}

TEST_F(LedgerTest, a_missing_file_is_an_error) {
  EXPECT_THROW((void)Ledger::read(file), std::runtime_error);
}

TEST(Events, names_and_symbols_are_found_by_their_text) {
  EXPECT_EQ(event_kind("risk_alert"), EventKind::risk_alert);
  EXPECT_EQ(event_kind("RISK_ALERT"), std::nullopt);
  for (std::size_t i = 0; i < kSymbols.size(); ++i) {
    EXPECT_EQ(kSymbols[i].size(), kSymbolBytes);
    EXPECT_EQ(symbol_index(kSymbols[i]), i);
  }
  EXPECT_EQ(symbol_index("EURUS"), std::nullopt);
}

}  // namespace
}  // namespace outcry::bench
