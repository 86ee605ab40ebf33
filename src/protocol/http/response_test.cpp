#include "protocol/http/response.h"

#include <array>

#include <gtest/gtest.h>

namespace outcry::http {
namespace {

TEST(Response, a_head_has_its_parts_in_order) {
  std::string out = "x";
  const std::array<HeaderField, 2> fields = {{{"Vary", "Origin"}, {"Cache-Control", "no-store"}}};
  append_response_head(out, {.status = 413,
                             .content_type = "text/plain",
                             .content_length = 0,
                             .keep_alive = false,
                             .date = "Sun, 06 Nov 1994 08:49:37 GMT",
                             .fields = fields});
  EXPECT_EQ(out,
            "xHTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n"
            "Connection: close\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nVary: Origin\r\n"
            "Cache-Control: no-store\r\n\r\n");
}

TEST(Response, statuses_without_a_body_have_no_length) {
  std::string out;
  append_response(out, {.status = 204}, "dropped");
  append_response(out, {.status = 304}, "dropped");
  EXPECT_EQ(out,
            "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n"
            "HTTP/1.1 304 Not Modified\r\nConnection: keep-alive\r\n\r\n");
  out.clear();
  append_response(out, {.content_type = "text/html"}, "ok");
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n"
            "Connection: keep-alive\r\n\r\nok");
}

TEST(Response, a_value_can_not_end_its_line) {
  std::string out;
  const std::array<HeaderField, 1> fields = {{{"X", std::string_view("a\r\nSet-Cookie: b\0", 17)}}};
  append_response_head(out, {.status = 999, .fields = fields});
  EXPECT_EQ(out, "HTTP/1.1 999 Unknown\r\nConnection: keep-alive\r\nX: a  Set-Cookie: b \r\n\r\n");
}

TEST(Response, dates_are_as_rfc_9110_writes_them) {
  using namespace std::chrono_literals;
  const std::chrono::sys_days day = std::chrono::year(1994) / 11 / 6;
  EXPECT_EQ(format_date(day + 8h + 49min + 37s), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(std::chrono::sys_seconds{}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace outcry::http
