"""Plots as SVG, written by hand: a few bars or lines need no plotting program.

Each plot is a card with its own background, so that it reads the same on a light page, on a dark page, and where the
page and the reader's system disagree; the colours follow the system (`prefers-color-scheme`).
"""
import dataclasses
import html
import math

from driver.figures import tick

WIDTH = 820
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
#          name: (on light, on dark)
COLOURS = {
    "card": ("#ffffff", "#151b23"), "edge": ("#d1d9e0", "#3d444d"), "grid": ("#e4e8ec", "#2a313a"),
    "text": ("#1f2328", "#f0f6fc"), "muted": ("#59636e", "#9198a1"),
    "outcry": ("#0b62d6", "#58a6ff"), "limit": ("#6e7781", "#8b949e"), "node": ("#1a7f37", "#3fb950"),
    "flask": ("#b35900", "#e3a13c"), "other": ("#8250df", "#bc8cff"),
}


@dataclasses.dataclass(frozen=True)
class Bar:
    label: str
    colour: str
    middle: float
    low: float
    high: float
    value: str  # `middle` as it is written behind the bar
    note: str = ""  # after it


@dataclasses.dataclass(frozen=True)
class Line:
    label: str  # whose
    kind: str  # of what; lines of one kind are all dashed or all solid
    colour: str
    points: tuple  # (x, y), in order of x; y None: no point
    dashed: bool = False


def style():
    def rules(theme):
        return "".join(
            f".{name}{{fill:{pair[theme]}}}.{name}-line{{stroke:{pair[theme]};fill:none}}"
            for name, pair in COLOURS.items())
    return f"<style>{rules(0)}@media(prefers-color-scheme:dark){{{rules(1)}}}</style>"


def text(x, y, content, size=13, colour="text", anchor="start", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" class="{colour}" text-anchor="{anchor}"{extra}>'
            f"{html.escape(str(content), quote=False)}</text>")


def line(x1, y1, x2, y2, colour, width=1.0, extra=""):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{colour}-line" '
            f'stroke-width="{width:g}"{extra}/>')


def card(height, title, subtitle, parts):
    """The whole file. `title` is also what a screen reader says."""
    head = [text(24, 34, title, 17, extra=' font-weight="600"'), text(24, 55, subtitle, 13, "muted")]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
            f'height="{height:.0f}" role="img" font-family="{FONT}">'
            f"<title>{html.escape(title)}: {html.escape(subtitle)}</title>{style()}"
            f'<rect class="card" width="{WIDTH}" height="{height:.0f}" rx="8"/>'
            f'<rect class="edge-line" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:.0f}" rx="8"/>\n'
            + "\n".join(head + parts) + "\n</svg>\n")


def value_text(x, y, bar):
    """The value and its note; the note begins where the value ends, whatever the font."""
    note = (f'<tspan dx="7" font-size="12" font-weight="400" class="muted">{html.escape(bar.note, quote=False)}</tspan>'
            if bar.note else "")
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="13" font-weight="600" class="text">'
            f"{html.escape(bar.value, quote=False)}{note}</text>")


def linear_ticks(top, wanted=5):
    """Round numbers from 0 to at least `top`."""
    raw = top / wanted
    scale = 10 ** math.floor(math.log10(raw))
    step = next(factor * scale for factor in (1, 2, 2.5, 5, 10) if factor * scale >= raw * 0.999)
    return [step * number for number in range(math.ceil(top / step - 1e-9) + 1)]


def log_ticks(low, high):
    """1, 2 and 5 of each decade that [low, high] touches, from the one at or below to the one at or above."""
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    values = [factor * 10.0 ** decade for decade in decades for factor in (1, 2, 5)]
    first = max(value for value in values if value <= low * 1.0001)
    last = min(value for value in values if value >= high * 0.9999)
    return [value for value in values if first <= value <= last]


