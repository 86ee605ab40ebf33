#include "protocol/proxy/proxy_header.h"

#include <arpa/inet.h>
#include <string>

#include <gtest/gtest.h>

namespace outcry::proxy {
namespace {

using namespace std::string_literals;

/// "192.0.2.7"; "-": absent.
std::string text_of(const std::optional<std::array<std::uint8_t, 16>>& address) {
  if (!address) return "-";
  std::array<char, INET6_ADDRSTRLEN> out{};
  ::inet_ntop(AF_INET6, address->data(), out.data(), out.size());
  const std::string text = out.data();
  return text.starts_with("::ffff:") ? text.substr(7) : text;
}

std::error_code error_of(const std::string& bytes) {
  const auto header = read_proxy_header(bytes);
  return header ? std::error_code() : header.error();
}

std::string client_of(const std::string& bytes) {
  const auto header = read_proxy_header(bytes);
  if (!header) return header.error().message();
  return *header ? text_of((*header)->client) : "more";
}

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kV4 = "\xC0\x00\x02\x07\xC6\x33\x64\x01\xDC\x04\x01\xBB"s;  // 192.0.2.7
const std::string kV6 =
    "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07"s + std::string(20, 'd');

std::string two_bytes(std::size_t size) {
  return {static_cast<char>(size >> 8), static_cast<char>(size & 0xFF)};
}
std::string version_2(char command, char family, const std::string& rest) {
  return kSignature + command + family + two_bytes(rest.size()) + rest;
}
std::string tlv(int type, const std::string& value) {
  return std::string(1, static_cast<char>(type)) + two_bytes(value.size()) + value;
}

TEST(ProxyHeader, a_line_names_the_client) {
  EXPECT_EQ(client_of("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"), "192.0.2.7");
  EXPECT_EQ(client_of("PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n"), "2001:db8::7");
  EXPECT_EQ(client_of("PROXY TCP6 ::ffff:192.0.2.7 ::1 0 0\r\n"), "192.0.2.7");
  EXPECT_EQ(client_of("PROXY UNKNOWN\r\n"), "-");
  EXPECT_EQ(client_of("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), "-");
}

TEST(ProxyHeader, what_follows_it_is_not_its_own) {
  const std::string line = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
  EXPECT_EQ(read_proxy_header(line + "GET / HTTP/1.1\r\n").value()->bytes, line.size());
  const std::string binary = version_2(0x21, 0x11, kV4);
  EXPECT_EQ(read_proxy_header(binary + "\x16\x03\x01").value()->bytes, binary.size());
}

TEST(ProxyHeader, a_header_torn_anywhere_waits_for_the_rest) {
  for (const std::string& whole :
       {"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"s, "PROXY UNKNOWN\r\n"s,
        version_2(0x21, 0x11, kV4), version_2(0x20, 0x00, "skipped")}) {
    for (std::size_t torn = 0; torn < whole.size(); ++torn) {
      EXPECT_EQ(client_of(whole.substr(0, torn)), "more") << torn;
    }
    EXPECT_NE(client_of(whole), "more");
  }
}

TEST(ProxyHeader, a_line_against_the_grammar_is_refused) {
  for (const char* bad :
       {"PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n",
        "PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n", "PROXY tcp4 192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY UNKNOWNS\r\n", "PROXY  TCP4 192.0.2.7 198.51.100.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n\r\n"}) {
    EXPECT_EQ(error_of(bad), ProxyError::bad_line) << bad;
  }
  EXPECT_EQ(error_of("PROXY TCP4 192.0.2.7\0 198.51.100.1 1 2\r\n"s), ProxyError::bad_line);
  for (const char* bad :
       {"PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n", "PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n",
        "PROXY TCP4 2001:db8::7 198.51.100.1 1 2\r\n", "PROXY TCP6 192.0.2.7 2001:db8::1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 example.com 1 2\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 -1 2\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 \r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 \r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n", "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"}) {
    EXPECT_EQ(error_of(bad), ProxyError::bad_address) << bad;
  }
}

TEST(ProxyHeader, a_line_has_107_bytes_at_most) {
  const std::string start = "PROXY UNKNOWN ";
  const std::string fits = start + std::string(kLineBytesMax - start.size() - 2, 'x') + "\r\n";
  EXPECT_EQ(client_of(fits), "-");
  EXPECT_EQ(error_of("PROXY UNKNOWN x" + fits.substr(start.size())), ProxyError::line_too_long);
  EXPECT_EQ(error_of(start + std::string(kLineBytesMax - start.size(), 'x')),
            ProxyError::line_too_long);
}

TEST(ProxyHeader, something_else_is_told_at_its_first_byte) {
  for (const std::string& other : {"GET / HTTP/1.1\r\n"s, "\x16\x03\x01"s, "proxy "s, "\r\nQ"s,
                                   "PROXY\r\n"s, "\0"s, "\r\n\r\nX"s}) {
    EXPECT_EQ(error_of(other), ProxyError::no_header) << other;
  }
}

TEST(ProxyHeader, the_binary_form_names_the_client) {
  EXPECT_EQ(client_of(version_2(0x21, 0x11, kV4)), "192.0.2.7");
  EXPECT_EQ(client_of(version_2(0x21, 0x21, kV6)), "2001:db8::7");
  EXPECT_EQ(client_of(version_2(0x21, 0x31, std::string(216, 'u'))), "-") << "a local socket";
  EXPECT_EQ(client_of(version_2(0x21, 0x00, "anything")), "-");
}

TEST(ProxyHeader, the_proxys_own_connections_have_no_client) {
  EXPECT_EQ(client_of(version_2(0x20, 0x00, "")), "-");
  EXPECT_EQ(client_of(version_2(0x20, 0x11, kV4)), "-") << "whatever addresses come along";
  EXPECT_EQ(client_of(version_2(0x20, '\x7f', "\x20\xff\xff")), "-") << "and is not looked at";
}

TEST(ProxyHeader, the_binary_form_is_strict) {
  EXPECT_EQ(error_of(version_2(0x11, 0x11, kV4)), ProxyError::bad_version);
  EXPECT_EQ(error_of(version_2(0x31, 0x11, kV4)), ProxyError::bad_version);
  EXPECT_EQ(error_of(version_2(0x22, 0x11, kV4)), ProxyError::bad_version);
  EXPECT_EQ(error_of(version_2(0x21, 0x12, kV4)), ProxyError::bad_family) << "datagrams";
  EXPECT_EQ(error_of(version_2(0x21, 0x41, kV4)), ProxyError::bad_family);
  EXPECT_EQ(error_of(version_2(0x21, 0x10, kV4)), ProxyError::bad_family);
  EXPECT_EQ(error_of(version_2(0x21, 0x01, "")), ProxyError::bad_family);
  EXPECT_EQ(error_of(version_2(0x21, 0x11, kV4.substr(1))), ProxyError::bad_length);
  EXPECT_EQ(error_of(version_2(0x21, 0x21, kV6.substr(1))), ProxyError::bad_length);
  EXPECT_EQ(error_of(version_2(0x21, 0x31, std::string(215, 'u'))), ProxyError::bad_length);
}

TEST(ProxyHeader, the_binary_form_has_4096_bytes_at_most) {
  const std::size_t room = kHeaderBytesMax - 16 - kV4.size() - 3;
  EXPECT_EQ(client_of(version_2(0x21, 0x11, kV4 + tlv(0xE0, std::string(room, 'x')))), "192.0.2.7");
  const std::string over = version_2(0x21, 0x11, kV4 + tlv(0xE0, std::string(room + 1, 'x')));
  EXPECT_EQ(error_of(over), ProxyError::too_long);
  EXPECT_EQ(error_of(over.substr(0, 16)), ProxyError::too_long) << "before its bytes are there";
  EXPECT_EQ(error_of(version_2(0x20, 0x00, std::string(5'000, 'x'))), ProxyError::too_long);
}

TEST(ProxyHeader, tlvs_must_fit_their_header) {
  EXPECT_EQ(client_of(version_2(0x21, 0x11, kV4 + tlv(0x04, "") + tlv(0x01, "h2"))), "192.0.2.7");
  for (const std::string& bad : {"\x04"s, "\x04\x00"s, "\x04\x00\x01"s, "\x04\xff\xff"s,
                                 tlv(0x01, "h2") + "\x04\x00\x02x"s}) {
    EXPECT_EQ(error_of(version_2(0x21, 0x11, kV4 + bad)), ProxyError::bad_tlv);
  }
}

TEST(ProxyHeader, version_2_may_say_that_the_client_speaks_tls) {
  const auto over_tls = [](const std::string& tlvs) {
    return read_proxy_header(version_2(0x21, 0x11, kV4 + tlvs)).value()->client_over_tls;
  };
  EXPECT_FALSE(over_tls(""));
  EXPECT_TRUE(over_tls(tlv(0x20, "\x01\0\0\0\0"s + tlv(0x21, "TLSv1.3"))));
  EXPECT_FALSE(over_tls(tlv(0x20, "\x00\0\0\0\0"s)));
  const std::string tls = tlv(0x20, "\x01\0\0\0\0"s);
  EXPECT_EQ(error_of(version_2(0x21, 0x11, kV4 + tls + tls)), ProxyError::bad_tlv);
  EXPECT_EQ(error_of(version_2(0x21, 0x11, kV4 + tlv(0x20, "\x01\0\0\0"s))), ProxyError::bad_tlv);
}

TEST(ProxyHeader, a_checksum_is_checked) {
  // CRC-32C of "123456789" is 0xE3069283; this header's was computed with that definition.
  const auto with = [](const std::string& sum) {
    return version_2(0x21, 0x11, kV4 + tlv(0x03, sum));
  };
  EXPECT_EQ(client_of(with("\xCA\xFE\xBA\xBE"s)), "a PROXY header with a wrong checksum");
  EXPECT_EQ(error_of(with("\x00\x00\x00"s)), ProxyError::bad_tlv);
  EXPECT_EQ(client_of(with("\x54\x8E\x28\xFF"s)), "192.0.2.7");
}

}  // namespace
}  // namespace outcry::proxy
