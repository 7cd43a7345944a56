#!/usr/bin/env python3
"""The red team's mute gate is linked into the red team's programs alone, and the shipped gate has nothing to switch."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIPPED = ("server", "client", "sandbox", "proto", "deploy/cmake")
NAMES = re.compile(r"redteam|gate_of_test|GateMode|mute(?!x)|MUTE(?!X)")


def sources(folder):
    return [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".cc", ".h", ".txt", ".cmake") and path.is_file()]


class GateSwitch(unittest.TestCase):
    def test_no_shipped_source_names_it(self):
        files = [path for folder in SHIPPED for path in sources(folder)]
        self.assertGreater(len(files), 200)
        self.assertEqual([str(path) for path in files if NAMES.search(path.read_text())], [])

    def test_only_the_red_teams_programs_link_it(self):
        files = [path for path in [ROOT / "CMakeLists.txt", *sources("tests")] if path.name == "CMakeLists.txt"]
        self.assertEqual([str(path.relative_to(ROOT)) for path in files if "gate_of_test" in path.read_text()
                          or "pinhole_redteam_gate" in path.read_text()], ["tests/redteam/CMakeLists.txt"])

    def test_the_shipped_gate_is_one_text(self):
        text = (ROOT / "server/core/gate/gate.cc").read_text()
        self.assertEqual(re.findall(r"^\s*#\s*(?!include)\w+.*$", text, re.MULTILINE), [])
        self.assertIn("Decide(", text)

    def test_it_finds_the_name(self):
        self.assertTrue(NAMES.search('#include "tests/redteam/gate_of_test.h"'))
        self.assertTrue(NAMES.search("#ifdef PINHOLE_MUTE"))


if __name__ == "__main__":
    unittest.main()
