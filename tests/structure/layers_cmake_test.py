#!/usr/bin/env python3
"""CMake itself refuses a dependency that deploy/layers.txt does not allow: configures tiny projects
with deploy/cmake/PinholeModule.cmake and reads what they say."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

PROJECT = """\
cmake_minimum_required(VERSION 3.25)
project(tiny LANGUAGES NONE)
add_library(pinhole_warnings INTERFACE)
include(deploy/cmake/PinholeModule.cmake)
{modules}
"""


class LayersInCMake(unittest.TestCase):
    def configure(self, modules):
        """The finished `cmake` run of a project with these pinhole_module lines."""
        with tempfile.TemporaryDirectory() as scratch:
            project = pathlib.Path(scratch)
            (project / "deploy" / "cmake").mkdir(parents=True)
            shutil.copy(ROOT / "deploy" / "cmake" / "PinholeModule.cmake", project / "deploy/cmake")
            (project / "deploy" / "layers.txt").write_text(
                "# lowest first\nlow:\nmiddle: low\nhigh: middle\n", encoding="utf-8")
            (project / "CMakeLists.txt").write_text(PROJECT.format(modules=modules),
                                                    encoding="utf-8")
            return subprocess.run(["cmake", "-S", project, "-B", project / "build"],
                                  capture_output=True, text=True, timeout=60)

    def test_allowed_dependencies_configure(self):
        done = self.configure("pinhole_module(low)\npinhole_module(middle DEPENDS low)\n"
                              "pinhole_module(high DEPENDS middle)")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_refusals(self):
        for name, modules, message in [
            ("upward", "pinhole_module(low DEPENDS high)", "low may not use high"),
            ("not_listed_directly", "pinhole_module(high DEPENDS low)", "high may not use low"),
            ("second_of_two", "pinhole_module(high DEPENDS middle low)", "high may not use low"),
            ("no_such_module", "pinhole_module(elsewhere)",
             "elsewhere is not in deploy/layers.txt"),
        ]:
            with self.subTest(name):
                done = self.configure(modules)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(message, " ".join(done.stderr.split()))


if __name__ == "__main__":
    unittest.main()
