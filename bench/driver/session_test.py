"""What a step asks of generator and publisher, and what it makes of their answers; without either."""
import dataclasses
import pathlib
import unittest
from unittest import mock

from driver import session
from driver.peers import PEERS, Setting

CPU = {"server": {"user": 0.25, "kernel": 0.5}, "redis": {"user": 0.0, "kernel": 0.0},
       "load": {"user": 0.1, "kernel": 0.2}}


class FakeCommands:
    """Answers as the load generator or a server with a publisher does."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []
        self.process = mock.Mock(pid=1)

    def send(self, command):
        self.asked.append(command.split())

    def answer(self):
        return self.answers[self.asked[-1][0]]

    def ask(self, command):
        self.send(command)
        return self.answer()


@dataclasses.dataclass
class FakeNoise:
    disturbed: bool


class Steps(unittest.TestCase):
    def setUp(self):
        health = {"open": 20, "failed": 0, "misdelivered": 0, "out_of_sequence": 0, "failures": {}}
        latency = {"p50": 100.0, "p99": 900.0, "p999": 2_000.0, "max": 3_000.0}
        self.load = FakeCommands(
            measure=health | {"delivered": 1_960, "arrived": 3_000, "latency_us": latency, "cpu": CPU,
                              "memory_kb": {"server": 2_048}},
            drain=health | {"arrived_total": 5_000}, memory=health | {"memory_kb": {"server": 1_024}})
        self.server = mock.Mock(pid=1, commands=FakeCommands(publish={"sent": 150, "sent_in_window": 100}))
        run = session.Run(preset="dev", quick=True, window_seconds=2.0, server_core=0, load_core=0,
                          folder=pathlib.Path("/nowhere"), redis=mock.Mock(pid=1), progress=lambda text: None)
        self.session = session.Session(run, PEERS["outcry"], Setting(20, 1, feed="process"), self.server, self.load)
        for patch in (mock.patch.object(session.time, "sleep"),
                      mock.patch.object(session, "NoiseMeter")):
            self.addCleanup(patch.stop)
            patch.start()
        self.disturb(False)

    def disturb(self, *outcomes):
        noises = [FakeNoise(disturbed) for disturbed in outcomes]
        session.NoiseMeter.return_value.read.side_effect = noises + [noises[-1]] * 10

    def test_a_room_s_events_count_once_for_each_member(self):
        result = self.session.step(50)
        self.assertEqual(result["delivered_share"], 1_960 / (100 * 20))
        self.assertEqual((result["offered"], result["arrived"]), (50, 1_500))
        self.assertEqual(self.session.expected, 5_000 + 150 * 20)

    def test_generator_and_publisher_get_the_same_window(self):
        self.session.step(50, burst=16)
        command, opens, closes, until = self.load.asked[-1]
        self.assertEqual(command, "measure")
        self.assertEqual(int(closes) - int(opens), 2 * session.SECOND_NS)
        self.assertEqual(int(until) - int(closes), 0.3 * session.SECOND_NS)
        self.assertEqual(self.server.commands.asked, [["publish", "room", "50.000", "16", opens, closes]])

    def test_what_is_expected_is_waited_for_before_the_next_step(self):
        self.session.step(50)
        self.session.step(50)
        self.assertEqual([asked[1] for asked in self.load.asked if asked[0] == "drain"], ["0", str(5_000 + 150 * 20)])

    def test_a_quick_run_counts_what_is_missing(self):
        # 5,000 had arrived before the step, and only 2,990 of the 150 events for 20 members each since.
        totals = iter([5_000, 7_990])
        with mock.patch.object(self.load, "ask", lambda _: {"arrived_total": next(totals)}):
            self.assertEqual(self.session.measure(50)["missing"], 10)

    def test_a_disturbed_step_is_repeated_but_not_in_a_quick_run(self):
        for quick, steps in ((True, 1), (False, 3)):
            with self.subTest(quick=quick):
                self.session.run.quick = quick
                self.load.asked.clear()
                self.disturb(True)
                self.assertTrue(self.session.measure(50)["disturbed"])
                self.assertEqual([asked[0] for asked in self.load.asked].count("measure"), steps)

    def test_the_first_undisturbed_attempt_counts(self):
        self.session.run.quick = False
        self.disturb(True, False)
        self.assertFalse(self.session.measure(50)["disturbed"])
        self.assertEqual([asked[0] for asked in self.load.asked].count("measure"), 2)

    def test_a_rate_that_two_workloads_need_is_measured_once(self):
        with mock.patch.object(self.session, "measure", side_effect=lambda *_, **options: dict(options)) as measure:
            first = self.session.at_rate(50)
            self.assertIs(self.session.at_rate(50), first)
            self.assertEqual(self.session.at_rate(50, http=True), {"http": True})
            self.assertEqual(measure.call_count, 2)

    def test_faults_are_what_no_server_may_do(self):
        self.assertEqual(self.session.faults(), [])
        self.load.answers["memory"] |= {"misdelivered": 2, "out_of_sequence": 3, "failed": 1, "failures": {"x": 1}}
        self.assertEqual(self.session.faults(), ["2 events reached someone else's connection",
                                                 "3 events came twice or late", "1 connections were lost: {'x': 1}"])


if __name__ == "__main__":
    unittest.main()