def bar_chart(title, subtitle, groups):
    """Horizontal bars on one scale from zero. `groups`: [(heading, [Bar])]. Whiskers reach from minimum to maximum."""
    left, right, row = 210, 230, 27
    bars = [bar for _, group in groups for bar in group]
    ticks = linear_ticks(max(bar.high for bar in bars))
    width = WIDTH - left - right
    x = lambda value: left + width * value / ticks[-1]  # noqa: E731 - a formula
    parts, y = [], 76.0
    for heading, group in groups:
        if heading:
            parts.append(text(24, y + 16, heading, 13, extra=' font-weight="600"'))
            y += 26
        top = y
        rows = []
        for bar in group:
            middle = y + row / 2
            rows.append(text(left - 12, middle + 4.5, bar.label, 13, anchor="end"))
            rows.append(f'<rect class="{bar.colour}" x="{left}" y="{y + 4:.1f}" height="{row - 8}" rx="2" '
                        f'width="{max(x(bar.middle) - left, 1.5):.1f}"/>')
            if bar.high > bar.low:
                rows.append(line(x(bar.low), middle, x(bar.high), middle, "text", 1.2))
                rows += [line(x(end), middle - 4, x(end), middle + 4, "text", 1.2) for end in (bar.low, bar.high)]
            rows.append(value_text(x(bar.high) + 9, middle + 4.5, bar))
            y += row
        parts += [line(x(at), top, x(at), y, "grid") for at in ticks] + rows
        y += 10
    parts += [text(x(at), y + 8, tick(at), 11, "muted", "middle") for at in ticks]
    return card(y + 26, title, subtitle, parts)


def line_chart(title, subtitle, x_label, y_label, lines, marks=()):
    """Both axes logarithmic, for rates and latencies span decades. `marks` are (y, label): dashed lines across."""
    left, right, top, plot_height = 74, 24, 96, 330
    points = [point for one in lines for point in one.points if point[1] is not None]
    xs = log_ticks(min(x for x, _ in points), max(x for x, _ in points))
    ys = log_ticks(min(y for _, y in points), max([y for _, y in points] + [y for y, _ in marks]))
    width, bottom = WIDTH - left - right, top + plot_height

    def place(value, ticks, length):
        return length * math.log(value / ticks[0]) / (math.log(ticks[-1] / ticks[0]) or 1)

    x = lambda value: left + place(value, xs, width)  # noqa: E731 - formulas
    y = lambda value: bottom - place(value, ys, plot_height)  # noqa: E731
    parts = legend(lines, 24, 80)
    parts += [line(x(at), top, x(at), bottom, "grid") for at in xs]
    parts += [line(left, y(at), left + width, y(at), "grid") for at in ys]
    parts += [text(x(at), bottom + 18, tick(at), 11, "muted", "middle") for at in xs]
    parts += [text(left - 9, y(at) + 4, tick(at), 11, "muted", "end") for at in ys]
    for value, label in marks:
        parts.append(line(left, y(value), left + width, y(value), "muted", 1.2, ' stroke-dasharray="2 4"'))
        parts.append(text(left + 6, y(value) - 5, label, 11, "muted"))
    for one in lines:
        there = [(x(a), y(b)) for a, b in one.points if b is not None]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in there)
        dash = ' stroke-dasharray="6 4"' if one.dashed else ""
        parts.append(f'<polyline class="{one.colour}-line" stroke-width="{1.6 if one.dashed else 2.4}" '
                     f'stroke-linejoin="round"{dash} points="{path}"/>')
        parts += [f'<circle class="{one.colour}" cx="{a:.1f}" cy="{b:.1f}" r="{2.6 if one.dashed else 3.6}"/>'
                  for a, b in there]
    parts.append(text(left + width / 2, bottom + 40, x_label, 12, "muted", "middle"))
    middle = top + plot_height / 2
    parts.append(text(20, middle, y_label, 12, "muted", "middle", f' transform="rotate(-90 20 {middle:.1f})"'))
    return card(bottom + 56, title, subtitle, parts)


def legend(lines, x, y):
    """Each colour once, then what solid and dashed lines are."""
    entries = {(one.label, one.colour, False): None for one in lines}
    entries |= {(one.kind, "muted", one.dashed): None for one in lines}
    parts = []
    for label, colour, dashed in entries:
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        parts.append(line(x, y - 4, x + 24, y - 4, colour, 1.6 if dashed else 2.4, dash))
        parts.append(text(x + 30, y, label, 12))
        x += 30 + 6.6 * len(label) + 18
    return parts
