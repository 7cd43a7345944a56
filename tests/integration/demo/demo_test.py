#!/usr/bin/env python3
"""deploy/demo as a person runs it, twice in a row; its board against an independent computation."""

import math
import os
import pathlib
import re
import subprocess
import sys
import unittest
from decimal import Decimal

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "tests" / "integration" / "models"))
import reference  # noqa: E402

BIN = pathlib.Path(os.environ["PINHOLE_BIN"])
MOVIELENS = SOURCE / "tests" / "data" / "ml-latest-small"
STEP = Decimal("0.005")
TEAMS = {"means": "global-mean", "biases": "damped-biases", "factors": "matrix-factorisation"}


def level_of(rmse):
    """The coarsest multiple of the step that is not below the score."""
    return math.ceil(Decimal(repr(rmse)) / STEP) * STEP


class Demo(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        parts = reference.read_ratings(MOVIELENS)
        measured = reference.reference(parts)
        rmse = {name: measured[name]["public"] for name in ("global-mean", "damped-biases")}
        # The third model has no closed form: its own predictions, outside any box, scored by the script.
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            reference.write_columns(parts, folder)
            done = subprocess.run([BIN / "model-matrix-factorisation", folder], check=True, text=True, capture_output=True)
        rmse["matrix-factorisation"] = reference.score(parts, done.stdout.splitlines())["public"]
        cls.expected = {team: level_of(rmse[model]) for team, model in TEAMS.items()}

    def run_demo(self):
        done = subprocess.run([SOURCE / "deploy" / "demo"], stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=400)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_twice_in_a_row(self):
        for attempt in (1, 2):
            with self.subTest(attempt):
                output = self.run_demo()
                board = output[output.index("$ pinhole board"):output.index("== The audit")]
                shown = {team: Decimal(score) for team, score in re.findall(r"^\d+ +(\w+) +([0-9.]+) ", board, re.M)}
                self.assertEqual(shown, self.expected, output)
                self.assertEqual(output.count("signature ✓"), 2, output)
                self.assertIn("results = admitted: yes", output)
                self.assertIn("received; the result comes in round", output)
                counted = re.search(r"python3 -c \"(.*)\"", output).group(0)
                recomputed = subprocess.run(["bash", "-c", counted], check=True, capture_output=True, text=True).stdout
                self.assertIn(f"N of a team = {recomputed.strip()} (hex)", output)
        leftovers = subprocess.run(["pgrep", "-f", "pinhole-demo\\."], capture_output=True, text=True).stdout
        self.assertEqual(leftovers, "", "processes of a demo that ended")


if __name__ == "__main__":
    unittest.main(verbosity=2)
