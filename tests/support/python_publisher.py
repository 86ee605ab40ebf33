"""Publishes what it reads from standard input, one JSON object a line, as a Flask back end does.

python_publisher.py REDIS_URL CHANNEL
"""

import base64
import json
import sys

import socketio
from flask_socketio import SocketIO


def main():
    url, channel = sys.argv[1:3]
    publishers = {
        "flask": SocketIO(message_queue=url, channel=channel),
        "socketio": socketio.RedisManager(url, channel=channel, write_only=True),
    }
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        data = order["data"]
        if order.get("binary") is not None:
            data = base64.b64decode(order["binary"])
        publishers[order["library"]].emit(order["event"], data, room=order["room"])
        print("published", flush=True)


if __name__ == "__main__":
    main()
