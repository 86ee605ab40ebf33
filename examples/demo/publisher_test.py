"""The publisher against a real HTTP server that can be away, busy or unwilling."""

from __future__ import annotations

import json
import logging
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

from desk.backlog import Backlog, Waiting
from desk.challenge import Event
from desk.publisher import GatewayPublisher, may_retry, pauses


def event(name: str = "equity_updated") -> Event:
    return Event(name, "c-1", {"challenge_id": "c-1"})


class Gateway:
    """Answers with the given statuses in turn, the last one for ever; records what came."""

    def __init__(self, statuses: list[int], port: int = 0) -> None:
        self.requests: list[tuple[str, str | None, dict]] = []
        self.connections: set[tuple] = set()
        self.arrived = threading.Condition()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                with gateway.arrived:
                    gateway.connections.add(self.client_address)
                    gateway.requests.append((self.path, self.headers["X-API-Key"], body))
                    gateway.arrived.notify_all()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, timeout=20)

    def event_names(self) -> list[str]:
        return [body["event"] for _, _, body in self.requests]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Publishing(unittest.TestCase):
    def setUp(self):
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def start(self, port: int) -> GatewayPublisher:
        publisher = GatewayPublisher(f"http://127.0.0.1:{port}", "the-key")
        publisher.start()
        self.addCleanup(publisher.stop)
        return publisher

    def gateway(self, statuses: list[int], port: int = 0) -> Gateway:
        gateway = Gateway(statuses, port)
        self.addCleanup(gateway.close)
        return gateway

    def test_events_arrive_in_order_on_one_connection(self):
        gateway = self.gateway([200])
        self.start(gateway.port).publish([event(), event("risk_alert")])
        gateway.wait_for(2)
        (path, key, first), (_, _, second) = gateway.requests
        self.assertEqual((path, key), ("/v1/publish", "the-key"))
        self.assertEqual(first["room"], "challenge_c-1")
        self.assertEqual(first["data"], {"challenge_id": "c-1"})
        self.assertEqual([first["event"], second["event"]], ["equity_updated", "risk_alert"])
        self.assertNotEqual(first["id"], second["id"])
        self.assertEqual(len(gateway.connections), 1)

    def test_a_busy_gateway_is_asked_again_with_the_same_id(self):
        gateway = self.gateway([503, 429, 200])
        self.start(gateway.port).publish([event()])
        gateway.wait_for(3)
        self.assertEqual(len({body["id"] for _, _, body in gateway.requests}), 1)

    def test_a_refusal_for_good_is_not_repeated_and_does_not_block_the_next(self):
        gateway = self.gateway([401, 200])
        self.start(gateway.port).publish([event("risk_alert"), event()])
        gateway.wait_for(2)
        self.assertEqual(gateway.event_names(), ["risk_alert", "equity_updated"])

    def test_what_happened_while_the_gateway_was_away_arrives_later(self):
        gone = Gateway([200])
        gone.close()
        publisher = self.start(gone.port)
        publisher.publish([event(), event("risk_alert")])
        back = self.gateway([200], gone.port)
        back.wait_for(2)
        self.assertEqual(back.event_names(), ["equity_updated", "risk_alert"])

    def test_stop_does_not_wait_for_a_gateway_that_is_away(self):
        gone = Gateway([200])
        gone.close()
        publisher = GatewayPublisher(f"http://127.0.0.1:{gone.port}", "the-key")
        publisher.start()
        publisher.publish([event()])
        publisher.stop()
        self.assertEqual(publisher.published_total, 0)


class Policy(unittest.TestCase):
    def test_pauses_double_up_to_the_maximum(self):
        self.assertEqual(list(islice(pauses(lambda: 0.0), 7)), [0.25, 0.5, 1, 2, 4, 5, 5])

    def test_only_what_can_pass_is_retried(self):
        answers = (200, 400, 401, 413, 429, 500, 503)
        self.assertEqual([status for status in answers if may_retry(status)], [429, 500, 503])

    def test_a_full_backlog_gives_up_the_oldest_equity_first(self):
        backlog = Backlog(limit=2)
        for id, name in (("1", "risk_alert"), ("2", "equity_updated"), ("3", "equity_updated")):
            backlog.put(Waiting(id, event(name)))
        self.assertEqual([backlog.take().id, backlog.take().id], ["1", "3"])
        self.assertEqual(backlog.dropped_total, 1)


if __name__ == "__main__":
    unittest.main()
