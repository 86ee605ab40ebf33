"""A case: an id, a sentence that must be true of the server, and a script that finds out.

Ids are group.topic.number. The groups: 1 framing, 2 pings, 3 reserved bits, 4 opcodes,
5 fragmentation, 6 UTF-8, 7 close, 8 masking, 9 limits, 10 segmentation, 11 opening handshake,
12 compression by content, 13 compression by offer, 14 negotiation, 15 compressed frames.
"""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Case:
    id: str
    sentence: str
    run: Callable  # run(target): raises Violation when the sentence is false


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much the long cases send."""

    compressed_messages: int


class CaseList:
    def __init__(self):
        self.cases = []
        self._numbers = {}

    def add(self, topic, sentence, run):
        number = self._numbers[topic] = self._numbers.get(topic, 0) + 1
        self.cases.append(Case(f"{topic}.{number}", sentence, run))

    def add_script(self, topic, sentence, script, extensions=None):
        """`script(connection)` runs on a connection of its own, then drops it."""

        def run(target):
            connection = target.connect(extensions)
            try:
                script(connection)
            finally:
                connection.drop()

        self.add(topic, sentence, run)

    def add_echo(self, topic, sentence, script):
        """`script(connection)`, then a clean close: the connection must have survived."""

        def run(connection):
            script(connection)
            connection.close_cleanly()

        self.add_script(topic, sentence, run)
