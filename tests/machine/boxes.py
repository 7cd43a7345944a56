"""Tests of the build tree that are about limits and containment, on the guest's kernel and its one tree of control groups.

Not those of the units: they play systemd, which is here."""

import os

from shell import BUILD, run

TESTS = ("limits_test", "box_test", "lanes_test", "launcher_test", "lifetime_test", "containment_test")


def run_test(name):
    """By ctest, with the environment that the build gives it. A test that skips has failed: this machine has what they need."""
    run(["ctest", "--test-dir", BUILD, "-R", f"^{name}$", "--output-on-failure", "--timeout", "1800", "--no-tests=error"],
        env={**os.environ, "PINHOLE_MUST_WORK": "1"})
