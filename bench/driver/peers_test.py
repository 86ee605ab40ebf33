"""How the servers are told what a setting needs."""
import pathlib
import tomllib
import unittest
from unittest import mock

from driver import peers
from driver.peers import Setting

RUN = mock.Mock(secret_file=pathlib.Path("/run/secret"), ownership_file=pathlib.Path("/run/ownership.db"),
                tls_certificate=pathlib.Path("/run/certificate.pem"), tls_key=pathlib.Path("/run/key.pem"),
                redis=mock.Mock(url="redis://127.0.0.1:6379/0"))


def outcry(**options):
    return tomllib.loads(peers.as_toml(peers.outcry_config(RUN, Setting(100, 100, **options), 5000, 5001)))


class Outcry(unittest.TestCase):
    def test_one_worker_every_event_once_and_no_redis_in_process(self):
        config = outcry(feed="process")
        self.assertEqual(config["server"], {"listen": "127.0.0.1:5000", "workers": 1, "connections_max": 20_000})
        self.assertEqual(config["events"], {"aliases": {}, "latest": []})
        self.assertEqual(config["auth"], {"secret_file": "/run/secret"})
        self.assertEqual(config["operations"]["listen"], "127.0.0.1:5001")
        self.assertNotIn("bus", config)

    def test_what_a_setting_adds(self):
        self.assertEqual(outcry()["bus"]["redis"], "redis://127.0.0.1:6379/0")
        self.assertEqual(outcry(tls=True)["server"]["tls_key_file"], "/run/key.pem")
        self.assertEqual(outcry(deflate=True)["engine"], {"permessage_deflate": True, "deflate_min_bytes": 0})
        self.assertEqual(outcry(slow_share=0.1)["events"]["keys"], {"equity_updated": "trade_symbol"})


class Others(unittest.TestCase):
    def test_they_are_fed_by_redis_or_by_themselves(self):
        redis = peers.peer_arguments(RUN, Setting(100, 100), 5000)
        process = peers.peer_arguments(RUN, Setting(100, 1, feed="process"), 5000)
        self.assertIn("--redis", redis)
        self.assertNotIn("--publish", redis)
        self.assertEqual(process[process.index("--rooms") + 1], 1)
        self.assertNotIn("--redis", process)

    def test_tls_and_compression_are_asked_for_only_where_they_are_measured(self):
        plain = peers.peer_arguments(RUN, Setting(100, 100), 5000)
        self.assertFalse({"--tls-key", "--deflate"} & set(plain))
        both = peers.peer_arguments(RUN, Setting(100, 100, tls=True, deflate=True), 5000)
        self.assertLessEqual({"--tls-key", "--tls-certificate", "--deflate"}, set(both))


class Settings(unittest.TestCase):
    def test_slow_readers_are_not_measured(self):
        self.assertEqual(Setting(1_100, 11, slow_share=0.1).measured_members, 90)
        self.assertEqual(Setting(1_100, 11).measured_members, 100)


if __name__ == "__main__":
    unittest.main()
