"""How a vault can be run, and the smallest contest for each way."""

import dataclasses
import pathlib

from shell import Unit, block

STATE = pathlib.Path("/var/lib/pinhole-vault/vault")
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
length = "12s"
run_window = "9s"
duration = "4h"
lanes = {lanes}
max_shift = 1000
[limits]
wall = "3s"
memory = "64MiB"
threads = 1
output = "64KiB"
scratch = "1MiB"
program = "4MiB"
"""
DATA = ('dataset = "small"\nversion = 1\ndeployment = "one-machine"\nbudget_bits = 8192\ntarget = "rows"\nlabel = "y"\nsplit = "split"\n'
        '[[table]]\nname = "rows"\nfile = "rows.csv"\n')
INIT = f"pinhole-vault init {STATE} --name vault.example/contest --socket /run/pinhole/socket"


@dataclasses.dataclass
class Form:
    """How the vault is run: its drop-in, how its folder is made, and who is who."""
    name: str
    drop_in: str | None
    init: list[str]
    operator: str  # who runs init, data and contest
    lanes: tuple[str, ...]  # the users of boxes
    degraded: str
    witnesses: bool = False

    def groups(self):
        """The groups that limit boxes, below the unit's own."""
        if self.name == "lanes":
            return [Unit(f"pinhole-lane@{number}.service").group() / "lane" for number in range(2)]
        return sorted(path for path in (Unit("pinhole-vault.service").group() / "pinhole").iterdir() if path.is_dir())


FORMS = (
    Form("root", None, [f"{INIT} --user 860 --front-group 861 --lanes-group 862 --lane-users 863,864 --cgroup delegated"], "root",
         ("pinhole-lane-0", "pinhole-lane-1"), "none"),
    Form("unprivileged", "pinhole-vault-unprivileged.conf",
         [f"sudo -u pinhole-vault {INIT} --front-group 861 --lanes 1 --cgroup delegated --degraded lane-users"], "pinhole-vault",
         ("pinhole-vault",), "lane-users"),
    Form("lanes", None, block("docs/OPERATIONS.md", "### A unit for each lane"), "pinhole-vault", ("pinhole-lane-0", "pinhole-lane-1"),
         "none", witnesses=True),
)
