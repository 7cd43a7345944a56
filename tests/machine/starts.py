"""Restarts by the operator, kills, and what systemd makes of them; each start of a vault in an open contest is charged bits."""

import os
import signal

import courier
from shell import Unit, await_that, contains, equal, run


def restarts(site):
    """Each unit once, by systemctl; then kill -9 of vault and front, which systemd starts again."""
    before = site.starts()
    front = site.front.pid
    run("systemctl restart pinholed.service")
    site.await_serving()
    if site.front.pid == front:
        raise AssertionError("the front was not started anew")
    run("systemctl restart pinhole-vault.service")
    site.await_serving()
    contains(site.submit("ada", "garbage", check=False), "ledger entry")
    equal("starts charged for one restart", site.starts() - before, 1)
    for unit in (site.front, site.vault):
        kill(unit)
    contains(site.submit("bob", "garbage", check=False), "ledger entry")
    equal("starts charged for a restart and a kill", site.starts() - before, 2)
    if site.form.witnesses:
        courier.restart()


def kill(unit):
    """kill -9; returns when systemd has started it again."""
    pid, count = unit.pid, int(unit.show("NRestarts"))
    os.kill(pid, signal.SIGKILL)
    await_that(f"{unit.name} is back", lambda: unit.active() and unit.pid not in (0, pid))
    print(f"{unit.name}: {pid} was killed, {unit.pid} serves; restarts {count} -> {unit.show('NRestarts')}")


def broken_lane(site):
    """A launcher that dies takes the vault with it, which systemd starts again with fresh lanes; a submission meanwhile loses nothing."""
    run("systemctl reset-failed pinhole-vault.service")  # this is another day's trouble
    before, vault, lane = site.starts(), site.vault.pid, Unit("pinhole-lane@0.service")
    first = lane.pid
    os.kill(first, signal.SIGKILL)
    contains(site.submit("ada", "crash", check=False), "failed\nledger entry")
    await_that("vault and lane are others", lambda: site.vault.pid not in (0, vault) and lane.pid not in (0, first))
    site.await_serving()
    equal("starts charged for a broken lane", site.starts() - before, 1)


def loop(site):
    """A vault that is killed as often as it comes back: systemd gives up before it costs a contest much, and says so."""
    run("systemctl reset-failed pinhole-vault.service")
    before = site.starts()
    for times in range(20):
        pid = site.vault.pid
        os.kill(pid, signal.SIGKILL)
        state = await_that("it is back, or given up", lambda pid=pid: site.vault.show("ActiveState") if site.vault.show("ActiveState") ==
                           "failed" or (site.vault.active() and site.vault.pid != pid) else None)
        if state == "failed":
            break
    else:
        raise AssertionError("20 kills, and systemd started it 20 times")
    contains(site.vault.log(), "Start request repeated too quickly")
    run("systemctl reset-failed pinhole-vault.service && systemctl start pinhole-vault.service")
    site.await_serving()
    contains(site.submit("ada", "better"), "ledger entry")
    print(f"systemd gave up after {times + 1} kills; starts charged: {site.starts() - before}, of which one is the operator's")
