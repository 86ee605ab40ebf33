"""The page from made-up records: every workload's tables and plots, and what is said about what was left out."""
import pathlib
import tempfile
import unittest

from driver import report
from driver.made_up import cells, failed, record, results
from driver.workloads import w7_tls

LATENCY = {"p50_ms": 0.1, "p99_ms": 0.5, "p999_ms": 2.0}
CPU = {"server_user": 0.25, "server_kernel": 0.7, "load_core": 0.5, "memory_mb": 60.0}


def page(*records, **header):
    return report.markdown(results(*records, **header), "plots")


def maximum(workload, case, peer, number, per_second, **values):
    return [record(workload, case, peer, number, **LATENCY | CPU | {"per_second": per_second} | values),
            record(workload, f"{case}-half", peer, number, **LATENCY | CPU)]


class FanOut(unittest.TestCase):
    def test_maximum_ratio_latency_and_cores(self):
        text = page(*maximum("W1", "turn-1000", "limit", 1, 200_000), *maximum("W1", "turn-1000", "outcry", 1, 150_000),
                    *maximum("W1", "turn-1000", "limit", 2, 100_000), *maximum("W1", "turn-1000", "outcry", 2, 90_000))
        section = text[text.index("### 1,000 members"):]
        self.assertEqual(cells(section, "Outcry")[1:], [
            "120k (90.0k–150k)", "2", "0.82 (0.75–0.90)", "0.10 (0.10–0.10)", "0.50 (0.50–0.50)",
            "2.00 (2.00–2.00)", "0.25 (0.25–0.25) / 0.70 (0.70–0.70)", "–", "0.50 (0.50–0.50)"])
        self.assertIn("![Fan-out to one room, published in process](plots/w1-turn.svg)", text)

    def test_a_full_core_of_the_load_makes_a_lower_bound(self):
        text = page(*maximum("W1", "turn-1000", "limit", 1, 200_000, load_core=0.99))
        self.assertEqual(cells(text[text.index("### 1,000"):], "**the limit**")[1], "≥ 200k")

    def test_rooms_are_listed_by_size(self):
        text = page(*maximum("W1", "turn-10000", "limit", 1, 2), *maximum("W1", "turn-1000", "limit", 1, 1))
        self.assertLess(text.index("### 1,000 members"), text.index("### 10,000 members"))


class Unicast(unittest.TestCase):
    def test_redis_is_compared_with_the_limit_and_with_outcry(self):
        text = page(*maximum("W2", "process", "limit", 1, 100_000),
                    *maximum("W2", "redis", "outcry", 1, 60_000, peak=64_000),
                    *maximum("W2", "redis", "node", 1, 15_000, peak=16_000, limited_by_publisher=True))
        section = text[text.index("### Published by another"):]
        self.assertEqual(cells(section, "Outcry")[1:6], ["60.0k", "1", "0.60", "1.00", "64.0k"])
        self.assertEqual(cells(section, "Node")[1:6], ["≥ 15.0k", "1", "0.15", "4.00", "16.0k"])


class Latency(unittest.TestCase):
    def test_a_rate_far_above_what_was_held_says_so(self):
        text = page(record("W5", "25000", "outcry", rate=25_000, **LATENCY),
                    record("W5", "50000", "outcry", held=30_000),
                    record("W5", "50%", "outcry", rate=15_000, **LATENCY))
        self.assertEqual(cells(text[text.index("## W5"):], "Outcry")[1:],
                         ["1", "0.10", "0.50", "2.00"] + ["not held"] * 3)
        self.assertEqual(cells(text[text.index("### Over the rate"):], "Outcry", "50 %")[2:],
                         ["15.0k", "1", "0.10", "0.50", "2.00"])
        self.assertIn("w5-latency.svg", text)


class MemoryAndConnects(unittest.TestCase):
    def test_bytes_of_each_and_the_most_under_load(self):
        text = page(record("W3", "idle", "outcry", bytes_each=900.4, idle_mb=48, connections=10_000),
                    *maximum("W2", "redis", "outcry", 1, 1))
        self.assertEqual(cells(text[text.index("## W3"):], "Outcry")[1:], ["10,000", "1", "900", "48", "60"])

    def test_connects_against_bare_upgrades(self):
        text = page(record("W4", "storm", "limit", per_second=30_000, p50_ms=3, p99_ms=5, **CPU),
                    record("W4", "storm", "outcry", per_second=21_000, p50_ms=4, p99_ms=9, **CPU))
        self.assertEqual(cells(text[text.index("## W4"):], "Outcry")[1:6], ["21.0k", "1", "0.70", "4.00", "9.00"])


