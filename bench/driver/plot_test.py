"""Plots are well-formed, say their numbers, and put things where their values are."""
import re
import unittest
import xml.etree.ElementTree

from driver import plot

SVG = "{http://www.w3.org/2000/svg}"


def parse(chart):
    return xml.etree.ElementTree.fromstring(chart)


def texts(root):
    return [part for element in root.iter(f"{SVG}text") for part in element.itertext()]


class Ticks(unittest.TestCase):
    def test_linear_ticks_are_round_and_reach_the_top(self):
        self.assertEqual(plot.linear_ticks(241_000), [0, 50_000, 100_000, 150_000, 200_000, 250_000])
        self.assertEqual(plot.linear_ticks(250_000)[-1], 250_000)
        for top in (0.3, 7, 99, 101, 3_070_000):
            ticks = plot.linear_ticks(top)
            self.assertGreaterEqual(ticks[-1], top * 0.999)
            self.assertLess(ticks[-2], top)

    def test_log_ticks_enclose_the_values(self):
        self.assertEqual(plot.log_ticks(0.12, 3.9), [0.1, 0.2, 0.5, 1, 2, 5])
        self.assertEqual(plot.log_ticks(1, 1), [1])


class BarChart(unittest.TestCase):
    def setUp(self):
        self.root = parse(plot.bar_chart("A & B", "units < all", [("1,000 members", [
            plot.Bar("limit", "limit", 200_000, 150_000, 250_000, "200k", "1.00"),
            plot.Bar("one", "outcry", 100_000, 100_000, 100_000, "100k")])]))

    def test_the_length_of_a_bar_is_its_value(self):
        limit, one = [float(rect.get("width")) for rect in self.root.iter(f"{SVG}rect")
                      if rect.get("class") in ("limit", "outcry")]
        self.assertAlmostEqual(limit, 2 * one, delta=0.2)

    def test_heading_values_and_notes_are_written(self):
        self.assertLessEqual({"A & B", "units < all", "1,000 members", "200k", "1.00", "100k"}, set(texts(self.root)))

    def test_only_a_spread_has_a_whisker(self):
        whiskers = [line for line in self.root.iter(f"{SVG}line") if line.get("class") == "text-line"]
        self.assertEqual(len(whiskers), 3)


class LineChart(unittest.TestCase):
    def test_a_missing_point_leaves_a_gap_and_higher_is_more(self):
        root = parse(plot.line_chart("t", "s", "messages/s", "ms", [
            plot.Line("one", "p99", "outcry", ((1_000, 1.0), (2_000, None), (4_000, 9.0)))], [(10, "10 ms")]))
        points = next(root.iter(f"{SVG}polyline")).get("points").split()
        self.assertEqual(len(points), 2)
        (x1, y1), (x2, y2) = [tuple(map(float, point.split(","))) for point in points]
        self.assertLess(x1, x2)
        self.assertGreater(y1, y2)
        self.assertIn("10 ms", texts(root))

    def test_the_legend_names_each_server_and_each_kind_once(self):
        root = parse(plot.line_chart("t", "s", "x", "y", [
            plot.Line(name, kind, name, ((1, 1), (10, 2)), kind == "p50")
            for name in ("outcry", "node") for kind in ("p99", "p50")]))
        written = texts(root)
        self.assertEqual([written.count(label) for label in ("outcry", "node", "p99", "p50")], [1, 1, 1, 1])

    def test_one_point_is_drawn_too(self):
        root = parse(plot.line_chart("t", "s", "x", "y", [plot.Line("one", "p99", "outcry", ((1_000, 1.0),))]))
        self.assertEqual(len(list(root.iter(f"{SVG}circle"))), 1)


class Themes(unittest.TestCase):
    def test_every_colour_in_use_is_there_for_light_and_dark(self):
        chart = plot.line_chart("t", "s", "x", "y", [plot.Line("a", "p50", "node", ((1, 1), (10, 2)), True)])
        light, dark = re.search(r"<style>(.*)@media\(prefers-color-scheme:dark\)\{(.*)\}</style>", chart).groups()
        used = {match for match in re.findall(r'class="([\w-]+)"', chart)}
        for rules in (light, dark):
            self.assertEqual({name for name in used if f".{name}{{" not in rules}, set())


if __name__ == "__main__":
    unittest.main()
