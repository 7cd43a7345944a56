"""A witness on the guest's own loopback, and the courier's unit between it and the front."""

import os
import pathlib
import re
import shutil

from shell import Unit, await_that, run

WITNESS = "/var/lib/vm-check/witness"
ADDRESS = "127.0.0.1:7450"
# Enabled, so that it is there after a reboot too.
SERVICE = f"""[Service]
ExecStart=/usr/bin/pinhole witness serve {WITNESS} --listen {ADDRESS}
Environment=PINHOLE_HOME={WITNESS}
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
"""


def prepare(vkey, contest):
    """One witness, whose cosignature the contest of the file `contest` waits for; the front's folder for it; the courier's settings."""
    made = run(f"pinhole witness init {WITNESS} --name w.example/vm --log-key {vkey}")
    key = re.search(r"(?m)^witness *(\S+)", made)[1]
    pathlib.Path("/etc/systemd/system/vm-witness.service").write_text(SERVICE)
    pathlib.Path("/etc/pinhole/courier").write_text(f"LOG_KEY={vkey}\nWITNESSES=--witness {key} http://{ADDRESS}\n")
    contest.write_text(contest.read_text() + f'[witnesses]\nkeys = ["{key}"]\nquorum = 1\n')
    settings = pathlib.Path("/var/lib/pinholed/state/pinholed.toml")
    text, count = re.subn(r"(?m)^#witness_folder = .*$", 'witness_folder = "/var/lib/pinhole-witnesses"', settings.read_text())
    assert count == 1, text
    settings.write_text(text)
    for name in os.listdir("/var/lib/pinhole-witnesses"):
        shutil.rmtree(pathlib.Path("/var/lib/pinhole-witnesses") / name)
    run("systemctl daemon-reload && systemctl enable --now vm-witness.service pinhole-courier.service")


def restart():
    """By systemctl, and by systemd after kill -9."""
    courier = Unit("pinhole-courier.service")
    first = courier.pid
    run("systemctl restart pinhole-courier.service")
    second = await_that("the courier was started anew", lambda: courier.active() and courier.pid not in (0, first) and courier.pid)
    run(f"kill -9 {second}")
    await_that("systemd started the courier", lambda: courier.active() and courier.pid not in (0, second))
