"""The search against servers that are formulas."""
import unittest

from driver import search


def server(capacity, publisher=10**9, disturbed_at=()):
    """Holds up to `capacity`; beyond it the latency passes the bound. The publisher makes at most `publisher`."""
    def measure(rate):
        offered = min(rate, publisher)
        return {"rate": rate, "offered": offered, "arrived": min(offered, capacity), "delivered_share": 1.0,
                "latency_us": {"p99": 1_000 if offered <= capacity else 200_000}, "lost_connections": 0,
                "disturbed": rate in disturbed_at}
    return measure


class FindHighest(unittest.TestCase):
    def test_ends_within_the_precision_below_the_capacity(self):
        for capacity in (150, 2_000, 18_300, 76_000):
            with self.subTest(capacity=capacity):
                found = search.find_highest(5_000, server(capacity))
                self.assertLessEqual(found.held, capacity)
                self.assertGreater(found.held * search.PRECISION, capacity * 0.99)
                self.assertFalse(found.limited_by_publisher)

    def test_says_when_the_publisher_was_the_limit(self):
        found = search.find_highest(20_000, server(10**9, publisher=60_000))
        self.assertTrue(found.limited_by_publisher)
        self.assertLessEqual(found.held, 60_000 / search.PUBLISHED_SHARE_MIN)

    def test_stops_at_the_highest_rate_that_is_tried(self):
        found = search.find_highest(20_000, server(10**9))
        self.assertLessEqual(found.held, search.RATE_MAX)
        self.assertFalse(found.limited_by_publisher)

    def test_a_server_that_holds_nothing_holds_zero(self):
        self.assertEqual(search.find_highest(5_000, server(1)).held, 0)

    def test_only_a_disturbed_failure_next_to_the_answer_counts(self):
        self.assertFalse(search.find_highest(5_000, server(20_000, disturbed_at={20_000, 40_000})).disturbed)
        self.assertTrue(search.find_highest(20_000, server(39_000, disturbed_at={40_000})).disturbed)

    def test_a_lost_connection_or_message_is_not_held(self):
        step = server(10**9)(1_000)
        self.assertTrue(search.is_held(step))
        self.assertFalse(search.is_held({**step, "lost_connections": 1}))
        self.assertFalse(search.is_held({**step, "delivered_share": 0.98}))


if __name__ == "__main__":
    unittest.main()
