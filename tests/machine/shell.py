"""Commands of an operator in the guest, printed as they are run, and steps that are counted."""

import contextlib
import json
import pathlib
import re
import subprocess
import time
import traceback

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build/dev"
# Emulated, everything takes its time.
PATIENCE = 600


def run(command, user=None, check=True, quiet=False, home=None, **options):
    """A line of shell, as root or as `user`; what it printed, both streams together. Raises when it fails and check holds."""
    words = ["bash", "-c", command] if isinstance(command, str) else list(map(str, command))
    if home:
        words = ["env", f"PINHOLE_HOME={home}", *words]
    if user:
        words = ["runuser", "-u", user, "--", *words]
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, **options)
    if not quiet:
        print(f"$ {command if isinstance(command, str) else ' '.join(words)}\n{done.stdout}", end="", flush=True)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: ended with {done.returncode}\n{done.stdout if quiet else ''}")
    return done.stdout


def await_that(what, holds, patience=PATIENCE):
    """Waits until `holds` returns something true, which is returned."""
    deadline = time.monotonic() + patience
    while not (value := holds()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {patience} s")
        time.sleep(0.2)
    return value


def equal(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, expected {wanted!r}")


def contains(text, *wanted):
    for one in wanted:
        if one not in text:
            raise AssertionError(f"no {one!r} in\n{text}")


def block(document, heading):
    """The commands of the first block after a heading of a document, lines that a backslash joins as one."""
    text = (SOURCE / document).read_text().split(f"{heading}\n", 1)[1]
    return re.search(r"```\w*\n(.*?)```", text, re.S)[1].replace("\\\n", " ").splitlines()


class Unit:
    """One systemd unit."""

    def __init__(self, name):
        self.name = name

    def show(self, key):
        return run(["systemctl", "show", "--value", f"--property={key}", self.name], quiet=True).strip()

    @property
    def pid(self):
        return int(self.show("MainPID"))

    def active(self):
        return self.show("ActiveState") == "active"

    def group(self):
        return pathlib.Path("/sys/fs/cgroup" + self.show("ControlGroup"))

    def status(self, key):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return re.search(rf"(?m)^{key}:\s*(.*)$", text)[1].split()

    def log(self):
        return run(["journalctl", "--no-pager", "-o", "cat", "-b", "-u", self.name], quiet=True)


class Steps:
    """What held and what did not, kept over a reboot."""

    def __init__(self, only):
        self.only = only
        self.file = pathlib.Path("/var/lib/vm-check.json")
        self.results = json.loads(self.file.read_text()) if self.file.exists() else []

    @property
    def failed(self):
        return [name for name, good in self.results if not good]

    @contextlib.contextmanager
    def step(self, name):
        """Counts what the block does as held or failed; the value is a list, empty when it held."""
        print(f"\n--- {name}", flush=True)
        begin, good, errors = time.monotonic(), True, []
        try:
            yield errors
        except Exception as error:  # the steps after it are worth their time all the same
            good = False
            errors.append(error)
            traceback.print_exc()
            print(run("journalctl --no-pager -b -n 40 -u 'pinhole*' -o short-monotonic", check=False, quiet=True), flush=True)
        self.results.append((name, good))
        self.file.write_text(json.dumps(self.results))
        run("sync", quiet=True)
        print(f"vm-check: {'ok' if good else 'FAILED'} {name} ({time.monotonic() - begin:.0f} s)", flush=True)

    def end(self):
        print(f"vm-check: END {len(self.results) - len(self.failed)} held, {len(self.failed)} failed", flush=True)
