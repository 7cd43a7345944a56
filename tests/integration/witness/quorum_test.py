#!/usr/bin/env python3
"""A contest whose POLICY names witnesses, with every process real: what no quorum cosigned does not leave, and nothing of it is lost."""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from world import Witness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "whole"))
import whole_test  # noqa: E402

UNIT = pathlib.Path(os.environ["PINHOLE_SOURCE"]) / "deploy/systemd/pinhole-courier.service"
COURIER_USER = 64003
# Longer than a round and its exchange.
PATIENCE = 60


def await_that(what, holds, site):
    """Results come by the clock, so the ledger is looked at until they are there."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {PATIENCE} s\n{site.logs()}")
        time.sleep(0.1)


class Site(whole_test.Site):
    """With witnesses, the folder between front and courier, and a courier as its unit starts it."""

    def __init__(self, folder):
        super().__init__(folder)
        self.courier = None
        self.witness_folder = self.folder / "witnesses"
        self.witness_folder.mkdir()
        os.chown(self.witness_folder, whole_test.FRONT_USER, COURIER_USER)
        self.witness_folder.chmod(0o775)
        self.public = self.folder / "front/state/public"
        settings = self.folder / "front/state/pinholed.toml"
        text = settings.read_text()
        text, count = re.subn(r"(?m)^#witness_folder = .*$", f'witness_folder = "{self.witness_folder}"', text)
        text, more = re.subn(r"(?m)^#public_folder = .*$", 'public_folder = "public"', text)
        assert (count, more) == (1, 1), text
        settings.write_text(text)
        self.witnesses = [Witness(self.folder / name, self.vkey) for name in "abc"]
        contest = self.folder / "contest.toml"
        keys = ", ".join(f'"{witness.vkey}"' for witness in self.witnesses)
        contest.write_text(contest.read_text() + f"[witnesses]\nkeys = [{keys}]\nquorum = 2\n")

    def serve_courier(self):
        words = [word for witness in self.witnesses for word in ("--witness", witness.vkey)] + [witness.url for witness in self.witnesses]
        command = re.search(r"(?m)^ExecStart=(.*)$", UNIT.read_text())[1]
        for name, text in (("/usr/bin/pinhole", self.pinhole()), ("/var/lib/pinhole-witnesses", self.witness_folder),
                           ("${LOG_KEY}", self.vkey), ("$WITNESSES", shlex.join(words))):
            assert name in command
            command = command.replace(name, str(text))
        with open(self.folder / "courier.log", "ab") as log:
            self.courier = subprocess.Popen(shlex.split(command), stdout=log, stderr=log, user=COURIER_USER, group=COURIER_USER,
                                            extra_groups=[], env={"PINHOLE_HOME": "/nowhere"})

    @staticmethod
    def pinhole():
        return whole_test.BIN / "pinhole"

    def log(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0, self.logs()

    def entries(self):
        """Of the front's public folder, as anybody reads them; nothing while it is not there."""
        if not (self.public / "checkpoint").exists():
            return []
        size = int((self.public / "checkpoint").read_text().split("\n")[1])
        data = (self.public / (f"tile/entries/000.p/{size}" if size < 256 else "tile/entries/000")).read_bytes()
        entries = []
        while data:
            length = 2 + int.from_bytes(data[:2], "big")
            entries.append(data[2:length].decode())
            data = data[length:]
        return entries

    def types(self):
        return [re.split("[ \n]", entry)[0] for entry in self.entries()]

    def waiting(self):
        """Entries under the head that the witnesses are shown."""
        return int((self.witness_folder / "checkpoint").read_text().split("\n")[1])

    def join(self, team):
        invitation = self.run("pinhole", "invite", "demo", team, "--key", self.folder / "organizer.key")
        self.run("pinhole", "join", "--wait", "-", home=team, input=invitation)

    def end(self):
        if self.courier is not None and self.courier.poll() is None:
            self.courier.kill()
            self.courier.wait()
        for witness in self.witnesses:
            witness.close()
        super().end()


