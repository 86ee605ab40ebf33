"""Groups 12, 13 and 15: permessage-deflate (RFC 7692): contents, offers, broken frames."""

import json
import random
import zlib

from wire import BINARY, CONTINUATION, PING, PONG, RSV1, RSV2, TEXT, Violation, fragments, frame

# (size of the message, size of its frames or None for one frame)
SHAPES = (
    (16, None),
    (64, None),
    (256, None),
    (1024, None),
    (4096, None),
    (8192, None),
    (16384, None),
    (32768, None),
    (65536, None),
    (131072, None),
    (8192, 256),
    (16384, 256),
    (32768, 256),
    (65536, 256),
    (131072, 256),
    (131072, 1024),
    (131072, 4096),
    (131072, 32768),
)

OFFERS = (
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_no_context_takeover",
    "permessage-deflate; server_max_window_bits=9",
    "permessage-deflate; server_max_window_bits=15",
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=15",
    "permessage-deflate; client_no_context_takeover; client_max_window_bits=10",
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=9, "
    "permessage-deflate; server_no_context_takeover, permessage-deflate",
)


def quotes(size):
    rng = random.Random(7)
    rows = []
    while sum(map(len, rows)) < size:
        rows.append(
            json.dumps(
                {
                    "symbol": rng.choice(["EURUSD", "XAUUSD", "BTCUSD"]),
                    "bid": f"{rng.uniform(1, 2):.5f}",
                    "time": f"2026-01-01T00:{rng.randrange(60):02}:{rng.randrange(60):02}Z",
                }
            )
        )
    return "".join(rows).encode()[:size]


def noise(size):
    return random.Random(size).randbytes(size)


def prose(size):
    rng = random.Random(11)
    words = (
        "the price that the floor heard was the price that was paid and nobody asked twice".split()
    )
    text = ""
    while len(text) < size:
        text += " ".join(rng.choices(words, k=100)) + ".\n"
    return text.encode()[:size]


