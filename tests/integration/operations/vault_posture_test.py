#!/usr/bin/env python3
"""The vault's own posture, seen from the host while it serves: no network, no way to a new socket or program, no core, not traceable."""

import errno
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

import inject
import lane_units_test
import sites

# A null or absent argument each: without a filter every one of them fails otherwise, or succeeds.
NOTHING = 2**64 - 1
DENIED = {"socket": (2, 1, 0), "socketpair": (1, 1, 0, 0), "connect": (NOTHING,), "bind": (NOTHING,), "listen": (NOTHING,), "execve": (0,),
          "execveat": (NOTHING, 0), "ptrace": (99, 0x7FFFFFFF), "io_uring_setup": (0, 0), "userfaultfd": (NOTHING,),
          "perf_event_open": (0,), "setns": (NOTHING,), "unshare": (0,), "mount": (1, 1, 1, 0), "chroot": (0,),
          "open_by_handle_at": (NOTHING, 0), "bpf": (NOTHING,), "keyctl": (9999,), "add_key": (0,), "request_key": (0,),
          "pidfd_getfd": (NOTHING,), "process_vm_readv": (0x7FFFFFFF,), "process_vm_writev": (0x7FFFFFFF,)}
FLAGS = """import fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print(*(f"{name}={struct.unpack('16xH', fcntl.ioctl(s, 0x8913, struct.pack('16sH', name.encode(), 0)))[0] & 1}"
        for _, name in socket.if_nameindex()))"""  # SIOCGIFFLAGS, IFF_UP


class Posture(unittest.TestCase):
    def check(self, pid, user):
        proc = pathlib.Path(f"/proc/{pid}")
        tasks = sorted(proc.glob("task/*"))
        for task in tasks:
            status = dict(re.findall(r"(?m)^(\w+):\s*(.*)$", (task / "status").read_text()))
            facts = {key: status[key] for key in ("Uid", "Gid", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp")}
            none = "0" * 16
            self.assertEqual(facts, {"Uid": "\t".join([str(user)] * 4), "Gid": "\t".join([str(user)] * 4), "CapInh": none, "CapPrm": none,
                                     "CapEff": none, "CapAmb": none, "NoNewPrivs": "1", "Seccomp": "2"}, task)
            # Not dumpable: what is the user's own belongs to root.
            self.assertEqual((task / "status").stat().st_uid, 0)
        self.assertRegex((proc / "limits").read_text(), r"(?m)^Max core file size +0 +0 ")
        self.assertNotEqual(os.readlink(proc / "ns/net"), os.readlink("/proc/self/ns/net"))
        inside = subprocess.run(["nsenter", f"--net={proc}/ns/net", sys.executable, "-c", FLAGS], text=True, capture_output=True,
                                check=True).stdout
        self.assertEqual(inside, "lo=0\n")  # the only interface, and down
        for table in ("tcp", "tcp6", "udp", "udp6", "raw"):
            self.assertEqual(len((proc / "net" / table).read_text().splitlines()), 1, table)

        # Whoever is the same user can neither read nor stop it; another process of that user can be.
        bystander = subprocess.Popen(["sleep", "100"], user=user, group=user, extra_groups=[])
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        for target, code in ((bystander.pid, 0), (pid, 1)):
            done = subprocess.run(["head", "-c", "1", f"/proc/{target}/maps"], user=user, group=user, extra_groups=[], text=True,
                                  capture_output=True)
            self.assertEqual(done.returncode, code, done.stderr)

        control = subprocess.Popen([sys.executable, "-c", "import signal; print(flush=True); signal.pause()"], stdout=subprocess.PIPE)
        self.addCleanup(control.stdout.close)
        self.addCleanup(control.wait)
        self.addCleanup(control.kill)
        control.stdout.readline()
        self.assertEqual(inject.call_when_waiting(control.pid, "getpid"), control.pid)
        self.assertEqual(inject.call_when_waiting(pid, "getpid"), pid)
        for name, arguments in DENIED.items():
            with self.subTest(call=name):
                self.assertNotEqual(inject.call_when_waiting(control.pid, name, *arguments), -errno.EPERM, "without a filter")
                for task in tasks:
                    self.assertEqual(inject.call_when_waiting(int(task.name), name, *arguments), -errno.EPERM)
        print(f"{len(DENIED)} calls denied in {len(tasks)} threads")

    def site(self, kind):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-posture-")
        self.addCleanup(folder.cleanup)
        site = kind(folder.name)
        self.addCleanup(site.end)
        return site

    def test_started_by_root(self):
        site = self.site(sites.Site)
        site.serve_vault()
        self.check(site.vault.pid, sites.whole_test.VAULT_USER)
        site.stop(site.vault)  # unharmed by what was called in it

    def test_never_root_with_lanes_that_are_units(self):
        site = self.site(lane_units_test.LanesSite)
        site.start_lanes((lane_units_test.FIRST_LANE, lane_units_test.FIRST_LANE + 1))
        site.degrade_without_cgroups()
        site.serve_vault()
        self.check(site.vault.pid, lane_units_test.USER)
        site.stop(site.vault)


if __name__ == "__main__":
    unittest.main(verbosity=2)
