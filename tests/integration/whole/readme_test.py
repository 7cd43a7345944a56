#!/usr/bin/env python3
"""Runs every command of the README as it is written there, in its order, on a real site: only names that a person has to choose
(folders, the address, keys) are replaced."""

import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

import whole_test

SOURCE = pathlib.Path(__file__).resolve().parents[3]
PROGRAMS = ("pinhole", "pinhole-vault", "pinholed")


def commands(text):
    """The commands of the code blocks without a language, continued lines joined. deploy/demo has a test of its own; deploy/check
    runs this one."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        if language or "│" in block:
            continue  # output, or the picture
        for line in block.replace("\\\n", " ").splitlines():
            line = line.split("#")[0].strip()
            if line.split()[:1] and line.split()[0] in PROGRAMS:
                yield line


class Readme(unittest.TestCase):
    def test_every_command(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-readme-")
        self.addCleanup(folder.cleanup)
        site = whole_test.Site(folder.name, made=False)
        self.addCleanup(site.end)
        work = pathlib.Path(folder.name)
        names = {"/srv/vault": str(work / "vault"), "/run/pinhole/socket": str(work / "pipe/socket"),
                 "127.0.0.1:7443": site.listen, "init front": f"init {work}/front/state", "serve front": f"serve {work}/front/state",
                 "CONTEST": "demo", "TEAM": "ada", "PROGRAM": str(whole_test.CONDUCTS / "conduct_honest"),
                 "--lane-users 64101,64102": f"--lane-users {whole_test.LANE}"}
        ran = []
        lines = list(commands((SOURCE / "README.md").read_text()))
        # The contest is closed by the last command, wherever the text speaks of it.
        closing = re.findall(r"`(pinhole-vault contest close [^`]*)`", (SOURCE / "README.md").read_text())
        self.assertEqual(len(closing), 1)
        for line in lines + closing:
            for name, value in names.items():
                line = line.replace(name, value)
            with self.subTest(line):
                output = self.run_line(site, line)
            ran.append(line)
            if " init " in line and line.startswith("pinhole-vault"):
                self.vkey = names["VKEY"] = re.search("ledger key: (.*)", output).group(1)
            if line.startswith("pinholed init"):
                names["PIN"] = (work / "front/state/pin").read_text().strip()
            if " invite " in line:
                self.invitation = output
            if line == "pinhole keygen organizer.key":
                organizer = re.search("public_key +([0-9a-f]+)", output).group(1)
                (work / "contest.toml").write_text(whole_test.CONTEST.format(organizer=organizer))
        self.assertGreaterEqual(len(ran), 24)
        used = {word for line in ran for word in line.split()[:1]}
        self.assertEqual(used, set(PROGRAMS))

    def run_line(self, site, line):
        environment = {**os.environ, "PATH": f"{whole_test.BIN}:{os.environ['PATH']}", "PINHOLE_HOME": str(site.folder / "home")}
        words = line.split()
        if words[1] == "serve":
            if words[0] == "pinhole-vault":
                site.serve_vault()
                return ""
            site.serve_front()
            # A person reads on while the next exchange hands the ledger over.
            deadline = time.monotonic() + 30
            audit = f"pinhole audit --server {site.listen} --key '{self.vkey}' --pin {(site.folder / 'front/state/pin').read_text()}"
            while subprocess.run(["bash", "-c", audit], env=environment, capture_output=True).returncode != 0:
                self.assertLess(time.monotonic(), deadline, site.logs())
                time.sleep(0.1)
            return ""
        text = None
        if words[:2] == ["pinhole", "join"]:
            text = self.invitation
            line = line.replace("join -", "join --wait -")  # a script has to wait; a person reads the answer
        if words[:3] == ["pinhole-vault", "contest", "open"]:
            plan = subprocess.run(["bash", "-c", line.replace("open", "plan").split(" --")[0] + " --json"], env=environment,
                                  cwd=site.folder, text=True, capture_output=True, check=True).stdout
            text = re.search('"contest_bits": "([^"]*)"', plan).group(1) + "\n"  # typed, as the README says
        options = {}
        if words[0] == "pinholed":
            options = {"user": whole_test.FRONT_USER, "group": whole_test.FRONT_USER, "extra_groups": []}
        done = subprocess.run(["bash", "-c", line], env=environment, cwd=site.folder, text=True, capture_output=True, input=text,
                              timeout=120, **options)
        self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout}{done.stderr}{site.logs()}")
        return done.stdout


if __name__ == "__main__":
    unittest.main(verbosity=2)
