#include "protocol/websocket/deflate.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace outcry::websocket {
namespace {

constexpr std::size_t kBytesMax = 1'000'000;

std::string inflated(Inflater& inflater, std::string_view payload, std::size_t max = kBytesMax) {
  const Result<Bytes> out = inflater.inflate(as_bytes(payload), max);
  return out ? std::string(as_text(*out)) : "error: " + out.error().message();
}

std::error_code error_of(std::string_view payload, std::size_t max = kBytesMax) {
  Inflater inflater;
  const Result<Bytes> out = inflater.inflate(as_bytes(payload), max);
  return out ? std::error_code{} : out.error();
}

std::string random_text(std::size_t size) {
  std::mt19937 random(1);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random() & 0xFF);
  return text;
}

TEST(Deflate, what_is_deflated_inflates_again_for_every_window) {
  Inflater inflater;
  const std::vector<std::string> messages = {
      "", "a", std::string(100'000, 'r'), random_text(100'000), "Hello", ""};
  for (int bits = 9; bits <= 15; ++bits) {
    Deflater deflater(bits);
    for (const std::string& message : messages) {
      std::string payload = "kept";
      deflater.deflate(message, payload);
      EXPECT_EQ(inflated(inflater, payload.substr(4)), message) << bits;
    }
  }
}

TEST(Deflate, the_examples_of_rfc_7692) {
  Inflater inflater;
  const auto hex = [](std::initializer_list<int> bytes) {
    std::string text;
    for (const int byte : bytes) text.push_back(static_cast<char>(byte));
    return text;
  };
  EXPECT_EQ(inflated(inflater, hex({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})), "Hello");
  // A stored block (§7.2.3.3), a final block (§7.2.3.5), two blocks (§7.2.3.6).
  EXPECT_EQ(
      inflated(inflater, hex({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00})),
      "Hello");
  EXPECT_EQ(inflated(inflater, hex({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})), "Hello");
  EXPECT_EQ(inflated(inflater, hex({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9,
                                    0xc9, 0x07, 0x00})),
            "Hello");
  EXPECT_EQ(inflated(inflater, hex({0x00})), "");
  EXPECT_EQ(inflated(inflater, ""), "");
}

TEST(Deflate, the_limit_holds_while_inflating) {
  std::string bomb;
  Deflater().deflate(std::string(50'000'000, '\0'), bomb);
  EXPECT_LT(bomb.size(), 300'000U);
  EXPECT_EQ(error_of(bomb, 1'000'000), WebSocketError::message_too_big);
  std::string exact;
  Deflater().deflate(std::string(65'536, 'x'), exact);
  EXPECT_FALSE(error_of(exact, 65'536));
  EXPECT_EQ(error_of(exact, 65'535), WebSocketError::message_too_big);
  EXPECT_EQ(error_of(exact, 0), WebSocketError::message_too_big);
}

TEST(Deflate, a_payload_cut_anywhere_is_refused) {
  std::string payload;
  Deflater().deflate("tick 1.0845 tick 1.0846 tick 1.0847 EURUSD GBPUSD", payload);
  for (std::size_t size = 1; size < payload.size(); ++size) {
    EXPECT_EQ(error_of(payload.substr(0, size)), WebSocketError::invalid_deflate) << size;
  }
  EXPECT_EQ(error_of(payload + "\xFF"), WebSocketError::invalid_deflate);
}

TEST(Deflate, garbage_does_not_spoil_the_next_message) {
  Inflater inflater;
  EXPECT_FALSE(inflater.inflate(as_bytes("\xFF\xFF\xFF"), kBytesMax));
  std::string payload;
  Deflater().deflate("fine", payload);
  EXPECT_EQ(inflated(inflater, payload), "fine");
}

struct Answer {
  std::string_view offers;
  std::string_view added;  // to the fixed answer; "-": none
  int window_bits = 15;
};

TEST(Negotiation, offers_and_their_answers) {
  const std::string fixed =
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  const std::vector<Answer> answers = {
      {"permessage-deflate", ""},
      {"Permessage-Deflate ; Client_Max_Window_Bits", ""},
      {"permessage-deflate; client_max_window_bits=8", ""},
      {"permessage-deflate; server_no_context_takeover; client_no_context_takeover", ""},
      {"permessage-deflate;server_max_window_bits=9", "; server_max_window_bits=9", 9},
      {"permessage-deflate; server_max_window_bits=\"15\"", "; server_max_window_bits=15"},
      {"permessage-deflate; server_max_window_bits=\"1\\2\"", "; server_max_window_bits=12", 12},
      {"x-other; a=\"b\", permessage-deflate", ""},
      {"permessage-deflate; server_max_window_bits=8, permessage-deflate", ""},
      {"permessage-deflate; server_max_window_bits=10, permessage-deflate",
       "; server_max_window_bits=10", 10},
      {", ,permessage-deflate,", ""},
      // Declined: each breaks a rule of its parameter, or asks for what we don't know.
      {"", "-"},
      {"x-webkit-deflate-frame", "-"},
      {"permessage-deflate; unknown", "-"},
      {"permessage-deflate; server_max_window_bits", "-"},
      {"permessage-deflate; server_max_window_bits=8", "-"},
      {"permessage-deflate; server_max_window_bits=16", "-"},
      {"permessage-deflate; server_max_window_bits=09", "-"},
      {"permessage-deflate; server_max_window_bits=100", "-"},
      {"permessage-deflate; client_max_window_bits=7", "-"},
      {"permessage-deflate; client_max_window_bits=010", "-"},
      {"permessage-deflate; server_no_context_takeover=1", "-"},
      {"permessage-deflate; client_no_context_takeover=true", "-"},
      {"permessage-deflate; client_max_window_bits; client_max_window_bits=9", "-"},
      {"permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", "-"},
      {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", "-"},
  };
  for (const Answer& answer : answers) {
    const auto agreed = negotiate_deflate(answer.offers);
    ASSERT_TRUE(agreed) << answer.offers;
    ASSERT_EQ(agreed->has_value(), answer.added != "-") << answer.offers;
    if (!*agreed) continue;
    EXPECT_EQ((*agreed)->response, fixed + std::string(answer.added)) << answer.offers;
    EXPECT_EQ((*agreed)->server_max_window_bits, answer.window_bits) << answer.offers;
  }
}

TEST(Negotiation, a_value_that_breaks_the_grammar_is_refused) {
  for (const std::string_view offers :
       {";", "permessage-deflate;", "permessage-deflate; =1",
        "permessage-deflate; a=", "permessage-deflate; a=\"", "permessage-deflate; a=\"\"",
        "permessage-deflate; a=\"b c\"", "permessage-deflate; a=\"b\\", "permessage-deflate x",
        "permessage-deflate, @", "permessage-deflate; a=b=c"}) {
    const auto agreed = negotiate_deflate(offers);
    ASSERT_FALSE(agreed) << offers;
    EXPECT_EQ(agreed.error(), WebSocketError::malformed_extensions);
  }
}

}  // namespace
}  // namespace outcry::websocket
