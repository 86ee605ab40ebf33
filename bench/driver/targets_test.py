"""The table of what Outcry must reach, from made-up records."""
import unittest

from driver import targets
from driver.made_up import cells, record, results
from driver.workloads import WORKLOADS


def fan_out(peer, number, per_second, disturbed=False):
    return record("W1", "turn-10000", peer, number, disturbed, per_second=per_second)


class Standing(unittest.TestCase):
    def row(self, *records, what="W1, one event each loop turn, 10,000"):
        return cells(targets.standing_table(results(*records)), what)

    def test_a_ratio_is_the_median_of_the_rounds_that_have_both(self):
        row = self.row(fan_out("limit", 1, 100_000), fan_out("outcry", 1, 90_000), fan_out("limit", 2, 200_000),
                       fan_out("outcry", 2, 198_000), fan_out("limit", 3, 100_000), fan_out("outcry", 3, 96_000),
                       fan_out("limit", 4, 1, disturbed=True), fan_out("outcry", 4, 96_000))
        self.assertEqual(row[1:], ["≥ 0.95", "0.96 (0.90–0.99)", "3", "reached", "`bench/run --workloads W1`"])

    def test_a_missed_target_is_said_plainly(self):
        row = self.row(fan_out("limit", 1, 100_000), fan_out("outcry", 1, 94_000))
        self.assertEqual(row[2:5], ["0.94", "1", "**not reached**"])

    def test_where_the_generator_was_the_bound_the_servers_are_compared_by_their_own_time(self):
        busy = {"load_core": 0.99, "per_second": 100_000}
        row = self.row(record("W1", "turn-10000", "limit", per_cpu_second=200_000, **busy),
                       record("W1", "turn-10000", "outcry", per_cpu_second=180_000, **busy))
        self.assertEqual(row[2], "1.00")
        self.assertEqual(row[4], "reached; the load generator was the bound, for each CPU second of the server: 0.90")

    def test_what_has_no_round_is_not_measured(self):
        self.assertEqual(self.row(fan_out("outcry", 1, 94_000))[2:5], ["–", "0", "not measured"])

    def test_an_upper_bound_is_reached_from_below(self):
        what = "W2 through Redis: p99 at 25,000/s"
        for p99, verdict in ((1.0, "reached"), (1.01, "**not reached**")):
            self.assertEqual(self.row(record("W5", "25000", "outcry", p99_ms=p99), what=what)[4], verdict)

    def test_every_target_has_one_bound_and_a_workload_that_exists(self):
        for target in targets.TARGETS:
            with self.subTest(target.what):
                self.assertNotEqual(target.at_least is None, target.at_most is None)
                self.assertIn(target.workload, WORKLOADS)


if __name__ == "__main__":
    unittest.main()
