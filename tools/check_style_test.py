"""Each rule of tools/check_style fails on a small tree that breaks it, and on nothing else."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from style import compile as compilation  # noqa: E402
from style import functions, headers, layers, text  # noqa: E402
from style.tree import Tree, code_only  # noqa: E402

HUB = "// rooms/hub.h — who is in which room.\n#pragma once\n"
CLEAN = {
    "src/base/CMakeLists.txt": "outcry_module(base SOURCES log.cpp DEPENDS fmt::fmt)\n",
    "src/base/README.md": "base\n",
    "src/base/ids.h": "// base/ids.h — handles.\n#pragma once\n\n#include <cstdint>\n",
    "src/rooms/CMakeLists.txt":
        "outcry_module(rooms\n  SOURCES hub.cpp\n  DEPENDS outcry::base)\n"
        "outcry_test(hub_test SOURCES hub_test.cpp DEPENDS outcry::rooms LABELS unit)\n",
    "src/rooms/README.md": "rooms\n",
    "src/rooms/hub.h": HUB + '\n#include "base/ids.h"\n',
    "src/rooms/hub.cpp": '#include "rooms/hub.h"\n\n#include <map>\n\nvoid f() {}\n',
    "src/rooms/hub_test.cpp": '#include "rooms/hub.h"\n\n#include "base/ids.h"\n',
}
NET = {
    "src/net/CMakeLists.txt": "outcry_module(net SOURCES loop.cpp DEPENDS outcry::base)\n",
    "src/net/README.md": "net\n",
    "src/net/loop.h": "// net/loop.h — the loop.\n#pragma once\n",
}


class CheckStyleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()

    def tree(self, changes):
        for path, content in {**CLEAN, **changes}.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return Tree(self.root)

    def findings(self, changes):
        tree = self.tree(changes)
        return [*layers.check(tree), *text.check(tree), *functions.check(tree)]

    def expect(self, changes, *expected):
        """`expected`: (path, line, rule) of each finding."""
        found = [(f.path, f.line, f.rule) for f in self.findings(changes)]
        self.assertEqual(found, list(expected))

    def test_a_clean_tree_has_no_findings(self):
        self.expect(NET)

    # --- layers ---

    def test_an_include_that_depends_does_not_name(self):
        self.expect({
            "src/rooms/CMakeLists.txt": "outcry_module(rooms SOURCES hub.cpp DEPENDS fmt::fmt)\n",
            "src/rooms/hub_test.cpp": "",
        }, ("src/rooms/hub.h", 4, "depends"))

    def test_an_include_of_a_sibling_on_the_same_floor(self):
        self.expect({**NET, "src/rooms/hub.h": HUB + '#include "net/loop.h"\n'},
                    ("src/rooms/hub.h", 3, "floor"))

    def test_a_module_that_depends_upwards(self):
        self.expect({
            **NET,
            "src/base/CMakeLists.txt": "\noutcry_module(base SOURCES a.cpp DEPENDS outcry::net)\n",
        }, ("src/base/CMakeLists.txt", 2, "floor"))

    def test_two_codecs_are_siblings(self):
        codecs = {}
        for name, depends in (("http", ""), ("resp", "DEPENDS outcry::protocol_http")):
            folder = f"src/protocol/{name}"
            codecs[f"{folder}/CMakeLists.txt"] = (
                f"outcry_module(protocol_{name} SOURCES a.cpp {depends})\n")
            codecs[f"{folder}/README.md"] = "codec\n"
            codecs[f"{folder}/a.h"] = f"// protocol/{name}/a.h — a.\n#pragma once\n"
        codecs["src/protocol/resp/a.cpp"] = '#include "protocol/http/a.h"\n'
        self.expect(codecs, ("src/protocol/resp/CMakeLists.txt", 1, "floor"),
                    ("src/protocol/resp/a.cpp", 1, "floor"))

    def test_a_folder_without_a_floor(self):
        self.expect({"src/push/CMakeLists.txt": "outcry_module(push SOURCES a.cpp)\n",
                     "src/push/README.md": "push\n"},
                    ("src/push/CMakeLists.txt", 1, "floor"))

    def test_two_modules_in_one_folder(self):
        gateway = {
            "src/gateway/CMakeLists.txt":
                "outcry_module(gateway_operations SOURCES operations.cpp DEPENDS outcry::base)\n"
                "outcry_module(gateway SOURCES worker.cpp DEPENDS outcry::gateway_operations)\n",
            "src/gateway/README.md": "gateway\n",
            "src/gateway/operations.h": "// gateway/operations.h — calls.\n#pragma once\n",
            "src/gateway/worker.h":
                '// gateway/worker.h — one core.\n#pragma once\n#include "gateway/operations.h"\n',
            "src/cli/CMakeLists.txt":
                "outcry_module(cli SOURCES check.cpp DEPENDS outcry::gateway_operations)\n",
            "src/cli/README.md": "cli\n",
            "src/cli/check.cpp": '#include "gateway/operations.h"\n',
        }
        self.expect(gateway)
        self.expect({**gateway, "src/cli/check.cpp": '#include "gateway/worker.h"\n'},
                    ("src/cli/check.cpp", 1, "depends"))

    def test_a_test_may_include_what_its_target_names(self):
        upward = {**NET, "src/rooms/hub_test.cpp": '#include "net/loop.h"\n'}
        self.expect(upward, ("src/rooms/hub_test.cpp", 1, "depends"))
        upward["src/rooms/CMakeLists.txt"] = CLEAN["src/rooms/CMakeLists.txt"].replace(
            "outcry::rooms LABELS", "outcry::rooms outcry::net LABELS")
        self.expect(upward)

    def test_the_program_may_include_what_it_links(self):
        program = {
            "src/CMakeLists.txt": "add_executable(outcry main.cpp serve.cpp)\n"
                                  "target_link_libraries(outcry PRIVATE outcry::rooms)\n",
            "src/README.md": "src\n",
            "src/main.cpp": '#include "serve.h"\n#include "rooms/hub.h"\n',
            "src/serve.h": "// serve.h — starts it.\n#pragma once\n",
            "src/serve.cpp": '#include "serve.h"\n\n#include "rooms/hub.h"\n',
        }
        self.expect(program)
        self.expect({**program, "src/main.cpp": '#include "base/ids.h"\n'},
                    ("src/main.cpp", 1, "depends"))
        self.expect({**program, "src/rooms/hub.cpp": '#include "serve.h"\n'},
                    ("src/rooms/hub.cpp", 1, "floor"))

    def test_includes_are_written_from_src(self):
        self.expect({"src/rooms/hub.cpp": '#include "hub.h"\n'},
                    ("src/rooms/hub.cpp", 1, "include"))
        self.expect({"src/rooms/hub.cpp": '#include <base/ids.h>\n'},
                    ("src/rooms/hub.cpp", 1, "include"))

    def test_the_own_header_comes_first(self):
        self.expect({"src/rooms/hub.cpp": '#include <map>\n\n#include "rooms/hub.h"\n'},
                    ("src/rooms/hub.cpp", 1, "include"))

    # --- one file ---

    def test_a_thread_outside_the_allow_list(self):
        code = '#include "rooms/hub.h"\n// std::mutex in a comment\nstd::mutex mutex;\n'
        self.expect({"src/rooms/hub.cpp": code}, ("src/rooms/hub.cpp", 3, "threads"))
        self.expect({"src/rooms/hub.cpp": "std::atomic<int> n;\nstd::jthread t;\n"},
                    ("src/rooms/hub.cpp", 1, "threads"), ("src/rooms/hub.cpp", 2, "threads"))
        self.expect({"src/rooms/hub.cpp": "", "src/base/log.cpp": "std::mutex m;\n",
                     "src/rooms/hub_test.cpp": "std::jthread t;\n"})

    def test_a_sleep_also_in_a_test(self):
        self.expect({"src/rooms/hub_test.cpp": "void f() { std::this_thread::sleep_for(1s); }\n"},
                    ("src/rooms/hub_test.cpp", 1, "sleep"))

    def test_a_file_that_is_too_long(self):
        warned = self.findings({"src/rooms/hub.cpp": "int a;\n" * 600})
        self.assertEqual([(f.line, f.rule, f.fatal) for f in warned], [(401, "file-length", False)])
        self.expect({"src/rooms/hub.cpp": "int a;\n" * 601},
                    ("src/rooms/hub.cpp", 601, "file-length"))
        self.expect({"src/rooms/hub.cpp": "", "src/rooms/hub_test.cpp": "int a;\n" * 900})
        self.expect({"src/rooms/hub_test.cpp": "int a;\n" * 901},
                    ("src/rooms/hub_test.cpp", 901, "file-length"))

    def test_a_line_that_is_too_wide(self):
        line = "// " + "é" * 97
        self.expect({"src/rooms/hub.cpp": f"{line}\n"})
        self.expect({"src/rooms/hub.cpp": f"{line}é\n"}, ("src/rooms/hub.cpp", 1, "columns"))
        self.expect({"src/rooms/hub.cpp": "", "web/a.ts": "x" * 120 + "\n"})
        self.expect({"src/rooms/hub.cpp": "", "web/a.ts": "x" * 121 + "\n"},
                    ("web/a.ts", 1, "columns"))

    def test_a_note_without_a_number(self):
        note = "// TO" "DO"
        self.expect({"src/rooms/hub.cpp": f"\n{note}: later\n"}, ("src/rooms/hub.cpp", 2, "todo"))
        self.expect({"src/rooms/hub.cpp": f"{note}(#12): later\n"})

    def test_a_header_that_does_not_open_as_headers_do(self):
        self.expect({"src/rooms/hub.h": "#pragma once\n"}, ("src/rooms/hub.h", 1, "header-comment"))
        self.expect({"src/rooms/hub.h": "// rooms/hub.h — x.\n#include <map>\n#pragma once\n"},
                    ("src/rooms/hub.h", 2, "pragma-once"))

    def test_a_foreign_header_in_a_header(self):
        self.expect({"src/rooms/hub.h": HUB + "#include <openssl/ssl.h>\n"},
                    ("src/rooms/hub.h", 3, "foreign-header"))

    def test_using_namespace(self):
        self.expect({"src/rooms/hub.cpp": "using namespace std;\n"},
                    ("src/rooms/hub.cpp", 1, "using-namespace"))
        self.expect({"src/rooms/hub.cpp": "using namespace std::chrono_literals;\n"})
        self.expect({"src/rooms/hub.cpp": "", "src/rooms/a_fuzz.cpp": "using namespace outcry;\n"})

    def test_a_folder_without_a_readme(self):
        self.tree(NET)
        (self.root / "src/net/README.md").unlink()
        self.assertEqual([f.rule for f in text.check(Tree(self.root))], ["readme"])

    def test_a_link_that_leads_nowhere(self):
        self.expect({"docs/a.md": "[rooms](../src/rooms/README.md#what), [out](https://a.example)\n"})
        self.expect({"docs/a.md": "\n[rooms](../src/room/README.md)\n"}, ("docs/a.md", 2, "link"))

    # --- functions ---

    def test_a_function_that_does_not_fit_a_screen(self):
        self.expect({"src/rooms/hub.cpp": "void f() {\n" + "  g();\n" * 68 + "}\n"})
        self.expect({"src/rooms/hub.cpp": "void f() {\n" + "  g();\n" * 69 + "}\n"},
                    ("src/rooms/hub.cpp", 1, "function-length"))

    def test_functions_are_found_where_they_hide(self):
        code = code_only("""
