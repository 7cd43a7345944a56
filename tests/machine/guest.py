#!/usr/bin/env python3
"""In the guest of deploy/vm-check, as root: Pinhole under a real systemd, at the first boot and after a reboot."""

import os
import pathlib
import re
import sys

import boxes
import contest
import forms
import starts
from shell import SOURCE, Steps, block, contains, equal, run


def install():
    """As docs/OPERATIONS.md says; the programs are built already."""
    for line in block("docs/OPERATIONS.md", "## Install"):
        if "cmake" not in line:
            run(line.replace("build/release", "build/dev"), cwd=SOURCE)
    run("systemctl daemon-reload")
    run("install -d /etc/pinhole")


def machine():
    """What the checks are about: systemd as the first process, and one tree of control groups."""
    equal("the first process", pathlib.Path("/proc/1/comm").read_text(), "systemd\n")
    equal("the tree's kind", run("stat -f -c %T /sys/fs/cgroup").strip(), "cgroup2fs")
    run("uname -r; systemctl --version | head -1; systemd-detect-virt || true; nproc")


def ratings():
    for unit in ("pinhole-vault.service", "pinholed.service", "pinhole-lane@0.service", "pinhole-courier.service"):
        text = run(f"systemd-analyze security --no-pager {unit} | tail -n 1")
        rating = float(re.search(r"exposure level for \S+: ([0-9.]+)", text)[1])
        if rating >= 3:
            raise AssertionError(f"{unit} is rated {rating}")


def run_form(steps, form):
    """A contest under one form of the vault's unit. Without a start or a contest there is nothing more to see."""
    site = contest.Site(form)
    for name, part in (("starts", site.start), ("contest", site.contest)):
        with steps.step(f"{form.name}: {name}") as errors:
            part()
        if errors:
            return
    with steps.step(f"{form.name}: limits of a running box"):
        site.limits()
    with steps.step(f"{form.name}: a program that takes too much memory"):
        site.memory()
    with steps.step(f"{form.name}: restarts and kills"):
        starts.restarts(site)
    if form.name == "lanes":
        with steps.step(f"{form.name}: a lane that dies"):
            starts.broken_lane(site)
    with steps.step(f"{form.name}: a vault that fails in a loop"):
        starts.loop(site)
    with steps.step(f"{form.name}: audit"):
        site.audit()


def first_boot(steps):
    with steps.step("machine"):
        machine()
    with steps.step("install"):
        install()
    with steps.step("doctor"):
        contains(run("pinhole-vault doctor"), "cgroup version 2")
    for test in boxes.TESTS:
        if re.search(steps.only, test):
            with steps.step(f"test: {test}"):
                boxes.run_test(test)
    for form in forms.FORMS:
        if re.search(steps.only, form.name):
            contest.put_away(form.name)
            run_form(steps, form)
    with steps.step("security"):
        ratings()


def second_boot(steps):
    """Enabled units come up by themselves, find what they left, and go on."""
    site = contest.Site(forms.FORMS[-1])
    with steps.step("reboot: units are up") as errors:
        site.await_serving()
    if errors:
        return
    with steps.step("reboot: the contest goes on"):
        contains(site.submit("bob", "honest", check=False), "ledger entry")
    with steps.step("reboot: audit"):
        site.audit()


def main():
    os.environ.setdefault("PINHOLE_HOME", "/var/lib/vm-check/home")  # a service has no HOME
    steps = Steps((SOURCE / "only").read_text().strip())
    if steps.results:
        second_boot(steps)
    else:
        first_boot(steps)
        if re.search(steps.only, "reboot"):
            run("systemctl --no-block reboot")
            return
    steps.end()
    run("systemctl --no-block poweroff")


if __name__ == "__main__":
    sys.exit(main())
