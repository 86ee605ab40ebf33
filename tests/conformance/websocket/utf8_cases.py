"""Group 6: text is UTF-8 (RFC 6455 §8.1, RFC 3629), and a bad octet is answered when it arrives.

    6.1   well-formed texts, whole / fragmented anywhere / octet-wise: echoed
    6.2   ill-formed texts, whole / fragmented: 1007 at the end of the message at the latest
    6.3   the same octets in a binary message: echoed, for binary is not text
    6.4   fail fast: 1007 while the message, or even its frame, is still unfinished
"""

from wire import BINARY, CONTINUATION, PING, TEXT, fragments, frame

# Ends of each length class of RFC 3629 §3, the edges of the surrogate gap, noncharacters (which
# are valid UTF-8) and some prose.
WELL_FORMED = {
    "ASCII": b"Hello, world!",
    "Greek with combining marks": "κόσμε \u1f79 e\u0301".encode(),
    "four scripts": "price 価格 цена 💹".encode(),
    "U+0000": b"\x00",
    "U+007F": b"\x7f",
    "U+0080": b"\xc2\x80",
    "U+07FF": b"\xdf\xbf",
    "U+0800": b"\xe0\xa0\x80",
    "U+0FFF": b"\xe0\xbf\xbf",
    "U+1000": b"\xe1\x80\x80",
    "U+CFFF": b"\xec\xbf\xbf",
    "U+D000": b"\xed\x80\x80",
    "U+D7FF": b"\xed\x9f\xbf",
    "U+E000": b"\xee\x80\x80",
    "U+FFFD": b"\xef\xbf\xbd",
    "U+FEFF": b"\xef\xbb\xbf",
    "U+FFFE": b"\xef\xbf\xbe",
    "U+FFFF": b"\xef\xbf\xbf",
    "U+FDD0": b"\xef\xb7\x90",
    "U+10000": b"\xf0\x90\x80\x80",
    "U+1FFFF": b"\xf0\x9f\xbf\xbf",
    "U+3FFFF": b"\xf0\xbf\xbf\xbf",
    "U+40000": b"\xf1\x80\x80\x80",
    "U+FFFFE": b"\xf3\xbf\xbf\xbe",
    "U+10FFFF": b"\xf4\x8f\xbf\xbf",
    "all lengths in turn": b"\x41\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xb9" * 20,
}

# name: (octets before the first bad one, the bad octet and what follows)
ILL_FORMED = {
    "a lone continuation 80": (b"", b"\x80"),
    "a lone continuation BF": (b"", b"\xbf"),
    "two lone continuations": (b"", b"\x80\xbf"),
    "every continuation octet": (b"", bytes(range(0x80, 0xC0))),
    "a lead of two, then a space": (b"\xc3", b"\x20"),
    "a lead of three, then a space": (b"\xe2", b"\x20"),
    "a lead of three, one continuation, then a space": (b"\xe2\x82", b"\x20"),
    "a lead of four, then a space": (b"\xf0", b"\x20"),
    "a lead of four, one continuation, then a space": (b"\xf0\x9f", b"\x20"),
    "a lead of four, two continuations, then a space": (b"\xf0\x9f\x92", b"\x20"),
    "two leads in a row": (b"\xc3", b"\xc3"),
    "a continuation too many after two": (b"\xc3\xa9", b"\x80"),
    "a continuation too many after three": (b"\xe2\x82\xac", b"\x80"),
    "a continuation too many after four": (b"\xf0\x9f\x92\xb9", b"\x80"),
    "overlong C0 80": (b"", b"\xc0\x80"),
    "overlong C0 AF": (b"", b"\xc0\xaf"),
    "overlong C1 BF": (b"", b"\xc1\xbf"),
    "overlong E0 80 80": (b"\xe0", b"\x80\x80"),
    "overlong E0 80 AF": (b"\xe0", b"\x80\xaf"),
    "overlong E0 9F BF": (b"\xe0", b"\x9f\xbf"),
    "overlong F0 80 80 80": (b"\xf0", b"\x80\x80\x80"),
    "overlong F0 80 80 AF": (b"\xf0", b"\x80\x80\xaf"),
    "overlong F0 8F BF BF": (b"\xf0", b"\x8f\xbf\xbf"),
    "surrogate D800": (b"\xed", b"\xa0\x80"),
    "surrogate DB7F": (b"\xed", b"\xad\xbf"),
    "surrogate DB80": (b"\xed", b"\xae\x80"),
    "surrogate DC00": (b"\xed", b"\xb0\x80"),
    "surrogate DFFF": (b"\xed", b"\xbf\xbf"),
    "a surrogate pair": (b"\xed", b"\xa0\x80\xed\xb0\x80"),
    "U+110000": (b"\xf4", b"\x90\x80\x80"),
    "U+13FFFF": (b"\xf4", b"\xbf\xbf\xbf"),
    "lead F5": (b"", b"\xf5\x80\x80\x80"),
    "lead F7": (b"", b"\xf7\xbf\xbf\xbf"),
    "lead F8 (five octets)": (b"", b"\xf8\x88\x80\x80\x80"),
    "lead FB (five octets)": (b"", b"\xfb\xbf\xbf\xbf\xbf"),
    "lead FC (six octets)": (b"", b"\xfc\x84\x80\x80\x80\x80"),
    "lead FD (six octets)": (b"", b"\xfd\xbf\xbf\xbf\xbf\xbf"),
    "octet FE": (b"", b"\xfe"),
    "octet FF": (b"", b"\xff"),
    "FE FE FF FF": (b"", b"\xfe\xfe\xff\xff"),
}

