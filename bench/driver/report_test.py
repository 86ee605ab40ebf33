"""The table from made-up outcomes: what counts, what is left out, what is printed."""
import unittest

from driver import report


def step(p99_ms=1.0, disturbed=False):
    return {"latency_us": {"p50": 100.0, "p99": p99_ms * 1000, "p999": 5000.0}, "disturbed": disturbed,
            "cpu": {"server": {"user": 0.25, "kernel": 0.5}}, "noise": {"loadavg": 0.5}}


def outcome(peer, held, disturbed=False, half=None, number=1):
    half = half or step()
    return {"peer": peer, "round": number, "connections": 1000, "set_up_disturbed": disturbed, "idle_kb": 3048,
            "before_kb": 1000, "highest_kb": 4096, "held": held, "peak": held * 1.5, "held_disturbed": disturbed,
            "limited_by_publisher": False, "faults": [], "steps": [half], "at_rates": {"half": half},
            "set_up": {"per_second": 9000.0, "setup_us": {"p50": 4000.0, "p99": 9000.0}}}


def results(*outcomes):
    return {"outcomes": list(outcomes), "date": "2026-01-31", "command": "bench/run", "commit": "abc",
            "rule": "The rule.", "room_size": 1, "window_seconds": 3.0,
            "machine": {"cpu": "x", "cores": 2, "memory_gib": 1, "kernel": "6"}}


def cells(text, title):
    line = next(line for line in text.splitlines() if line.startswith(f"| {title}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


class Markdown(unittest.TestCase):
    def test_medians_spread_and_ratio(self):
        text = report.markdown(results(outcome("outcry", 70_000), outcome("outcry", 80_000), outcome("outcry", 76_000),
                                       outcome("node", 19_000)))
        row = cells(text, "Outcry")
        self.assertEqual(row[1:4], ["76,000 (70,000–80,000)", "3", "1.0"])
        self.assertEqual(cells(text, "Node")[1:4], ["19,000", "1", "4.0"])

    def test_a_disturbed_search_is_left_out_and_named(self):
        text = report.markdown(results(outcome("outcry", 76_000), outcome("outcry", 5, disturbed=True, number=2)))
        self.assertEqual(cells(text, "Outcry")[1:3], ["76,000", "1"])
        self.assertIn("outcry: 1 of 2 searches", text)

    def test_a_disturbed_step_is_left_out_of_its_latency_only(self):
        disturbed = outcome("outcry", 76_000, half=step(99, disturbed=True))
        text = report.markdown(results(outcome("outcry", 76_000), disturbed))
        self.assertEqual(cells(text, "Outcry")[6], "1.00")

    def test_a_rate_above_what_was_held_says_so_and_no_search_says_nothing(self):
        text = report.markdown(results(outcome("outcry", 20_000), outcome("node", 5, disturbed=True)))
        section = text[text.index("## Latency"):]
        self.assertEqual(cells(section, "Outcry")[1], "not held")
        self.assertEqual(cells(section, "Node")[1], "–")

    def test_a_peer_that_failed_is_shown_without_numbers(self):
        failed = {"peer": "flask", "round": 1, "error": "no port", "faults": ["no port"]}
        text = report.markdown(results(outcome("outcry", 76_000), failed))
        self.assertEqual(cells(text, "Flask")[1:4], ["–", "0", "–"])
        self.assertIn("- flask, round 1: no port", text)


if __name__ == "__main__":
    unittest.main()
