#!/usr/bin/env python3
"""docs/WITNESSES.md: its commands are run as they stand, on ports that are free."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TESTS = pathlib.Path(os.environ["PINHOLE_TEST_BIN"])
TEXT = (pathlib.Path(os.environ["PINHOLE_SOURCE"]) / "docs/WITNESSES.md").read_text(encoding="utf-8")
# A server prints two lines once it listens; the second ends in its address.
SERVE = "exec {{out{n}}}< <(exec {command}); pids+=($!); read -r -u $out{n} _; read -r -u $out{n} _ at{port}\n"
# A line for each source that answered; then it is stopped, and ends well.
FOLLOW = """exec {{courier}}< <(exec {command}); courier_pid=$!
for _ in $(seq {sources}); do read -r -u $courier line; echo "courier: $line"; done
kill $courier_pid; wait $courier_pid
"""


class Witnesses(unittest.TestCase):
    def script(self):
        blocks = re.findall(r"```(\w*)\n(.*?)```", TEXT, re.S)
        blocks = [(kind, block) for kind, block in blocks if kind not in ("toml", "text")]
        self.assertEqual({kind for kind, _ in blocks}, {"run", "serve", "follow"})
        lines = ["pids=()\n", "trap 'kill \"${pids[@]}\"' EXIT\n", "VKEY=$(cat ledger/log.vkey)\n", "SIZE=$(sed -n 2p ledger/checkpoint)\n"]
        for number, (kind, block) in enumerate(blocks):
            for command in block.strip().split("\n"):
                if kind == "serve":
                    port = re.search(r"127\.0\.0\.1:(\d+)", command)[1]
                    lines.append(SERVE.format(n=f"{number}_{port}", command=command.replace(port, "0"), port=port))
                elif kind == "follow":
                    lines.append(FOLLOW.format(command=self.addressed(command), sources=len(re.findall("http:", command))))
                else:
                    lines.append(self.addressed(command) + "\n")
        return "".join(lines)

    @staticmethod
    def addressed(command):
        return re.sub(r"http://127\.0\.0\.1:(\d+)", r"$at\1", command)

    def test_commands_run(self):
        with tempfile.TemporaryDirectory(prefix="pinhole-witnesses-") as name:
            folder = pathlib.Path(name)
            subprocess.run([TESTS / "sample_ledger", folder / "ledger", "12"], check=True, capture_output=True)
            shutil.copytree(folder / "ledger", folder / "waiting")
            shutil.rmtree(folder / "waiting/tile/entries")
            path = os.environ["PINHOLE_BIN"] + os.pathsep + os.environ["PATH"]
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", self.script()], cwd=folder, capture_output=True, text=True,
                                  env={**os.environ, "PATH": path, "PINHOLE_HOME": name})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"WITNESSES cosigned 3 of 3 \(example\.org/w1 2.*, example\.org/w2 2.*, example\.org/w3 2.* UTC\)\n")
            self.assertEqual(len(re.findall(r"courier: http://127\.0\.0\.1:\d+  \d+ entries  cosigned by example\.org/w2\n", done.stdout)), 1)
            names = re.findall(r"(?m)^— (\S+) ", (folder / "waiting/checkpoint").read_text())
            self.assertEqual(sorted(names[1:]), [f"example.org/w{number}" for number in (1, 2)])

    def test_the_quorums_are_right(self):
        rows = [tuple(map(int, row)) for row in re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \|$", TEXT, re.M)]
        self.assertEqual(len(rows), 3)
        for n, f, k in rows:
            smallest = min(k for k in range(1, n + 1) if 2 * k - n > f)
            self.assertEqual(k, smallest)
            self.assertLessEqual(k, n - f)


if __name__ == "__main__":
    unittest.main()
