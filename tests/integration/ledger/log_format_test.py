#!/usr/bin/env python3
"""docs/LOG_FORMAT.md: its commands are run as they stand and print what it says; every field of an entry is in its table."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

TESTS = pathlib.Path(os.environ["PINHOLE_TEST_BIN"])
TEXT = (pathlib.Path(os.environ["PINHOLE_SOURCE"]) / "docs/LOG_FORMAT.md").read_text(encoding="utf-8")
SETTINGS = "every setting"


class LogFormat(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-format-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def make(self, rounds):
        subprocess.run([TESTS / "sample_ledger", self.folder / "ledger", str(rounds)], check=True, capture_output=True)

    def script(self):
        blocks = re.findall(r"```(run|text)\n(.*?)```", TEXT, re.S)
        self.assertEqual([kind for kind, _ in blocks], ["run", "text"] * 3)
        return "".join(block for kind, block in blocks if kind == "run"), "".join(block for kind, block in blocks if kind == "text")

    def run_script(self):
        script, expected = self.script()
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.folder, capture_output=True, text=True)
        return done.returncode == 0 and done.stdout == expected, done.stdout + done.stderr

    def test_commands_print_what_is_said(self):
        for rounds in (4, 5, 12, 60):
            with self.subTest(rounds):
                subprocess.run(["rm", "-rf", self.folder / "ledger"], check=True)
                self.make(rounds)
                held, output = self.run_script()
                self.assertTrue(held, output)

    def test_a_changed_byte_is_found(self):
        self.make(12)
        for name in ("checkpoint", "log.vkey", "tile/0"):
            path = self.folder / "ledger" / name
            file = next(file for file in [path, *path.rglob("*")] if file.is_file())
            with self.subTest(name):
                good = file.read_bytes()
                place = good.index(b"\n") + 1 if name == "checkpoint" else len(good) // 2
                file.write_bytes(good[:place] + (b"3" if good[place : place + 1] != b"3" else b"4") + good[place + 1 :])
                self.assertFalse(self.run_script()[0])
                file.write_bytes(good)

    def test_every_field_is_in_the_table(self):
        self.make(12)
        rows = dict(re.findall(r"^\| ([A-Z]+) \| [^|]* \| ([^|]*) \|$", TEXT, re.M))
        size = (self.folder / "ledger/checkpoint").read_text().split("\n")[1]
        data = (self.folder / f"ledger/tile/entries/000.p/{size}").read_bytes()
        seen = set()
        while data:
            length = int.from_bytes(data[:2], "big")
            entry, data = data[2 : 2 + length].decode().split(), data[2 + length :]
            seen.add(entry[0])
            fields = [word.partition("=")[0] for word in entry[4:]]
            named = re.sub(r"\([^)]*\)", "", rows[entry[0]])
            if SETTINGS in named:
                named = named.split("then ")[1]
                fields = fields[fields.index("organizer") :]
            self.assertEqual([word.strip() for word in named.split(",")], fields, entry[0])
        self.assertEqual(seen, set(rows))


if __name__ == "__main__":
    unittest.main()
