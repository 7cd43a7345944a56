#!/usr/bin/env python3
"""A whole contest with a vault that never has a privilege and lanes that are units of their own, each with its own user."""

import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import unittest

import lane_units
import sites
import units_test

USER = int(os.environ["PINHOLE_LANE_BASE"])
LANES_GROUP, FIRST_LANE, STRANGER = USER + 1, USER + 2, USER + 5
PLAIN = ["setpriv", "--reuid", USER, "--regid", USER, "--groups", f"{LANES_GROUP},{sites.whole_test.FRONT_USER}",
         "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]


def ids(pid, key):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return re.search(rf"(?m)^{key}:\s*(.*)$", text).group(1).split()


def children(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class LanesSite(sites.Site):
    def make(self, front_folder):
        self.run("pinhole", "keygen", self.folder / "owner.key")
        organizer = json.loads(self.run("pinhole", "keygen", "--json", self.folder / "organizer.key"))["public_key"]
        (self.folder / "contest.toml").write_text(sites.whole_test.CONTEST.format(organizer=organizer).replace("lanes = 1", "lanes = 2"))
        for name in ("owner.key", "organizer.key", "contest.toml", "dataset.toml", "rows.csv", "pipe"):
            os.chown(self.folder / name, USER, USER)
        for name, user in (("plain", USER), ("lanes", 0)):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, user, user)
        self.vault_folder = self.folder / "plain/vault"
        self.lanes = []
        made = self.vault_command("init", self.vault_folder, "--name", "vault.example/lanes", "--socket", self.folder / "pipe/socket",
                                  "--front-group",
                                  sites.whole_test.FRONT_USER, "--lanes", 2, "--lanes-group", LANES_GROUP, "--lane-sockets", self.folder / "lanes/%d")
        self.vkey = made.split("ledger key: ")[1].strip()
        self.vault_command("data", "import", self.vault_folder, self.folder / "dataset.toml", "--owner-key", self.folder / "owner.key")
        self.run("pinholed", "init", self.folder / "front/state", "--vault-socket", self.folder / "pipe/socket", "--log-vkey", self.vkey,
                 "--listen", self.listen, **self.front_user())
        self.pin = (self.folder / "front/state/pin").read_text().strip()

    def front_user(self):
        return {"user": sites.whole_test.FRONT_USER, "group": sites.whole_test.FRONT_USER, "extra_groups": []}

    def vault_command(self, *arguments):
        done = subprocess.run(list(map(str, [*PLAIN, sites.BIN / "pinhole-vault", *arguments])), text=True, capture_output=True,
                              timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start_lanes(self, users, **options):
        for number, user in enumerate(users):
            self.lanes.append(lane_units.Lane(self.folder / f"lanes/{number}", user, LANES_GROUP, USER, **options))

    def end_lanes(self):
        for lane in self.lanes:
            lane.end()
            lane.path.unlink()
        self.lanes = []

    def degrade_without_cgroups(self):
        """Where the machine has no cgroups at all, the configuration has to say so."""
        if any(not lane.groups.folders for lane in self.lanes):
            self.edit_config("degraded = []", 'degraded = ["cgroups"]')

    def edit_config(self, old, new):
        config = self.vault_folder / "vault.toml"
        text = config.read_text()
        assert old in text, text
        config.write_text(text.replace(old, new))

    def serve_command(self):
        return list(map(str, ["unshare", "--net", *PLAIN, sites.BIN / "pinhole-vault", "serve", self.vault_folder]))

    def serve_vault(self):
        self.vault = self.spawn("vault", self.serve_command(), "event=serving")

    def serve_front(self):
        self.front = self.spawn("front", [sites.BIN / "pinholed", "serve", self.folder / "front/state"], "listening", **self.front_user())

    def end(self):
        super().end()
        self.end_lanes()


class LaneUnits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-lanes-")
        self.addCleanup(folder.cleanup)
        self.site = LanesSite(folder.name)
        self.addCleanup(self.site.end)

    def refused(self):
        done = subprocess.run(self.site.serve_command(), text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stderr

    def test_a_whole_contest(self):
        site = self.site
        view = (site.vault_folder / "data/view").stat()
        self.assertEqual((view.st_uid, view.st_gid, view.st_mode & 0o777), (USER, LANES_GROUP, 0o750))
        site.start_lanes((FIRST_LANE, FIRST_LANE + 1))
        site.degrade_without_cgroups()
        site.serve_vault()
        site.serve_front()
        plan = site.vault_command("contest", "plan", site.vault_folder, site.folder / "contest.toml", "--json")
        site.vault_command("contest", "open", site.vault_folder, site.folder / "contest.toml", "--organizer-key",
                           site.folder / "organizer.key", "--owner-key", site.folder / "owner.key", "--start-in", 3, "--bits",
                           json.loads(plan)["contest_bits"])
        # The vault started no process, and has nothing; each launcher is its unit's user, with nothing.
        self.assertEqual(children(site.vault.pid), [])
        for pid, user in ((site.vault.pid, USER), *((lane.process.pid, lane.user) for lane in site.lanes)):
            self.assertEqual(ids(pid, "Uid"), [str(user)] * 4)
            for key in ("CapEff", "CapPrm", "CapBnd", "CapInh"):
                self.assertEqual(int(ids(pid, key)[0], 16), 0, key)
            self.assertEqual(ids(pid, "NoNewPrivs"), ["1"])
        for lane in site.lanes:
            self.assertEqual(ids(lane.process.pid, "Groups"), [str(LANES_GROUP)])
            self.assertEqual(ids(lane.process.pid, "Threads"), ["1"])
        site.trust()
        site.join("ada")
        self.assertIn("score 0.6", site.submit("ada", "honest"))
        self.assertIn("score 0.3", site.submit("ada", "better"))

        # A box while it runs: the lane's user on the host, in the lane's cgroups.
        submit = subprocess.Popen([sites.BIN / "pinhole", "submit", sites.CONDUCTS / "conduct_hang", "--wait"], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env={**os.environ, "PINHOLE_HOME": str(site.folder / "ada")})
        self.addCleanup(submit.stdout.close)
        seen = set()
        while submit.poll() is None:
            for lane in site.lanes:
                for box in children(lane.process.pid):
                    try:
                        seen.add((lane.user, *ids(box, "Uid")))
                    except (FileNotFoundError, ProcessLookupError, AttributeError):
                        pass  # it ended
            time.sleep(0.005)
        self.assertIn("failed\nledger entry", submit.communicate()[0])
        self.assertEqual(seen, {(FIRST_LANE, *[str(FIRST_LANE)] * 4)})
        for lane in site.lanes:
            for folder in lane.groups.folders:
                name = {"memory": "memory.limit_in_bytes", "pids": "pids.max"}.get(folder.parent.name)
                if name:
                    print(f"lane {lane.user}: {folder.parent.name} {name} {(folder / name).read_text().strip()}")
        site.audit()
        bundle = site.folder / "ledger.bundle"
        site.audit_to(bundle)
        policy = re.search(rb"POLICY [^\n]*?degraded=(\S+)", bundle.read_bytes()).group(1).decode()
        cgroups = all(lane.groups.folders for lane in site.lanes)
        self.assertEqual(policy, "none" if cgroups else "cgroups")

        # A restart of the vault finds fresh launchers at the same sockets.
        site.stop(site.vault)
        site.serve_vault()
        again = site.run("pinhole", "submit", sites.CONDUCTS / "conduct_garbage", "--wait", home="ada", check=False)
        self.assertIn("failed\nledger entry", again.stdout)
        self.assertEqual([lane.starts for lane in site.lanes], [2, 2])

    def test_launcher_and_boxes_make_calls_that_the_unit_allows(self):
        if reason := units_test.missing("strace") or units_test.missing("systemd-analyze"):
            self.skipTest(reason)
        site = self.site
        calls = site.folder / "calls"
        site.edit_config("lanes = 2", "lanes = 1")
        site.edit_config("degraded = []", 'degraded = ["cgroups"]')
        site.start_lanes((FIRST_LANE,), with_groups=False, calls=calls)
        site.serve_vault()
        site.serve_front()
        contest = site.folder / "contest.toml"
        contest.write_text(contest.read_text().replace("lanes = 2", "lanes = 1"))
        plan = site.vault_command("contest", "plan", site.vault_folder, contest, "--json")
        site.vault_command("contest", "open", site.vault_folder, contest, "--organizer-key", site.folder / "organizer.key", "--owner-key",
                           site.folder / "owner.key", "--start-in", 3, "--bits", json.loads(plan)["contest_bits"])
        site.trust()
        site.join("ada")
        self.assertIn("score 0.6", site.submit("ada", "honest"))
        for conduct in ("crash", "hang", "garbage"):  # ways to end; one has to be killed
            done = site.run("pinhole", "submit", sites.CONDUCTS / f"conduct_{conduct}", "--wait", home="ada", check=False)
            self.assertIn("failed\nledger entry", done.stdout)
        site.stop(site.vault)
        site.lanes[0].process.wait(timeout=30)
        text = calls.read_text()
        used = set(re.findall(r"(?m)^\d+ +([a-z0-9_]+)\(", text[text.index("/pinhole-box\""):]))
        # A box, its record, and its end by force.
        self.assertLessEqual({"execveat", "getdents64", "statx", "kill"}, used)
        allowed = units_test.allowed_calls("pinhole-lane@.service")
        print(f"{len(used)} kinds of calls, all of the lane unit's {len(allowed)}")
        self.assertEqual(used - allowed, set())

    def test_lanes_that_are_not_as_promised_are_refused(self):
        site = self.site
        self.assertIn("Start its unit, pinhole-lane@N.socket", self.refused())
        site.start_lanes((FIRST_LANE, FIRST_LANE), with_groups=False)
        self.assertIn("cannot limit memory", self.refused())
        site.edit_config("degraded = []", 'degraded = ["cgroups"]')
        self.assertIn("as another lane does", self.refused())
        site.end_lanes()
        site.start_lanes((USER, FIRST_LANE), with_groups=False)
        self.assertIn("has to have a user of its own", self.refused())
        site.end_lanes()
        # A launcher serves its unit's user alone, even where the socket's mode would let others in.
        site.start_lanes((FIRST_LANE, FIRST_LANE + 1), with_groups=False)
        for lane in site.lanes:
            lane.path.chmod(0o666)
        script = ("import socket,sys; s=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET); s.settimeout(10); "
                  "s.connect(sys.argv[1]); print(len(s.recv(100)))")
        done = subprocess.run(["python3", "-c", script, str(site.lanes[0].path)], user=STRANGER, group=STRANGER, extra_groups=[],
                              text=True, capture_output=True, timeout=30)
        self.assertEqual(done.stdout, "0\n", done.stderr)
        site.serve_vault()  # the strangers' visit took nothing from it

    def test_a_unit_whose_boxes_are_not_as_promised_is_refused(self):
        site = self.site
        site.edit_config("lanes = 2", "lanes = 1")
        site.edit_config("degraded = []", 'degraded = ["cgroups"]')

        def refused(**options):
            site.lanes.append(lane_units.Lane(site.folder / "lanes/0", FIRST_LANE, client=USER, with_groups=False,
                                              **{"group": LANES_GROUP, **options}))
            said = self.refused()
            site.end_lanes()
            return said

        self.assertIn(f'expected "Groups: {LANES_GROUP}", found "Groups: 4 {LANES_GROUP}"', refused(group=f"4,{LANES_GROUP}"))
        # The launcher with one step off; its name says which.
        for off, line in (("no_core_limit", "limits: Max core file size 0 0 bytes"), ("no_net_namespace", "ns/net: its own"),
                          ("writable_root", "mount: / ro,nosuid,nodev,noexec size=4k"),
                          ("no_filter", "thread 0: NoNewPrivs 1, Seccomp 2, filters of its own 1")):
            launcher = site.folder / off
            launcher.symlink_to(pathlib.Path(os.environ["PINHOLE_TEST_BIN"]) / "pinhole-box-mutant")
            self.assertIn(f'expected "{line}', refused(launcher=launcher))

    def test_a_launcher_of_a_unit_is_never_root_and_needs_its_socket(self):
        box = sites.BIN / "pinhole-box"
        for arguments in (["--client"], ["--client", "x"], ["--client", "0"], ["--serve", "5"]):
            done = subprocess.run([box, *arguments], text=True, capture_output=True, timeout=30)
            self.assertEqual(done.returncode, 1)
            self.assertIn("usage: pinhole-box --client UID", done.stderr)
        done = subprocess.run([box, "--client", str(USER)], text=True, capture_output=True, timeout=30)
        self.assertIn("needs one listening SOCK_SEQPACKET socket", done.stderr)
        site = self.site
        site.start_lanes((0, FIRST_LANE), with_groups=False)
        site.edit_config("degraded = []", 'degraded = ["cgroups"]')
        self.assertIn("the lane did not start", self.refused())


if __name__ == "__main__":
    unittest.main(verbosity=2)
