"""style/tree.py: the project's files, listed once and read at most once.

A rule takes a Tree and yields Findings; it never opens a file itself, so a test needs only a
folder with a few small files in it.
"""

import re
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Iterator

CPP = (".h", ".cpp")
SCRIPT = (".py", ".ts", ".tsx", ".js", ".mjs", ".css")
SKIPPED_FOLDERS = {
    ".git", "out", "node_modules", "dist", "__pycache__", "data", "vectors", "corpus",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')

# A comment, a raw string, a string or a character; ' in 20'000 separates digits instead.
LITERAL = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r'|R"(?P<delimiter>[^()\\ ]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.S,
)


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        kind = self.rule if self.fatal else f"warning: {self.rule}"
        return f"{self.path}:{self.line}: {kind}: {self.message}"


def code_only(text: str) -> str:
    """`text` with the insides of comments and literals blanked: same length, same lines."""

    def blank(match: re.Match[str]) -> str:
        found = match.group()
        body = re.sub(r"[^\n]", " ", found)
        return '"' + body[1:-1] + '"' if found[0] in '"R' and len(found) > 1 else body

    return LITERAL.sub(blank, text)


class Tree:
    """The files under `root`; with `only`, rules report on these paths alone."""

    def __init__(self, root: Path, only: set[str] | None = None):
        self.root = root
        self.only = only
        self.text = cache(self._read)
        self.code = cache(lambda path: code_only(self.text(path)))
        self.includes = cache(lambda path: list(self._includes(path)))

    @cached_property
    def files(self) -> list[str]:
        listed = subprocess.run(
            ["git", "-C", str(self.root), "ls-files", "-co", "--exclude-standard", "-z"],
            capture_output=True, text=True, check=False,
        )
        if listed.returncode == 0:
            paths = [path for path in listed.stdout.split("\0") if path]
        else:
            paths = [str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file()]
        return sorted(
            path for path in set(paths)
            if not SKIPPED_FOLDERS & set(Path(path).parts[:-1]) and (self.root / path).is_file()
        )

    def chosen(self, *suffixes: str, under: str = "") -> Iterator[str]:
        """The files to report on, of these suffixes, in this folder."""
        for path in self.files:
            if path.endswith(suffixes) and path.startswith(under):
                if self.only is None or path in self.only:
                    yield path

    def has(self, path: str) -> bool:
        return path in self._file_set

    @cached_property
    def _file_set(self) -> set[str]:
        return set(self.files)

    def _read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def _includes(self, path: str) -> Iterator[tuple[int, str, str]]:
        """(line, '<' or '"', path) of each #include."""
        for number, line in enumerate(self.text(path).splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1), match.group(2)

    def closure(self, path: str) -> list[str]:
        """`path` and every project file that it includes, directly or not."""
        seen: set[str] = set()
        waiting = [path]
        while waiting:
            current = waiting.pop()
            if current in seen:
                continue
            seen.add(current)
            for _, quote, name in self.includes(current):
                for candidate in (f"src/{name}", name, str(Path(current).parent / name)):
                    if quote == '"' and self.has(candidate):
                        waiting.append(candidate)
        return sorted(seen)


def is_test(path: str) -> bool:
    """A file of tests, or one that only tests and measurements link."""
    folder, name = path.split("/")[0], Path(path).stem
    return folder in ("tests", "bench") or name.endswith(
        ("_test", "_fuzz", "_benchmark", "_test_support", "_testing", "_for_test", "_fixture")
    ) or name.startswith("test_")
