"""What the workloads ask of a session, and record; the session is made up."""
import pathlib
import tempfile
import unittest
from unittest import mock

from driver.peers import PEERS, Setting
from driver.search import Found
from driver.workloads import base, w5_latency, w6_slow_readers, w8_deflate

STEP = {"latency_us": {"p50": 100.0, "p99": 900.0, "p999": 2_000.0}, "delivered": 7, "delivered_share": 1.0,
        "arrived": 8_000.0, "rate": 4_000, "publisher_cpu": 0.25, "memory_kb": {"server": 2_048}, "disturbed": False,
        "cpu": {"server": {"user": 0.25, "kernel": 0.25}, "load": {"user": 0.25, "kernel": 0.25},
                "redis": {"user": 0.125, "kernel": 0.0}},
        "noise": {"idle": {}, "others": 0.0, "steal": 0.0, "loadavg": 1.0}}


def step(**changes):
    return STEP | changes


class Recorded:
    """In place of rounds.Recorder."""

    def __init__(self):
        self.values, self.raw, self.faults = {}, {}, []

    def __call__(self, case, values, raw, disturbed=None, faults=()):
        self.values[case], self.raw[case] = values, raw
        self.faults += faults


def session(setting=Setting(100, 100), quick=False, **methods):
    return mock.Mock(setting=setting, peer=PEERS["outcry"], **{"run.quick": quick}, **methods)


class Figures(unittest.TestCase):
    def test_of_a_step(self):
        values = base.values_of(STEP)
        self.assertEqual((values["p99_ms"], values["per_second"], values["memory_mb"]), (0.9, 8_000.0, 2.0))
        self.assertEqual(values["load_core"], 0.875)  # generator, Redis and publisher
        self.assertEqual(values["per_cpu_second"], 16_000.0)

    def test_what_did_not_arrive_or_cost_nothing_that_can_be_seen_has_no_figure(self):
        idle = {"user": 0.0, "kernel": 0.0}
        values = base.values_of(step(delivered=0, cpu=STEP["cpu"] | {"server": idle}))
        self.assertEqual((values["p50_ms"], values["per_cpu_second"]), (None, None))


class MaximumAndHalf(unittest.TestCase):
    def test_half_is_of_the_events_not_of_the_deliveries(self):
        record, asked = Recorded(), session(Setting(100, 1), measure=mock.Mock(return_value=STEP))
        base.maximum_and_half(asked, record, "turn", burst=16)
        self.assertEqual(asked.measure.call_args_list, [mock.call(0, burst=16), mock.call(40.0, burst=16)])
        self.assertEqual(list(record.values), ["turn", "turn-half"])

    def test_nothing_has_no_half(self):
        record = Recorded()
        base.maximum_and_half(session(measure=mock.Mock(return_value=step(arrived=0.0))), record, "turn")
        self.assertEqual(list(record.values), ["turn"])


class Held(unittest.TestCase):
    def found(self, held, *steps):
        return Found(held=held, steps=list(steps), peak=9_000.0, disturbed=False, limited_by_publisher=False)

    def test_whether_the_load_was_the_bound_shows_right_above_what_was_held(self):
        steps = [step(rate=4_000), step(rate=8_000, publisher_cpu=0.5), step(rate=5_000, publisher_cpu=0.375)]
        record = Recorded()
        asked = session(highest_held=mock.Mock(return_value=self.found(4_000, *steps)),
                        at_rate=mock.Mock(return_value=STEP))
        base.held_and_half(asked, record, "redis", 500)
        self.assertEqual(record.values["redis"]["per_second"], 4_000)
        self.assertEqual(record.values["redis"]["load_core"], 1.0)
        asked.at_rate.assert_called_once_with(2_000)

    def test_latency_over_the_rate_goes_up_to_what_was_held_and_no_fixed_rate_far_above_it_is_tried(self):
        record = Recorded()
        asked = session(highest_held=mock.Mock(return_value=self.found(30_000, STEP)),
                        at_rate=mock.Mock(return_value=STEP))
        w5_latency.measure(asked, record)
        rates = [call.args[0] for call in asked.at_rate.call_args_list]
        self.assertEqual(rates, [25_000, 3_000, 7_500, 15_000, 21_000, 24_000, 27_000, 30_000])
        self.assertEqual(record.values["50000"], {"held": 30_000})


class SlowReaders(unittest.TestCase):
    def play(self, **verdict):
        states = dict.fromkeys(w6_slow_readers.STATES, 0)
        answers = {"verify": {"slow": states | verdict, "faults": verdict.get("incomplete", 0), "example": "bench-7"}}
        record, asked = Recorded(), session(measure=mock.Mock(return_value=STEP), step=mock.Mock(return_value=STEP))
        asked.load.ask.side_effect = lambda command: answers.get(command.split()[0], {})
        with tempfile.TemporaryDirectory() as folder:
            asked.run.folder = pathlib.Path(folder)
            (asked.run.folder / "ledger").touch()  # as the publisher leaves it
            w6_slow_readers.measurement(base.Scale())(asked, record)
        return record, [call.args[0].split()[0] for call in asked.load.ask.call_args_list]

    def test_they_stop_after_all_have_read_and_are_compared_after_they_read_on(self):
        record, asked = self.play(conflated=10)
        self.assertEqual(asked, ["stall", "resume", "verify"])
        self.assertEqual(list(record.values), ["reading", "stopped", "end"])
        self.assertEqual(record.values["end"]["conflated"], 10)
        self.assertEqual(record.faults, [])

    def test_an_open_connection_that_lacks_an_event_is_a_fault(self):
        record, _ = self.play(incomplete=2)
        self.assertEqual(record.faults, ["2 connections lack what they must have: bench-7"])


class Deflate(unittest.TestCase):
    def test_a_server_that_compresses_nothing_is_at_fault(self):
        for compressed, faults in ((5, []), (0, ["nothing was compressed"])):
            record = Recorded()
            counts = {"compressed": compressed, "plain": 5, "wire_bytes": 60, "bytes": 100}
            w8_deflate.WORKLOAD.extra(session(), record, "with", step(deflate=counts))
            self.assertEqual((record.values["with-wire"], record.faults), ({"share": 0.6}, faults))


if __name__ == "__main__":
    unittest.main()
