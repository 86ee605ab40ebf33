"""In which order everything is measured, and the time that is left."""
import collections
import unittest

from driver import plan
from driver.workloads import WORKLOADS
from driver.workloads.base import QUICK, Scale

PEERS = ["outcry", "node", "flask"]


def visits(*names, scale=Scale(), peers=PEERS):
    return plan.make_visits([WORKLOADS[name] for name in names], peers, scale)


class Visits(unittest.TestCase):
    def test_workloads_that_need_the_same_server_share_a_visit(self):
        shared = [visit for visit in visits(*WORKLOADS) if visit.workloads == ["W2", "W3", "W4", "W5"]]
        self.assertEqual([visit.peer for visit in shared], PEERS)

    def test_the_limit_is_visited_in_the_same_round_right_before_what_is_compared_with_it(self):
        order = [(visit.peer, visit.setting.feed) for visit in visits("W2")]
        self.assertEqual(order[:3], [("limit", "process"), ("outcry", "process"), ("outcry", "redis")])

    def test_a_server_against_itself_is_visited_twice_in_a_row(self):
        order = visits("W1", "W7", peers=["outcry"])
        tls = [number for number, visit in enumerate(order) if visit.setting.tls]
        self.assertEqual(len(tls), 2)
        for number in tls:
            self.assertEqual(order[number - 1].setting.connections, order[number].setting.connections)
            self.assertEqual(order[number - 1].group, "W7")

    def test_the_visits_of_each_workload_name_it(self):
        for name in WORKLOADS:
            with self.subTest(name):
                self.assertTrue(all(name in visit.workloads for visit in visits(name)))
                self.assertTrue(all(name in visit.describe() for visit in visits(name)))

    def test_one_in_ten_of_the_connections_is_one_in_ten_of_each_room(self):
        for scale in (Scale(), QUICK):
            setting = visits("W6", scale=scale)[0].setting
            slow = range(9, setting.connections, 10)  # the generator's choice
            of_rooms = collections.Counter(number % setting.rooms for number in slow)
            self.assertEqual({of_rooms[room] for room in range(setting.rooms)}, {setting.members // 10})

    def test_one_peer_can_have_fewer_connections(self):
        scale = Scale(peer_connections=(("flask", 2_000),))
        connections = {visit.peer: visit.setting.connections for visit in visits("W5", scale=scale)}
        self.assertEqual(connections, {"outcry": 10_000, "node": 10_000, "flask": 2_000})


class TimeLeft(unittest.TestCase):
    def test_the_estimate_is_corrected_by_how_long_the_visits_really_took(self):
        time = [0.0]
        clock = plan.Clock(visits("W1", peers=["outcry"]), False, now=lambda: time[0])
        first, total = clock.left[0], clock.total
        self.assertAlmostEqual(clock.remaining(), total)
        time[0] = 2 * first
        clock.done()
        self.assertAlmostEqual(clock.remaining(), 2 * (total - first))
        self.assertIn("[2/4, ", clock.describe())

    def test_durations(self):
        self.assertEqual([plan.duration(seconds) for seconds in (3.4, 89, 90, 4_230)],
                         ["3 s", "89 s", "2 min", "70 min"])


if __name__ == "__main__":
    unittest.main()
