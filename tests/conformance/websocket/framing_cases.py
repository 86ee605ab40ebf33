"""Groups 1 to 5, 8, 10: frames, reserved bits, opcodes, fragments, masks (RFC 6455 §5)."""

import struct

from wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    RSV1,
    RSV2,
    RSV3,
    TEXT,
    chop,
    fragments,
    frame,
)

SIZES = (0, 125, 126, 127, 128, 65535, 65536)


def add_cases(cases):
    add_framing(cases)
    add_pings(cases)
    add_reserved_bits(cases)
    add_opcodes(cases)
    add_fragmentation(cases)
    add_lost_continuations(cases)
    add_masks(cases)
    add_segmentation(cases)


def add_framing(cases):
    for opcode, kind, fill in ((TEXT, "text", b"*"), (BINARY, "binary", b"\xfe")):
        for size in SIZES:

            def whole(c, opcode=opcode, payload=fill * size):
                c.send_frame(opcode, payload)
                c.expect_message(opcode, payload)

            cases.add_echo(f"1.{opcode}", f"a {kind} message of {size} octets comes back", whole)

        def torn(c, opcode=opcode, payload=fill * 65536):
            for piece in chop(frame(opcode, payload), 997):
                c.send_raw(piece)
            c.expect_message(opcode, payload)

        cases.add_echo(
            f"1.{opcode}", f"a {kind} message of 65536 octets in segments of 997 comes back", torn
        )

    for size, octets in ((5, 3), (5, 9), (125, 3), (126, 9), (65535, 9)):

        def long_form(c, size=size, octets=octets):
            c.send_frame(TEXT, b"*" * size, length_octets=octets)
            c.expect_failure(1002)

        cases.add_script(
            "1.3",
            f"a length of {size} in a field of {octets} octets is refused (§5.2 minimal)",
            long_form,
        )


def add_pings(cases):
    for name, payload in (
        ("without payload", b""),
        ("with text", b"Hello, world!"),
        ("with octets that are not UTF-8", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        ("with 125 octets", b"\xfe" * 125),
    ):

        def answered(c, payload=payload):
            c.send_frame(PING, payload)
            c.expect_control(PONG, payload)

        cases.add_echo("2.1", f"a ping {name} is answered by the same pong", answered)

    def too_long(c):
        c.send_frame(PING, b"\xfe" * 126)
        c.expect_failure(1002)

    cases.add_script("2.2", "a ping of 126 octets fails the connection", too_long)

    def octet_wise(c):
        c.send_chopped(frame(PING, b"\xfe" * 125))
        c.expect_control(PONG, b"\xfe" * 125)

    cases.add_echo("2.3", "a ping of 125 octets, one octet a segment, is answered", octet_wise)

    for payload in (b"", b"unsolicited"):

        def ignored(c, payload=payload):
            c.send_frame(PONG, payload)
            c.expect_silence_then_echo()

        cases.add_echo("2.4", f"an unasked pong of {len(payload)} octets is ignored", ignored)

    def pong_then_ping(c):
        c.send_frame(PONG, b"unsolicited")
        c.send_frame(PING, b"ping payload")
        c.expect_control(PONG, b"ping payload")

    cases.add_echo("2.5", "a ping after an unasked pong is answered", pong_then_ping)

    def ten(c):
        for number in range(10):
            c.send_frame(PING, b"payload-%d" % number)
        for number in range(10):
            c.expect_control(PONG, b"payload-%d" % number)

    cases.add_echo("2.6", "ten pings in a row are answered in order", ten)

    def ten_octet_wise(c):
        c.send_chopped(b"".join(frame(PING, b"payload-%d" % number) for number in range(10)))
        for number in range(10):
            c.expect_control(PONG, b"payload-%d" % number)

    cases.add_echo("2.7", "ten pings, one octet a segment, are answered in order", ten_octet_wise)


def add_reserved_bits(cases):
    def first(bits):
        def script(c):
            c.send_frame(TEXT, b"Hello, world!", rsv=bits)
            c.expect_failure(1002)

        return script

    def second(bits):
        def script(c):
            c.send_frame(TEXT, b"first")
            c.send_frame(TEXT, b"second", rsv=bits)
            c.send_frame(PING)
            c.expect_message(TEXT, b"first")
            c.expect_failure(1002)

        return script

    def second_octet_wise(bits):
        def script(c):
            c.send_chopped(frame(TEXT, b"first") + frame(TEXT, b"second", rsv=bits))
            c.expect_message(TEXT, b"first")
            c.expect_failure(1002)

        return script

    for bits in range(RSV3, 0x80, RSV3):
        cases.add_script(
            "3.1", f"reserved bits {bits >> 4:03b} on a text frame fail the connection", first(bits)
        )
    for bits in (RSV3, RSV2, RSV1):
        cases.add_script(
            "3.2", f"the echo before reserved bits {bits >> 4:03b} still arrives", second(bits)
        )
        cases.add_script(
            "3.3",
            f"the same with bits {bits >> 4:03b}, one octet a segment",
            second_octet_wise(bits),
        )
    for opcode, name in ((BINARY, "binary"), (PING, "ping"), (PONG, "pong"), (CLOSE, "close")):

        def control(c, opcode=opcode):
            c.send_frame(opcode, b"\x03\xe8", rsv=RSV2)
            c.expect_failure(1002)

        cases.add_script("3.4", f"a reserved bit on a {name} frame fails the connection", control)

    def header_only(c):
        c.send_raw(frame(TEXT, b"*" * 100, rsv=RSV3)[:6])
        c.expect_failure(1002)

    cases.add_script(
        "3.5", "a reserved bit fails the connection before the payload has arrived", header_only
    )


def add_opcodes(cases):
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):

        def alone(c, opcode=opcode):
            c.send_frame(opcode)
            c.expect_failure(1002)

        def with_payload(c, opcode=opcode):
            c.send_frame(opcode, b"reserved opcode")
            c.expect_failure(1002)

        def after_text(c, opcode=opcode):
            c.send_frame(TEXT, b"first")
            c.send_frame(opcode, b"reserved")
            c.send_frame(PING)
            c.expect_message(TEXT, b"first")
            c.expect_failure(1002)

        group = "4.1" if opcode < 8 else "4.2"
        cases.add_script(
            group, f"reserved opcode {opcode} without payload fails the connection", alone
        )
        cases.add_script(
            group, f"reserved opcode {opcode} with payload fails the connection", with_payload
        )
        cases.add_script(
            group, f"the echo before reserved opcode {opcode} still arrives", after_text
        )


