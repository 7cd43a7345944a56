#!/usr/bin/env python3
"""The systemd units: rated and checked by systemd-analyze, and their commands run by hand with what the units give and take.

deploy/vm-check runs them under a real systemd. None runs here, so users, capabilities, no_new_privs, the mask and the network
namespace are given by setpriv, umask and unshare; the unit's system call filter is compared with the calls that vault, launcher and
boxes make."""

import math
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import tomllib
import unittest

import sites

UNITS = sites.SOURCE / "deploy/systemd"
NAMES = ("pinholed.service", "pinhole-vault.service", "pinhole-lane@.service", "pinhole-courier.service")
DROP_INS = ("pinhole-vault-unprivileged.conf", "pinhole-vault-lanes.conf")


def missing(tool):
    if shutil.which(tool):
        return None
    text = f"{tool} is not installed: run deploy/install"
    if os.environ.get("PINHOLE_MUST_WORK"):
        raise AssertionError(text)
    return text


def settings(text):
    """All assignments of a unit, in order."""
    return [tuple(line.split("=", 1)) for line in text.splitlines() if re.match(r"[A-Za-z]+=", line)]


def value(unit, key):
    found = [text for name, text in unit if name == key]
    return found[-1] if found else None


def syscalls(group, seen):
    """The calls of a systemd group, nested groups included."""
    if not group.startswith("@"):
        return {group}
    if group in seen:
        return set()
    seen.add(group)
    out = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], text=True, capture_output=True, check=True).stdout
    calls = set()
    for line in out.splitlines():
        word = line.strip()
        if line.startswith("    ") and word and not word.startswith("#"):
            calls |= syscalls(word, seen)
    return calls


class Units(unittest.TestCase):
    def unit(self, name):
        text = (UNITS / name).read_text()
        if name.endswith(".conf"):
            text = (UNITS / "pinhole-vault.service").read_text() + text
        return text

    def test_each_is_rated_below_3(self):
        if reason := missing("systemd-analyze"):
            self.skipTest(reason)
        for name in (*NAMES, *DROP_INS):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / name.replace(".conf", ".service").replace("@.", "@0.")
                file.write_text(self.unit(name))
                done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=30", file],
                                      text=True, capture_output=True)
                rating = float(re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout).group(1))
                print(f"{name}: {rating}")
                self.assertLess(rating, 3.0)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_is_well_formed(self):
        if reason := missing("systemd-analyze"):
            self.skipTest(reason)
        for name in (*NAMES, *DROP_INS):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / name.replace(".conf", ".service").replace("@.", "@0.")
                file.write_text(self.unit(name).replace("/usr/bin/", f"{sites.BIN}/"))
                for number in (0, 1):
                    shutil.copy(UNITS / "pinhole-lane@.socket", file.parent / f"pinhole-lane@{number}.socket")
                    shutil.copy(UNITS / "pinhole-lane@.service", file.parent / f"pinhole-lane@{number}.service")
                    lane = file.parent / f"pinhole-lane@{number}.service"
                    lane.write_text(lane.read_text().replace("/usr/bin/", f"{sites.BIN}/"))
                done = subprocess.run(["systemd-analyze", "verify", "--man=no", file], text=True, capture_output=True)
                self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_users_and_folders_are_those_of_the_units(self):
        users = re.findall(r"^u +(\S+) +(\d+)", (UNITS / "pinhole.sysusers").read_text(), re.M)
        groups = re.findall(r"^g +(\S+) +(\d+)", (UNITS / "pinhole.sysusers").read_text(), re.M)
        numbers = [number for _, number in users + groups]
        self.assertEqual(len(numbers), len(set(numbers)))
        known = {name for name, _ in users} | {"root"}
        for name in (*NAMES, *DROP_INS):
            self.assertIn(value(settings(self.unit(name)), "User").replace("%i", "0"), known)
        # Numbers that are written twice: whom a launcher serves, and that the socket is that user's.
        vault = dict(users)["pinhole-vault"]
        self.assertIn(f"--client {vault}\n", self.unit("pinhole-lane@.service"))
        self.assertIn("SocketUser=pinhole-vault\n", self.unit("pinhole-lane@.socket"))
        for _, folder, _, user, _ in re.findall(r"^(d) +(\S+) +(\d+) +(\S+) +(\S+)", (UNITS / "pinhole.tmpfiles").read_text(), re.M):
            self.assertIn(user, known)
            self.assertTrue(folder.startswith(("/var/lib/", "/run/")))

    def test_nothing_gives_the_vaults_tree_to_one_user(self):
        # The view in it is the lanes' group's. systemd gives a StateDirectory with all that is in it to the unit's user and group
        # when its top folder's are others, and the top folder is what tmpfiles makes it at every boot.
        for name in ("pinhole-vault.service", *DROP_INS):
            unit = settings(self.unit(name))
            self.assertIsNone(value(unit, "StateDirectory"), name)
            self.assertEqual(value(unit, "ReadWritePaths"), "/var/lib/pinhole-vault")
        self.assertRegex((UNITS / "pinhole.tmpfiles").read_text(), r"(?m)^d +/var/lib/pinhole-vault +0711 +pinhole-vault +pinhole-vault$")

    def test_a_vault_that_fails_in_a_loop_stops_before_its_bits_are_spent(self):
        unit = settings(self.unit("pinhole-vault.service"))
        self.assertEqual((value(unit, "Restart"), value(unit, "StartLimitIntervalSec")), ("on-failure", "1d"))
        starts = int(value(unit, "StartLimitBurst"))
        # systemd counts within the interval: it has to hold all of them, though each takes a quarter of an hour.
        self.assertLess(starts * (15 * 60 + int(value(unit, "RestartSec"))), 24 * 3600)
        # What the demo's contest pays for, after its bits for one act and the stop are kept back.
        contest = tomllib.loads((sites.SOURCE / "deploy/demo-contest.toml").read_text())
        bits = contest["release"]["acts_bits"]
        self.assertLess(starts, bits / math.log2(1 + 4 * 240) - 2)

    def test_every_hardening_setting_left_out_has_its_reason(self):
        wanted = ("PrivateNetwork", "RestrictNamespaces", "MemoryDenyWriteExecute", "ProtectControlGroups", "PrivateUsers", "ProcSubset",
                  "ProtectHostname", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectClock",
                  "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs", "ProtectProc", "RestrictAddressFamilies",
                  "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "SystemCallFilter", "SystemCallArchitectures",
                  "CapabilityBoundingSet", "IPAddressDeny")
        for name in NAMES:
            text = self.unit(name)
            for key in wanted:
                with self.subTest(unit=name, key=key):
                    self.assertRegex(text, rf"(?m)^({key}=|# {key}\b.*:)")


