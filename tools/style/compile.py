"""style/compile.py: runs a tool over many files, two at a time, and remembers what passed.

What passed is kept by the hash of everything that the result depends on: the command, and the
text of the file and of every project file that it includes. A second run costs milliseconds.
"""

import hashlib
import json
import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator

from style.tree import Finding, Tree

DROPPED = {"-c", "-MD", "-MMD", "-Winvalid-pch"}
DROPPED_WITH_VALUE = {"-o", "-MF", "-MT", "-MQ", "-include", "-include-pch"}


@dataclass(frozen=True)
class Unit:
    path: str  # from the root
    compiler: str
    flags: tuple[str, ...]  # without source, output and precompiled header


def units(tree: Tree, preset: str) -> dict[str, Unit]:
    """The translation units of out/PRESET/compile_commands.json, by path."""
    database = tree.root / "out" / preset / "compile_commands.json"
    if not database.exists():
        raise SystemExit(f"{database} is missing: run ./build {preset} first")
    found = {}
    for entry in json.loads(database.read_text()):
        source = Path(entry["file"])
        words = shlex.split(entry["command"]) if "command" in entry else entry["arguments"]
        if "ccache" in words[0]:
            words = words[1:]
        if source.is_relative_to(tree.root) and tree.has(str(source.relative_to(tree.root))):
            path = str(source.relative_to(tree.root))
            found[path] = Unit(path, words[0], tuple(_flags(words[1:], str(source))))
    return found


def _flags(words: list[str], source: str) -> Iterator[str]:
    skip = False
    for word in words:
        if skip or word in DROPPED or word == source:
            skip = False
        elif word in DROPPED_WITH_VALUE:
            skip = True
        else:
            yield word


class Remembered:
    """Results under `folder`: an empty file for each input that passed."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def key(self, tree: Tree, path: str, *more: str) -> Path:
        digest = hashlib.sha256("\0".join(more).encode())
        for name in tree.closure(path):
            digest.update(f"\0{name}\0{tree.text(name)}".encode())
        return self.folder / digest.hexdigest()


@dataclass(frozen=True)
class Job:
    path: str
    key: Path
    command: list[str]
    stdin: str = ""


def run(jobs: Iterable[Job], root: Path, rule: str, parallel: int = os.cpu_count() or 2,
        ) -> Iterator[tuple[Job, Finding | None]]:
    """Runs the jobs whose key isn't there yet; a Finding for each that failed."""

    def one(job: Job) -> tuple[Job, Finding | None]:
        done = subprocess.run(job.command, input=job.stdin, cwd=root, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode == 0:
            job.key.touch()
            return job, None
        return job, Finding(job.path, 1, rule, done.stdout.strip())

    waiting = [job for job in jobs if not job.key.exists()]
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        yield from pool.map(one, waiting)