def add_fragmentation(cases):
    first, second = frame(TEXT, b"fragment1", fin=False), frame(CONTINUATION, b"fragment2")
    both = b"fragment1fragment2"

    for opcode, name in ((PING, "ping"), (PONG, "pong"), (CLOSE, "close")):

        def fragmented_control(c, opcode=opcode):
            c.send_frame(opcode, b"fragment1", fin=False)
            c.send_frame(CONTINUATION, b"fragment2")
            c.expect_failure(1002)

        cases.add_script("5.1", f"a fragmented {name} fails the connection", fragmented_control)

    for how in ("two segments", "one segment", "one octet a segment"):

        def two(c, how=how):
            if how == "two segments":
                c.send_raw(first)
                c.send_raw(second)
            elif how == "one segment":
                c.send_raw(first + second)
            else:
                c.send_chopped(first + second)
            c.expect_message(TEXT, both)

        def ping_between(c, how=how):
            data = first + frame(PING, b"ping payload") + second
            if how == "one octet a segment":
                c.send_chopped(data)
            elif how == "one segment":
                c.send_raw(data)
            else:
                c.send_raw(data[: -len(second)])
                # The pong must not wait for the end of the message.
                c.expect_control(PONG, b"ping payload")
                c.send_raw(second)
                c.expect_message(TEXT, both)
                return
            c.expect_control(PONG, b"ping payload")
            c.expect_message(TEXT, both)

        cases.add_echo("5.2", f"a text in two fragments ({how}) comes back whole", two)
        cases.add_echo(
            "5.3", f"a ping between two fragments ({how}) is answered at once", ping_between
        )

    def five_with_pings(c):
        for number in range(5):
            c.send_frame(
                TEXT if number == 0 else CONTINUATION, b"fragment%d" % number, fin=number == 4
            )
            if number in (1, 3):
                c.send_frame(PING, b"ping %d" % number)
                c.expect_control(PONG, b"ping %d" % number)
        c.expect_message(TEXT, b"".join(b"fragment%d" % number for number in range(5)))

    cases.add_echo("5.4", "five fragments with pings in between come back whole", five_with_pings)

    def five_with_pings_octet_wise(c):
        data = b""
        for number in range(5):
            data += frame(
                TEXT if number == 0 else CONTINUATION, b"fragment%d" % number, fin=number == 4
            )
            data += frame(PING, b"ping %d" % number) if number in (1, 3) else b""
        c.send_chopped(data)
        c.expect_control(PONG, b"ping 1")
        c.expect_control(PONG, b"ping 3")
        c.expect_message(TEXT, b"".join(b"fragment%d" % number for number in range(5)))

    cases.add_echo("5.4", "the same, one octet a segment", five_with_pings_octet_wise)

    def pong_between(c):
        c.send_raw(first + frame(PONG, b"unasked") + second)
        c.expect_message(TEXT, both)

    cases.add_echo("5.5", "an unasked pong between two fragments is ignored", pong_between)

    for name, sizes in (
        ("all empty", (0, 0, 0)),
        ("an empty first", (0, 4, 4)),
        ("an empty middle", (4, 0, 4)),
        ("an empty last", (4, 4, 0)),
    ):
        for opcode in (TEXT, BINARY):

            def empties(c, sizes=sizes, opcode=opcode):
                for number, size in enumerate(sizes):
                    c.send_frame(
                        opcode if number == 0 else CONTINUATION, b"x" * size, fin=number == 2
                    )
                c.expect_message(opcode, b"x" * sum(sizes))

            cases.add_echo(
                "5.6", f"three fragments, {name}, of opcode {opcode} come back whole", empties
            )

    def two_messages(c):
        for payload in (b"one two", b"three four"):
            for piece in fragments(BINARY, payload, 3):
                c.send_raw(piece)
        c.expect_message(BINARY, b"one two")
        c.expect_message(BINARY, b"three four")

    cases.add_echo(
        "5.7", "two fragmented messages in a row come back separately and in order", two_messages
    )


