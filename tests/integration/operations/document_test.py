#!/usr/bin/env python3
"""docs/OPERATIONS.md: its commands run in their order, its keys are those of the configuration that init writes."""

import os
import re
import subprocess
import tempfile
import unittest

import sites

TEXT = (sites.SOURCE / "docs/OPERATIONS.md").read_text()
LANE = int(os.environ["PINHOLE_LANE_BASE"])


class Document(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-document-")
        self.addCleanup(folder.cleanup)
        self.site = sites.Site(folder.name, made=False)
        self.addCleanup(self.site.end)

    def test_its_commands_run(self):
        site = self.site
        site.run("pinhole", "keygen", site.folder / "owner.key")
        names = {"VAULT_USER": "64001", "FRONT_GROUP": "64002", "LANES_GROUP": "64100", "LANE_USERS": str(LANE), "VAULT": str(site.folder / "vault"),
                 "SOCKET": str(site.folder / "pipe/socket"), "BACKUP": str(site.folder / "today.backup")}
        lines = [line for block in re.findall(r"```run\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
        self.assertGreaterEqual(len(lines), 5)
        for line in lines:
            for name, value in names.items():
                line = re.sub(rf"\b{name}\b", value, line)
            with self.subTest(line):
                if " restore " in line:
                    site.serve_vault()  # a ledger with an entry, saved while it is served
                    (site.folder / "today.backup").unlink()
                    site.run("pinhole-vault", "backup", site.folder / "vault", site.folder / "today.backup")
                    site.stop(site.vault)
                elif " backup " in line:
                    site.serve_vault()
                done = subprocess.run(["bash", "-c", line], cwd=site.folder, text=True, capture_output=True, timeout=120,
                                      env={**os.environ, "PATH": f"{sites.BIN}:{os.environ['PATH']}"})
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr + site.logs())
                if " backup " in line:
                    site.stop(site.vault)

    def test_every_key_of_the_configuration_is_explained(self):
        site = self.site
        documented = set()
        for first, second in re.findall(r"(?m)^\| `(\w+)`(?:, `(\w+)`)? \| ", TEXT.split("## Configuration")[1].split("## Units")[0]):
            documented |= {first, second} - {""}
        vault = (sites.SOURCE / "server/vault/config.cc").read_text()
        front = (sites.SOURCE / "server/front/config.cc").read_text()
        keys = set(re.findall(r'reader\.\w+\("(\w+)"', vault)) | set(re.findall(r'\{"(\w+)", &config\.', front))
        self.assertGreaterEqual(len(keys), 13)
        self.assertEqual(documented, keys)
        # And init writes each that it is given, with a comment before.
        for number, options in enumerate((["--lanes", "2"], ["--user", "64001", "--front-group", "64002", "--lanes-group", "64100",
                                                             "--lane-users", LANE])):
            folder = site.folder / f"made-{number}"
            site.run("pinhole-vault", "init", folder, "--name", "vault.example/a", "--socket", site.folder / "pipe/a", *options)
            text = (folder / "vault.toml").read_text()
            for key in re.findall(r"(?m)^(\w+) = ", text):
                self.assertIn(key, documented)
            self.assertRegex(text, r"(?m)^# .*\n(?:# .*\n)*(cgroup|keep_free_mib) = ")


if __name__ == "__main__":
    unittest.main(verbosity=2)
