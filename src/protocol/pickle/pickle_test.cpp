#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/pickle/decimal.h"
#include "protocol/pickle/opcode.h"
#include "protocol/pickle/pickle_decoder.h"

namespace outcry::pickle {
namespace {

using namespace std::string_literals;

const std::string kProto = "\x80\x04";

std::string json_of(const std::string& program, PickleDecoder& decoder) {
  const auto value = decoder.decode(program);
  if (!value) return "error: " + value.error().message();
  std::string out;
  std::vector<std::string> attachments;
  value->append_json(out, attachments);
  for (const std::string& attachment : attachments) out += "+" + attachment;
  return out;
}

// The JSON of `body` between PROTO and STOP.
std::string json_of(const std::string& body) {
  PickleDecoder decoder;
  return json_of(kProto + body + ".", decoder);
}

std::error_code error_of(const std::string& program, const ValueLimits& limits = {}) {
  PickleDecoder decoder(limits);
  const auto value = decoder.decode(program);
  return value ? std::error_code() : value.error();
}

std::error_code body_error(const std::string& body, const ValueLimits& limits = {}) {
  return error_of(kProto + body + ".", limits);
}

TEST(Pickle, decodes_scalars) {
  EXPECT_EQ(json_of("N"), "null");
  EXPECT_EQ(json_of("\x88"), "true");
  EXPECT_EQ(json_of("\x89"), "false");
  EXPECT_EQ(json_of("K\xff"), "255");
  EXPECT_EQ(json_of("M\xff\xff"), "65535");
  EXPECT_EQ(json_of("J\xff\xff\xff\xff"), "-1");
  EXPECT_EQ(json_of("J\0\0\0\x80"s), "-2147483648");
  EXPECT_EQ(json_of("G\x3f\xf8\0\0\0\0\0\0"s), "1.5");
}

TEST(Pickle, decodes_integers_of_any_length) {
  EXPECT_EQ(json_of("\x8a\0"s), "0");
  EXPECT_EQ(json_of("\x8a\x01\xff"), "-1");
  EXPECT_EQ(json_of("\x8a\x02\xff\0"s), "255");
  EXPECT_EQ(json_of("\x8a\x08\0\0\0\0\0\0\0\x80"s), "-9223372036854775808");
  EXPECT_EQ(json_of("\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\0"s), "18446744073709551615");
  EXPECT_EQ(json_of("\x8a\x09\0\0\0\0\0\0\0\0\x40"s), "1180591620717411303424");
  EXPECT_EQ(json_of("\x8b\x09\0\0\0\0\0\0\0\0\0\0\0\xc0"s), "-1180591620717411303424");
}

TEST(Pickle, bounds_integers_exactly) {
  const std::string longest = "\x8b\0\x02\0\0"s + std::string(512, '\x7f');
  EXPECT_EQ(json_of(longest).size(), 1233u);
  EXPECT_EQ(body_error("\x8b\x01\x02\0\0"s + std::string(513, '\x7f')),
            PickleError::integer_too_long);
  EXPECT_EQ(body_error("\x8b\xff\xff\xff\xff"), PickleError::integer_too_long);
}

TEST(Pickle, decimal_keeps_zeros_between_groups) {
  EXPECT_EQ(decimal_of(""), "0");
  EXPECT_EQ(decimal_of(std::string(16, '\0')), "0");
  EXPECT_EQ(decimal_of("\x01\0\0\0\0\0\0\0\0"s), "1");
  EXPECT_EQ(decimal_of("\0\xca\x9a\x3b\0"s), "1000000000");
  EXPECT_EQ(decimal_of(std::string(15, '\xff') + "\x7f"),
            "170141183460469231731687303715884105727");
  EXPECT_EQ(decimal_of(std::string(15, '\0') + "\x80"), "-170141183460469231731687303715884105728");
}

TEST(Pickle, decodes_text_and_bytes_in_every_width) {
  EXPECT_EQ(json_of("\x8c\x01x"), "\"x\"");
  EXPECT_EQ(json_of("X\x01\0\0\0x"s), "\"x\"");
  EXPECT_EQ(json_of("\x8d\x01\0\0\0\0\0\0\0x"s), "\"x\"");
  const std::string placeholder = R"({"_placeholder":true,"num":0}+x)";
  EXPECT_EQ(json_of("C\x01x"), placeholder);
  EXPECT_EQ(json_of("B\x01\0\0\0x"s), placeholder);
  EXPECT_EQ(json_of("\x8e\x01\0\0\0\0\0\0\0x"s), placeholder);
  EXPECT_EQ(json_of("\x96\x01\0\0\0\0\0\0\0x"s), placeholder);
}

TEST(Pickle, builds_containers) {
  EXPECT_EQ(json_of("]"), "[]");
  EXPECT_EQ(json_of("}"), "{}");
  EXPECT_EQ(json_of(")"), "[]");
  EXPECT_EQ(json_of("]K\x01"
                    "a"),
            "[1]");
  EXPECT_EQ(json_of("](K\x01K\x02"
                    "e"),
            "[1,2]");
  EXPECT_EQ(json_of("](e"), "[]");
  EXPECT_EQ(json_of("}\x8c\x01kK\x01s"), "{\"k\":1}");
  EXPECT_EQ(json_of("}(\x8c\x01kK\x01K\x02Nu"), "{\"k\":1,\"2\":null}");
  EXPECT_EQ(json_of("K\x01\x85"), "[1]");
  EXPECT_EQ(json_of("K\x01K\x02\x86"), "[1,2]");
  EXPECT_EQ(json_of("K\x01K\x02K\x03\x87"), "[1,2,3]");
  EXPECT_EQ(json_of("(K\x01(K\x02tt"), "[1,[2]]");
}

TEST(Pickle, tells_tuples_from_lists) {
  PickleDecoder decoder;
  EXPECT_TRUE(decoder.decode(kProto + ").")->is_tuple());
  EXPECT_TRUE(decoder.decode(kProto + "N\x85.")->is_tuple());
  EXPECT_FALSE(decoder.decode(kProto + "].")->is_tuple());
}

TEST(Pickle, memo_shares_values) {
  EXPECT_EQ(json_of("(\x8c\x01x\x94h\0t"s), "[\"x\",\"x\"]");
  EXPECT_EQ(json_of("(\x8c\x01xq\0j\0\0\0\0t"s), "[\"x\",\"x\"]");
  EXPECT_EQ(json_of("(\x8c\x01xr\0\0\0\0h\0t"s), "[\"x\",\"x\"]");
  EXPECT_EQ(body_error("h\0"s), PickleError::memo_unset);
  EXPECT_EQ(body_error("Nr\xff\xff\xff\xff"), PickleError::wrong_operand);
  EXPECT_EQ(body_error("\x94"), PickleError::stack_underflow);
}

TEST(Pickle, accepts_protocols_2_to_5_only) {
  for (char version = 0; version < 8; ++version) {
    const std::error_code error = error_of("\x80"s + version + "N.");
    EXPECT_EQ(!error, version >= 2 && version <= 5) << int{version};
  }
  EXPECT_EQ(error_of("N."), PickleError::protocol_missing);
  EXPECT_EQ(error_of(""), PickleError::unexpected_end);
  EXPECT_EQ(error_of("\x80"), PickleError::unexpected_end);
}

TEST(Pickle, frames_must_fit_and_mean_nothing_else) {
  EXPECT_EQ(json_of("\x95\x02\0\0\0\0\0\0\0N"s), "null");
  EXPECT_EQ(json_of("\x95\0\0\0\0\0\0\0\0N"s), "null");
  EXPECT_EQ(body_error("\x95\x03\0\0\0\0\0\0\0N"s), PickleError::unexpected_end);
  EXPECT_EQ(body_error("\x95\xff\xff\xff\xff\xff\xff\xff\xffN"), PickleError::unexpected_end);
}

// All 256 opcodes: what isn't in the list of opcode.h is refused, whatever lies on the stack.
TEST(Pickle, refuses_every_opcode_that_is_not_plain_data) {
  const std::string allowed =
      "().BCGJKMNX]aehjqrstu}\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x94\x95\x96";
  for (int byte = 0; byte < 256; ++byte) {
    const char opcode = static_cast<char>(byte);
    PickleDecoder decoder;
    const auto value = decoder.decode(kProto + "NNN" + opcode + "os\nsystem\n.");
    ASSERT_FALSE(value);
    const bool refused =
        value.error() == PickleError::opcode_refused && decoder.last_opcode() == byte;
    EXPECT_EQ(refused, allowed.find(opcode) == std::string::npos) << byte;
  }
  EXPECT_EQ(refused_name('c'), "GLOBAL");
  EXPECT_EQ(refused_name(0x93), "STACK_GLOBAL");
  EXPECT_EQ(refused_name(0xff), "unknown");
}

TEST(Pickle, refuses_wrong_operands) {
  EXPECT_EQ(body_error("}]Ns"), PickleError::wrong_operand);     // list as key
  EXPECT_EQ(body_error("})Ns"), PickleError::wrong_operand);     // tuple as key
  EXPECT_EQ(body_error("}C\0Ns"s), PickleError::wrong_operand);  // bytes as key
  EXPECT_EQ(body_error("]NNs"), PickleError::wrong_operand);     // SETITEM on a list
  EXPECT_EQ(body_error("}Na"), PickleError::wrong_operand);      // APPEND on a dict
  EXPECT_EQ(body_error(")Na"), PickleError::wrong_operand);      // APPEND on a tuple
  EXPECT_EQ(body_error("}(Nu"), PickleError::wrong_operand);     // a key without a value
  EXPECT_EQ(body_error("](NNu"), PickleError::wrong_operand);    // SETITEMS on a list
  EXPECT_EQ(body_error("N(Ne"), PickleError::wrong_operand);     // APPENDS on None
}

// The innermost mark is a floor: an opcode must not take what lies below it.
TEST(Pickle, nothing_reaches_below_the_mark) {
  EXPECT_EQ(body_error("](Na"), PickleError::stack_underflow);
  EXPECT_EQ(body_error("N(\x85"), PickleError::stack_underflow);
  EXPECT_EQ(body_error("](\x94"), PickleError::stack_underflow);
  EXPECT_EQ(body_error("]((Ne"), PickleError::stack_underflow);
  EXPECT_EQ(body_error("(Ne"), PickleError::stack_underflow);
  EXPECT_EQ(body_error("]Ne"), PickleError::mark_missing);
  EXPECT_EQ(body_error("Nt"), PickleError::mark_missing);
}

TEST(Pickle, stop_ends_with_one_value_and_no_more_bytes) {
  EXPECT_EQ(body_error(""), PickleError::stack_underflow);
  EXPECT_EQ(body_error("NN"), PickleError::leftover_values);
  EXPECT_EQ(body_error("N("), PickleError::leftover_values);
  EXPECT_EQ(error_of(kProto + "N.N"), PickleError::text_after_stop);
  EXPECT_EQ(error_of(kProto + "N"), PickleError::unexpected_end);
}

TEST(Pickle, every_cut_of_a_pickle_is_refused) {
  const std::string body = "}\x94(\x8c\x01k\x94]\x94(K\x01G\x3f\xf8\0\0\0\0\0\0eh\x01Nu."s;
  const std::string whole =
      kProto + "\x95" + static_cast<char>(body.size()) + std::string(7, '\0') + body;
  ASSERT_EQ(error_of(whole), std::error_code());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(error_of(whole.substr(0, size)), PickleError::unexpected_end) << size;
  }
}

TEST(Pickle, limits_count_what_the_memo_expands_to) {
  const std::string pair = "(\x8c\x04text\x94h\0t"s;  // 3 nodes, 8 bytes
  EXPECT_EQ(body_error(pair, {.nodes_max = 3, .bytes_max = 8}), std::error_code());
  EXPECT_EQ(body_error(pair, {.nodes_max = 2, .bytes_max = 8}), ValueError::too_many_nodes);
  EXPECT_EQ(body_error(pair, {.nodes_max = 3, .bytes_max = 7}), ValueError::too_many_bytes);
  EXPECT_EQ(body_error("]\x94h\0a"s), ValueError::cyclic);
}

// Without ever being reachable, values would fill the memory before STOP is seen.
TEST(Pickle, limits_hold_before_expansion_too) {
  const ValueLimits limits{.nodes_max = 10};
  EXPECT_EQ(error_of(kProto + std::string(11, 'N'), limits), ValueError::too_many_nodes);
  std::string tuples = "N";
  for (int i = 0; i < 30; ++i) tuples += "\x85";
  EXPECT_EQ(error_of(kProto + tuples, limits), ValueError::too_many_nodes);
}

TEST(Pickle, a_decoder_forgets_the_message_before) {
  PickleDecoder decoder;
  EXPECT_EQ(json_of(kProto + "\x8c\x01x\x94(", decoder), "error: unexpected end of pickle");
  EXPECT_EQ(json_of(kProto + "h\0."s, decoder), "error: memo entry not set");
  EXPECT_EQ(json_of(kProto + "N.", decoder), "null");
}

}  // namespace
}  // namespace outcry::pickle
