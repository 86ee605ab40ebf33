"""style/functions.py: a function fits a screen.

No parser: in code that clang-format has laid out, a `{` in a namespace or class whose declaration
has parentheses opens a function's body. Lambdas count with the function around them.
"""

import re
from typing import Iterator

from style.tree import CPP, Finding, Tree, is_test

LINES_MAX, TEST_LINES_MAX = 70, 120
SCOPE = re.compile(r"^(?:(?:inline|static|typedef|const|constexpr)\s+)*"
                   r"(?:namespace|class|struct|union|enum)\b")
EXTERN = re.compile(r'^extern\s*"\s*"$')
PREFIX = re.compile(r"\[\[[^\]]*\]\]|\balignas\s*\([^)]*\)|^(?:public|private|protected)\s*:")
NAME = re.compile(r"([\w:~]+|operator\s*\S{1,3})\s*\(")


def without_template(head: str) -> str:
    """`template <class T> void f()` as `void f()`; angle brackets may nest."""
    head = head.strip()
    while head.startswith("template"):
        depth, end = 0, len(head)
        for at, char in enumerate(head):
            if char == "<":
                depth += 1
            elif char == ">":
                depth -= 1
                if depth == 0:
                    end = at + 1
                    break
        head = head[end:].strip()
    return head


def kind_of(head: str) -> str:
    """What a `{` after this declaration opens: "scope", "function" or "other"."""
    head = PREFIX.sub(" ", " ".join(head.split())).strip()
    head = without_template(PREFIX.sub(" ", head).strip())
    if EXTERN.match(head) or (SCOPE.match(head) and not re.search(r"\)\s*(const|noexcept|->)?$",
                                                                  head)):
        return "scope"
    if "(" in head and not head.endswith(("=", "return", ",")):
        return "function"
    return "other"


def functions(code: str) -> Iterator[tuple[str, int, int]]:
    """(name, line of the opening brace, line of the closing brace) of each function's body."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  code, flags=re.M)
    stack: list[tuple[str, str, int]] = []
    head, name, line, parens = [], "", 1, 0
    for char in code:
        line += char == "\n"
        in_scope = not stack or stack[-1][0] == "scope"
        if char == "{":
            text = "".join(head)
            kind = kind_of(text) if in_scope and parens == 0 else "other"
            found = NAME.search(without_template(text)) if kind == "function" else None
            # `: a_{a}, b_(b) {` goes on with the constructor that it began with
            if found and not text.strip().startswith(","):
                name = found.group(1)
            stack.append((kind, name, line))
            head = []
        elif char == "}":
            kind, opened_name, opened = stack.pop() if stack else ("other", "", line)
            if kind == "function":
                yield opened_name, opened, line
            head = []
        elif in_scope:
            parens += (char == "(") - (char == ")")
            if char == ";" and parens <= 0:
                head, parens = [], 0
            else:
                head.append(char)


def check(tree: Tree) -> Iterator[Finding]:
    for path in tree.chosen(*CPP):
        limit = TEST_LINES_MAX if is_test(path) else LINES_MAX
        for name, opened, closed in functions(tree.code(path)):
            lines = closed - opened + 1
            if lines > limit:
                yield Finding(path, opened, "function-length",
                              f"{name} has {lines} lines, at most {limit}")
