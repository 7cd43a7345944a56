#!/usr/bin/env python3
"""Vault, front and client as real processes: kill -9 of the front at any moment, an impostor, and what an auditor finds after."""

import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BIN = pathlib.Path(os.environ["PINHOLE_BIN"])
CONDUCTS = pathlib.Path(os.environ["PINHOLE_TEST_BIN"])
LANE = int(os.environ.get("PINHOLE_LANE_BASE", "64140"))
VAULT_USER, FRONT_USER, LANES_GROUP = 64001, 64002, 64100

CONTEST = """contest = "demo"
organizer = "{organizer}"
[score]
metric = "rmse"
range = [0, 10]
best = 0.1
worst = 2.1
step = 0.02
[release]
tries = 20
shown_scores = 5
shown_failures = 3
waiting = 10
teams = 4
final = "top3"
acts_bits = 1000
[rounds]
length = "3s"
run_window = "2s"
duration = "1h"
lanes = 1
max_shift = 100
[limits]
wall = "500ms"
memory = "64MiB"
threads = 1
output = "64KiB"
scratch = "1MiB"
program = "4MiB"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """One vault and one front in a folder; every process is ended with it. With made=False only the folder and its data are there."""

    def __init__(self, folder, made=True):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        self.listen = f"127.0.0.1:{free_port()}"
        self.front = self.vault = None
        self.lane_users = str(LANE)
        (self.folder / "pipe").mkdir()
        front_folder = self.folder / "front"
        front_folder.mkdir()
        os.chown(front_folder, FRONT_USER, FRONT_USER)
        rows = ["id,x,y,split"]
        for i in range(200):
            rows.append(f"{i},{i * 7 % 50},{4 + i * 37 % 101 / 100:g},{'train' if i < 100 else 'public' if i < 160 else 'final'}")
        (self.folder / "rows.csv").write_text("\n".join(rows) + "\n")
        (self.folder / "dataset.toml").write_text(
            'dataset = "small"\nversion = 1\ndeployment = "one-machine"\nbudget_bits = 8192\ntarget = "rows"\nlabel = "y"\n'
            'split = "split"\n[[table]]\nname = "rows"\nfile = "rows.csv"\n')
        if made:
            self.make(front_folder)

    def make(self, front_folder):
        self.run("pinhole", "keygen", self.folder / "owner.key")
        organizer = json.loads(self.run("pinhole", "keygen", "--json", self.folder / "organizer.key"))["public_key"]
        (self.folder / "contest.toml").write_text(CONTEST.format(organizer=organizer))
        made = self.run("pinhole-vault", "init", self.folder / "vault", "--name", "vault.example/whole", "--socket",
                        self.folder / "pipe/socket", "--user", VAULT_USER, "--front-group", FRONT_USER, "--lanes-group", LANES_GROUP,
                        "--lane-users", self.lane_users)
        self.vkey = re.search("ledger key: (.*)", made).group(1)
        self.run("pinhole-vault", "data", "import", self.folder / "vault", self.folder / "dataset.toml", "--owner-key",
                 self.folder / "owner.key")
        subprocess.run([BIN / "pinholed", "init", front_folder / "state", "--vault-socket", self.folder / "pipe/socket", "--log-vkey",
                        self.vkey, "--listen", self.listen], check=True, user=FRONT_USER, group=FRONT_USER, extra_groups=[],
                       stdout=subprocess.DEVNULL)
        self.pin = (front_folder / "state/pin").read_text().strip()

    def run(self, program, *arguments, home="operator", check=True, **options):
        done = subprocess.run([BIN / program, *map(str, arguments)], text=True, capture_output=True, timeout=120,
                              env={**os.environ, "PINHOLE_HOME": str(self.folder / home)}, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{program} {arguments}: {done.returncode}\n{done.stdout}{done.stderr}{self.logs()}")
        return done.stdout if check else done

    def logs(self):
        return "".join(f"--- {log.name}\n{log.read_text()}" for log in self.folder.glob("*.log"))

    def start(self, name, *command, **options):
        log = self.folder / f"{name}.log"
        before = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as file:
            process = subprocess.Popen([BIN / command[0], *map(str, command[1:])], stdout=file, stderr=file,
                                       stdin=subprocess.DEVNULL, **options)
        deadline = time.monotonic() + 30
        while not re.search(b"serving|listening", log.read_bytes()[before:]):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{name} does not serve\n{self.logs()}")
            time.sleep(0.02)
        return process

    def serve_vault(self):
        self.vault = self.start("vault", "pinhole-vault", "serve", self.folder / "vault")

    def serve_front(self):
        self.front = self.start("front", "pinholed", "serve", self.folder / "front/state", user=FRONT_USER, group=FRONT_USER,
                                extra_groups=[])

    def open_contest(self):
        plan = json.loads(self.run("pinhole-vault", "contest", "plan", self.folder / "vault", self.folder / "contest.toml", "--json"))
        self.run("pinhole-vault", "contest", "open", self.folder / "vault", self.folder / "contest.toml", "--organizer-key",
                 self.folder / "organizer.key", "--owner-key", self.folder / "owner.key", "--start-in", 3, "--bits",
                 plan["contest_bits"])

    def end(self):
        for process in (self.front, self.vault):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()


class Relay:
    """Between front and vault: passes everything on, and keeps what the vault said, by connection."""

    def __init__(self, path, vault):
        self.vault = str(vault)
        self.said = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        os.chown(path, FRONT_USER, FRONT_USER)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                front, _ = self.listener.accept()
            except OSError:
                return
            vault = socket.socket(socket.AF_UNIX)
            try:
                vault.connect(self.vault)
            except OSError:
                front.close()
                continue
            said = bytearray()
            self.said.append(said)
            threading.Thread(target=self.copy, args=(front, vault, None), daemon=True).start()
            threading.Thread(target=self.copy, args=(vault, front, said), daemon=True).start()

    @staticmethod
    def copy(source, target, kept):
        try:
            while data := source.recv(65536):
                if kept is not None:
                    kept += data
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def recordings(self, folder):
        files = []
        for number, said in enumerate(self.said):
            files.append(folder / f"pipe-{number}.recording")
            files[-1].write_bytes(bytes(said))
        return files

    def end(self):
        self.listener.close()


class Whole(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-whole-")
        self.addCleanup(folder.cleanup)
        self.site = Site(folder.name)
        self.addCleanup(self.site.end)
        self.site.serve_vault()
        self.site.serve_front()
        self.site.open_contest()
        self.site.run("pinhole", "trust", self.site.listen, "--pin", self.site.pin, "--log-key", self.site.vkey)

    def invitation(self, team):
        return self.site.run("pinhole", "invite", "demo", team, "--key", self.site.folder / "organizer.key")

    def audit(self):
        done = self.site.run("pinhole", "audit", "--server", self.site.listen, "--key", self.site.vkey, "--pin", self.site.pin,
                             "--json", check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_kill_9_of_the_front_at_any_moment(self):
        site = self.site
        site.run("pinhole", "join", "--wait", "-", home="ada", input=self.invitation("ada"))
        seed = 20261124
        chance = random.Random(seed)
        for number, conduct in enumerate(("honest", "better", "garbage")):
            submit = subprocess.Popen([BIN / "pinhole", "submit", CONDUCTS / f"conduct_{conduct}", "--wait"], text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      env={**os.environ, "PINHOLE_HOME": str(site.folder / "ada")})
            self.addCleanup(submit.stdout.close)
            time.sleep(chance.uniform(0.0, 3.5))  # the attack is a moment of time
            site.front.send_signal(signal.SIGKILL)
            site.front.wait()
            site.serve_front()
            try:
                submit.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                submit.kill()
                submit.communicate()
            # Whatever became of that call: the same submission again is the same entry, and its result comes.
            again = site.run("pinhole", "submit", CONDUCTS / f"conduct_{conduct}", "--wait", home="ada", check=False)
            self.assertIn(again.returncode, (0, 1), again.stdout + again.stderr + site.logs())
            with self.subTest(conduct=conduct, seed=seed):
                entries = self.entries()
                self.assertEqual(sum(e.startswith("ADMIT") for e in entries), number + 1)
                self.assertEqual(sum(e.startswith("RESULT") for e in entries), number + 1)
        texts = [re.search(" text=([^ ]*)", e).group(1) for e in self.entries() if e.startswith("RESULT")]
        self.assertEqual(texts, ["0.6", "0.3", "FAILED"])
        self.audit()

    def test_acts_and_the_final_board(self):
        site = self.site
        for team in ("ada", "bob", "eve"):
            site.run("pinhole", "join", "--wait", "-", home=team, input=self.invitation(team))
        for team, conduct in (("ada", "honest"), ("bob", "better"), ("eve", "better")):
            site.run("pinhole", "submit", CONDUCTS / f"conduct_{conduct}", "--wait", home=team)
        site.run("pinhole", "submit", CONDUCTS / "conduct_better", "--wait", home="ada")
        self.assertIn("try 1, as you chose", site.run("pinhole", "choose", "1", "--wait", home="ada"))
        self.assertIn("FINAL  judged by try 1, as you chose", site.run("pinhole", "status", home="ada"))
        act = (site.folder / "vault", "demo", "--organizer-key", site.folder / "organizer.key")
        self.assertIn("lowered", site.run("pinhole-vault", "contest", "tighten", *act, "--tries", "2"))
        wider = site.run("pinhole-vault", "contest", "tighten", *act, "--tries", "3", check=False)
        self.assertNotEqual(wider.returncode, 0)
        self.assertIn("can only be lowered", wider.stdout + wider.stderr)
        deadline = time.monotonic() + 30
        while "lowered by the organizer: tries 2 instead of 20" not in site.run("pinhole", "rules", home="ada"):
            self.assertLess(time.monotonic(), deadline, site.logs())
            time.sleep(0.1)
        third = site.run("pinhole", "submit", CONDUCTS / "conduct_garbage", home="ada", check=False)
        self.assertEqual(third.returncode, 1, third.stdout + third.stderr)
        self.assertIn("the organizer lowered them to 2", third.stdout + third.stderr)
        site.run("pinhole-vault", "contest", "disqualify", *act[:2], "bob", *act[2:])
        site.run("pinhole-vault", "contest", "disqualify", *act[:2], "ada", *act[2:])
        site.run("pinhole-vault", "contest", "reinstate", *act[:2], "ada", *act[2:])
        refused = site.run("pinhole-vault", "contest", "reinstate", *act[:2], "ada", *act[2:], check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("disqualified once", refused.stdout + refused.stderr)
        again = site.run("pinhole", "submit", CONDUCTS / "conduct_garbage", home="bob", check=False)
        self.assertEqual(again.returncode, 1, again.stdout + again.stderr)
        self.assertIn("disqualified", again.stdout + again.stderr)
        site.run("pinhole-vault", "contest", "close", *act)
        deadline = time.monotonic() + 30
        while not any(e.startswith("CLOSE") for e in self.entries()):
            self.assertLess(time.monotonic(), deadline, site.logs())
            time.sleep(0.2)
        finals = [e for e in self.entries() if e.startswith("FINAL")]
        self.assertEqual([re.search(" team=([0-9]+) ", e).group(1) for e in finals], ["3", "1"])
        shown = [i for i, e in enumerate(self.entries()) if e.startswith("ADMIT") and " team=1 " in e]
        self.assertIn(f" admit={shown[0]} ", finals[1])
        board = site.run("pinhole", "board", home="ada")
        self.assertRegex(board, r"FINAL +TEAM +SCORE\n1 +eve +-\n2 +ada +-\n")
        self.assertRegex(board, r"disqualified +bob")
        self.audit()

    def test_the_pipe_says_nothing_but_the_ledger(self):
        site = self.site
        site.front.send_signal(signal.SIGTERM)
        site.front.wait()
        relay = Relay(site.folder / "pipe/relay", site.folder / "pipe/socket")
        self.addCleanup(relay.end)
        settings = site.folder / "front/state/pinholed.toml"
        settings.write_text(settings.read_text().replace("pipe/socket", "pipe/relay"))
        site.serve_front()
        site.run("pinhole", "join", "--wait", "-", home="ada", input=self.invitation("ada"))
        site.run("pinhole", "submit", CONDUCTS / "conduct_honest", "--wait", home="ada")
        site.run("pinhole", "submit", CONDUCTS / "conduct_garbage", "--wait", home="ada", check=False)
        bundle = site.folder / "ledger.bundle"
        site.run("pinhole", "audit", "--server", site.listen, "--key", site.vkey, "--pin", site.pin, "--save", bundle)
        recordings = relay.recordings(site.folder)
        self.assertGreaterEqual(len(recordings), 1)
        audit = ("pinhole", "audit", "--bundle", bundle, "--key", site.vkey, "--pipe")
        for file in recordings:
            done = site.run(*audit, file, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        last = max(recordings, key=lambda file: file.stat().st_size)
        content = bytearray(last.read_bytes())
        self.assertGreater(len(content), 20 * 1024)
        content[10 * 1024 + 1000] ^= 1  # in the padding of a frame, where a bit could hide
        last.write_bytes(content)
        done = site.run(*audit, last, check=False)
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("frame 10 of the recording", done.stdout)

    def entries(self):
        bundle = self.site.folder / "ledger.bundle"
        bundle.unlink(missing_ok=True)
        self.site.run("pinhole", "audit", "--server", self.site.listen, "--key", self.site.vkey, "--pin", self.site.pin, "--save", bundle)
        content = bundle.read_bytes()
        title, head, rest = content.split(b"\n", 2)
        self.assertEqual(title, b"pinhole bundle v1")
        rest = rest[int(head.split()[1]):]
        entries = []
        while rest:
            length = int.from_bytes(rest[:2], "big")
            entries.append(rest[2:2 + length].decode())
            rest = rest[2 + length:]
        return entries

    def test_an_impostor_is_refused(self):
        site = self.site
        invitation = self.invitation("ada")
        # Another front with its own key takes the address.
        site.front.send_signal(signal.SIGKILL)
        site.front.wait()
        impostor = site.folder / "front/impostor"
        subprocess.run([BIN / "pinholed", "init", impostor, "--vault-socket", site.folder / "pipe/socket", "--log-vkey", site.vkey,
                        "--listen", site.listen], check=True, user=FRONT_USER, group=FRONT_USER, extra_groups=[],
                       stdout=subprocess.DEVNULL)
        site.front = site.start("impostor", "pinholed", "serve", impostor, user=FRONT_USER, group=FRONT_USER, extra_groups=[])
        for arguments, home, text in ((("join", "-"), "ada", invitation), (("contests",), "operator", None)):
            done = site.run("pinhole", *arguments, home=home, check=False, input=text)
            self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertFalse((site.folder / "ada/token").exists())
        # The true server again: the same invitation still serves.
        site.front.send_signal(signal.SIGKILL)
        site.front.wait()
        site.serve_front()
        site.run("pinhole", "join", "--wait", "-", home="ada", input=invitation)
        self.audit()


if __name__ == "__main__":
    unittest.main(verbosity=2)
