"""Group 9: sizes and numbers: messages to 16 MiB, 65536 fragments, many messages."""

import random
import struct

from wire import BINARY, CONTINUATION, TEXT, chop, fragments, frame

MIB = 1 << 20


def text_of(size):
    return (b"Outcry limits! " * (size // 15 + 1))[:size]


def binary_of(size):
    return random.Random(size).randbytes(size)


def add_cases(cases):
    kinds = ((TEXT, "text", text_of), (BINARY, "binary", binary_of))
    for opcode, name, make in kinds:
        for size in (65536, 262144, MIB, 4 * MIB, 8 * MIB, 16 * MIB):
            cases.add_echo(
                "9.1",
                f"a {name} message of {size >> 10} KiB comes back",
                one_frame(opcode, make, size),
            )
        for piece in (64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, MIB, 4 * MIB):
            cases.add_echo(
                "9.2",
                f"a {name} message of 4 MiB in frames of {piece} octets comes back",
                in_fragments(opcode, make, 4 * MIB, piece),
            )
        for piece in (64, 128, 256, 512, 1024, 2048):
            cases.add_echo(
                "9.3",
                f"a {name} message of 1 MiB in segments of {piece} octets comes back",
                in_segments(opcode, make, MIB, piece),
            )
        for size in (0, 16, 64, 256, 1024, 4096):
            cases.add_echo(
                "9.4",
                f"1000 {name} messages of {size} octets come back, one after the other",
                many(opcode, make(size), 1000),
            )
    add_burst(cases)
    add_refusals(cases)


def one_frame(opcode, make, size):
    def script(c):
        payload = make(size)
        c.send_frame(opcode, payload)
        c.expect_message(opcode, payload)

    return script


def in_fragments(opcode, make, size, piece):
    def script(c):
        payload = make(size)
        c.send_raw(b"".join(fragments(opcode, payload, piece)))
        c.expect_message(opcode, payload)

    return script


def in_segments(opcode, make, size, piece):
    def script(c):
        payload = make(size)
        for segment in chop(frame(opcode, payload), piece):
            c.send_raw(segment)
        c.expect_message(opcode, payload)

    return script


def many(opcode, payload, count):
    def script(c):
        data = frame(opcode, payload)
        for _ in range(count):
            c.send_raw(data)
            c.expect_message(opcode, payload)

    return script


def add_burst(cases):
    def burst(c):
        c.send_raw(b"".join(frame(TEXT, b"%05d" % number) for number in range(5000)))
        for number in range(5000):
            c.expect_message(TEXT, b"%05d" % number)

    cases.add_echo("9.5", "5000 small messages sent at once come back in order", burst)


def add_refusals(cases):
    def announced(length):
        return bytes((0x80 | BINARY, 0x80 | 127)) + struct.pack(">Q", length) + b"\x01\x02\x03\x04"

    for name, length in (("2^40", 1 << 40), ("2^62", 1 << 62)):

        def too_long(c, length=length):
            c.send_raw(announced(length))
            c.expect_failure(1009)

        cases.add_script(
            "9.6", f"a frame that announces {name} octets is refused at once with 1009", too_long
        )
    for length in (1 << 63, (1 << 64) - 1):

        def negative(c, length=length):
            c.send_raw(announced(length))
            c.expect_failure(1002, 1009)

        cases.add_script(
            "9.6",
            f"the length {length:#x}, its top bit set, is refused before any allocation",
            negative,
        )

    def growing(c):
        c.send_frame(BINARY, b"*" * MIB, fin=False)
        c.send_raw(
            bytes((CONTINUATION, 0x80 | 127)) + struct.pack(">Q", 1 << 40) + b"\x01\x02\x03\x04"
        )
        c.expect_failure(1009)

    cases.add_script(
        "9.6", "a continuation that announces 2^40 octets is refused with 1009", growing
    )
