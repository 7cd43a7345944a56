#!/usr/bin/env python3
"""Labels as canaries: after a whole contest they are in data/truth, and in no log, frame, answer, temporary file, core or folder of
the front. Every scored row has a label of its own, and each is looked for as text, in hexadecimal, and as the numbers it is stored as."""

import os
import pathlib
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

import sites

SCORED = range(100, 200)


def label(row):
    """In whole millionths: five bytes of which none is zero, none in two rows, so that no other number is one by chance.

    Labels of three bytes were once found in a core of the front, which never had one: of the 783 982 numbers between the first and the last
    of them, two cores of 108 MB held 885 and 1 579 as eight bytes, little end first, and 1 818 and 1 868 the other way round. So of a
    hundred labels a third of one is expected in every core, as one of the lengths, offsets and counts that a process is full of.
    """
    return 0x319d4f2307 + row * 0x01013e6d


def patterns():
    """Every form of every canary, as bytes. Four bytes of one label alone would be found by chance."""
    forms = set()
    for row in SCORED:
        value = label(row)
        text = f"{value // 1_000_000}.{value % 1_000_000:06d}"
        forms |= {text.encode(), str(value).encode(), struct.pack("<q", value), struct.pack(">q", value),
                  struct.pack("<d", value / 1e6), struct.pack("<d", float(value))}
    for binary in [form for form in forms if not form.isascii() or b"\0" in form]:
        forms |= {binary.hex().encode(), binary.hex().upper().encode()}
    return forms


PATTERNS = sorted(patterns())


def canaries(data):
    """The forms that are in `data`. One look for each is faster than one expression for all."""
    return {form for form in PATTERNS if form in data}


class Tap:
    """Stands between the front and the vault, and keeps every byte of both directions."""

    def __init__(self, path, vault, record, user):
        self.vault, self.record = vault, open(record, "wb")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        os.chown(path, user, user)
        self.listener.listen(8)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        peers = {}
        while not self.stopping.is_set():
            ready, _, _ = select.select([self.listener, *peers], [], [], 0.05)
            for one in ready:
                if one is self.listener:
                    self.join(peers)
                elif one in peers:
                    self.pass_on(one, peers)
        for one in peers:
            one.close()

    def join(self, peers):
        front, _ = self.listener.accept()
        vault = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            vault.connect(str(self.vault))
        except OSError:  # no vault at the moment
            front.close()
            vault.close()
            return
        peers[front], peers[vault] = vault, front

    def pass_on(self, one, peers):
        try:
            data = one.recv(1 << 16)
            self.record.write(data)
            if data:
                peers[one].sendall(data)
        except OSError:
            data = b""
        if not data:
            other = peers.pop(one)
            peers.pop(other, None)
            one.close()
            other.close()

    def end(self):
        self.stopping.set()
        self.thread.join()
        self.listener.close()
        self.record.close()


class CanarySite(sites.Site):
    def make(self, front_folder):
        rows = ["id,x,y,split"]
        for row in range(200):
            y = label(row) / 1e6 if row in SCORED else 4 + row % 7
            rows.append(f"{row},{row * 7 % 50},{y:.6f},{'train' if row < 100 else 'public' if row < 160 else 'final'}")
        (self.folder / "rows.csv").write_text("\n".join(rows) + "\n")
        for name in ("tmp", "cores", "said"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o1777)
        self.said = 0
        self.environment = {**os.environ, "TMPDIR": str(self.folder / "tmp")}
        super().make(front_folder)
        contest = self.folder / "contest.toml"
        text = contest.read_text()
        for old, new in (("range = [0, 10]", "range = [0, 300000]"), ("best = 0.1", "best = 1000"), ("worst = 2.1", "worst = 251000"),
                         ("step = 0.02", "step = 2500")):
            assert old in text, text
            text = text.replace(old, new)
        contest.write_text(text)
        (self.folder / "rows.csv").unlink()  # the owner takes it away
        (self.folder / "wire").mkdir()
        config = front_folder / "state/pinholed.toml"
        config.write_text(config.read_text().replace(f'"{self.folder}/pipe/socket"', f'"{self.folder}/wire/socket"'))
        assert "wire/socket" in config.read_text()
        self.tap = Tap(self.folder / "wire/socket", self.folder / "pipe/socket", self.folder / "said/frames", sites.whole_test.FRONT_USER)

    def run(self, program, *arguments, **options):
        """Keeps what was said."""
        done = super().run(program, *arguments, **options)
        text = done if isinstance(done, str) else done.stdout + done.stderr
        self.said += 1
        (self.folder / f"said/{self.said}-{program}").write_text(text)
        return done

    def start(self, name, *command, **options):
        # As much core as the machine lets a process have; the programs lower it themselves.
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        return super().start(name, *command, cwd=self.folder / "cores", env=self.environment,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)), **options)

    def end(self):
        super().end()
        self.tap.end()