class Quorum(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-quorum-")
        self.addCleanup(folder.cleanup)
        self.site = Site(folder.name)
        self.addCleanup(self.site.end)
        self.site.serve_vault()
        self.site.serve_front()
        self.site.serve_courier()
        self.site.open_contest()
        self.site.run("pinhole", "trust", self.site.listen, "--pin", self.site.pin, "--log-key", self.site.vkey)
        await_that("POLICY was cosigned", lambda: "POLICY" in self.site.types(), self.site)

    def audit(self):
        done = self.site.run("pinhole", "audit", "--tiles", self.site.public, "--key", self.site.vkey, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + self.site.logs())
        return done.stdout

    def test_a_contest_runs_and_waits_while_witnesses_are_away(self):
        site = self.site
        site.join("ada")
        self.assertIn("score 0.6", site.run("pinhole", "submit", whole_test.CONDUCTS / "conduct_honest", "--wait", home="ada"))
        await_that("the files follow", lambda: "RESULT" in site.types(), site)
        self.assertIn("WITNESSES cosigned 2 of 3", self.audit())
        self.assertNotIn("no-witness-folder", site.log("front"))

        # Two of three away: the vault goes on, and nothing leaves.
        site.run("pinhole", "submit", whole_test.CONDUCTS / "conduct_better", home="ada")
        for witness in site.witnesses[1:]:
            witness.close()
        await_that("the vault says what is missing", lambda: "quorum-missing" in site.log("vault"), site)
        shown = site.entries()
        heads = site.waiting()
        await_that("the vault goes on", lambda: site.waiting() >= heads + 4, site)
        self.assertEqual(site.entries(), shown)
        self.audit()

        # Back again: everything comes.
        for witness in site.witnesses[1:]:
            url = witness.url
            witness.start(witness.port)
            self.assertEqual(witness.url, url)
        await_that("the second result", lambda: site.types().count("RESULT") == 2, site)
        entries = site.entries()
        self.assertEqual(entries[:len(shown)], shown)
        self.assertIn(" text=0.3 ", next(entry for entry in reversed(entries) if entry.startswith("RESULT")))
        rounds = [int(re.search(r"round=(\d+)", entry)[1]) for entry in entries if entry.startswith("ROUND")]
        self.assertEqual(rounds, list(range(1, len(rounds) + 1)), "no round is missing")
        self.assertIn("WITNESSES cosigned 2 of 3", self.audit())
        site.stop(site.courier)

    def copy(self, source, target):
        subprocess.run(["cp", "-a", source, target], check=True)

    def test_a_vault_that_was_set_back_runs_nothing(self):
        site = self.site
        site.join("ada")
        site.stop(site.vault)
        site.stop(site.front)
        for name in ("vault", "front/state", "ada"):
            self.copy(site.folder / name, site.folder / f"{name}.older")
        site.serve_front()
        site.serve_vault()
        self.assertIn("score 0.6", site.run("pinhole", "submit", whole_test.CONDUCTS / "conduct_honest", "--wait", home="ada"))
        site.stop(site.vault)
        self.assertIn("event=exchange", site.log("vault"))
        before = site.entries()

        # The vault alone: the front has two signed heads of which the later is shorter.
        (site.folder / "vault").rename(site.folder / "vault.newer")
        self.copy(site.folder / "vault.older", site.folder / "vault")
        logged = len(site.log("vault"))
        site.serve_vault()
        await_that("the front's alarm", lambda: "event=ledger-alarm" in site.log("front"), site)
        await_that("the vault's word", lambda: "event=quorum-missing" in site.log("vault")[logged:], site)
        self.assertIn("event=mirror-ahead", site.log("vault")[logged:])
        site.stop(site.vault)
        site.stop(site.front)
        self.assertEqual(site.entries(), before)

        # All of it, even the client that remembers the newer head: then the witnesses are what stands in the way.
        for name in ("vault", "front/state", "ada"):
            (site.folder / name).rename(site.folder / f"{name}.away")
            self.copy(site.folder / f"{name}.older", site.folder / name)
        for file in ("checkpoint", "tile"):
            subprocess.run(["rm", "-r", site.witness_folder / file], check=True)
        older = site.entries()
        self.assertEqual(before[:len(older)], older)
        logged = len(site.log("vault"))
        site.serve_vault()
        site.serve_front()
        await_that("a quorum refuses", lambda: site.log("courier").count("it went back, or this copy is old") >= 2, site)
        site.run("pinhole", "submit", whole_test.CONDUCTS / "conduct_better", home="ada")
        time.sleep(3 * 3)  # rounds of 3 s in which something could have come
        said = site.log("vault")[logged:]
        self.assertIn("event=quorum-missing", said)
        self.assertNotIn("event=exchange", said, "neither a submission was admitted nor a round ended")
        self.assertEqual(site.entries(), older)
        self.assertEqual(site.waiting(), len(older) + 1, "its START is all there is")


if __name__ == "__main__":
    unittest.main(verbosity=2)
