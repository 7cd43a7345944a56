"""A vault and a front in a folder, started the way an operator starts them. The whole test's Site, with other starts."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "whole"))
import whole_test  # noqa: E402

BIN, CONDUCTS = whole_test.BIN, whole_test.CONDUCTS
SOURCE = pathlib.Path(__file__).resolve().parents[3]


class Site(whole_test.Site):
    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def spawn(self, name, command, ready, **options):
        """Starts a command line and waits until its log says `ready`."""
        log = self.folder / f"{name}.log"
        before = log.stat().st_size if log.exists() else 0
        with open(log, "ab") as file:
            process = subprocess.Popen(list(map(str, command)), stdout=file, stderr=file, stdin=subprocess.DEVNULL, **options)
        deadline = time.monotonic() + 30
        while ready not in log.read_text()[before:]:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{name} does not serve\n{self.logs()}")
            time.sleep(0.02)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
        if code != 0:
            raise AssertionError(f"ended with {code}\n{self.logs()}")

    def trust(self):
        self.run("pinhole", "trust", self.listen, "--pin", self.pin, "--log-key", self.vkey)

    def join(self, team):
        invitation = self.run("pinhole", "invite", "demo", team, "--key", self.folder / "organizer.key")
        self.run("pinhole", "join", "--wait", "-", home=team, input=invitation)

    def submit(self, team, conduct):
        return self.run("pinhole", "submit", CONDUCTS / f"conduct_{conduct}", "--wait", home=team)

    def audit(self, **options):
        return self.run("pinhole", "audit", "--server", self.listen, "--key", self.vkey, "--pin", self.pin, **options)

    def audit_to(self, bundle):
        self.run("pinhole", "audit", "--server", self.listen, "--key", self.vkey, "--pin", self.pin, "--save", bundle)

    def ledger_size(self):
        """Of the vault, by its own log."""
        return int(re.findall(r" ledger=(\d+)", self.log("vault"))[-1])