# Correct so far, but the message ends inside a character.
CUT_SHORT = {
    "one of two": b"\xc3",
    "one of three": b"\xe2",
    "two of three": b"\xe2\x82",
    "one of four": b"\xf0",
    "two of four": b"\xf0\x9f",
    "three of four": b"\xf0\x9f\x92",
    "text and three of four": b"Hello \xf0\x9f\x92",
}


def add_cases(cases):
    for name, text in WELL_FORMED.items():
        add_well_formed(cases, name, text)
    for name, text in CUT_SHORT.items():
        add_refused(cases, f"a text that ends after {name} octets", text)
    for name, (good, bad) in ILL_FORMED.items():
        add_refused(cases, f"a text with {name}", b"Hello " + good + bad + b" world")
        add_fail_fast(cases, name, b"Hello " + good, bad)

    def binary(c):
        for good, bad in ILL_FORMED.values():
            c.send_frame(BINARY, good + bad)
            c.expect_message(BINARY, good + bad)

    cases.add_echo("6.3", "no octet is refused in a binary message", binary)

    def each_octet(c):
        c.send_frame(BINARY, bytes(range(256)))
        c.expect_message(BINARY, bytes(range(256)))

    cases.add_echo("6.3", "all 256 octets in a binary message come back", each_octet)
    add_late_errors(cases)


def add_well_formed(cases, name, text):
    def whole(c):
        c.send_frame(TEXT, text)
        c.expect_message(TEXT, text)

    def fragmented(c):
        for piece in fragments(TEXT, text, 1):
            c.send_raw(piece)
        c.expect_message(TEXT, text)

    def torn(c):
        c.send_chopped(frame(TEXT, text))
        c.expect_message(TEXT, text)

    cases.add_echo("6.1", f"{name} comes back", whole)
    cases.add_echo("6.1", f"{name} in frames of one octet comes back", fragmented)
    cases.add_echo("6.1", f"{name}, one octet a segment, comes back", torn)


def add_refused(cases, name, text):
    def whole(c):
        c.send_frame(TEXT, text)
        c.expect_failure(1007)

    def fragmented(c):
        for piece in fragments(TEXT, text, 1):
            c.send_raw(piece)
        c.expect_failure(1007)

    cases.add_script("6.2", f"{name} is refused with 1007", whole)
    cases.add_script("6.2", f"{name}, in frames of one octet, is refused with 1007", fragmented)


def add_fail_fast(cases, name, good, bad):
    def open_message(c):
        c.send_frame(TEXT, good, fin=False)
        c.send_frame(CONTINUATION, bad[:1], fin=False)
        c.expect_failure(1007)

    def open_frame(c):
        # A frame that announces 200 octets; those after the first bad one are never sent.
        announced = frame(TEXT, (good + bad).ljust(200, b"."))
        c.send_raw(announced[: 8 + len(good) + 1])
        c.expect_failure(1007)

    cases.add_script("6.4", f"{name} is refused before the message is finished", open_message)
    cases.add_script("6.4", f"{name} is refused before the frame is finished", open_frame)


def add_late_errors(cases):
    def after_echo(c):
        c.send_frame(TEXT, b"first")
        c.send_frame(TEXT, b"\xff")
        c.expect_message(TEXT, b"first")
        c.expect_failure(1007)

    def across_ping(c):
        c.send_frame(TEXT, b"\xf0\x9f", fin=False)
        c.send_frame(PING, b"\xff\xff")
        c.send_frame(CONTINUATION, b"\x92\xb9")
        c.expect_control(10, b"\xff\xff")
        c.expect_message(TEXT, b"\xf0\x9f\x92\xb9")

    def state_is_per_message(c):
        for _ in range(3):
            c.send_frame(TEXT, "日本".encode())
            c.expect_message(TEXT, "日本".encode())
            c.send_frame(BINARY, b"\xe6\x97")
            c.expect_message(BINARY, b"\xe6\x97")

    def at_each_offset(c):
        for pad in range(70):
            text = b"x" * pad + "é€💹".encode() + b"y" * (70 - pad)
            c.send_frame(TEXT, text)
            c.expect_message(TEXT, text)

    cases.add_script("6.5", "the echo of the text before a bad one still arrives", after_echo)
    cases.add_echo(
        "6.5",
        "a ping with octets of any kind inside a split character disturbs nothing",
        across_ping,
    )
    cases.add_echo(
        "6.5",
        "an unfinished character in a binary message does not spoil the next text",
        state_is_per_message,
    )
    cases.add_echo(
        "6.5",
        "multi-octet characters at each offset of a vector register come back",
        at_each_offset,
    )
    for pad in (0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 1000):

        def bad_at(c, pad=pad):
            c.send_frame(TEXT, b"x" * pad + b"\xed\xa0\x80" + b"y" * 64)
            c.expect_failure(1007)

        cases.add_script("6.6", f"a surrogate after {pad} ASCII octets is refused", bad_at)
