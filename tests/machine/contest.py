"""Contests of the smallest kind under the units, one for each way that a vault can be run."""

import json
import pathlib
import pwd
import re
import shutil
import subprocess

import courier
from forms import CONTEST, DATA, STATE
from shell import BUILD, SOURCE, Unit, await_that, contains, equal, run

LISTEN = "127.0.0.1:7443"
OVERRIDES = pathlib.Path("/etc/systemd/system/pinhole-vault.service.d")


def user_of(process):
    text = pathlib.Path(f"/proc/{process}/status").read_text()
    return pwd.getpwuid(int(re.search(r"(?m)^Uid:\s*(\d+)", text)[1])).pw_name


def put_away(name):
    """Stops what another form left and moves its folders out of the way of form `name`."""
    if STATE.exists():
        run("systemctl disable --now pinholed.service pinhole-vault.service", check=False)
        run(f"mkdir /var/lib/before-{name} && mv {STATE} /var/lib/pinholed/state /var/lib/before-{name}")


class Site:
    """A vault of one form, the front beside it, and two keys."""

    def __init__(self, form):
        self.form = form
        self.folder = pathlib.Path("/var/lib/vm-check") / form.name
        self.vault, self.front = Unit("pinhole-vault.service"), Unit("pinholed.service")

    def make(self):
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)
        shutil.rmtree(OVERRIDES, ignore_errors=True)
        if self.form.drop_in:
            run(f"install -D -m 0644 {SOURCE}/deploy/systemd/{self.form.drop_in} {OVERRIDES}/form.conf")
        for line in self.form.init:
            made = run(line, cwd=SOURCE)
        (self.folder / "vkey").write_text(re.search("ledger key: (.*)", made)[1])
        rows = [f"{i},{i * 7 % 50},{4 + i * 37 % 101 / 100:g},{'train' if i < 100 else 'public' if i < 160 else 'final'}"
                for i in range(200)]
        (self.folder / "rows.csv").write_text("\n".join(["id,x,y,split", *rows]) + "\n")
        (self.folder / "dataset.toml").write_text(DATA)
        run(["pinhole", "keygen", self.folder / "owner.key"])
        organizer = json.loads(run(["pinhole", "keygen", "--json", self.folder / "organizer.key"]))["public_key"]
        (self.folder / "contest.toml").write_text(CONTEST.format(organizer=organizer, lanes=len(self.form.lanes)))
        for file in self.folder.iterdir():
            shutil.chown(file, self.form.operator, self.form.operator)
        config = STATE / "vault.toml"
        config.write_text(config.read_text() + 'machine_lock = "/run/pinhole/machine.lock"\n')
        run(["pinhole-vault", "data", "import", STATE, self.folder / "dataset.toml", "--owner-key", self.folder / "owner.key"],
            user=self.form.operator)
        run(["pinholed", "init", "/var/lib/pinholed/state", "--vault-socket", "/run/pinhole/socket", "--log-vkey", self.vkey, "--listen",
             LISTEN], user="pinholed")
        if self.form.witnesses:
            courier.prepare(self.vkey, self.folder / "contest.toml")

    @property
    def vkey(self):
        return (self.folder / "vkey").read_text()

    @property
    def pin(self):
        return pathlib.Path("/var/lib/pinholed/state/pin").read_text().strip()

    def start(self):
        self.make()
        run("systemctl daemon-reload && systemctl enable --now pinhole-vault.service pinholed.service")
        self.await_serving()
        run("systemctl --no-pager --lines=4 status 'pinhole*'", check=False)

    def await_serving(self):
        await_that("vault and front are active", lambda: self.vault.active() and self.front.active())

    def view_is_the_lanes(self):
        view = STATE / "data/view"
        owner = "pinhole-vault"
        group = owner if self.form.degraded == "lane-users" else "pinhole-lanes"
        equal("the view's owner", (view.owner(), view.group()), (owner, group))

    def home(self, team):
        return self.folder / team

    def contest(self):
        self.view_is_the_lanes()
        files = [STATE, self.folder / "contest.toml"]
        plan = json.loads(run(["pinhole-vault", "contest", "plan", *files, "--json"], user=self.form.operator, quiet=True))
        run(["pinhole-vault", "contest", "open", *files, "--organizer-key", self.folder / "organizer.key", "--owner-key",
             self.folder / "owner.key", "--start-in", 5, "--bits", plan["contest_bits"]], user=self.form.operator)
        home = self.home("operator")
        run(["pinhole", "trust", LISTEN, "--pin", self.pin, "--log-key", self.vkey], home=home)
        for team in ("ada", "bob"):
            invitation = run(["pinhole", "invite", "demo", team, "--key", self.folder / "organizer.key"], home=home, quiet=True)
            run(["pinhole", "join", "--wait", "-"], home=self.home(team), input=invitation)
        contains(self.submit("ada", "honest"), "score 0.6")
        contains(self.submit("bob", "better"), "score 0.3")
        contains(self.submit("bob", "crash", check=False), "failed\nledger entry")
        self.audit()

    def submit(self, team, conduct, **options):
        return run(["pinhole", "submit", BUILD / f"tests/conduct_{conduct}", "--wait"], home=self.home(team), **options)

    def limits(self):
        """Of a program that hangs, in each place of the kernel's: the user, the group, its limits."""
        submit = subprocess.Popen(["pinhole", "submit", BUILD / "tests/conduct_hang", "--wait"], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env={"PATH": "/usr/bin", "PINHOLE_HOME": str(self.home("ada"))})

        def busy():
            for group in self.form.groups():
                processes = (group / "cgroup.procs").read_text().split()
                if len(processes) > 1:  # the launcher is one
                    limits = {name: (group / name).read_text().strip() for name in ("memory.max", "memory.swap.max", "pids.max")}
                    return group, limits, {user_of(process) for process in processes}
            return None

        group, limits, users = await_that("a box runs", busy)
        print(group, limits, users)
        contains(submit.communicate()[0], "failed\nledger entry")
        equal("the limits", limits, {"memory.max": str(64 << 20), "memory.swap.max": "0", "pids.max": "2"})
        if len(users) != 1 or not users <= set(self.form.lanes):
            raise AssertionError(f"boxes of {users}, not of one of {self.form.lanes}")

    def memory(self):
        """A program that takes more memory than it may: the kernel ends it in its group, and launcher, vault and machine go on."""
        program = self.folder / "memory_bomb"
        mark, name = b"PINHOLE-ATTACK: ", b"memory_bomb"
        bytes_ = (BUILD / "tests/hostile").read_bytes()
        at = bytes_.index(mark) + len(mark)
        program.write_bytes(bytes_[:at] + name + bytes(79 - len(name)) + bytes_[at + 79:])
        vault, launchers = self.vault.pid, [(group / "cgroup.procs").read_text() for group in self.form.groups()]
        done = run(["pinhole", "submit", program, "--wait"], home=self.home("bob"), check=False)
        contains(done, "failed\nledger entry")
        kills = sum(int(re.search(r"(?m)^oom_kill (\d+)", (group / "memory.events").read_text())[1]) for group in self.form.groups())
        equal("processes ended for want of memory", kills, 1)
        contains(run(["pinhole-vault", "evidence", "list", STATE], user=self.form.operator), "outcome=memory-limit")
        equal("vault and launchers", (self.vault.pid, [(group / "cgroup.procs").read_text() for group in self.form.groups()]),
              (vault, launchers))

    def audit(self):
        self.view_is_the_lanes()
        text = run(["pinhole", "audit", "--server", LISTEN, "--key", self.vkey, "--pin", self.pin], home=self.home("operator"))
        contains(text, "signature ✓", "replay of every rule and charge ✓", *["cosigned 1 of 1"] * self.form.witnesses)
        return text

    def starts(self):
        """That the ledger charged so far."""
        return int(re.search(r"shifts \d+, starts (\d+),", self.audit())[1])
