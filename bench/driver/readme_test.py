"""The README's figures: what they say, and that nothing else of the file changes."""
import pathlib
import tempfile
import unittest

from driver import readme
from driver.made_up import cells, record, results

RUN = results(record("W2", "redis", "outcry", 1, per_second=60_000),
              record("W2", "redis", "outcry", 2, per_second=80_000),
              record("W2", "redis", "node", per_second=15_000), record("W2", "process", "limit", per_second=100_000),
              record("W3", "idle", "outcry", bytes_each=900), record("W5", "25000", "outcry", p99_ms=0.75),
              record("W5", "25000", "node", held=15_000))


class Section(unittest.TestCase):
    def test_one_column_for_each_server_the_limit_first(self):
        text = readme.section(RUN, "bench/results/latest")
        self.assertEqual(cells(text, "", "the kernel's limit")[2:], ["Outcry", "Node.js socket.io"])
        self.assertEqual(cells(text, "the same, published through Redis")[1:], ["–", "70.0k (60.0k–80.0k)", "15.0k"])
        self.assertEqual(cells(text, "p99 at 25,000/s")[1:], ["–", "0.75 ms", "not held"])
        self.assertEqual(cells(text, "memory for each")[1:], ["–", "0.9 KB", "–"])

    def test_only_what_was_measured_is_shown(self):
        text = readme.section(RUN, "bench/results/latest")
        self.assertNotIn("one event at a time", text)
        self.assertNotIn("w1-turn.svg", text)
        self.assertIn("(bench/results/latest/w2-unicast.svg)", text)


class Update(unittest.TestCase):
    def test_only_what_stands_between_the_marks_changes(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "README.md"
            file.write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n")
            readme.update(RUN, "plots", file)
            once = file.read_text()
            readme.update(RUN, "plots", file)
            self.assertEqual(file.read_text(), once)
            self.assertTrue(once.startswith(f"before\n{readme.BEGIN}\n\nEvery server"))
            self.assertTrue(once.endswith(f"\n\n{readme.END}\nafter\n"))
            self.assertNotIn("old", once)

    def test_a_file_without_marks_is_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "README.md"
            file.write_text("text\n")
            with self.assertRaises(SystemExit):
                readme.update(RUN, "plots", file)
            self.assertEqual(file.read_text(), "text\n")

    def test_the_project_s_readme_has_the_marks(self):
        text = readme.README.read_text()
        self.assertEqual((text.count(readme.BEGIN), text.count(readme.END)), (1, 1))


if __name__ == "__main__":
    unittest.main()
