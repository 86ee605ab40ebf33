#include "gateway/certificate_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/tls_for_test.h"

namespace outcry::gateway {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

constexpr hours kDay{24};

CertificateInUse lasting(hours lifetime) {
  const WallTime begin = wall_now();
  return {
      .port = "clients", .label = "a.example", .not_before = begin, .not_after = begin + lifetime};
}

TEST(CertificateWatch, soon_is_the_last_fifth_and_two_weeks_at_most) {
  const CertificateInUse year = lasting(365 * kDay);
  EXPECT_FALSE(year.ends_soon(year.not_after - 14 * kDay - hours(1)));
  EXPECT_TRUE(year.ends_soon(year.not_after - 14 * kDay));
  const CertificateInUse week = lasting(5 * kDay);
  EXPECT_FALSE(week.ends_soon(week.not_after - kDay - hours(1)));
  EXPECT_TRUE(week.ends_soon(week.not_after - kDay));
  EXPECT_TRUE(week.ends_soon(week.not_after + kDay));
}

TEST(CertificateWatch, its_text_says_how_long) {
  const CertificateInUse it = lasting(365 * kDay);
  EXPECT_EQ(it.text(it.not_after - 3 * kDay),
            "the certificate of a.example on the clients port ends in 3 days");
  EXPECT_THAT(it.text(it.not_after - hours(30)), HasSubstr("ends in 30 hours"));
  EXPECT_THAT(it.text(it.not_after), HasSubstr("has ended"));
}

TEST(CertificateWatch, what_is_in_use_on_a_port_is_what_it_was_told_last) {
  CertificateWatch watch;
  watch.use("clients", nullptr);
  EXPECT_TRUE(watch.all().empty());
  watch.use("clients", net::test::make_identity({{"a.example"}, {"b.example"}}));
  watch.use("operations", net::test::make_identity());
  ASSERT_EQ(watch.all().size(), 3u);
  watch.use("clients", net::test::make_identity({{"c.example"}}));
  ASSERT_EQ(watch.all().size(), 2u);
  EXPECT_EQ(watch.all()[0].label, "c.example");
  EXPECT_EQ(watch.all()[1].port, "operations");
  const WallTime end = watch.all()[0].not_after;
  EXPECT_EQ(watch.readiness_text(end - hours(23)), "");
  EXPECT_THAT(watch.readiness_text(end - hours(1)), HasSubstr("c.example on the clients port"));
}

}  // namespace
}  // namespace outcry::gateway
