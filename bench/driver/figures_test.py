"""Medians, ratios and the writing of numbers."""
import unittest

from driver import figures


class Spreads(unittest.TestCase):
    def test_no_value_is_none_and_missing_values_do_not_count(self):
        self.assertIsNone(figures.spread_of([]))
        self.assertIsNone(figures.spread_of([None, None]))
        self.assertEqual(figures.spread_of([3, None, 1, 2]).values, (3, 1, 2))

    def test_median_ends_and_count(self):
        spread = figures.spread_of([3, 1, 2, 10])
        self.assertEqual((spread.median, spread.low, spread.high, spread.count), (2.5, 1, 10, 4))

    def test_a_ratio_needs_both_in_the_same_round(self):
        # The medians' ratio would be 1.0; in each round it is 2 or 3.
        spread = figures.ratios({1: 20, 2: 300, 4: 7}, {1: 10, 2: 100, 3: 5})
        self.assertEqual(spread.values, (2, 3))
        self.assertIsNone(figures.ratios({1: 20}, {2: 10}))

    def test_a_ratio_to_nothing_is_none(self):
        self.assertIsNone(figures.ratios({1: 20}, {1: 0}))


class Writing(unittest.TestCase):
    def test_three_figures(self):
        for value, text in ((0, "0"), (950, "950"), (999.9, "1.0k"), (7_423, "7.4k"), (18_300, "18.3k"),
                            (99_960, "100k"), (167_400, "167k"), (999_700, "1.00M"), (3_074_000, "3.07M"),
                            (12_300_000, "12.3M")):
            with self.subTest(value=value):
                self.assertEqual(figures.short(value), text)
        self.assertEqual(figures.short(None), "–")

    def test_round_numbers_on_an_axis(self):
        self.assertEqual([figures.tick(value) for value in (0, 0.05, 500, 1_000, 2_500_000)],
                         ["0", "0.05", "500", "1k", "2.5M"])

    def test_milliseconds(self):
        self.assertEqual([figures.milliseconds(value) for value in (0.012, 9.94, 9.96, 150.2)],
                         ["0.01", "9.94", "10.0", "150"])

    def test_median_with_its_ends_unless_there_is_one_value(self):
        self.assertEqual(figures.written(figures.spread_of([1_000, 3_000, 2_000])), "2.0k (1.0k–3.0k)")
        self.assertEqual(figures.written(figures.spread_of([0.5]), figures.two_places), "0.50")
        self.assertEqual(figures.written(None), "–")


if __name__ == "__main__":
    unittest.main()