namespace a {
template <class T, class U = std::vector<T>>
class Hub : public Base {
 public:
  explicit Hub(int a) : a_{a}, b_(a) {
    f([&] { return "}"; });
  }
  Hub& operator=(const Hub&) {
    return *this;
  }
 private:
  int table_[2] = {1, 2};
};
constexpr int kTable[] = {1, 2};
auto g(char c = '{') -> int {
  if (c == '}') {
    return 20'000;
  }
  return 1;
}
}  // namespace a
extern "C" int h() {
  return 0;
}
""")
        self.assertEqual([(name, last - first) for name, first, last in functions.functions(code)],
                         [("Hub", 0), ("Hub", 2), ("operator=", 2), ("g", 5), ("h", 2)])

    # --- with a compiler ---

    def test_a_header_that_does_not_compile_alone(self):
        tree = self.tree({"src/rooms/hub.h": HUB + "inline std::size_t f() { return 0; }\n"})
        database = self.root / "out/dev/compile_commands.json"
        database.parent.mkdir(parents=True)
        source = str(self.root / "src/rooms/hub.cpp")
        command = f"c++ -I{self.root}/src -std=c++23 -o hub.o -c {source}"
        database.write_text(json.dumps([{"file": source, "command": command}]))
        found = list(headers.check(tree, "dev"))
        self.assertEqual([(f.path, f.rule) for f in found], [("src/rooms/hub.h", "header-alone")])
        self.assertIn("size_t", found[0].message)
        self.tree({})
        self.assertEqual(list(headers.check(Tree(self.root), "dev")), [])

    def test_what_passed_is_forgotten_when_an_included_file_changes(self):
        remembered = compilation.Remembered(self.root / "out")
        before = remembered.key(self.tree({}), "src/rooms/hub.cpp", "g++")
        self.assertEqual(before, remembered.key(self.tree({}), "src/rooms/hub.cpp", "g++"))
        after = remembered.key(self.tree({"src/base/ids.h": "changed\n"}), "src/rooms/hub.cpp",
                               "g++")
        self.assertNotEqual(before, after)

    def test_the_program_fails_and_names_file_line_and_rule(self):
        self.tree({"src/rooms/hub.cpp": "std::mutex m;\n"})
        program = Path(__file__).resolve().parent / "check_style"
        done = subprocess.run([sys.executable, program, "--root", self.root],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("src/rooms/hub.cpp:1: threads: std::mutex", done.stdout)
        done = subprocess.run([sys.executable, program, "--root", self.root, "src/rooms/hub.h"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
