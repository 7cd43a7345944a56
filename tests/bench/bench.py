#!/usr/bin/env python3
"""Runs the benchmark programs one after the other and prints their rows as one table in markdown.

    bench.py BUILD-FOLDER OUTPUT-FOLDER [SUITE…]

One program at a time, so that none disturbs another. Its numbers go to OUTPUT-FOLDER/SUITE.json, all
together to results.json. A suite that fails is named at the end, and the exit code is 1.
"""

import json
import os
import pathlib
import platform
import subprocess
import sys
import time

SUITES = ("upload", "score", "import", "box", "columns", "exchange", "replay", "ledger", "whole")
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def amount(value):
    """Three digits and a prefix: 43.2 M."""
    for factor, prefix in PREFIXES:
        if value >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g} "


def rate(value, unit):
    if unit == "bytes":
        return f"{amount(value)}B/s"
    return f"{amount(value).rstrip()} {unit}/s"


def seconds(value):
    for factor, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def ratio(value):
    return f"{value:.2f}" if value >= 0.095 else f"{value:.3f}"


def size(value, unit):
    return f"{amount(value)}B" if unit == "bytes" else f"{amount(value).rstrip()} {unit}"


def spread(row):
    if row["ratio_low"] == row["ratio_high"]:
        return ratio(row["ratio"])
    return f"{ratio(row['ratio'])} ({ratio(row['ratio_low'])}–{ratio(row['ratio_high'])})"


def row_text(row):
    at_least = row["aim"] == "at least"
    if "amount" in row:
        measured, floor = size(row["amount"], row["unit"]), size(row["floor_amount"], row["unit"])
    elif at_least:
        measured, floor = rate(row["rate"], row["unit"]), rate(row["floor_rate"], row["floor_unit"])
    else:
        measured, floor = seconds(row["seconds"]), seconds(row["floor_seconds"])
    aims = []
    if "ratio_aim" in row:
        aims.append(f"{'≥' if at_least else '≤'} {row['ratio_aim']:g}")
    if "rate_aim" in row:
        aims.append(f"≥ {rate(row['rate_aim'], row['unit'])}")
    if "seconds_aim" in row:
        aims.append(f"≤ {seconds(row['seconds_aim'])}")
    met = "" if "met" not in row else "yes" if row["met"] else "**no**"
    cells = [row["what"], measured, f"{row['floor']}: {floor}",
             spread(row),
             ", ".join(aims) or "–", met or "–"]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{os.cpu_count()} cores of {model}, Linux {platform.release()}"


def program_of(build, suite):
    if suite == "whole":
        return [sys.executable, "-B", pathlib.Path(__file__).with_name("whole_bench.py")]
    return [build / "tests" / f"bench_{suite}"]


def run(build, output, suite):
    program = program_of(build, suite)
    environment = dict(os.environ, PINHOLE_BIN=str(build / "bin"), PINHOLE_TEST_BIN=str(build / "tests"))
    result = output / f"{suite}.json"
    result.unlink(missing_ok=True)
    begin = time.monotonic()
    code = subprocess.run([*program, f"--json={result}"], env=environment, check=False).returncode
    print(f"{suite}: {time.monotonic() - begin:.0f} s", file=sys.stderr)
    if code != 0:
        return None
    return json.loads(result.read_text(encoding="utf-8"))


def main():
    build, output = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    output.mkdir(parents=True, exist_ok=True)
    known = [suite for suite in SUITES if pathlib.Path(program_of(build, suite)[-1]).exists()]
    asked = sys.argv[3:] or known
    unknown = [suite for suite in asked if suite not in known]
    if unknown:
        sys.exit(f"no suite is called {' '.join(unknown)}; there are: {' '.join(known)}")
    rows, failed = [], []
    before = os.getloadavg()[0]
    for suite in asked:
        found = run(build, output, suite)
        if found is None:
            failed.append(suite)
        else:
            rows += [dict(row, suite=suite) for row in found]
    results = {"machine": machine(), "load_before": before, "rows": rows}
    (output / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{machine()}; load {before:.1f} before the first suite. Ratios are medians, lowest and highest in "
          "brackets.\n")
    print("| what | measured | floor | ratio | aim | met |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(row_text(row))
    if failed:
        sys.exit(f"\nfailed: {' '.join(failed)}")


if __name__ == "__main__":
    main()
