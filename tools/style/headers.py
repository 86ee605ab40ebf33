"""style/headers.py: every header compiles alone, so the order of includes never matters."""

from pathlib import Path
from typing import Iterator

from style.compile import Job, Remembered, Unit, run, units
from style.tree import Finding, Tree


def unit_for(header: str, known: dict[str, Unit]) -> Unit | None:
    """The flags to compile a header with: its own .cpp's, else those of its nearest folder."""
    own = header.removesuffix(".h") + ".cpp"
    if own in known:
        return known[own]
    for folder in Path(header).parents:
        for path in sorted(known):
            if Path(path).is_relative_to(folder):
                return known[path]
    return None


def check(tree: Tree, preset: str) -> Iterator[Finding]:
    known = units(tree, preset)
    remembered = Remembered(tree.root / "out" / "style" / "headers")
    jobs = []
    for header in tree.chosen(".h", under="src/"):
        unit = unit_for(header, known)
        if unit is None:
            yield Finding(header, 1, "header-alone", "no target compiles anything near it")
            continue
        command = [unit.compiler, *unit.flags, "-fsyntax-only", "-x", "c++", "-"]
        text = f'#include "{header.removeprefix("src/")}"\n'
        jobs.append(Job(header, remembered.key(tree, header, *command), command, text))
    for _, finding in run(jobs, tree.root, "header-alone"):
        if finding:
            yield finding
