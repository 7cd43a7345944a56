#!/usr/bin/env python3
"""The two-machine form with its own configuration (deploy/two-machine): two network namespaces, a tunnel between them, the vault on
one side without any network of its own, front and client on the other."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve()
SOURCE = HERE.parents[3]
DEPLOY = SOURCE / "deploy/two-machine"
sys.path.insert(0, str(HERE.parents[1] / "whole"))
import whole_test  # noqa: E402

TUNNEL_USER = 64003  # on both machines, in the group that may connect to the vault's socket
VAULT_ADDRESS, FRONT_ADDRESS, PORT = "10.77.0.1", "10.77.0.2", 7444


def missing():
    """Why this test cannot run here; None when it can."""
    if os.geteuid() != 0:
        return "needs root: network namespaces and users of their own"
    for tool in ("ip", "nsenter", "stunnel4", "openssl", "setpriv"):
        if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            return f"needs {tool}: deploy/install installs it"
    probe = f"pinhole-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    subprocess.run(["ip", "netns", "del", probe], capture_output=True)
    return None if made.returncode == 0 else f"cannot make a network namespace: {made.stderr.strip()}"


def ip(*arguments):
    subprocess.run(["ip", *map(str, arguments)], check=True)


class TwoMachines(whole_test.Site):
    """Vault and tunnel in one namespace, front, client and the tunnel's other end in another."""

    def __init__(self, folder):
        super().__init__(folder, made=False)
        self.tunnels = {}
        self.a, self.b = (f"pinhole-{side}-{os.getpid()}" for side in "ab")
        (self.folder / "dataset.toml").write_text((self.folder / "dataset.toml").read_text().replace("one-machine", "two-machine"))
        wrapper = self.folder / "pinhole"  # the client is on the front's side
        wrapper.write_text(f'#!/bin/sh\nexec nsenter --net=/run/netns/{self.b} {whole_test.BIN}/pinhole "$@"\n')
        wrapper.chmod(0o755)
        self.socket_folder = self.folder / "tunnel"
        self.socket_folder.mkdir(mode=0o750)
        os.chown(self.socket_folder, TUNNEL_USER, whole_test.FRONT_USER)

    def make_network(self):
        for name in (self.a, self.b):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "veth0", "netns", self.a, "type", "veth", "peer", "name", "veth0", "netns", self.b)
        for name, address in ((self.a, VAULT_ADDRESS), (self.b, FRONT_ADDRESS)):
            ip("-n", name, "addr", "add", f"{address}/30", "dev", "veth0")
            ip("-n", name, "link", "set", "veth0", "up")

    def make_site(self):
        self.make(self.folder / "front")
        with (self.folder / "vault/vault.toml").open("a") as config:
            config.write(f'machine_lock = "{self.folder}/machine.lock"\n')
        # Runs may take their time: nothing here is about a limit.
        contest = (self.folder / "contest.toml").read_text()
        for setting, value in (("length", "5s"), ("run_window", "4s"), ("wall", "2s")):
            contest = re.sub(rf'^{setting} = .*$', f'{setting} = "{value}"', contest, flags=re.M)
        (self.folder / "contest.toml").write_text(contest)
        config = self.folder / "front/state/pinholed.toml"
        text = config.read_text()
        changed = text.replace(str(self.folder / "pipe/socket"), str(self.socket_folder / "vault.socket"))
        assert changed != text
        config.write_text(changed)

    def run(self, program, *arguments, **options):
        return super().run(self.folder / "pinhole" if program == "pinhole" else program, *arguments, **options)

    def serve_vault(self):
        self.vault = self.start("vault", "/usr/bin/nsenter", f"--net=/run/netns/{self.a}", whole_test.BIN / "pinhole-vault", "serve",
                                self.folder / "vault")

    def serve_front(self):
        self.front = self.start("front", "/usr/bin/nsenter", f"--net=/run/netns/{self.b}", "-S", whole_test.FRONT_USER, "-G",
                                whole_test.FRONT_USER, whole_test.BIN / "pinholed", "serve", self.folder / "front/state")

    # --- the tunnel, from the files of deploy/two-machine with the names that a person has to choose

    def follow_readme(self):
        """Runs the commands of deploy/two-machine/README.md that make keys and put files in place, in their order."""
        machine = None
        ran = []
        for line in (DEPLOY / "README.md").read_text().replace("\\\n", " ").splitlines():
            heading = re.match(r"## .*(vault|front)'s machine", line)
            if heading:
                machine = heading.group(1)
            if not re.match(r"    (install|runuser|cp) ", line):
                continue
            root = self.folder / f"machine-{machine}"
            other = self.folder / f"machine-{'front' if machine == 'vault' else 'vault'}"
            for name, value in (("/etc/stunnel", f"{root}"), ("OTHER", f"{other}/pinhole"), ("-o pinhole-tunnel", f"-o {TUNNEL_USER}"),
                                ("-g pinhole-front", f"-g {whole_test.FRONT_USER}"),
                                ("runuser -u pinhole-tunnel --",
                                 f"setpriv --reuid {TUNNEL_USER} --regid {whole_test.FRONT_USER} --clear-groups"),
                                ("deploy/two-machine", f"{DEPLOY}"), ("/etc/systemd/system", f"{root}")):
                line = line.replace(name, value)
            root.mkdir(exist_ok=True)
            subprocess.run(["bash", "-c", line.strip()], check=True, stdout=subprocess.DEVNULL)
            ran.append(line)
        return ran

    def configure(self, side, name="pinhole", **changes):
        """Puts this site's places into the configuration of one side; `changes` replaces settings."""
        root = self.folder / f"machine-{side}"
        text = (root / "pinhole.conf").read_text()
        for old, new in (("/etc/stunnel", str(root)), ("/run/pinhole/socket", str(self.folder / "pipe/socket")),
                         ("/run/pinhole-tunnel", str(self.socket_folder)), ("10.0.0.1:7444", f"{VAULT_ADDRESS}:{PORT}")):
            text = text.replace(old, new)
        for key, value in changes.items():
            text, count = re.subn(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.M)
            assert count == 1, key
        path = self.folder / f"{side}-{name}.conf"
        path.write_text(text)
        return path

    def start_tunnel(self, side, name="pinhole"):
        for stale in self.socket_folder.glob(f"{name}.socket" if name != "pinhole" else "vault.socket"):
            if side == "front":
                stale.unlink()  # systemd's RuntimeDirectory does this
        log = self.folder / f"tunnel-{side}-{name}.log"
        before = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as file:
            process = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self.a if side == 'vault' else self.b}", "-S", str(TUNNEL_USER), "-G",
                 str(whole_test.FRONT_USER), "sh", "-c", f"umask 0117; exec stunnel4 {self.folder}/{side}-{name}.conf"],
                stdout=file, stderr=file, stdin=subprocess.DEVNULL)
        self.tunnels[side, name] = process
        deadline = time.monotonic() + 20
        while b"onfiguration successful" not in log.read_bytes()[before:]:
            assert process.poll() is None and time.monotonic() < deadline, self.logs()
            time.sleep(0.02)

    def kill_tunnel(self, side, name="pinhole"):
        process = self.tunnels.pop((side, name))
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self):
        super().end()
        for key in list(self.tunnels):
            self.kill_tunnel(*key)
        for name in (self.a, self.b):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


