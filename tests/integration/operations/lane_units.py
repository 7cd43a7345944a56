"""Lanes as units of their own, without systemd: one listening socket a lane, and a launcher of the lane's user that is started for each
client, with what pinhole-lane@.socket and pinhole-lane@.service give and take. Also makes the cgroups that a unit would have."""

import os
import pathlib
import select
import socket
import subprocess
import threading

import sites

TREE = pathlib.Path("/sys/fs/cgroup")


class Groups:
    """The unit's cgroups: memory and tasks are the lane user's to limit, as Delegate=yes gives them. None where the machine has none."""

    def __init__(self, name, user):
        self.folders = []
        version2 = TREE / "cgroup.controllers"
        if version2.exists() and {"memory", "pids"} <= set(version2.read_text().split()):
            folder = TREE / name
            self.make(folder)
            (TREE / "cgroup.subtree_control").write_text("+memory +pids")
            for file in (folder, folder / "cgroup.procs", folder / "cgroup.subtree_control", folder / "cgroup.threads"):
                os.chown(file, user, user)
        elif (TREE / "memory/memory.limit_in_bytes").exists() and (TREE / "pids").exists():
            for tree, files in (("memory", ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max_usage_in_bytes")),
                                ("pids", ("pids.max",))):
                folder = TREE / tree / name
                self.make(folder)
                for file in files:
                    if (folder / file).exists():
                        os.chown(folder / file, user, user)
        if not self.folders:
            print("NO CGROUPS ON THIS MACHINE: the lanes run in the degraded mode \"cgroups\"")

    def make(self, folder):
        folder.mkdir(exist_ok=True)
        self.folders.append(folder)

    def enter(self):
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self):
        for folder in self.folders:
            for one in (folder / "lane", folder):
                if one.exists():
                    one.rmdir()


class Lane:
    """What systemd does for one lane: holds the socket, and starts the launcher when a client comes and none is there."""

    def __init__(self, path, user, group, client, with_groups=True, calls=None, launcher=sites.BIN / "pinhole-box"):
        self.path, self.user, self.group, self.client = path, user, group, client
        self.launcher = launcher
        self.calls = calls  # every call of launcher and boxes is written there
        self.starts = 0
        self.process = None
        self.groups = Groups(f"pinhole-unit-{user}", user) if with_groups else None
        self.errors = path.with_suffix(".log")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(path))
        os.chown(path, client, client)
        path.chmod(0o600)
        self.listener.listen(8)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.stopping.is_set():
            ready, _, _ = select.select([self.listener], [], [], 0.05)
            if ready and (self.process is None or self.process.poll() is not None):
                self.start()
                # The launcher takes the client; until then the socket stays readable.
                self.stopping.wait(0.05)

    def start(self):
        program = ["setpriv", "--reuid", self.user, "--regid", self.user, "--groups", self.group, "--no-new-privs", "--bounding-set=-all",
                   "--inh-caps=-all", self.launcher, "--client", self.client]
        if self.calls:  # -D: the launcher stays the process that was started
            program = ["strace", "-D", "-f", "-qq", "-o", self.calls, *program]
        # As ProtectProc=invisible and ProcSubset=pid have it: the launcher has to see its own box all the same.
        shell = ["unshare", "--mount", "sh", "-c",
                 'mount -t proc -o hidepid=invisible,subset=pid proc /proc && LISTEN_PID=$$ exec "$@"', "sh", *map(str, program)]

        def enter():
            if self.groups:
                self.groups.enter()
            os.dup2(self.listener.fileno(), 3)

        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(shell, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, preexec_fn=enter,
                                            pass_fds=(3,), env={"LISTEN_FDS": "1", "PATH": os.environ["PATH"]})
        self.starts += 1

    def end(self):
        self.stopping.set()
        self.thread.join()
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
        self.listener.close()
        if self.groups:
            self.groups.remove()
