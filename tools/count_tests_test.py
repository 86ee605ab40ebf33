"""What tools/count_tests reads from each kind of test program."""

import importlib.machinery
import importlib.util
import unittest
from pathlib import Path

PATH = Path(__file__).resolve().parent / "count_tests"
LOADER = importlib.machinery.SourceFileLoader("count_tests", str(PATH))
MODULE = importlib.util.module_from_spec(importlib.util.spec_from_loader("count_tests", LOADER))
LOADER.exec_module(MODULE)
count = MODULE.count


class CountTestsTest(unittest.TestCase):
    def test_google_test_below_ctest(self):
        log = "12: [  PASSED  ] 3 tests.\n13: [  PASSED  ] 1 test.\n13: [  FAILED  ] 2 tests, listed"
        self.assertEqual(count(log, 1), (4, 2))

    def test_node(self):
        self.assertEqual(count("# tests 3\n# pass 3\n# fail 0\n", 0), (3, 0))
        self.assertEqual(count("\x1b[34mℹ pass 3\x1b[39m\n\x1b[34mℹ fail 1\x1b[39m\n", 1), (3, 1))

    def test_unittest(self):
        self.assertEqual(count("Ran 5 tests in 0.1s\n\nOK\n", 0), (5, 0))
        log = "Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=1)\n"
        self.assertEqual(count(log, 1), (1, 3))

    def test_vitest(self):
        self.assertEqual(count(" Test Files  1 passed (1)\n      Tests  12 passed (12)\n", 0),
                         (12, 0))
        self.assertEqual(count("      Tests  1 failed | 11 passed (12)\n", 1), (11, 1))

    def test_a_step_without_tests_counts_once(self):
        self.assertEqual(count("all is well\n", 0), (1, 0))
        self.assertEqual(count("oh no\n", 3), (0, 1))

    def test_a_crash_after_tests_that_passed_is_a_failure(self):
        self.assertEqual(count("[  PASSED  ] 3 tests.\nSegmentation fault\n", 139), (3, 1))


if __name__ == "__main__":
    unittest.main()
