"""The installed tree: find_package, pkg-config, the program, its pages; and the Debian packages.

HOTLINE_BUILD names the build that is installed, into a folder of the test's own.
"""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

BUILD = Path(os.environ["HOTLINE_BUILD"])
STEP_S = 100

SOURCE = """
#include <cstdio>

#include <hotline/hotline.h>

// A server on a port of its own, called by this same program.
int main() {
  hotline::Server* running = nullptr;
  hotline::ServerOptions options;
  options.on_serving = [&](const hotline::Server& server) {
    auto call = hotline::connect(server.services().front().endpoint).value();
    call.write_all(hotline::as_bytes("hello")).value();
    std::byte reply[5];
    call.read_exact(reply).value();
    std::printf("%.5s\\n", reinterpret_cast<const char*>(reply));
    running->drain();
  };
  hotline::Server server(std::move(options));
  running = &server;
  server.add("tcp://127.0.0.1:0", hotline::upper).value();
  return server.run() ? 0 : 1;
}
"""

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(consumer CXX)
find_package(hotline 0.1 REQUIRED)
add_executable(consumer main.cc)
target_link_libraries(consumer PRIVATE hotline::hotline)
"""


def run(*command, environment=None, cwd=None):
    """What it prints; fails with its errors unless its status is 0."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=STEP_S, check=False,
                          env={**os.environ, **(environment or {})}, cwd=cwd)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.prefix = cls.folder / "installed"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.library_folder = next(cls.prefix.rglob("libhotline.*")).parent
        (cls.folder / "main.cc").write_text(SOURCE)

    def says_hello(self, program):
        return run(program, environment={"LD_LIBRARY_PATH": str(self.library_folder)})

    def compiled(self, name, *flags):
        """The test's program, compiled by hand."""
        program = self.folder / name
        run("g++", "-std=c++23", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
            self.folder / "main.cc", "-o", program, *flags)
        return program

    def test_find_package_finds_the_library(self):
        (self.folder / "CMakeLists.txt").write_text(PROJECT)
        build = self.folder / "build"
        run("cmake", "-G", "Ninja", "-S", self.folder, "-B", build, "-DCMAKE_BUILD_TYPE=Debug",
            f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
        run("cmake", "--build", build)
        self.assertEqual(self.says_hello(build / "consumer"), "HELLO\n")

    def test_the_installed_examples_are_built_with_the_installed_library(self):
        examples = self.prefix / "share/doc/hotline/examples"
        build = self.folder / "examples"
        run("cmake", "-G", "Ninja", "-S", examples, "-B", build, "-DCMAKE_BUILD_TYPE=Debug",
            f"-DCMAKE_PREFIX_PATH={self.prefix}")
        # One is linked; the others are only configured, because they take long.
        run("cmake", "--build", build, "--target", "example_two_shapes")
        names = {path.stem for path in examples.glob("*.cc")}
        self.assertIn("ten_line_server", names)
        for name in names:
            run("cmake", "--build", build, "--target", f"example_{name}", "--", "-n")
        refused = subprocess.run([build / "two_shapes", "nonsense"], timeout=STEP_S,
                                 check=False, capture_output=True, text=True)
        self.assertRegex(refused.stderr, "what\\(\\):  cannot .*nonsense.*; hint: ")

    def test_an_older_standard_is_refused_with_a_sentence_before_anything_else(self):
        (self.folder / "old.cc").write_text('#include "hotline/hotline.h"\n')
        done = subprocess.run(["g++", "-std=c++20", "-fsyntax-only", f"-I{self.prefix}/include",
                               self.folder / "old.cc"], capture_output=True, text=True,
                              timeout=STEP_S, check=False)
        self.assertNotEqual(done.returncode, 0)
        errors = [line for line in done.stderr.splitlines() if "error:" in line]
        self.assertIn("hotline needs C++23: compile with -std=c++23", errors[0])

    def test_find_package_refuses_another_minor_version(self):
        (self.folder / "CMakeLists.txt").write_text(PROJECT.replace(" 0.1 ", " 0.2 "))
        with self.assertRaisesRegex(AssertionError, "hotline"):
            run("cmake", "-G", "Ninja", "-S", self.folder, "-B", self.folder / "other",
                f"-DCMAKE_PREFIX_PATH={self.prefix}")

    def test_pkg_config_names_all_that_a_program_needs(self):
        flags = run("pkg-config", "--cflags", "--libs", "hotline",
                    environment={"PKG_CONFIG_PATH": str(self.library_folder / "pkgconfig")})
        program = self.compiled("by_pkg_config", *flags.split())
        self.assertEqual(self.says_hello(program), "HELLO\n")

    def test_no_private_header_is_installed(self):
        headers = {path.relative_to(self.prefix / "include")
                   for path in (self.prefix / "include").rglob("*.h")}
        root = Path(__file__).resolve().parents[2] / "include"
        self.assertEqual(headers, {path.relative_to(root) for path in root.rglob("*.h")})

    def test_the_program_runs_from_where_it_is_installed(self):
        self.assertRegex(run(self.prefix / "bin" / "hotline", "--version"), r"^hotline \d+\.\d+")

    def test_each_sub_command_has_a_page(self):
        pages = {page.name for page in (self.prefix / "share/man/man1").iterdir()}
        self.assertLessEqual({"hotline.1", "hotline-serve.1", "hotline-call.1", "hotline-run.1"},
                             pages)

    def test_each_shell_has_its_completions(self):
        share = self.prefix / "share"
        for path in ("bash-completion/completions/hotline", "zsh/vendor-completions/_hotline",
                     "fish/vendor_completions.d/hotline.fish"):
            self.assertGreater((share / path).stat().st_size, 0, path)

    def test_nothing_that_is_not_public_leaves_a_shared_library(self):
        shared = self.library_folder / "libhotline.so"
        if not shared.exists():
            self.skipTest("this build has a static library")
        names = run("nm", "--dynamic", "--defined-only", "--demangle", shared).splitlines()
        exported = [line.split(" ", 2)[2] for line in names]
        self.assertTrue(any(name.startswith("hotline::Server::run(") for name in exported))
        private = [name for name in exported
                   if name.startswith(("hotline::engine::", "hotline::server::", "hotline::net::"))]
        self.assertEqual(private, [])

    def test_the_debian_packages_hold_the_program_and_the_development_files(self):
        if shutil.which("dpkg-shlibdeps") is None:
            self.skipTest("dpkg-shlibdeps is missing: install dpkg-dev")
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", self.folder / "packages")
        packages = {path.name.split("_")[0]: path
                    for path in (self.folder / "packages").glob("*.deb")}
        program = run("dpkg-deb", "--contents", packages["hotline"])
        self.assertIn("./usr/bin/hotline\n", program)
        self.assertIn("./usr/share/man/man1/hotline.1", program)
        development = run("dpkg-deb", "--contents", packages["libhotline-dev"])
        self.assertIn("./usr/include/hotline/hotline.h", development)
        self.assertIn("hotline-config.cmake", development)
        self.assertIn("libc6", run("dpkg-deb", "--field", packages["hotline"], "Depends"))


if __name__ == "__main__":
    unittest.main()