def add_lost_continuations(cases):
    for fin in (True, False):
        for octet_wise in (False, True):

            def orphan(c, fin=fin, octet_wise=octet_wise):
                data = frame(CONTINUATION, b"non-continuation payload", fin=fin) + frame(
                    TEXT, b"Hello, world!"
                )
                (c.send_chopped if octet_wise else c.send_raw)(data)
                c.expect_failure(1002)

            way = ", one octet a segment" if octet_wise else ""
            cases.add_script(
                "5.8",
                f"a continuation (FIN {int(fin)}) of nothing fails the connection{way}",
                orphan,
            )

    def orphan_after_message(c):
        for piece in fragments(TEXT, b"fragment1fragment2", 9):
            c.send_raw(piece)
        c.send_frame(CONTINUATION, b"fragment3")
        c.expect_message(TEXT, b"fragment1fragment2")
        c.expect_failure(1002)

    cases.add_script(
        "5.9",
        "a continuation after the last fragment fails the connection; the echo arrives",
        orphan_after_message,
    )

    for opcode, name in ((TEXT, "text"), (BINARY, "binary")):
        for fin in (True, False):

            def unfinished(c, opcode=opcode, fin=fin):
                c.send_frame(TEXT, b"fragment1", fin=False)
                c.send_frame(opcode, b"fragment2", fin=fin)
                c.expect_failure(1002)

            cases.add_script(
                "5.10",
                f"a new {name} frame (FIN {int(fin)}) inside a message fails the connection",
                unfinished,
            )


def add_masks(cases):
    for size in (0, 5, 126, 65536):

        def unmasked(c, size=size):
            c.send_frame(TEXT, b"*" * size, masked=False)
            c.expect_failure(1002)

        cases.add_script(
            "8.1", f"an unmasked text of {size} octets fails the connection (§5.1)", unmasked
        )
    for opcode, name in ((PING, "ping"), (CLOSE, "close")):

        def unmasked_control(c, opcode=opcode):
            c.send_frame(opcode, struct.pack(">H", 1000), masked=False)
            c.expect_failure(1002)

        cases.add_script("8.2", f"an unmasked {name} fails the connection", unmasked_control)
    keys = (b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x01", b"\x80\x40\x20\x10")
    for key in keys:

        def masked(c, key=key):
            for size in (*range(0, 40), 63, 64, 65, 255, 257, 1000, 4097):
                payload = bytes(at & 0x7F for at in range(size))
                c.send_frame(BINARY, payload, key=key)
                c.expect_message(BINARY, payload)

        cases.add_echo(
            "8.3", f"payloads of many lengths under the mask {key.hex()} come back", masked
        )

        def masked_torn(c, key=key):
            payload = bytes(at & 0x7F for at in range(1027))
            data = frame(BINARY, payload, key=key)
            for size in (1, 2, 3, 5, 7, 11, 13):
                c.send_chopped(data, size)
                c.expect_message(BINARY, payload)

        cases.add_echo(
            "8.4",
            f"the mask {key.hex()} keeps its phase across segments of any length",
            masked_torn,
        )


def add_segmentation(cases):
    def autofragmented(c):
        payload = b"*" * 65536
        for piece in fragments(TEXT, payload, 1300):
            c.send_raw(piece)
        c.expect_message(TEXT, payload)

    cases.add_echo(
        "10.1", "a text of 65536 octets in frames of 1300 comes back whole", autofragmented
    )

    def torn_at_each_octet(c):
        data = frame(TEXT, b"torn " * 30)
        for cut in range(1, len(data)):
            c.send_raw(data[:cut])
            c.send_raw(data[cut:])
            c.expect_message(TEXT, b"torn " * 30)

    cases.add_echo("10.2", "a frame torn at each of its octets comes back", torn_at_each_octet)

    def many_in_one_segment(c):
        c.send_raw(b"".join(frame(TEXT, b"message %d" % number) for number in range(200)))
        for number in range(200):
            c.expect_message(TEXT, b"message %d" % number)

    cases.add_echo("10.3", "200 messages in one segment come back in order", many_in_one_segment)
