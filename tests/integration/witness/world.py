"""A ledger at every size, signed by the sample ledger's published test key; witnesses as processes."""

import base64
import hashlib
import os
import pathlib
import subprocess

TESTS = pathlib.Path(os.environ["PINHOLE_TEST_BIN"])
PINHOLE = pathlib.Path(os.environ["PINHOLE_BIN"]) / "pinhole"
# tests/support/ledger_builder.h: 32 times the byte 3, behind the constant that says "Ed25519 private key".
LOG_KEY = bytes.fromhex("302e020100300506032b657004220420") + bytes([3]) * 32


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while 2 * half < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


class Ledger:
    """The sample ledger of so many rounds; those of other rounds are other histories under the same key."""

    def __init__(self, folder, rounds):
        self.folder = folder / f"history-{rounds}"
        subprocess.run([TESTS / "sample_ledger", self.folder / "all", str(rounds)], check=True, capture_output=True)
        self.vkey = (self.folder / "all/log.vkey").read_text().strip()
        note = (self.folder / "all/checkpoint").read_text().split("\n")
        self.origin, self.size = note[0], int(note[1])
        self.key_id = base64.b64decode(note[4].split(" ")[2])[:4]
        (self.folder / "key.der").write_bytes(LOG_KEY)
        data = (self.folder / f"all/tile/entries/000.p/{self.size}").read_bytes()
        self.entries = []
        while data:
            length = 2 + int.from_bytes(data[:2], "big")
            self.entries.append(data[2:length])
            data = data[length:]
        assert self.note(self.size) == (self.folder / "all/checkpoint").read_text()

    def note(self, size, origin=None):
        origin = origin or self.origin
        text = f"{origin}\n{size}\n{base64.b64encode(root([leaf(entry) for entry in self.entries[:size]])).decode()}\n"
        (self.folder / "text").write_text(text)
        signed = subprocess.run(["openssl", "pkeyutl", "-sign", "-keyform", "DER", "-inkey", self.folder / "key.der", "-rawin", "-in",
                                 self.folder / "text"], check=True, capture_output=True).stdout
        return f"{text}\n— {origin} {base64.b64encode(self.key_id + signed).decode()}\n"

    def bundle(self, size):
        path, note = self.folder / f"bundle-{size}", self.note(size).encode()
        frames = b"".join(len(entry).to_bytes(2, "big") + entry for entry in self.entries[:size])
        path.write_bytes(b"pinhole bundle v1\ncheckpoint %d\n" % len(note) + note + frames)
        return path

    def request(self, old, size):
        path = self.folder / "request"
        pinhole("witness", "request", "-o", path, "--old", old, "--bundle", self.bundle(size), "--key", self.vkey)
        return path.read_bytes()

    def grow(self, tiles, size):
        pinhole("audit", "--bundle", self.bundle(size), "--key", self.vkey, "--save-tiles", tiles)


def run(*words, **environment):
    return subprocess.run([PINHOLE, *map(str, words)], capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


def pinhole(*words):
    done = run(*words)
    assert done.returncode == 0, f"{words}: {done.returncode} {done.stdout} {done.stderr}"
    return done.stdout


class Witness:
    """A process; `close` ends it."""

    def __init__(self, folder, log_vkey, *more):
        self.folder, self.more = folder, more
        if not folder.exists():
            auditing = ["--auditing"] if "--audit" in more else []
            pinhole("witness", "init", folder, "--name", f"w.example/{folder.name}", "--log-key", log_vkey, *auditing)
        self.start()

    def start(self, port=0):
        self.errors = open(self.folder.parent / f"{self.folder.name}.log", "ab")
        self.process = subprocess.Popen([PINHOLE, "witness", "serve", self.folder, "--listen", f"127.0.0.1:{port}", *map(str, self.more)],
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)
        said = dict(self.process.stdout.readline().split() for _ in range(2))
        self.vkey, self.url = said["witness"], said["address"]
        self.host, self.port = "127.0.0.1", int(self.url.rpartition(":")[2])

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
