#!/usr/bin/env python3
"""The whole path, end to end: teams submit through a real front and vault with short rounds; how long an exchange takes
until everybody can see it, and how many submissions a second the site takes in, beside fork and exec of the same program.

    whole_bench.py --json=FILE [--smoke]

Bounded: rounds pass by the clock, so it takes about a minute. Needs root, as boxes do.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/whole"))
import whole_test  # pylint: disable=wrong-import-position

BIN, TEST_BIN = (pathlib.Path(os.environ[name]) for name in ("PINHOLE_BIN", "PINHOLE_TEST_BIN"))
ROUND_MS, WINDOW_MS, LANES, FIRST_LANE = 6000, 4000, 4, 64170
PLACES = LANES * 2  # two runs a lane: each has its 500 ms and the time to settle


def contest_text(teams):
    text = whole_test.CONTEST
    for old, new in (('length = "3s"', f'length = "{ROUND_MS}ms"'), ('run_window = "2s"', f'run_window = "{WINDOW_MS}ms"'),
                     ("lanes = 1", f"lanes = {LANES}"), ("teams = 4", f"teams = {teams}")):
        assert old in text, old
        text = text.replace(old, new)
    return text


class Watcher(threading.Thread):
    """Notes when each ROUND was seen by somebody who watches the ledger."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.process = subprocess.Popen([BIN / "pinhole", "watch"], stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "PINHOLE_HOME": str(site.folder / "operator")})
        self.seen = {}
        self.start()

    def run(self):
        for line in self.process.stdout:
            now = time.time()
            if found := re.search(r"ROUND 1 .*\bround=(\d+) admitted=(\d+) released=(\d+)", line):
                self.seen[int(found[1])] = (now, int(found[2]), int(found[3]))

    def await_released(self, count, seconds):
        end = time.monotonic() + seconds
        while sum(released for _, _, released in list(self.seen.values())) < count:
            if time.monotonic() > end:
                raise AssertionError(f"not all of {count} results came: {self.seen}")
            time.sleep(0.1)


def fork_and_exec(count):
    """Seconds that so many starts of a program take, one after the other."""
    begin = time.monotonic()
    for _ in range(count):
        os.waitpid(os.posix_spawn(TEST_BIN / "bench_nothing", ["nothing"], {}), 0)
    return time.monotonic() - begin


def measure(folder, submissions):
    teams = [f"team-{n}" for n in range(4)]
    whole_test.CONTEST = contest_text(len(teams))
    whole_test.LANE = ",".join(str(FIRST_LANE + lane) for lane in range(LANES))
    site = whole_test.Site(folder)
    try:
        site.serve_vault()
        site.serve_front()
        site.open_contest()
        site.run("pinhole", "trust", site.listen, "--pin", site.pin, "--log-key", site.vkey)
        for team in teams:
            invitation = site.run("pinhole", "invite", "demo", team, "--key", site.folder / "organizer.key")
            (site.folder / f"{team}.invitation").write_text(invitation)
        watcher = Watcher(site)
        with concurrent.futures.ThreadPoolExecutor(len(teams)) as pool:
            list(pool.map(lambda team: site.run("pinhole", "join", "--wait", site.folder / f"{team}.invitation", home=team), teams))
            program = (TEST_BIN / "bench_constant").read_bytes()
            for number in range(submissions):
                path = site.folder / f"program-{number}"
                path.write_bytes(program + number.to_bytes(4, "little"))
                path.chmod(0o755)

            def submit(number):
                site.run("pinhole", "submit", site.folder / f"program-{number}", home=teams[number % len(teams)])

            begin = time.monotonic()
            list(pool.map(submit, range(submissions)))
            submitting = time.monotonic() - begin
        watcher.await_released(submissions, 20 + ROUND_MS / 1000 * (2 + submissions / PLACES))
        watcher.process.terminate()
        bundle = site.folder / "bundle"
        text = site.run("pinhole", "audit", "--server", site.listen, "--key", site.vkey, "--pin", site.pin, "--save", bundle)
        assert "replay of every rule" in text, text
        origin_ms = int(re.search(rb"POLICY [^\n]* origin_ms=(\d+)", bundle.read_bytes())[1])
        assert not re.search(r"shifts [1-9]", text), "the machine was too slow: rounds moved, so delays mean nothing\n" + text
        return submitting, watcher.seen, origin_ms, fork_and_exec(submissions)
    finally:
        site.end()


def main():
    smoke = "--smoke" in sys.argv[1:]
    result = next((argument[7:] for argument in sys.argv[1:] if argument.startswith("--json=")), None)
    submissions = 4 if smoke else 4 * PLACES
    with tempfile.TemporaryDirectory(prefix="pinhole-bench-") as folder:
        submitting, seen, origin_ms, forking = measure(folder, submissions)
    most = max(released for _, _, released in seen.values())
    delays = [when - (origin_ms + (number - 1) * ROUND_MS + WINDOW_MS) / 1000
              for number, (when, admitted, released) in seen.items() if admitted + released > 0]
    rows = [
        {"what": f"end to end: {submissions} submissions by the command line, signed, uploaded, acknowledged",
         "seconds": submitting, "rate": submissions / submitting, "unit": "submissions", "floor": "fork and exec of so many programs",
         "floor_seconds": forking, "floor_rate": submissions / forking, "floor_unit": "programs", "ratio": forking / submitting,
         "ratio_low": forking / submitting, "ratio_high": forking / submitting, "aim": "at least"},
        {"what": f"end to end: from the clock's exchange to everybody's screen, up to {most} results a round",
         "seconds": statistics.median(delays), "rate": 1 / statistics.median(delays), "unit": "exchanges",
         "floor": "the exchange window that the policy gives", "floor_seconds": (ROUND_MS - WINDOW_MS) / 1000,
         "floor_rate": 1000 / (ROUND_MS - WINDOW_MS), "floor_unit": "exchanges",
         "ratio": statistics.median(delays) * 1000 / (ROUND_MS - WINDOW_MS),
         "ratio_low": min(delays) * 1000 / (ROUND_MS - WINDOW_MS), "ratio_high": max(delays) * 1000 / (ROUND_MS - WINDOW_MS),
         "aim": "at most"},
    ]
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    if result is None:
        print(text)
    else:
        pathlib.Path(result).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
