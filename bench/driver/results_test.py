"""What counts of a run's records, and that they survive an interruption."""
import json
import pathlib
import tempfile
import unittest

from driver.made_up import HEADER, failed, record, results
from driver.results import Results


class WhatCounts(unittest.TestCase):
    def setUp(self):
        self.results = results(
            record("W1", "turn-1000", "outcry", 1, per_second=100),
            record("W1", "turn-1000", "outcry", 2, True, per_second=1),
            record("W1", "turn-1000", "outcry", 3, per_second=300), record("W1", "turn-1000", "node", 1, per_second=50),
            failed("W1", "flask", 2), record("W4", "storm", "outcry", 1, faults=["late"], per_second=7, p99_ms=None))

    def test_disturbed_failed_and_missing_figures_do_not_count(self):
        self.assertEqual(self.results.rounds("W1", "turn-1000", "outcry", "per_second"), {1: 100, 3: 300})
        self.assertEqual(self.results.rounds("W1", "visit", "flask", "per_second"), {})
        self.assertEqual(self.results.rounds("W4", "storm", "outcry", "p99_ms"), {})

    def test_who_was_measured_in_the_order_of_the_run(self):
        self.assertEqual(self.results.peers("W1"), ["outcry", "node", "flask"])
        self.assertEqual(self.results.peers("W1", "turn-1000"), ["outcry", "node"])
        self.assertTrue(self.results.has("W4"))
        self.assertFalse(self.results.has("W5"))

    def test_what_was_left_out_and_the_faults_are_named(self):
        self.assertEqual(self.results.left_out(), ["W1 turn-1000, outcry, round 2 (disturbed)",
                                                   "W1 visit, flask, round 2 (failed)"])
        self.assertEqual(self.results.faults(), ["W1 visit, flask, round 2: no port",
                                                 "W4 storm, outcry, round 1: late"])


class OnDisk(unittest.TestCase):
    def test_each_record_is_on_disk_as_soon_as_it_is_added(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "run.json"
            kept = Results(HEADER | {"finished": False}, path)
            for number in (1, 2):
                kept.add(record("W1", "turn-1000", "outcry", number, per_second=number))
                read = Results.load(path)
                self.assertEqual(read.records, kept.records)
                self.assertEqual(read.header, kept.header)
            self.assertEqual([file.name for file in path.parent.iterdir()], ["run.json"])
            self.assertEqual(json.loads(path.read_text())["header"]["finished"], False)

    def test_loaded_records_are_not_written_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "run.json"
            Results(HEADER, path).save()
            before = path.read_text()
            Results.load(path).add(record("W1", "turn-1000", "outcry"))
            self.assertEqual(path.read_text(), before)


if __name__ == "__main__":
    unittest.main()
