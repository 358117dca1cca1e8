"""What a program inherits that takes hotline into its own CMake build."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CONFIGURE_S = 90

# Both ways to take the sources in. FetchContent has them already, as after a download.
SUBDIRECTORY = f"add_subdirectory({ROOT} hotline)"
FETCHED = f"""
include(FetchContent)
FetchContent_Declare(hotline SOURCE_DIR {ROOT})
FetchContent_MakeAvailable(hotline)
"""

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(consumer CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
@INCLUSION@
add_executable(consumer main.cc)
target_link_libraries(consumer PRIVATE hotline::hotline)
"""


class ConsumerBuild(unittest.TestCase):
    def compile_command(self, build_type, inclusion=SUBDIRECTORY):
        """How a consumer's own source is compiled."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder)
            (source / "CMakeLists.txt").write_text(PROJECT.replace("@INCLUSION@", inclusion))
            (source / "main.cc").write_text("int main() {}\n")
            build = source / "build"
            subprocess.run(
                ["cmake", "-G", "Ninja", "-S", source, "-B", build,
                 f"-DCMAKE_BUILD_TYPE={build_type}"],
                check=True, capture_output=True, text=True, timeout=CONFIGURE_S)
            commands = json.loads((build / "compile_commands.json").read_text())
        own = [each["command"] for each in commands if each["file"] == str(source / "main.cc")]
        self.assertEqual(len(own), 1)
        return own[0]

    def test_a_consumers_code_is_compiled_with_stack_probes(self):
        self.assertIn("-fstack-clash-protection", self.compile_command("Release"))

    def test_fetched_content_is_compiled_in_the_same_way(self):
        self.assertIn("-fstack-clash-protection", self.compile_command("Release", FETCHED))
        self.assertNotIn("-Wconversion", self.compile_command("Debug", FETCHED))

    def test_a_consumers_warnings_are_his_own(self):
        self.assertNotIn("-Wconversion", self.compile_command("Debug"))


if __name__ == "__main__":
    unittest.main()