def runs(size):
    return (b"\x00" * 4096 + b"\xff" * 4096) * (size // 8192 + 1)


def scripts(size):
    text = ("Цена 価格 τιμή 💹 " * (size // 26 + 2)).encode()[:size]
    return text.decode("utf-8", "ignore").encode().ljust(size, b".")


CONTENTS = (
    ("JSON quotes", TEXT, quotes),
    ("noise", BINARY, noise),
    ("prose", TEXT, prose),
    ("long runs", BINARY, lambda size: runs(size)[:size]),
    ("four scripts", TEXT, scripts),
)


def add_cases(cases, scale):
    for topic, (name, opcode, make) in enumerate(CONTENTS, 1):
        for size, piece in SHAPES:
            shape = f"in frames of {piece}" if piece else "in one frame"
            cases.add_script(
                f"12.{topic}",
                f"{name} of {size} octets {shape}, compressed, comes back each time",
                exchange(opcode, make(size), piece, scale),
                OFFERS[0],
            )
    for topic, offer in enumerate(OFFERS[1:], 1):
        for size, piece in SHAPES:
            shape = f"in frames of {piece}" if piece else "in one frame"
            cases.add_script(
                f"13.{topic}",
                f"quotes of {size} octets {shape} come back under the offer '{offer}'",
                exchange(TEXT, quotes(size), piece, scale),
                offer,
            )
    add_vectors(cases)
    add_block_kinds(cases)
    add_mixed(cases)
    add_broken(cases)


def exchange(opcode, payload, piece, scale):
    def script(c):
        require_deflate(c)
        for _ in range(scale.compressed_messages):
            data = c.deflate.compress(payload)
            c.send_raw(b"".join(fragments(opcode, data, piece or len(data), rsv=RSV1)))
            c.expect_message(opcode, payload)
        c.close_cleanly()

    return script


def require_deflate(c):
    if c.deflate is None:
        raise Violation("permessage-deflate was not accepted")


def on_deflate(cases, topic, sentence, script):
    def checked(c):
        require_deflate(c)
        script(c)

    cases.add_script(topic, sentence, checked, OFFERS[0])


def sends(*frames):
    return b"".join(frames)


def add_vectors(cases):
    """The examples of RFC 7692 §7.2.3."""

    def hello(c):
        c.send_raw(frame(TEXT, bytes.fromhex("f248cdc9c90700"), rsv=RSV1))
        c.expect_message(TEXT, b"Hello")

    def hello_in_two(c):
        c.send_raw(
            sends(
                frame(TEXT, bytes.fromhex("f248cd"), fin=False, rsv=RSV1),
                frame(CONTINUATION, bytes.fromhex("c9c90700")),
            )
        )
        c.expect_message(TEXT, b"Hello")

    def shared_window(c):
        c.send_raw(frame(TEXT, bytes.fromhex("f248cdc9c90700"), rsv=RSV1))
        c.expect_message(TEXT, b"Hello")
        c.send_raw(frame(TEXT, bytes.fromhex("f200110000"), rsv=RSV1))
        if c.deflate.client_no_takeover:
            c.expect_failure(1002, 1007)  # agreed: our second message must not look back
        else:
            c.expect_message(TEXT, b"Hello")

    def stored(c):
        c.send_raw(frame(TEXT, bytes.fromhex("000500faff48656c6c6f00"), rsv=RSV1))
        c.expect_message(TEXT, b"Hello")

    def final_block(c):
        c.send_raw(frame(TEXT, bytes.fromhex("f348cdc9c9070000"), rsv=RSV1))
        c.expect_message(TEXT, b"Hello")
        c.expect_silence_then_echo()

    def two_blocks(c):
        c.send_raw(
            frame(TEXT, bytes.fromhex("f248050000 00ffffcac9c90700".replace(" ", "")), rsv=RSV1)
        )
        c.expect_message(TEXT, b"Hello")

    for sentence, script in (
        ("'Hello' in one frame", hello),
        ("'Hello' in two frames", hello_in_two),
        ("'Hello' twice, the second from the window, if shared", shared_window),
        ("'Hello' in a stored block", stored),
        ("'Hello' in a block with BFINAL", final_block),
        ("'Hello' in two blocks", two_blocks),
    ):
        on_deflate(cases, "15.1", f"{sentence} (RFC 7692 §7.2.3) comes back", script)


def add_block_kinds(cases):
    for level in (0, 1, 6, 9):

        def script(c, level=level):
            for payload in (quotes(3000), noise(3000), prose(70000)):
                c.send_frame(BINARY, c.deflate.compress(payload, level=level), rsv=RSV1)
                c.expect_message(BINARY, payload)

        on_deflate(cases, "15.2", f"messages compressed at level {level} come back", script)

    def empty(c):
        for data in (b"\x00", b"\x02\x00"):
            c.send_frame(TEXT, data, rsv=RSV1)
            c.expect_message(TEXT, b"")

    def full_flushes(c):
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        data = b"".join(
            packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH)
            for part in (b"one ", b"two ", b"three")
        )
        c.send_frame(TEXT, data[:-4], rsv=RSV1)
        c.expect_message(TEXT, b"one two three")

    def octet_wise(c):
        c.send_chopped(frame(TEXT, c.deflate.compress(quotes(500)), rsv=RSV1))
        c.expect_message(TEXT, quotes(500))

    def split_everywhere(c):
        for piece in (1, 2, 3, 7):
            data = c.deflate.compress(scripts(400))
            c.send_raw(b"".join(fragments(TEXT, data, piece, rsv=RSV1)))
            c.expect_message(TEXT, scripts(400))

    on_deflate(cases, "15.2", "an empty compressed message comes back", empty)
    on_deflate(cases, "15.2", "a message with flushes inside comes back", full_flushes)
    on_deflate(cases, "15.2", "a compressed message, one octet a segment, comes back", octet_wise)
    on_deflate(
        cases,
        "15.2",
        "compressed text in frames of 1, 2, 3 and 7 octets comes back",
        split_everywhere,
    )


def add_mixed(cases):
    def plain_between(c):
        for number in range(6):
            payload = b"message %d of six" % number
            if number % 2:
                c.send_frame(TEXT, payload)
            else:
                c.send_frame(TEXT, c.deflate.compress(payload), rsv=RSV1)
            c.expect_message(TEXT, payload)

    def ping_between(c):
        data = c.deflate.compress(quotes(2000))
        c.send_raw(
            sends(
                frame(TEXT, data[:20], fin=False, rsv=RSV1),
                frame(PING, b"inside"),
                frame(PONG, b"unasked"),
                frame(CONTINUATION, data[20:]),
            )
        )
        c.expect_control(PONG, b"inside")
        c.expect_message(TEXT, quotes(2000))

    def long_window(c):
        for _ in range(4):
            payload = noise(30000)
            c.send_frame(BINARY, c.deflate.compress(payload), rsv=RSV1)
            c.expect_message(BINARY, payload)

    on_deflate(cases, "15.3", "compressed and plain messages in turn come back", plain_between)
    on_deflate(cases, "15.3", "a ping between compressed fragments is answered", ping_between)
    on_deflate(cases, "15.3", "matches 30000 octets back, across messages, are found", long_window)


def add_broken(cases):
    def failing(sentence, codes, make):
        def script(c):
            c.send_raw(make(c))
            c.expect_failure(*codes)

        on_deflate(cases, "15.4", sentence, script)

    failing(
        "RSV1 on a continuation fails the connection (§6.1)",
        (1002,),
        lambda c: sends(
            frame(TEXT, b"\xf2\x48", fin=False, rsv=RSV1),
            frame(CONTINUATION, b"\xcd\xc9\xc9\x07\x00", rsv=RSV1),
        ),
    )
    failing(
        "RSV1 on a continuation of a plain message fails the connection",
        (1002,),
        lambda c: sends(frame(TEXT, b"Hel", fin=False), frame(CONTINUATION, b"lo", rsv=RSV1)),
    )
    failing("RSV1 on a ping fails the connection", (1002,), lambda c: frame(PING, b"", rsv=RSV1))
    failing(
        "RSV1 on a Close fails the connection", (1002,), lambda c: frame(8, b"\x03\xe8", rsv=RSV1)
    )
    failing(
        "RSV1 and RSV2 together fail the connection",
        (1002,),
        lambda c: frame(TEXT, c.deflate.compress(b"x"), rsv=RSV1 | RSV2),
    )
    # RFC 7692 names no code for data that do not inflate; these two are what implementations use.
    failing(
        "a reserved block type fails the connection",
        (1002, 1007),
        lambda c: frame(TEXT, b"\x06\x00", rsv=RSV1),
    )
    failing(
        "a stored block whose lengths disagree fails the connection",
        (1002, 1007),
        lambda c: frame(TEXT, bytes.fromhex("000500faee48656c6c6f00"), rsv=RSV1),
    )
    failing(
        "a distance before the start of the window fails the connection",
        (1002, 1007),
        lambda c: frame(TEXT, bytes.fromhex("f200110000"), rsv=RSV1),
    )
    failing(
        "ill-formed UTF-8 inside compressed text is refused with 1007",
        (1007,),
        lambda c: frame(TEXT, c.deflate.compress(b"Hello \xed\xa0\x80 world"), rsv=RSV1),
    )
    failing(
        "ill-formed UTF-8 inside fragmented compressed text is refused with 1007",
        (1007,),
        lambda c: sends(
            *fragments(TEXT, c.deflate.compress(b"Hello \xff" + noise(4000)), 100, rsv=RSV1)
        ),
    )
    failing(
        "compressed text that ends inside a character is refused with 1007",
        (1007,),
        lambda c: frame(TEXT, c.deflate.compress(b"Hello \xe2\x82"), rsv=RSV1),
    )

    def bomb(c):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = b"".join(packer.compress(bytes(1 << 20)) for _ in range(256)) + packer.flush(
            zlib.Z_SYNC_FLUSH
        )
        return frame(BINARY, data[:-4], rsv=RSV1)

    failing(
        "256 MiB out of 256 KiB are refused with 1009 before they are all inflated", (1009,), bomb
    )