class TwoMachine(unittest.TestCase):
    def setUp(self):
        reason = missing()
        if reason is not None:
            if os.environ.get("PINHOLE_MUST_WORK") == "1":
                self.fail(f"{reason} (PINHOLE_MUST_WORK=1)")
            self.skipTest(reason)
        folder = tempfile.TemporaryDirectory(prefix="pinhole-two-")
        self.addCleanup(folder.cleanup)
        self.site = TwoMachines(folder.name)
        self.addCleanup(self.site.end)
        self.site.make_network()
        self.site.make_site()
        self.assertGreaterEqual(len(self.site.follow_readme()), 8)
        for side in ("vault", "front"):
            self.site.configure(side)

    def begin(self):
        site = self.site
        site.serve_vault()
        for side in ("vault", "front"):
            site.start_tunnel(side)
        site.serve_front()
        site.open_contest()
        site.run("pinhole", "trust", site.listen, "--pin", site.pin, "--log-key", site.vkey)
        invitation = site.run("pinhole", "invite", "demo", "ada", "--key", site.folder / "organizer.key")
        site.run("pinhole", "join", "--wait", "-", home="ada", input=invitation)

    def audit(self, *options):
        return self.site.run("pinhole", "audit", "--server", self.site.listen, "--key", self.site.vkey, "--pin", self.site.pin, *options)

    def entries(self, kind):
        """The ledger's entries of a type."""
        return [entry for entry in whole_test.Whole.entries(self) if entry.startswith(kind + " ")]

    def test_a_contest_through_the_tunnel(self):
        site = self.site
        self.begin()
        # The vault has no way to the network that its tunnel is in.
        own, tunnels = (os.stat(f"/proc/{process.pid}/ns/net").st_ino for process in (site.vault, site.tunnels["vault", "pinhole"]))
        self.assertNotEqual(own, tunnels)
        interfaces = pathlib.Path(f"/proc/{site.vault.pid}/net/dev").read_text()
        self.assertEqual(interfaces.count(":"), 1, interfaces)

        done = site.run("pinhole", "submit", whole_test.CONDUCTS / "conduct_honest", "--wait", home="ada")
        self.assertIn("score 0.6", done)
        screen = self.audit()
        self.assertIn("two-machine", screen.splitlines()[0])
        self.assertEqual(sum(" deployment=two-machine " in entry for entry in self.entries("POLICY")), 1)
        self.assertEqual(sum(" deployment=two-machine " in entry for entry in self.entries("DATASET")), 1)

        # The tunnel dies in the middle of a round, one end and then the other: nothing is lost.
        for side, conduct, score in (("vault", "better", "0.3"), ("front", "slow", "0.4")):
            with self.subTest(killed=side):
                site.run("pinhole", "submit", whole_test.CONDUCTS / f"conduct_{conduct}", home="ada")
                site.kill_tunnel(side)
                site.start_tunnel(side)
                again = site.run("pinhole", "submit", whole_test.CONDUCTS / f"conduct_{conduct}", "--wait", home="ada", check=False)
                self.assertIn(again.returncode, (0, 1), again.stdout + again.stderr + site.logs())
        view = json.loads(self.audit("--json"))
        self.assertEqual(len(self.entries("ADMIT")), 3)
        texts = [re.search(" text=([^ ]*)", entry).group(1) for entry in self.entries("RESULT")]
        self.assertEqual(texts[:2], ["0.6", "0.3"])
        self.assertEqual(len(texts), 3)
        self.assertEqual(self.entries("SHIFT"), [], "a dead tunnel moved a round")
        self.assertTrue(view)

    def listen_behind(self, name):
        """The first bytes that a connection to this end of the tunnel gets, b"" when it is closed."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(str(self.site.socket_folder / f"{name}.socket"))
            try:
                return connection.recv(1024)
            except ConnectionResetError:
                return b""

    def test_another_certificate_is_refused(self):
        site = self.site
        site.serve_vault()
        site.start_tunnel("vault")
        site.start_tunnel("front")
        # What the right certificate gets: the begin of an exchange.
        self.assertEqual(self.listen_behind("vault")[:2], b"\x01\x01", site.logs())

        stranger = site.folder / "stranger"
        subprocess.run([DEPLOY / "make-keys", stranger, "stranger"], check=True, stdout=subprocess.DEVNULL)
        for path in (stranger, stranger / "tunnel.key"):
            os.chown(path, TUNNEL_USER, whole_test.FRONT_USER)
        keys = {"cert": stranger / "tunnel.crt", "key": stranger / "tunnel.key"}
        with self.subTest("a stranger dials the vault's machine"):
            site.configure("front", "stranger", accept=site.socket_folder / "stranger.socket", **keys)
            site.start_tunnel("front", "stranger")
            self.assertEqual(self.listen_behind("stranger"), b"")
            self.assertRegex((site.folder / "tunnel-vault-pinhole.log").read_text(), "(?i)certificate")
        with self.subTest("the front dials a stranger"):
            site.configure("vault", "stranger", accept=f"{VAULT_ADDRESS}:7445", **keys)
            site.configure("front", "astray", accept=site.socket_folder / "astray.socket", connect=f"{VAULT_ADDRESS}:7445")
            site.start_tunnel("vault", "stranger")
            site.start_tunnel("front", "astray")
            self.assertEqual(self.listen_behind("astray"), b"")
            self.assertRegex((site.folder / "tunnel-front-astray.log").read_text(), "(?i)certificate")
        # The right one still does.
        self.assertEqual(self.listen_behind("vault")[:2], b"\x01\x01", site.logs())

    def test_a_key_is_not_overwritten(self):
        again = subprocess.run([DEPLOY / "make-keys", self.site.folder / "machine-vault/pinhole", "vault"], capture_output=True, text=True)
        self.assertEqual(again.returncode, 1)
        self.assertIn("has a key already", again.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