def holds(path):
    try:
        return bool(canaries(path.read_bytes()))
    except OSError:  # a socket, or gone meanwhile
        return False


def memory(pid):
    """What a living process has ever written and still has, mapping by mapping, but for pages of zeros."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        for line in maps:
            begin, end = (int(word, 16) for word in line.split()[0].split("-"))
            if not line.split()[1].startswith("rw"):
                continue
            file.seek(begin)
            try:
                part = file.read(end - begin)
            except OSError:  # it was unmapped, or lies past the end of its file
                continue
            pages = (part[at:at + 4096] for at in range(0, len(part), 4096))
            yield b"".join(page for page in pages if page.strip(b"\0"))


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


class Canary(unittest.TestCase):
    def test_found_in_truth_alone(self):
        begin = time.time()
        folder = tempfile.TemporaryDirectory(prefix="pinhole-canary-")
        self.addCleanup(folder.cleanup)
        site = CanarySite(folder.name)
        self.addCleanup(site.end)
        site.serve_vault()
        site.serve_front()
        site.open_contest()
        site.trust()
        site.join("ada")
        self.assertIn("score ", site.submit("ada", "honest"))
        for conduct in ("better", "crash", "hang", "garbage"):
            done = site.run("pinhole", "submit", sites.CONDUCTS / f"conduct_{conduct}", "--wait", home="ada", check=False)
            self.assertIn("ledger entry", done.stdout)
        site.run("pinhole", "board", home="ada")
        site.run("pinhole", "audit", "--server", site.listen, "--key", site.vkey, "--pin", site.pin, "--save",
                 site.folder / "said/ledger.bundle")
        # Files without a name, while both serve.
        for process in (site.vault, site.front):
            for link in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
                target = os.readlink(link)
                if "(deleted)" in target or "memfd:" in target:
                    self.assertFalse(holds(link), target)
        # The front has seen all that it ever sees. That the search sees its memory is shown by what it must have there.
        seen, found, known = 0, set(), False
        for part in memory(site.front.pid):
            seen, found, known = seen + len(part), found | canaries(part), known or site.vkey.encode() in part
        print(f"{seen >> 10} KiB of the front's memory, canaries in it: {len(found)}")
        self.assertTrue(known, "the search does not see the front's memory")
        self.assertEqual(found, set())
        # Both die as if of a bug, and leave no core; a process with the same limits does.
        for process in (site.vault, site.front):
            process.send_signal(signal.SIGABRT)
            self.assertEqual(process.wait(timeout=60), -signal.SIGABRT)
            self.assertEqual(files(site.folder / "cores"), [])
        control = site.folder / "control"
        control.mkdir()
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        subprocess.run(["sh", "-c", "kill -ABRT $$"], cwd=control,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)))
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
        if "/" not in pattern and not pattern.startswith("|") and most != 0:
            self.assertEqual(len(files(control)), 1, "the control left no core: the test sees nothing")
        else:
            print(f"cores of this machine go to {pattern} (limit {most}): that none is made is not shown here")
        looked = files(site.folder)
        found = {str(path.relative_to(site.folder)) for path in looked if holds(path)}
        frames = (site.folder / "said/frames").stat().st_size
        print(f"{len(looked)} files, {frames} bytes of frames; canaries in {sorted(found)}")
        self.assertGreater(frames, 10_000)
        self.assertEqual(found, {"vault/data/truth/labels.rows", "vault/data/truth/demo.sheet"})
        # The search finds them there: each canary, not one of them.
        for name in found:
            self.assertEqual(len(canaries((site.folder / name).read_bytes())), len(SCORED), name)
        # What a run said is private too: in its evidence alone.
        secret = {str(path.relative_to(site.folder)) for path in looked if b"a secret\na secret\n" in path.read_bytes()}
        self.assertEqual({re.sub(r"\d+", "N", name) for name in secret}, {"vault/private/evidence/N.predictions"})
        # Temporary files of the machine, since the test began.
        for place in ("/tmp", "/var/tmp", "/dev/shm"):
            for path in files(pathlib.Path(place)):
                if site.folder in path.parents:
                    continue
                try:
                    status = path.stat()
                except OSError:
                    continue
                if status.st_ctime >= begin and status.st_size < 1 << 26:
                    self.assertFalse(holds(path), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