class SlowReaders(unittest.TestCase):
    def test_latency_before_and_after_and_how_the_slow_ones_end(self):
        states = {"complete": 1, "conflated": 97, "closed_4429": 2, "closed_other": 0, "incomplete": 0, "stale": 0}
        text = page(record("W6", "reading", "outcry", **LATENCY | CPU),
                    record("W6", "stopped", "outcry", **LATENCY | CPU),
                    record("W6", "end", "outcry", **states))
        section = text[text.index("## W6"):]
        self.assertEqual(cells(section, "Outcry", "one in ten")[2:], ["1", "0.10", "0.50", "2.00", "60"])
        self.assertEqual(cells(section[section.index("How the slow"):], "Outcry")[1:],
                         ["1", "1", "97", "2", "0", "0", "0"])


class Variants(unittest.TestCase):
    def test_with_against_without_in_the_same_round(self):
        for name in ("W7", "W8"):
            text = page(record(name, "without-unicast", "outcry", per_second=100_000),
                        record(name, "with-unicast", "outcry", per_second=70_000),
                        record(name, "with-unicast", "outcry", 2, per_second=90_000))
            self.assertEqual(cells(text[text.index(f"## {name}"):], "Outcry", "messages/s")[2:],
                             ["100k", "80.0k (70.0k–90.0k)", "0.70", "1"])

    def test_only_the_handshakes_of_those_that_come_back_count_as_resumed(self):
        before, after = {"handshakes": 100, "resumed": 0}, {"handshakes": 200, "resumed": 90}
        self.assertEqual(w7_tls.resumed_share(before, after), 0.9)
        self.assertIsNone(w7_tls.resumed_share(None, None))
        self.assertIsNone(w7_tls.resumed_share(before, before))

    def test_polling_against_websocket(self):
        text = page(record("W9", "websocket", "outcry", per_second=60_000),
                    record("W9", "polling", "outcry", per_second=12_000))
        self.assertEqual(cells(text[text.index("## W9"):], "Outcry", "messages/s held")[2:],
                         ["60.0k", "12.0k", "0.20", "1"])


class Notes(unittest.TestCase):
    def test_a_peer_that_failed_and_what_was_disturbed_are_named(self):
        text = page(failed("W1", "flask"), record("W4", "storm", "outcry", 2, disturbed=True, per_second=1, **CPU))
        self.assertIn("- W1 visit, flask, round 1: no port", text)
        self.assertIn("- W4 storm, outcry, round 2 (disturbed)", text)

    def test_an_interrupted_run_says_so(self):
        self.assertNotIn("interrupted", page())
        self.assertIn("**The run was interrupted**", page(finished=False))

    def test_how_busy_the_machine_was_in_all_steps_that_count(self):
        def step(loadavg, others, steal=0.0):
            return {"noise": {"loadavg": loadavg, "others": others, "steal": steal}}

        text = page(record("W1", "turn-1000", "outcry", raw=step(0.5, 0.01)),
                    record("W2", "redis", "outcry", raw=[step(0.75, 0.04), step(1.25, 0.02, 0.015)]),
                    record("W1", "turn-1000", "node", raw=step(9.0, 0.9), disturbed=True))
        self.assertIn("at most 0.04 of a core, and the hypervisor took at most 1.5%. Load average: 0.50 to 1.25", text)


class Files(unittest.TestCase):
    def test_page_and_plots_are_written_and_old_plots_go(self):
        run = results(*maximum("W1", "turn-1000", "limit", 1, 200_000))
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "latest").mkdir()
            (folder / "latest" / "w9-old.svg").touch()
            text = report.write(run, folder, "latest")
            self.assertEqual((folder / "latest.md").read_text(), text)
            self.assertEqual([file.name for file in (folder / "latest").iterdir()], ["w1-turn.svg"])
            self.assertIn("(latest/w1-turn.svg)", text)


if __name__ == "__main__":
    unittest.main()
