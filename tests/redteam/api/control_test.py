#!/usr/bin/env python3
"""The red team's positive control through everything that is shipped: vault, lanes, boxes, scorer, front, TLS, gRPC and client.
A planter hides a random secret in private training rows, teams submit programs that encode it, and a decoder reads the audited
ledger alone. The secret is a transcript drawn among all that the policy counts, so that decoding it extracts the declared bits.
With a rule's name it plays that one; the code of transcripts is another than the C++ one of the tests beside it."""

import math
import pathlib
import random
import re
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "integration/whole"))
import whole_test  # noqa: E402

TEAMS, TRIES, LEVELS, SCORES, FAILURES = 2, 12, 101, 6, 2
RULES = {
    "every-score": 'rule = "every-score"',
    "improvements": f'rule = "improvements"\nshown_scores = {SCORES}\nshown_failures = {FAILURES}',
}
ROUNDS = {'length = "3s"': 'length = "6s"', 'run_window = "2s"': 'run_window = "4500ms"', "lanes = 1": "lanes = 2"}


def count(tries, levels, scores, failures):
    """Sequences of symbols that can follow; CHANNEL.md section 5.2, with a minimum gain of one level."""
    return sum(math.comb(tries, i) * math.comb(tries - i, e) * math.comb(levels, i)
               for i in range(min(scores, tries) + 1) for e in range(min(failures, tries - i) + 1))


class EveryScore:
    """Transcripts as numbers: each symbol a digit, FAILED or a level."""

    start = None

    @staticmethod
    def after(state, tries_left):
        return [(symbol, state, (LEVELS + 1) ** tries_left) for symbol in range(1, LEVELS + 2)]


class Improvements:
    """The symbols that may come next, in an order of their own, each with how many transcripts begin so."""

    start = (LEVELS, SCORES, FAILURES)

    @staticmethod
    def after(state, tries_left):
        levels, scores, failures = state
        nexts = [(0, state)] + [(1, (levels, scores, failures - 1))] * (failures > 0)
        nexts += [(2 + level, (level, scores - 1, failures)) for level in range(levels if scores > 0 else 0)]
        return [(symbol, then, count(tries_left, *then)) for symbol, then in nexts]


def encode(code, number):
    symbols, state = [], code.start
    for tries_left in reversed(range(TRIES)):
        for symbol, then, ways in code.after(state, tries_left):
            if number < ways:
                symbols, state = symbols + [symbol], then
                break
            number -= ways
    return symbols


def decode(code, symbols):
    number, state = 0, code.start
    for tries_left, symbol in zip(reversed(range(TRIES)), symbols, strict=True):
        for other, then, ways in code.after(state, tries_left):
            if other == symbol:
                state = then
                break
            number += ways
        else:
            raise AssertionError(f"{symbols}: no such transcript")
    return number


class Control(unittest.TestCase):
    def play(self, rule, code):
        size = sum(ways for _, _, ways in code.after(code.start, TRIES - 1))
        seed = random.SystemRandom().randrange(2**32)
        secrets = [random.Random(seed + team).randrange(size) for team in range(TEAMS)]
        folder = tempfile.TemporaryDirectory(prefix="pinhole-control-")
        self.addCleanup(folder.cleanup)
        site = whole_test.Site(folder.name, made=False)
        self.addCleanup(site.end)
        planted = [symbol for secret in secrets for symbol in encode(code, secret)]
        rows = [f"{i},{planted[i] if i < len(planted) else 0},{i % 10},train" for i in range(100)]
        rows += [f"{i},0,5,{'public' if i < 160 else 'final'}" for i in range(100, 200)]
        (site.folder / "rows.csv").write_text("\n".join(["id,x,y,split", *rows]) + "\n")
        site.lane_users = f"{whole_test.LANE},{whole_test.LANE + 1}"
        site.make(site.folder / "front")
        contest = (site.folder / "contest.toml").read_text()
        contest = re.sub(r"tries = 20\nshown_scores = 5\nshown_failures = 3\nwaiting = 10\nteams = 4\nfinal = \"top3\"",
                         f"{RULES[rule]}\ntries = {TRIES}\nwaiting = {TRIES}\nteams = {TEAMS}", contest)
        for old, new in ROUNDS.items():
            self.assertIn(old, contest)
            contest = contest.replace(old, new)
        (site.folder / "contest.toml").write_text(contest)
        site.serve_vault()
        site.serve_front()
        site.open_contest()
        site.run("pinhole", "trust", site.listen, "--pin", site.pin, "--log-key", site.vkey)
        for team in range(TEAMS):
            invitation = site.run("pinhole", "invite", "demo", f"team-{team}", "--key", site.folder / "organizer.key")
            site.run("pinhole", "join", "--wait", "-", home=f"team-{team}", input=invitation)
        program = (whole_test.CONDUCTS / "redteam_api_encoder").read_bytes()
        mark = program.index(b"PINHOLE-INDEX:\0\0") + 16
        for index in range(len(planted)):
            one = site.folder / f"program-{index}"
            one.write_bytes(program[:mark] + index.to_bytes(8, "little") + program[mark + 8:])
            site.run("pinhole", "submit", one, home=f"team-{index // TRIES}")
        bundle, deadline = site.folder / "ledger.bundle", time.monotonic() + 240
        shown = []
        while len(shown) < len(planted):
            self.assertLess(time.monotonic(), deadline, site.logs())
            time.sleep(1)  # between looks at a ledger that grows by rounds
            bundle.unlink(missing_ok=True)
            site.run("pinhole", "audit", "--server", site.listen, "--key", site.vkey, "--pin", site.pin, "--save", bundle)
            text = bundle.read_bytes().decode("latin-1")
            shown = re.findall(r"RESULT 1 contest=demo round=\d+ admit=\d+ team=(\d+) symbol=(\d+) ", text)
        declared = int(re.search(r" team_count=([0-9a-f]+) ", text).group(1), 16)
        self.assertEqual(declared, size, "the policy's N is the number of transcripts that can be sent")
        for team, secret in enumerate(secrets):
            symbols = [int(symbol) for number, symbol in shown if int(number) == team + 1]
            self.assertEqual(decode(code, symbols), secret, f"seed {seed}, team {team}: {symbols}")
        bits = TEAMS * math.log2(size)
        print(f"{rule}: {TEAMS} teams, {TRIES} tries, {LEVELS} levels: all {bits:.3f} declared bits decoded from the ledger, "
              f"{len(planted)} runs")

    def test_every_score_carries_what_is_declared(self):
        self.play("every-score", EveryScore)

    def test_improvements_carry_what_is_declared(self):
        self.play("improvements", Improvements)

    def test_the_code_is_one_to_one(self):
        for code in (EveryScore, Improvements):
            size = sum(ways for _, _, ways in code.after(code.start, TRIES - 1))
            for number in [0, size - 1] + [random.Random(7).randrange(size) for _ in range(200)]:
                self.assertEqual(decode(code, encode(code, number)), number)


if __name__ == "__main__":
    unittest.main()
