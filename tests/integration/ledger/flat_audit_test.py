#!/usr/bin/env python3
"""An audit's memory does not grow with the ledger: peaks of whole processes, ten times as many entries."""

import filecmp
import os
import pathlib
import subprocess
import tempfile
import unittest

TESTS = pathlib.Path(os.environ["PINHOLE_TEST_BIN"])
PINHOLE = pathlib.Path(os.environ["PINHOLE_BIN"]) / "pinhole"
SHORT, LONG = 20_000, 200_000
# An ADMIT of a contest that is not closed leaves its request's id of 20 bytes: 2.6 MiB of 90,000 more. All entries of
# the longer ledger would be 88 MiB more.
OPEN_KIB = 6 << 10
# Of closed contests nothing but their teams stays, 80 of each of ten.
CLOSED_KIB = 2 << 10
PIN = "ab" * 32


class FlatAudit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="pinhole-flat-")
        cls.addClassCleanup(cls.holder.cleanup)
        cls.folder = pathlib.Path(cls.holder.name)
        cls.vkey = ""
        for name, entries, contests in (("short", SHORT, 1), ("open", LONG, 1), ("closed", LONG, 10)):
            made = subprocess.run(
                [TESTS / "busy_ledger", cls.folder / name, str(entries), str(contests), cls.folder / f"{name}-recording"],
                check=True, capture_output=True, text=True,
            )
            cls.vkey = made.stdout.strip()

    def see_the_whole(self, screen, _, name):
        """The whole ledger was found to hold."""
        self.assertGreaterEqual(int(screen.rsplit("(", 1)[1].split(" ")[0]), SHORT if name == "short" else LONG)

    def peak_kib(self, words, name, see):
        """The most memory that the process had."""
        done = subprocess.run([TESTS / "peak_of", *words], check=True, capture_output=True, text=True)
        screen, _, peak = done.stdout.rpartition("peak ")
        see(screen, done.stderr, name)
        return int(peak)

    def compare(self, words_of, see=None):
        peaks = {name: self.peak_kib(words_of(name), name, see or self.see_the_whole) for name in ("short", "open", "closed")}
        self.assertGreater(peaks["short"], 1 << 10)
        print(f"{self.id().rsplit('.', 1)[1]}: KiB at the most: {peaks}", flush=True)
        self.assertLess(peaks["open"] - peaks["short"], OPEN_KIB, peaks)
        self.assertLess(peaks["closed"] - peaks["short"], CLOSED_KIB, peaks)

    def test_of_a_bundle(self):
        self.compare(lambda name: [PINHOLE, "audit", "--bundle", self.folder / name, "--key", self.vkey])

    def test_of_a_bundle_that_is_saved(self):
        saved = self.folder / "saved"
        self.compare(lambda name: [PINHOLE, "audit", "--bundle", self.folder / name, "--key", self.vkey, "--save", saved])
        self.assertTrue(filecmp.cmp(saved, self.folder / "closed", shallow=False))

    def test_of_an_entry_and_its_proof(self):
        def see(screen, _, name):
            proofs = [line.split()[1] for line in screen.splitlines() if line.startswith("proof")]
            self.assertEqual(len(proofs), 15 if name == "short" else 18, screen)  # entry 12,345 of 20,000 and of 200,000
        self.compare(lambda name: [PINHOLE, "audit", "entry", "12345", "--bundle", self.folder / name, "--key", self.vkey], see)

    def test_of_a_recording(self):
        def see(screen, said, name):
            self.see_the_whole(screen, said, name)
            exchanges = int(said.split(" frames of ")[1].split(" ")[0])
            self.assertGreaterEqual(100 * exchanges, SHORT if name == "short" else LONG)
        self.compare(
            lambda name: [PINHOLE, "audit", "--bundle", self.folder / name, "--key", self.vkey, "--pipe", self.folder / f"{name}-recording"],
            see,
        )

    def test_of_static_files(self):
        self.compare(lambda name: [
            PINHOLE, "audit", "--bundle", self.folder / name, "--key", self.vkey, "--save-tiles", self.folder / f"{name}-tiles"
        ])
        self.compare(lambda name: [PINHOLE, "audit", "--tiles", self.folder / f"{name}-tiles", "--key", self.vkey])

    def served(self, name, *words):
        return [TESTS / "audit_of_served", self.folder / name, self.folder / f"{name}-home", *words]

    def test_of_a_server(self):
        self.compare(lambda name: self.served(name, "audit", "--server", "localhost:1", "--key", self.vkey, "--pin", PIN))

    def test_of_a_mirror(self):
        for name in ("short", "open", "closed"):
            trust = self.served(name, "trust", "localhost:1", "--pin", PIN, "--log-key", self.vkey)
            subprocess.run(trust, check=True, capture_output=True)
        self.compare(lambda name: self.served(name, "audit"))  # fetched
        self.compare(lambda name: self.served(name, "audit"))  # there already


if __name__ == "__main__":
    unittest.main()
