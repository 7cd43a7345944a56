#!/usr/bin/env python3
"""docs/CHANNEL.md names tests for each of the eighteen invariants of the channel; each of them is there."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/CHANNEL.md").read_text(encoding="utf-8")


def existing():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "tests/*.cc", "tests/*.py"], check=True, capture_output=True,
                            text=True).stdout
    names = set()
    for name in filter(None, listed.split("\0")):
        text = (ROOT / name).read_text(encoding="utf-8")
        names |= {f"{suite}.{test}" for suite, test in re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", text, re.M)}
        names |= set(re.findall(r"^    def (test_\w+)\(", text, re.M))
    return names


def rows(text):
    table = text.split("<!-- invariants -->")[1].split("<!-- /invariants -->")[0]
    return [(int(number), [test.strip() for test in tests.split(",")])
            for number, tests in re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", table, re.M)]


class Channel(unittest.TestCase):
    def test_every_invariant_has_tests_that_exist(self):
        found = rows(TEXT)
        self.assertEqual([number for number, _ in found], list(range(1, 19)))
        there = existing()
        missing = [(number, test) for number, tests in found for test in tests if test not in there]
        self.assertEqual(missing, [])

    def test_a_test_that_is_not_there_is_noticed(self):
        there = existing()
        self.assertNotIn("Order.OfNothing", there)
        self.assertIn("Order.OfCompletionChangesNoByte", there)
        self.assertIn("test_every_invariant_has_tests_that_exist", there)


if __name__ == "__main__":
    unittest.main()
