#!/usr/bin/env python3
"""The demonstration's back end: trades on historic prices and publishes what happens.

A process of its own, as a platform's back end is. It owns accounts, rules and database, and tells
the gateway by HTTP. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path
from threading import Event as Signal

from desk.accounts import ACCOUNTS
from desk.api import Api
from desk.database import save_challenges
from desk.desk import Desk
from desk.prices import PRICES_FILE, read_prices
from desk.publisher import GatewayPublisher
from desk.serve import ApiServer
from desk.trading import trade_until

HERE = Path(__file__).resolve().parent
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    try:
        desk = Desk(ACCOUNTS, read_prices(options.prices))
        secret = options.secret_file.read_bytes().strip()
        api_key = options.api_key_file.read_text(encoding="utf-8").strip()
        save_challenges(options.database, desk.challenges())
        publisher = GatewayPublisher(options.gateway, api_key)
        api = Api(desk, secret, frozenset(options.origin), lambda: health(publisher))
        server = ApiServer("127.0.0.1", options.port, api)
    except (OSError, ValueError) as error:
        print(f"backend.py: {error}", file=sys.stderr)
        return 1
    stop = Signal()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    publisher.start()
    server.start()
    logging.info("trading; the API listens on http://127.0.0.1:%d", server.server_port)
    trade_until(stop, desk, publisher, options.database, options.interval_ms / 1000)
    server.stop()
    publisher.stop()
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The back end of the Outcry demonstration.")
    parser.add_argument("--port", type=int, default=5002, help="of the API, on 127.0.0.1; 5002")
    parser.add_argument(
        "--gateway",
        default="http://127.0.0.1:5001",
        help="operations address of the gateway; http://127.0.0.1:5001",
    )
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        help="origin of a page that may read the API; may be repeated",
    )
    parser.add_argument("--secret-file", type=Path, required=True, help="key that signs tokens")
    parser.add_argument("--api-key-file", type=Path, required=True, help="key of the publish API")
    parser.add_argument("--database", type=Path, required=True, help="SQLite file to write")
    parser.add_argument(
        "--prices", type=Path, default=HERE / PRICES_FILE, help="CSV file of daily prices"
    )
    parser.add_argument(
        "--interval-ms", type=positive, default=250, help="between two prints, at least 1; 250"
    )
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def health(publisher: GatewayPublisher) -> dict[str, int]:
    return {
        "published": publisher.published_total,
        "waiting": publisher.waiting,
        "refused": publisher.refused_total,
        "dropped": publisher.dropped_total,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
