"""What one visit leaves behind: its records, and what went wrong; without servers."""
import contextlib
import unittest
from unittest import mock

from driver import rounds
from driver.made_up import results
from driver.peers import Setting
from driver.plan import Visit
from driver.services import CommandFailed
from driver.workloads.base import Part

SETTING = Setting(100, 100)


def visit(**measures):
    parts = [Part(workload, "outcry", SETTING, 1.0, measure) for workload, measure in measures.items()]
    return Visit("main", "outcry", SETTING, parts)


class Visits(unittest.TestCase):
    def setUp(self):
        self.session = mock.Mock(**{"faults.return_value": []})
        self.results = results()
        patch = mock.patch.object(rounds, "connected", lambda *_: contextlib.nullcontext(self.session))
        self.addCleanup(patch.stop)
        patch.start()

    def play(self, **measures):
        rounds.measure(mock.Mock(), visit(**measures), 2, self.results)
        return self.results.records

    def test_each_part_records_under_its_own_name(self):
        step = {"disturbed": False}
        records = self.play(W2=lambda _, record: record("redis", {"per_second": 7}, step),
                            W4=lambda _, record: record("storm", {}, {}, disturbed=True))
        self.assertEqual([(one["workload"], one["case"], one["peer"], one["round"], one["disturbed"])
                          for one in records],
                         [("W2", "redis", "outcry", 2, False), ("W4", "storm", "outcry", 2, True)])
        self.assertEqual(records[0]["raw"], step)

    def test_what_was_measured_before_a_failure_stays(self):
        def fail(_session, record):
            record("redis", {"per_second": 7}, {"disturbed": False})
            raise CommandFailed("the load generator ended")

        records = self.play(W2=fail, W4=lambda *_: self.fail("the server is gone"))
        self.assertEqual([one["case"] for one in records], ["redis", "visit"])
        self.assertEqual(records[1]["error"], "CommandFailed: the load generator ended")
        self.assertEqual(self.results.of("W2", "visit", "outcry"), [])

    def test_a_server_that_does_not_start_fails_all_its_workloads(self):
        with mock.patch.object(rounds, "connected", side_effect=RuntimeError("no port")):
            records = self.play(W2=None, W4=None)
        self.assertEqual([(one["workload"], one["faults"]) for one in records],
                         [("W2", ["RuntimeError: no port"]), ("W4", ["RuntimeError: no port"])])

    def test_a_mistake_of_the_driver_is_not_taken_for_the_server_s(self):
        with self.assertRaises(TypeError):
            self.play(W2=lambda: None)

    def test_missing_deliveries_and_what_no_server_may_do_are_faults(self):
        self.session.faults.return_value = ["2 events came twice or late"]
        self.play(W2=lambda _, record: record("redis", {}, {"disturbed": False, "missing": 3, "rate": 50}))
        self.assertEqual(self.results.faults(), ["W2 redis, outcry, round 2: 3 deliveries are missing of those at 50/s",
                                                 "W2 visit, outcry, round 2: 2 events came twice or late"])


class Setup(unittest.TestCase):
    def test_two_cores_or_a_quick_run(self):
        with mock.patch("os.sched_setaffinity") as pin:
            with mock.patch("os.sched_getaffinity", return_value={3, 5}):
                self.assertEqual(rounds.choose_cores(quick=False), (3, 5))
                pin.assert_called_with(0, {5})
            with mock.patch("os.sched_getaffinity", return_value={3}):
                self.assertEqual(rounds.choose_cores(quick=True), (3, 3))
                with self.assertRaises(SystemExit):
                    rounds.choose_cores(quick=False)


if __name__ == "__main__":
    unittest.main()
