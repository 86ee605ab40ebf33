"""style/layers.py: who may include whom.

Two statements are compared with every #include: the table of floors below (docs/STYLE.md §1), and
the DEPENDS of the folder's outcry_module. One include path serves all folders, so a wrong include
compiles; without this check the floors would soon have a cycle.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Iterator

from style.tree import CPP, Finding, Tree, is_test

FLOORS = {
    "base": 0,
    "protocol": 1, "net": 1, "rooms": 1, "auth": 1, "limits": 1, "eventlog": 1, "observe": 1,
    "audit": 1,
    "transport": 2, "bus": 2, "store": 2, "webclient": 2,
    "config": 3,
    "gateway": 4,
    "api": 5, "cli": 5,
}
MAIN_FLOOR = 6  # the files of src itself: main.cpp and what it starts
CALL = re.compile(r"\b(outcry_(?:module|test|fuzz|benchmark))\s*\(\s*(\w+)([^()]*)\)")
PROGRAM = re.compile(r"\badd_executable\s*\(\s*(\w+)([^()]*)\)")
LINKED = re.compile(r"\btarget_link_libraries\s*\(\s*(\w+)([^()]*)\)")
KEYWORD = re.compile(r"[A-Z][A-Z_]{3,}")


@dataclass(frozen=True)
class Target:
    name: str
    kind: str  # outcry_module, outcry_test, …; add_executable: the program itself
    folder: str  # relative to src
    listed_in: str
    line: int
    sources: frozenset[str]
    depends: frozenset[str]  # names of the project's modules


def unit(folder: str) -> str:
    """The folder that has a floor: the first component; for protocol, each codec by itself."""
    parts = Path(folder).parts
    return "/".join(parts[:2] if parts[:1] == ("protocol",) else parts[:1])


def floor(folder: str) -> int | None:
    return FLOORS.get(Path(folder).parts[0]) if folder != "." else MAIN_FLOOR


def arguments(text: str) -> dict[str, list[str]]:
    """{"SOURCES": […], "DEPENDS": […]} of a CMake call's text."""
    lists: dict[str, list[str]] = {}
    current: list[str] = []
    for word in text.split():
        if KEYWORD.fullmatch(word):
            current = lists.setdefault(word, [])
        else:
            current.append(word.strip('"'))
    return lists


class Layers:
    def __init__(self, tree: Tree):
        self.tree = tree

    @cached_property
    def targets(self) -> list[Target]:
        found = []
        for path in self.tree.files:
            if not path.startswith("src/") or not path.endswith("CMakeLists.txt"):
                continue
            text = re.sub(r"#[^\n]*", "", self.tree.text(path))
            for match in CALL.finditer(text):
                lists = arguments(match.group(3))
                depends = lists.get("DEPENDS", []) + lists.get("PRIVATE_DEPENDS", [])
                found.append(Target(
                    name=match.group(2),
                    kind=match.group(1),
                    folder=str(Path(path).parent.relative_to("src")),
                    listed_in=path,
                    line=text.count("\n", 0, match.start()) + 1,
                    sources=frozenset(lists.get("SOURCES", [])),
                    depends=frozenset(
                        word.removeprefix("outcry::") for word in depends if "outcry::" in word),
                ))
        return found + self._programs()

    def _programs(self) -> list[Target]:
        """The program of src itself: its link line stands for DEPENDS."""
        path = "src/CMakeLists.txt"
        if not self.tree.has(path):
            return []
        text = re.sub(r"#[^\n]*", "", self.tree.text(path))
        linked = {match.group(1): match.group(2).split() for match in LINKED.finditer(text)}
        return [
            Target(name=match.group(1), kind="add_executable", folder=".", listed_in=path,
                   line=text.count("\n", 0, match.start()) + 1,
                   sources=frozenset(match.group(2).split()),
                   depends=frozenset(word.removeprefix("outcry::")
                                     for word in linked.get(match.group(1), [])
                                     if word.startswith("outcry::")))
            for match in PROGRAM.finditer(text)]

    @cached_property
    def modules(self) -> dict[str, Target]:
        kinds = ("outcry_module", "add_executable")
        return {t.name: t for t in self.targets if t.kind in kinds}

    def modules_of(self, path: str) -> list[Target]:
        """The modules that a file of src belongs to: by its stem, else all of its folder."""
        folder = Path(path).parent.relative_to("src")
        for candidate in (folder, *folder.parents):
            here = [m for m in self.modules.values() if m.folder == str(candidate)]
            name = str(Path(path).relative_to("src") if str(candidate) == "."
                       else Path(path).relative_to(Path("src") / candidate).with_suffix(".cpp"))
            if here:
                return [m for m in here if name in m.sources] or here
        return []

    def allowed(self, path: str) -> set[str]:
        """Names of the modules whose headers this file may include."""
        names = {name for module in self.modules_of(path) for name in module.depends}
        if is_test(path):
            # A test names what it tests; what that stands on comes with it.
            name = Path(path).name
            folder = str(Path(path).parent.relative_to("src"))
            for target in self.targets:
                if target.name not in self.modules and target.folder == folder:
                    if name in target.sources or not path.endswith("_test.cpp"):
                        names |= target.depends
            for module in [self.modules[n] for n in names if n in self.modules]:
                names |= module.depends
        return names

    def may_include(self, allowed: set[str], included: str) -> bool:
        owners = {m.name for m in self.modules_of(included)}
        if owners & allowed:
            return True
        # gateway stands on gateway_operations in the same folder: who may have the one has the other.
        folder = unit(str(Path(included).parent.relative_to("src")))
        return any(
            unit(self.modules[name].folder) == folder and self.modules[name].depends & owners
            for name in allowed if name in self.modules)


