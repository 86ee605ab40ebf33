"""style/text.py: rules that need one file and no compiler."""

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Iterator

from style.tree import CPP, SCRIPT, Finding, Tree, is_test

COLUMNS, SCRIPT_COLUMNS = 100, 120
LINES_WARNED, LINES_MAX, TEST_LINES_MAX, MAIN_LINES_MAX = 400, 600, 900, 150

# Where threads meet (docs/STYLE.md §6). Everything else belongs to one loop.
THREADS_ALLOWED = (
    "src/base/mpsc_queue.h", "src/base/counted_block.h", "src/base/log.cpp", "src/net/mailbox.*",
    "src/store/*", "src/observe/*", "src/eventlog/*", "src/audit/*",
    "src/gateway/worker_group.*",  # starts and joins the workers' threads
)
THREADS = re.compile(
    r"\bstd::((?:recursive_|timed_|shared_)*mutex|atomic\w*|j?thread|condition_variable\w*"
    r"|lock_guard|unique_lock|scoped_lock|shared_lock|call_once|once_flag|counting_semaphore"
    r"|binary_semaphore|latch|barrier|promise|future|async)\b(?!::hardware_concurrency)"
)
SLEEPS = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(")
FOREIGN = re.compile(r"(openssl/|sqlite3\.h|libpq|curl/|hiredis/|zlib\.h)")
UNNUMBERED = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b(?!\(#\d+\))")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
LITERALS = re.compile(r"using namespace std::(\w+_)?literals(::\w+)?;")
OURS = re.compile(r"using namespace outcry(::\w+)*;")


def check_length(tree: Tree) -> Iterator[Finding]:
    for path in tree.chosen(*CPP, *SCRIPT):
        lines = tree.text(path).count("\n")
        limit = TEST_LINES_MAX if is_test(path) or ".test." in path else LINES_MAX
        limit = MAIN_LINES_MAX if path == "src/main.cpp" else limit
        if lines > limit:
            yield Finding(path, limit + 1, "file-length", f"{lines} lines, at most {limit}")
        elif lines > LINES_WARNED and limit == LINES_MAX:
            yield Finding(path, LINES_WARNED + 1, "file-length",
                          f"{lines} lines; split it before it reaches {limit}", fatal=False)


def check_columns(tree: Tree) -> Iterator[Finding]:
    for path in tree.chosen(*CPP, *SCRIPT):
        limit = COLUMNS if path.endswith(CPP) else SCRIPT_COLUMNS
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if len(line) > limit and "://" not in line:
                yield Finding(path, number, "columns", f"{len(line)} columns, at most {limit}")


def check_notes(tree: Tree) -> Iterator[Finding]:
    for path in tree.chosen(*CPP, *SCRIPT, ".sh", ".cmake", "CMakeLists.txt"):
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            match = UNNUMBERED.search(line)
            if match:
                yield Finding(path, number, "todo",
                              f"{match.group(1)} without an issue's number: write "
                              f"{match.group(1)}(#123)")


def check_threads(tree: Tree) -> Iterator[Finding]:
    for path in tree.chosen(*CPP, under="src/"):
        if is_test(path) or any(fnmatch(path, pattern) for pattern in THREADS_ALLOWED):
            continue
        for number, line in enumerate(tree.code(path).split("\n"), 1):
            match = THREADS.search(line)
            if match:
                yield Finding(path, number, "threads",
                              f"std::{match.group(1)} outside the allow-list; post to the loop "
                              "that owns the data (docs/STYLE.md §6)")


def check_sleeps(tree: Tree) -> Iterator[Finding]:
    for path in tree.chosen(*CPP):
        for number, line in enumerate(tree.code(path).split("\n"), 1):
            match = SLEEPS.search(line)
            if match:
                yield Finding(path, number, "sleep",
                              f"{match.group(1)}: loops never block, tests wait for an event")


def check_header(tree: Tree) -> Iterator[Finding]:
    for path in tree.chosen(".h"):
        lines = tree.text(path).split("\n")
        name = path.removeprefix("src/")
        if not lines[0].startswith(f"// {name}") and not path.startswith(("tests/", "bench/")):
            yield Finding(path, 1, "header-comment", f"opens with: // {name} — the idea")
        code = tree.code(path).split("\n")
        first = next((n for n, line in enumerate(code, 1) if line.strip()), 1)
        if code[first - 1].strip() != "#pragma once":
            yield Finding(path, first, "pragma-once", "the first line of code is #pragma once")
        for line, quote, included in tree.includes(path):
            if quote == "<" and FOREIGN.match(included):
                yield Finding(path, line, "foreign-header",
                              f"<{included}> belongs in a .cpp: who includes us shouldn't need it")


def check_source(tree: Tree) -> Iterator[Finding]:
    for path in tree.chosen(".cpp", under="src/"):
        own = path.removeprefix("src/").removesuffix(".cpp") + ".h"
        includes = tree.includes(path)
        names = [name for _, quote, name in includes if quote == '"']
        if tree.has(f"src/{own}") and own in names and includes[0][2] != own:
            yield Finding(path, includes[0][0], "include", f'the own header "{own}" comes first')
    for path in tree.chosen(*CPP):
        for number, line in enumerate(tree.code(path).split("\n"), 1):
            if "using namespace" in line:
                # A fuzz target's entry is global, and nothing includes it.
                leaf = path.endswith("_fuzz.cpp") and OURS.search(line)
                if path.endswith(".h") or not (leaf or LITERALS.search(line)):
                    yield Finding(path, number, "using-namespace",
                                  "name what you use; only std's literals, in a .cpp, are let in")


def check_readme(tree: Tree) -> Iterator[Finding]:
    """Each folder says in ten lines what it is and what it must not know."""
    for path in tree.files:
        if path.startswith("src/") and path.endswith("CMakeLists.txt"):
            folder = Path(path).parent
            if "outcry_module" in tree.text(path) and not tree.has(f"{folder}/README.md"):
                yield Finding(path, 1, "readme", f"{folder} has no README.md")


def check_links(tree: Tree) -> Iterator[Finding]:
    """A document's links to other files of the project lead somewhere."""
    for path in tree.chosen(".md"):
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            for target in LINK.findall(line):
                if "://" not in target and not (tree.root / path).parent.joinpath(target).exists():
                    yield Finding(path, number, "link", f"{target} does not exist")


RULES = (check_length, check_columns, check_notes, check_threads, check_sleeps, check_header,
         check_source, check_readme, check_links)


def check(tree: Tree) -> Iterator[Finding]:
    for rule in RULES:
        yield from rule(tree)
