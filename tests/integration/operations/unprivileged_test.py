#!/usr/bin/env python3
"""A whole contest with a vault that has no root at any time: a plain user, no capabilities, no network."""

import json
import os
import subprocess
import tempfile
import unittest

import sites

USER = int(os.environ["PINHOLE_LANE_BASE"])
PLAIN = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]


class PlainSite(sites.Site):
    """The vault belongs to USER, who runs all its commands; the front is another user in the socket's group."""

    def make(self, front_folder):
        self.run("pinhole", "keygen", self.folder / "owner.key")
        organizer = json.loads(self.run("pinhole", "keygen", "--json", self.folder / "organizer.key"))["public_key"]
        (self.folder / "contest.toml").write_text(sites.whole_test.CONTEST.format(organizer=organizer))
        for name in ("owner.key", "organizer.key", "contest.toml", "dataset.toml", "rows.csv", "pipe"):
            os.chown(self.folder / name, USER, USER)
        (self.folder / "plain").mkdir()
        os.chown(self.folder / "plain", USER, USER)
        self.vault_folder = self.folder / "plain/vault"
        made = self.vault_command("init", self.vault_folder, "--name", "vault.example/plain", "--socket", self.folder / "pipe/socket",
                                  "--lanes", 1, "--degraded", "lane-users,cgroups")
        self.vkey = made.split("ledger key: ")[1].strip()
        self.vault_command("data", "import", self.vault_folder, self.folder / "dataset.toml", "--owner-key", self.folder / "owner.key")
        self.run("pinholed", "init", self.folder / "front/state", "--vault-socket", self.folder / "pipe/socket", "--log-vkey", self.vkey,
                 "--listen", self.listen, **self.front_user())
        self.pin = (self.folder / "front/state/pin").read_text().strip()

    def front_user(self):
        return {"user": sites.whole_test.FRONT_USER, "group": sites.whole_test.FRONT_USER, "extra_groups": [USER]}

    def vault_command(self, *arguments, check=True):
        done = subprocess.run(list(map(str, [*PLAIN, sites.BIN / "pinhole-vault", *arguments])), text=True, capture_output=True,
                              timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def serve_vault(self):
        # What PrivateNetwork=yes gives.
        self.vault = self.spawn("vault", ["unshare", "--net", *PLAIN, sites.BIN / "pinhole-vault", "serve", self.vault_folder],
                                "event=serving")

    def serve_front(self):
        self.front = self.spawn("front", [sites.BIN / "pinholed", "serve", self.folder / "front/state"], "listening", **self.front_user())


class Unprivileged(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-plain-")
        self.addCleanup(folder.cleanup)
        self.site = PlainSite(folder.name)
        self.addCleanup(self.site.end)

    def test_a_whole_contest(self):
        site = self.site
        site.serve_vault()
        # The socket is the vault user's alone; a front of another user needs the group.
        os.chmod(site.folder / "pipe/socket", 0o660)
        site.serve_front()
        plan = site.vault_command("contest", "plan", site.vault_folder, site.folder / "contest.toml", "--json")
        site.vault_command("contest", "open", site.vault_folder, site.folder / "contest.toml", "--organizer-key",
                           site.folder / "organizer.key", "--owner-key", site.folder / "owner.key", "--start-in", 3, "--bits",
                           json.loads(plan)["contest_bits"])
        site.trust()
        site.join("ada")
        self.assertIn("score 0.6", site.submit("ada", "honest"))
        self.assertIn("score 0.3", site.submit("ada", "better"))
        hang = site.run("pinhole", "submit", sites.CONDUCTS / "conduct_hang", "--wait", home="ada", check=False)
        self.assertIn("failed\nledger entry", hang.stdout)
        site.audit()
        status = open(f"/proc/{site.vault.pid}/status").read()
        self.assertIn("CapEff:\t0000000000000000", status)
        self.assertIn("CapBnd:\t0000000000000000", status)
        self.assertIn(f"Uid:\t{USER}\t{USER}\t{USER}\t{USER}", status)
        site.stop(site.vault)

    def test_with_a_network_or_an_unnamed_lack_it_does_not_start(self):
        site = self.site
        serve = [*PLAIN, sites.BIN / "pinhole-vault", "serve", site.vault_folder]
        done = subprocess.run(list(map(str, serve)), text=True, capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the vault must have no network", done.stderr)
        config = site.vault_folder / "vault.toml"
        text = config.read_text()
        for mode, says in (("lane-users", "no lane_users"), ("cgroups", "no cgroup limits")):
            config.write_text(text.replace(f'"{mode}"', '"network"'))
            done = subprocess.run(["unshare", "--net", *map(str, serve)], text=True, capture_output=True, timeout=30)
            self.assertEqual(done.returncode, 1)
            self.assertIn(says, done.stderr)
        config.write_text(text.replace('cgroup = "machine"', 'cgroup = "delegated"'))
        done = subprocess.run(["unshare", "--net", *map(str, serve)], text=True, capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("needs a unit with Delegate=yes", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
