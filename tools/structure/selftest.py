"""Plants each violation in a tree of its own and sees that its rule, and only it, speaks up."""
import json
import os
import subprocess
import tempfile

from structure import (comments, compiles, includes, named_tests, paths, sizes, symbols, text,
                       triples, visibility, words)
from structure.tree import Tree

PURE_RULES = [includes, text, words, comments, triples, visibility, paths, named_tests,
              sizes]

# What is easily taken for a violation.
CLEAN = {
    "include/hotline/hotline.h": '#include "hotline/core/b.h"\n#include "hotline/net/a.h"\n',
    "include/hotline/core/b.h": "#pragma once\n#include <span>\n",
    "include/hotline/net/a.h": """#ifndef HOTLINE_NET_A_H
#define HOTLINE_NET_A_H
#include <string>  // #include <sys/socket.h>

#include "hotline/core/b.h"

namespace hotline HOTLINE_PUBLIC {
class Forward;
struct Pair;
using Call = void(Forward&);
inline constexpr int kMax = int{3};
inline constexpr auto kTwice = [](int x) { return 2 * x; };

/* A thing. */
template <class T = int>
  requires(sizeof(T) > 1)
class [[nodiscard]] Thing final : public Base<int> {
 public:
  Thing() : a_{1}, b_(2) {}
  int size() const { return 1; }

 private:
  struct Inner {};
  int a_ = 0, b_{};
};

enum class Kind { kOne, kTwo };

/// Their sizes; "struct" and { in a literal are nothing.
int size(const Thing<int>& one, std::string what = "struct X {");
int size(const Thing<int>& one, char what = '{');
bool operator==(const Thing<int>& one, const Thing<int>& other);

// Aligned.
struct alignas(64) Line {};
// Named in C.
extern "C" {
// Nothing.
[[nodiscard("because")]] int plain(int x = 1);
}
template <class T>
int Thing<T>::size() const {
  return R"(} class X {)"[0] + 1'000;
}
namespace detail {
int helper();
}
}  // namespace hotline

template <>
struct std::hash<hotline::Pair> {
  int operator()(int x) const;
};
#endif
""",
    "src/net/a.h": "#pragma once\n#include <sys/socket.h>\nint f();\n",
    "src/net/a.cc": '#include "net/a.h"\n\n#ifndef NDEBUG\n#endif\n'
                    "int f() {\n  return 0;\n}\n\n" + "int g();\n" * 80
                    + "const int kTable[] = {\n" + "  1,\n" * 90 + "};\n",
    "src/engine/uring/a.cc": "#ifdef IORING_FEAT\n#endif\n",
    "src/cli/a.cc": '#include "cli/b.h"\n#include "hotline/hotline.h"\n',
    "tests/unit/net/a_test.cc": "namespace hotline::a_test {\n}  // namespace hotline::a_test\n",
    "tests/unit/engine/uring/a_test.cc": "\n",
    "tools/untested.txt": "src/cli/a.cc  # the program\n",
    "src/server/a.h": "// There is no call; it stands for another. It leaves none behind.\n"
                      "int behind(Whoever one);\n",
    "docs/b.md": 'See "a title that goes on" (`tests/unit/net/b_test.cc`) and "test_it" '
                 "(`tests/system/c_test.py`).\n",
    "tests/unit/net/b_test.cc": 'namespace hotline::b_test {\nTEST_CASE(\n    "a title "\n'
                                '    "that goes on") {}\n}  // namespace hotline::b_test\n',
    "tests/system/c_test.py": "class A:\n    def test_it(self):\n        pass\n",
    "docs/a.md": "| a table wider than a hundred columns |" + " x |" * 30 + "\n",
}
SYSTEM_CALLS = {
    "recv": "#include <sys/socket.h>\nlong f(char* p) { return recv(0, p, 1, 0); }\n",
    "close": "#include <unistd.h>\ninline void shut() { close(0); }\nvoid f() { shut(); }\n",
    "steady_clock::now": "#include <chrono>\n"
                         "auto f() { return std::chrono::steady_clock::now(); }\n",
    "random_device": "#include <random>\nunsigned f() { return std::random_device()(); }\n",
    "ifstream": '#include <fstream>\nbool f() { return bool(std::ifstream("x")); }\n',
}


def run():
    """The failures, none when every rule holds what it says."""
    failures = [f"a clean tree: {violation}"
                for rule in PURE_RULES for violation in _violations(rule, CLEAN)]
    for rule in PURE_RULES:
        for title, files in rule.PLANTED.items():
            if not list(_violations(rule, files)):
                failures.append(f"{rule.__name__} lets pass: {title}")
    return failures + _symbol_failures() + _header_failures() + _unity_failures()


def _violations(rule, files, build=False):
    with tempfile.TemporaryDirectory() as root:
        for path, content in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as stream:
                stream.write(content)
        if build:
            _compile_sources(root, files)
        return list(rule.check(Tree(root, root if build else None)))


def _compile_sources(root, files):
    sources = "unity_0.cxx" if "unity_0.cxx" in files else ".cc"
    entries = []
    for path in files:
        if path.endswith(sources):
            command = ["c++", "-std=c++20", "-O0", "-I.", "-Isrc", "-Iinclude", "-o", path + ".o",
                       "-c", path]
            subprocess.run(command, cwd=root, check=True)
            entries.append({"directory": root, "file": path, "command": " ".join(command)})
    with open(os.path.join(root, "compile_commands.json"), "w", encoding="utf-8") as stream:
        json.dump(entries, stream)


def _symbol_failures():
    sources = {f"src/net/a{index}.cc": source for index, source in enumerate(SYSTEM_CALLS.values())}
    fine = {"src/engine/a.cc": SYSTEM_CALLS["recv"], "src/server/a.cc": "int f() { return 1; }\n"}
    found = {violation.path: violation for violation in _violations(symbols, sources | fine, True)}
    failures = [f"symbols let pass: {name}"
                for name, path in zip(SYSTEM_CALLS, sources) if path not in found]
    return failures + [f"a clean tree: {found[path]}" for path in fine if path in found]


def _header_failures():
    files = {"src/net/a.h": "#pragma once\nint f();\n", "src/net/a.cc": '#include "net/a.h"\n',
             "src/net/needy.h": "#pragma once\nstd::string f();\n",
             "src/net/twice.h": "struct A {};\n",
             "src/net/good.h": "#pragma once\n#include <new>\n"}
    return _compile_failures(files, {"src/net/needy.h", "src/net/twice.h"})


def _unity_failures():
    files = {"unity_0.cxx": '#include "src/net/good.cc"\n#include "src/net/needy.cc"\n',
             "src/net/good.cc": "#include <new>\nstd::size_t a = 0;\n",
             "src/net/needy.cc": "std::size_t b = 0;\n" + SYSTEM_CALLS["recv"]}
    found = list(_violations(symbols, files, True))
    failures = [] if len(found) == 1 else ["symbols: sources compiled as one"]
    return failures + _compile_failures(files, {"src/net/needy.cc"})


def _compile_failures(files, wrong):
    found = {violation.path for violation in _violations(compiles, files, True)}
    return [f"compiles: {path} was {'refused' if path in found else 'let pass'}"
            for path in sorted(found ^ wrong)]