def allowed_calls(name):
    """What a unit's SystemCallFilter lines leave."""
    allowed = set()
    for key, words in settings((UNITS / name).read_text()):
        if key == "SystemCallFilter":
            group = set().union(*(syscalls(word, set()) for word in words.lstrip("~").split()))
            allowed = allowed - group if words.startswith("~") else allowed | group
    return allowed


class Started(unittest.TestCase):
    """The units' commands at work, through a contest."""

    def command(self, site, name):
        unit = settings((UNITS / name).read_text())
        words = value(unit, "ExecStart").split()
        program = sites.BIN / pathlib.Path(words[0]).name
        folder = {"/var/lib/pinhole-vault/vault": site.folder / "vault", "/var/lib/pinholed/state": site.folder / "front/state"}[words[-1]]
        user = {"root": 0, "pinholed": sites.whole_test.FRONT_USER}[value(unit, "User")]
        capabilities = [word.removeprefix("CAP_").lower() for word in value(unit, "CapabilityBoundingSet").split()]
        command = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all",
                   "--bounding-set=" + ",".join(["-all", *(f"+{name}" for name in capabilities)])]
        if value(unit, "NoNewPrivileges") == "yes":
            command.append("--no-new-privs")
        if value(unit, "PrivateNetwork") == "yes":
            command = ["unshare", "--net", "--mount", *command]
        return [*command, program, *words[1:-1], folder]

    @staticmethod
    def mask(name):
        return int(value(settings((UNITS / name).read_text()), "UMask"), 8)

    def test_their_commands_run_a_contest(self):
        if reason := missing("strace"):
            self.skipTest(reason)
        folder = tempfile.TemporaryDirectory(prefix="pinhole-units-")
        self.addCleanup(folder.cleanup)
        site = sites.Site(folder.name)
        self.addCleanup(site.end)
        site.vault = site.spawn("vault", self.command(site, "pinhole-vault.service"), "event=serving",
                                umask=self.mask("pinhole-vault.service"))
        site.front = site.spawn("front", self.command(site, "pinholed.service"), "listening", umask=self.mask("pinholed.service"))
        status = pathlib.Path(f"/proc/{site.vault.pid}/status").read_text()
        self.assertIn("CapEff:\t0000000000000000", status)
        self.assertIn(f"Uid:\t{sites.whole_test.VAULT_USER}\t", status)
        self.assertIn("NoNewPrivs:\t1", status)
        site.open_contest()
        site.trust()
        site.join("ada")
        self.assertIn("score 0.6", site.submit("ada", "honest"))
        site.stop(site.vault)

        # The same vault once more, every call of it, its launcher and a box written down.
        calls = site.folder / "calls"
        command = self.command(site, "pinhole-vault.service")
        at = command.index("setpriv")
        site.vault = site.spawn("vault", [*command[:at], "strace", "-f", "-qq", "-o", calls, *command[at:]], "event=serving",
                                umask=self.mask("pinhole-vault.service"))
        self.assertIn("ledger entry", site.submit("ada", "better"))
        tracee = int(pathlib.Path(f"/proc/{site.vault.pid}/task/{site.vault.pid}/children").read_text().split()[0])
        os.kill(tracee, 15)
        self.assertEqual(site.vault.wait(timeout=60), 0, site.logs())
        site.audit()
        text = calls.read_text()
        served = text[text.index("pinhole-vault"):]  # after setpriv's own
        used = set(re.findall(r"(?m)^\d+ +([a-z0-9_]+)\(", served))
        self.assertIn("execveat", used)  # a box was entered
        allowed = allowed_calls("pinhole-vault.service")
        print(f"{len(used)} kinds of calls, all of the unit's {len(allowed)}")
        self.assertEqual(used - allowed, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