def check_modules(layers: Layers) -> Iterator[Finding]:
    """Floors, by the DEPENDS themselves."""
    for module in layers.modules.values():
        mine = floor(module.folder)
        if mine is None:
            yield Finding(module.listed_in, module.line, "floor",
                          f"folder {module.folder} has no floor; add it to the table in "
                          "docs/STYLE.md and tools/style/layers.py")
            continue
        for name in sorted(module.depends):
            other = layers.modules.get(name)
            if other is None or unit(other.folder) == unit(module.folder):
                continue
            theirs = floor(other.folder)
            if theirs is not None and theirs >= mine:
                yield Finding(module.listed_in, module.line, "floor",
                              f"{module.name} (floor {mine}) depends on {name} (floor {theirs}); "
                              "only lower floors are allowed")


def check_includes(layers: Layers) -> Iterator[Finding]:
    tree = layers.tree
    for path in tree.chosen(*CPP, under="src/"):
        folder = str(Path(path).parent.relative_to("src"))
        allowed = layers.allowed(path)
        for line, quote, name in tree.includes(path):
            included = f"src/{name}"
            theirs_folder = str(Path(name).parent)
            if quote == "<":
                if name.split("/")[0] in FLOORS and tree.has(included):
                    yield Finding(path, line, "include", f'write "{name}": quotes are for ours')
                continue
            if not tree.has(included):
                yield Finding(path, line, "include",
                              f'"{name}" is no file of src; write the path from src')
            elif unit(theirs_folder) != unit(folder):
                yield from _check_one(layers, path, line, included, allowed)


def _check_one(layers: Layers, path: str, line: int, included: str,
               allowed: set[str]) -> Iterator[Finding]:
    mine = floor(str(Path(path).parent.relative_to("src")))
    theirs = floor(str(Path(included).parent.relative_to("src")))
    if mine is not None and theirs is not None and theirs >= mine and not is_test(path):
        yield Finding(path, line, "floor",
                      f"floor {mine} includes {included} of floor {theirs}; "
                      "only lower floors are allowed")
    elif layers.modules_of(path) and not layers.may_include(allowed, included):
        owners = " or ".join(f"outcry::{m.name}" for m in layers.modules_of(included))
        yield Finding(path, line, "depends",
                      f"includes {included}, but the folder's DEPENDS don't name {owners}")


def check(tree: Tree) -> Iterator[Finding]:
    layers = Layers(tree)
    yield from check_modules(layers)
    yield from check_includes(layers)
