#!/usr/bin/env python3
"""Go's own packages for signed notes and transparency logs read our static files and proofs, and notice a changed byte."""

import os
import pathlib
import subprocess
import tempfile
import unittest

TESTS = pathlib.Path(os.environ["PINHOLE_TEST_BIN"])
PINHOLE = pathlib.Path(os.environ["PINHOLE_BIN"]) / "pinhole"
READER = TESTS / "read_ledger"


@unittest.skipUnless(READER.exists() or os.environ.get("PINHOLE_MUST_WORK") == "1",
                     "no Go compiler with golang.org/x/mod: deploy/install brings both")
class GoReader(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="pinhole-go-")
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name) / "ledger"

    def make(self, rounds):
        done = subprocess.run([TESTS / "sample_ledger", self.folder, str(rounds)], check=True, capture_output=True, text=True)
        return int(done.stdout.split()[0])

    def read(self, *more):
        return subprocess.run([READER, self.folder, *more], capture_output=True, text=True)

    def test_ledgers_of_several_shapes(self):
        sizes = []
        for rounds in (4, 12, 210, 520):  # below one tile, above one, above two
            with self.subTest(rounds):
                self.folder = pathlib.Path(self.temporary.name) / str(rounds)
                sizes.append(self.make(rounds))
                done = self.read()
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stdout, f"{sizes[-1]} entries under a head that vault.example/test signed\n")
        self.assertGreater(sizes[-1], 512)

    def test_proofs(self):
        size = self.make(210)
        key = (self.folder / "log.vkey").read_text().strip()
        for index in (0, 1, 255, 256, size - 1):
            with self.subTest(index):
                proof = pathlib.Path(self.temporary.name) / f"{index}.tlog-proof"
                subprocess.run([PINHOLE, "audit", "entry", str(index), "--tiles", self.folder, "--key", key, "--proof", proof],
                               check=True, capture_output=True, env={**os.environ, "PINHOLE_HOME": self.temporary.name})
                done = self.read(proof)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"proof of entry {index} holds", done.stdout)
                proof.write_text(proof.read_text().replace(f"index {index}", f"index {index + 1}"))
                self.assertNotEqual(self.read(proof).returncode, 0)

    def test_every_file_counts(self):
        self.make(12)
        for file in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            with self.subTest(file.name):
                good = file.read_bytes()
                changed = bytearray(good)
                changed[len(good) // 2] ^= 1
                file.write_bytes(changed)
                self.assertNotEqual(self.read().returncode, 0)
                file.write_bytes(good)
        self.assertEqual(self.read().returncode, 0)


if __name__ == "__main__":
    unittest.main()
