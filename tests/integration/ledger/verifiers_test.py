#!/usr/bin/env python3
"""Two verifiers that share no line, ours and tests/integration/ledger/verify_ledger.py, agree: on valid ledgers of every rule, and on
ledgers that are each wrong in one thing and hashed and signed anew. Ours names the rule."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(os.environ["PINHOLE_TEST_BIN"])
PINHOLE = pathlib.Path(os.environ["PINHOLE_BIN"]) / "pinhole"
VERIFY = pathlib.Path(__file__).with_name("verify_ledger.py")


def ours(folder, home):
    key = (folder / "log.vkey").read_text().strip()
    return subprocess.run([PINHOLE, "audit", "--tiles", folder, "--key", key], capture_output=True, text=True,
                          env={**os.environ, "PINHOLE_HOME": home})


def theirs(folder):
    return subprocess.run([sys.executable, VERIFY, folder], capture_output=True, text=True)


class Verifiers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-verifiers-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_valid_ledgers_of_every_rule_hold(self):
        for rule in ("improvements", "records", "every-score"):
            for final in ("none", "winner", "top3", "every-team"):
                for rounds, witnesses in ((4, 0), (12, 3), (70, 0), (20, 1)):
                    with self.subTest(f"{rule} {final} {rounds} {witnesses}"):
                        ledger = self.folder / f"{rule}-{final}-{rounds}"
                        subprocess.run([TESTS / "sample_ledger", ledger, str(rounds), rule, final, str(witnesses)], check=True,
                                       capture_output=True)
                        done = ours(ledger, self.folder)
                        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                        done = theirs(ledger)
                        self.assertEqual((done.returncode, done.stdout), (0, "holds\n"), done.stderr)

    def test_every_mutation_is_caught_and_named(self):
        made = subprocess.run([TESTS / "mutated_ledgers", self.folder], check=True, capture_output=True, text=True).stdout
        rows = [line.split("\t") for line in made.splitlines()]
        self.assertGreaterEqual(len(rows), 70)
        for name, says in rows:
            with self.subTest(name):
                mine, other = ours(self.folder / name, self.folder), theirs(self.folder / name)
                if not says:
                    self.assertEqual((mine.returncode, other.returncode), (0, 0), mine.stdout + other.stderr)
                    continue
                self.assertEqual(mine.returncode, 4, mine.stdout + mine.stderr)
                self.assertIn(says, mine.stdout + mine.stderr)
                self.assertIn("signature ✓  root ✓", mine.stdout)  # only the rule is broken
                self.assertEqual(other.returncode, 1, f"{name}: the second verifier says {other.stdout}")
                self.assertIn("does not hold", other.stderr)


if __name__ == "__main__":
    unittest.main()
