#!/usr/bin/env python3
"""A second verifier of Pinhole's ledger, from docs/LOG_FORMAT.md and docs/CONTEST_FILE.md alone: verify_ledger.py FOLDER

FOLDER holds static files. Prints "holds" or the first thing that does not, and exits 0 or 1. Standard library only.
"""

import base64
import hashlib
import math
import pathlib
import sys

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def sha(data):
    return hashlib.sha256(data).digest()


def recover(y, sign):  # RFC 8032 section 5.1.3
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or (x == 0 and sign):
        raise ValueError("no point")
    return P - x if x % 2 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    x, y = recover(y % 2**255, y >> 255), y % 2**255
    return x, y, 1, x * y % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(k, p):
    q = (0, 1, 1, 0)
    while k:
        q, p, k = add(q, p) if k & 1 else q, add(p, p), k >> 1
    return q


G = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, text, signature):
    try:
        a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except ValueError:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % Q
    left, right = times(s, G), add(r, times(h, a))
    return s < Q and all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1" + root(leaves[:k]) + root(leaves[k:]))


def need(holds, what):
    if not holds:
        raise ValueError(what)


def bits(n):  # log2, up to a thousandth, in whole numbers
    low, high = 0, 1000 * n.bit_length()
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if 2**middle >= n**1000 else (middle + 1, high)
    return low


def comb(n, k):
    return math.comb(n, k) if n >= 0 else 0


def count(rule, levels, gain, tries, left, scores, failures):
    if rule == "every-score":
        return (levels + 1) ** tries
    return sum(comb(tries, i) * comb(tries - i, e) * (comb(left - (i - 1) * (gain - 1), i) if i else 1)
               for i in range(min(scores, tries) + 1) for e in range(min(failures, tries - i) + 1))


def show(b):
    return f"{b // 1000}.{b % 1000:03d}"


def hexed(text):
    need(text == text.lower(), "hex in capitals")
    return bytes.fromhex(text)


def thousandths(text):
    whole, _, part = text.partition(".")
    need(len(part) == 3 and whole.isdigit() and part.isdigit() and (whole == "0" or whole[0] != "0"), f"bits {text}")
    return int(whole + part)


def millionths(text):
    whole, _, part = text.partition(".")
    return int(whole + (part + "000000")[:6]) if part else int(whole) * 10**6


NUMBERS = set("""round previous_size version train_rows public_rows final_rows bits_per_row tries number team try size_class run_round
result_round admit symbol tries_left levels_left scores_left failures_left admitted released moved count place""".split())
FIELDS = {
    "START": "build nonce previous_size charge_bits",
    "DATASET": "dataset version deployment tables target label weight train_rows public_rows final_rows declassified_bits budget_bits "
               "commitment owner signature",
    "POLICY": "version deployment degraded metric format weights range_low range_high best worst step baseline_bits bits_per_row rule tries "
              "tries_per_day shown_scores shown_failures min_gain waiting teams final acts_bits origin_ms round_ms run_window_ms rounds lanes "
              "settle_ms max_shift wall_ms cpu_seconds memory_bytes threads output_bytes scratch_bytes program_bytes organizer team_count "
              "team_bits shared_count shared_bits final_bits contest_bits organizer_signature owner_signature",
    "TEAM": "number name key invitation reserved_bits",
    "ADMIT": "team try program size_class request request_id run_round result_round show_below",
    "RESULT": "admit team symbol text charge_bits tries_left levels_left scores_left failures_left",
    "ROUND": "admitted released root_before",
    "SHIFT": "moved count charge_bits",
    "ACT": "act team charge_bits signature",
    "FINAL": "place team admit level text charge_bits",
    "CLOSE": "used_bits",
}


class Contest:
    def __init__(self, f, left):
        self.f, self.n = f, {k: int(v) for k, v in f.items() if v.isdigit() and not k.endswith("_count")}
        self.best, self.step = millionths(f["best"]), millionths(f["step"]) * (-1 if millionths(f["worst"]) < millionths(f["best"]) else 1)
        self.levels, self.rule, n = (millionths(f["worst"]) - self.best) // self.step + 1, f["rule"], self.n
        sharing, T = self.rule == "records", n["teams"]
        self.start = (n["tries"], 0, 0, 0) if self.rule == "every-score" else (
            n["tries"], 0 if sharing else self.levels, 0 if sharing else n["shown_scores"], n["shown_failures"])
        self.shared = (n["tries"] * T, self.levels, n["shown_scores"]) if sharing else None
        self.teams, self.admits, self.due, self.seen, self.finals, self.queue = [], {}, {}, set(), [], [0, 0]
        self.round = self.admitted = self.released = self.shifts = self.acts = self.acts_used = self.used = 0
        self.closing = self.stopped = self.must_stop = False
        self.keep, self.acts_bits = bits(2 * n["rounds"] + 1), thousandths(f["acts_bits"])
        N, S = self.count(self.start), self.count_shared(self.shared)
        final = {"none": 0, "winner": bits(T), "every-team": T * bits(self.levels + 1), "top3": sum(bits(T - i) for i in range(min(3, T)))}
        whole = T * bits(N) + bits(S) + final[f["final"]] + self.acts_bits
        for name, value in (("team_count", f"{N:x}"), ("team_bits", show(bits(N))), ("shared_count", f"{S:x}"), ("shared_bits", show(bits(S))),
                            ("final_bits", show(final[f["final"]])), ("contest_bits", show(whole))):
            need(f[name] == value, f"{name} is not {value}")
        need(self.acts_bits >= self.keep, "no bits for a stop")
        need(self.rule == "every-score" or whole + thousandths(f["baseline_bits"]) <= left, "the data set's budget")

    def count(self, state):
        return count("improvements" if self.shared else self.rule, self.levels, self.n["min_gain"], *state)

    def count_shared(self, shared):
        return count("improvements", self.levels, self.n["min_gain"], *shared, 0) if shared else 1

    def value(self, level):
        v = self.best + level * self.step
        return f"{v // 10**6}.{v % 10**6:06d}".rstrip("0").rstrip(".")

    def pay(self, f, choices, keep):
        need(f["charge_bits"] == show(bits(choices)), "charge of an act")
        self.acts_used += bits(choices)
        need(self.acts_used + keep <= self.acts_bits, "the bits for acts are used up")

    def START(self, f):
        at_end = self.stopped or self.finals or self.round >= self.n["rounds"] or (self.closing and not self.due)
        need(not at_end and not self.admitted and not self.released, "a START lies between rounds")
        cost = bits(1 + 4 * self.n["rounds"])
        payable = self.acts_used + cost + self.keep <= self.acts_bits
        need(f["charge_bits"] == show(cost if self.admits and payable else 0), "charge of a START")
        self.acts_used += cost if self.admits and payable else 0
        self.must_stop = bool(self.admits) and not payable

    def at_end(self, f):
        need(int(f["round"]) == self.round and not self.admitted and not self.released and not self.due, "not between rounds at the end")
        need(self.closing or self.round >= self.n["rounds"], "before the last round")

    def TEAM(self, f, index):
        need(not self.closing and int(f["number"]) == len(self.teams) + 1 <= self.n["teams"], "number of a team")
        need(f["reserved_bits"] == self.f["team_bits"] and not self.seen & {f["name"], f["key"], f["invitation"]}, "a team again")
        self.seen |= {f["name"], f["key"], f["invitation"]}
        self.teams.append({"number": len(self.teams) + 1, "state": self.start, "rounds": [], "waiting": 0, "best": None, "out": False})

    def ADMIT(self, f, index):
        t, n, now = self.teams[int(f["team"]) - 1], self.n, self.round + 1
        recent = sum(r > now - -(-86400000 // n["round_ms"]) for r in t["rounds"])
        need(not self.closing and not t["out"] and int(f["try"]) == len(t["rounds"]) + 1 <= n["tries"], "try")
        need(t["waiting"] < n["waiting"] and (not n["tries_per_day"] or recent < n["tries_per_day"]), "too many tries at a time")
        room = n["lanes"] * (n["run_window_ms"] // (n["wall_ms"] + n["settle_ms"]))
        run = now + 1 if now + 1 > self.queue[0] else self.queue[0] + (self.queue[1] >= room)
        need(int(f["run_round"]) == int(f["result_round"]) == run <= n["rounds"], "round of a run")
        self.queue = [run, self.queue[1] + 1 if run == self.queue[0] else 1]
        need((f["team"], f["request_id"]) not in self.seen and int(f["size_class"]) <= n["program_bytes"].bit_length(), "request or size")
        need(f["show_below"] == "-" or int(f["show_below"]) <= self.levels, "show_below")
        self.seen.add((f["team"], f["request_id"]))
        self.admits[index] = f
        self.due.setdefault(run, []).append(index)
        t["rounds"].append(now)
        t["waiting"] += 1
        self.admitted += 1

    def RESULT(self, f, index):
        due, symbol = self.due.get(self.round + 1, []), int(f["symbol"])
        need(self.released < len(due) and int(f["admit"]) == due[self.released], "no RESULT is due, or another")
        admit = self.admits[int(f["admit"])]
        t, level = self.teams[int(f["team"]) - 1], symbol - 2
        need(admit["team"] == f["team"] and level < self.levels, "team or symbol")
        k, l, j, e = t["state"] if not self.shared else (t["state"][0], *self.shared[1:], t["state"][3])
        if self.rule == "every-score":
            need(symbol > 0, "NOT_IMPROVED")
        elif symbol == 1:
            need(e > 0, "no notice is left")
            e -= 1
        elif symbol > 1:
            need(j > 0 and level < l, "no score is left, or no gain")
            l, j = max(0, level - self.n["min_gain"] + 1), j - 1
        need(symbol < 2 or admit["show_below"] == "-" or level < int(admit["show_below"]), "above its own threshold")
        after = (k - 1, l, j, e)
        need(tuple(int(f[x]) for x in ("tries_left", "levels_left", "scores_left", "failures_left")) == after, "state after")
        own, shared = ((k - 1, 0, 0, e), (self.shared[0] - 1, l, j)) if self.shared else (after, None)
        charge = bits(self.count(t["state"])) - bits(self.count(own)) + bits(self.count_shared(self.shared)) - bits(self.count_shared(shared))
        need(f["charge_bits"] == show(charge), f"the charge is not {show(charge)}")
        need(f["text"] == ("NOT_IMPROVED", "FAILED")[symbol] if symbol < 2 else f["text"] == self.value(level), "text")
        t["state"], self.shared, self.used = own, shared, self.used + charge
        t["waiting"] -= 1
        self.released += 1
        if symbol > 1 and (t["best"] is None or level < t["best"][0]):
            t["best"] = (level, int(f["admit"]))

    def ROUND(self, f, index):
        need(int(f["admitted"]) == self.admitted and int(f["released"]) == self.released == len(self.due.pop(self.round + 1, [])), "counts")
        self.round, self.admitted, self.released = self.round + 1, 0, 0

    def SHIFT(self, f, index):
        need(not self.admitted and not self.released and int(f["count"]) == self.shifts + 1, "a SHIFT lies between rounds, counted")
        need(1 <= int(f["moved"]) <= self.n["max_shift"], "max_shift")
        self.shifts += 1
        self.pay(f, 1 + 4 * self.n["rounds"] * self.n["max_shift"], self.keep)

    def ACT(self, f, index):
        act, team, rounds = f["act"], int(f["team"]), self.n["rounds"]
        text = f"pinhole act v1 contest={f['contest']} act={act} team={team} number={self.acts}\n".encode()
        good = f["signature"] == "0" * 128 if act == "stop" else signed(hexed(self.f["organizer"]), text, hexed(f["signature"]))
        need(good and (team > 0) == (act in ("disqualify", "reinstate")), "signature or team of an act")
        if team:
            need(self.teams[team - 1]["out"] == (act == "reinstate"), "disqualified once")
            self.teams[team - 1]["out"] = act == "disqualify"
        else:
            need(not self.admitted and not self.released if act == "stop" else act == "close-early" and not self.closing, "an act out of place")
            self.closing, self.stopped, self.due = True, act == "stop", {} if act == "stop" else self.due
        self.acts += 1
        self.must_stop = False
        self.pay(f, 1 + rounds * (2 if act == "stop" else 4 * self.n["teams"] if team else 4), 0 if act == "stop" else self.keep)

    def FINAL(self, f, index):
        teams, place, rule = [t for t in self.teams if t["best"] and not t["out"]], len(self.finals) + 1, self.f["final"]
        self.at_end(f)
        need(not self.stopped and int(f["place"]) == place <= {"none": 0, "winner": 1, "top3": 3}.get(rule, len(teams)), "place")
        t = next((t for t in teams if t["number"] == int(f["team"])), None)
        need(t and t["number"] not in self.finals and int(f["admit"]) == t["best"][1], "team or submission of a place")
        level = int(f["level"]) if rule == "every-team" else None
        need(rule != "every-team" or (t is teams[place - 1] and 0 <= level <= self.levels), "order or level of every-team")
        need(f["text"] == ("-" if level is None else "WORSE" if level == self.levels else self.value(level)), "text of a place")
        charge = bits(self.levels + 1 if rule == "every-team" else len(teams) - place + 1)
        need(f["charge_bits"] == show(charge) and (level is not None or f["level"] == "-"), "charge of a place")
        self.finals.append(t["number"])
        self.used += charge

    def CLOSE(self, f, index):
        self.at_end(f)
        teams = sum(bool(t["best"] and not t["out"]) for t in self.teams)
        places = 0 if self.stopped else min(teams, {"none": 0, "winner": 1, "top3": 3}.get(self.f["final"], teams))
        need(len(self.finals) == places and f["used_bits"] == show(self.used + self.acts_used), "final board or used_bits")


def parse(entry):
    need(entry[-1:] == b"\n" and entry.isascii(), "no line of ASCII")
    words = entry[:-1].decode().rstrip(" ").split(" ")
    need(words[0] in FIELDS and words[1] == "1" and len(entry) == (4096 if words[0] in ("DATASET", "POLICY") else 512), "type or length")
    f = dict(word.split("=", 1) for word in words[2:])
    need([word.split("=")[0] for word in words[2:]] == ["contest", "round"] + FIELDS[words[0]].split() and "" not in f.values(), "fields")
    need(all(v == str(int(v)) for k, v in f.items() if v.isdecimal() and k in NUMBERS), "a number's spelling")
    return words[0], f, " ".join(words[2:])


def replay(entries):
    leaves, nonces, data, contest, names, spent = [], set(), None, None, set(), 0
    for index, entry in enumerate(entries):
        kind, f, fields = parse(entry)
        need(not contest or not contest.must_stop or f.get("act") == "stop", "a stop must follow")
        if kind == "START":
            need(int(f["previous_size"]) == index and f["nonce"] not in nonces, "size or nonce of START")
            need(contest or f["charge_bits"] == "0.000", "charge of a START")
            if contest:
                contest.START(f)
            nonces.add(f["nonce"])
        elif kind == "DATASET":
            text = "pinhole dataset v1" + fields[len("contest=- round=0"):fields.rindex(" signature=")] + "\n"
            need(contest is None and signed(hexed(f["owner"]), text.encode(), hexed(f["signature"])), "signature of the owner, or a contest is open")
            before = data or {**f, "version": "0"}
            need(f["owner"] == before["owner"] and f["dataset"] == before["dataset"] and int(f["version"]) == int(before["version"]) + 1
                 and thousandths(f["budget_bits"]) <= thousandths(before["budget_bits"]), "version, owner or budget of the data set")
            data, spent = f, spent + thousandths(f["declassified_bits"])
            need(spent <= thousandths(f["budget_bits"]), "the declassified values cost too much")
        elif kind == "POLICY":
            need(data and contest is None and f["contest"] not in names and f["deployment"] == data["deployment"], "a contest out of place")
            signed_fields = fields[fields.index(" round=0") + len(" round=0"):fields.index(" organizer_signature=")]
            text = f"pinhole policy v1 contest={f['contest']}{signed_fields}\n".encode()
            need(signed(hexed(f["organizer"]), text, hexed(f["organizer_signature"])), "signature of the organizer")
            need(signed(hexed(data["owner"]), text, hexed(f["owner_signature"])), "signature of the owner")
            contest = Contest(f, thousandths(data["budget_bits"]) - spent)
            names.add(f["contest"])
            spent += thousandths(f["baseline_bits"])
        else:
            need(contest and f["contest"] == contest.f["contest"], "no contest of this name is open")
            if kind not in ("FINAL", "CLOSE"):
                need(int(f["round"]) == contest.round + 1 <= contest.n["rounds"] and not contest.finals and not contest.stopped, "its round")
            need(kind != "ROUND" or f["root_before"] == root(leaves).hex(), "root_before")
            getattr(contest, kind)(f, index)
            if kind == "CLOSE":
                spent, contest = spent + contest.used + contest.acts_used, None
        leaves.append(sha(b"\0" + entry))
    return root(leaves)


def main(folder):
    head, _, rest = (folder / "checkpoint").read_text().partition("\n\n")
    name, key = (folder / "log.vkey").read_text().strip().split("+", 1)[0], base64.b64decode((folder / "log.vkey").read_text().strip().split("+", 2)[2])
    origin, size, said = head.split("\n")
    line = next(line for line in rest.split("\n") if line.startswith(f"\u2014 {name} "))
    need(origin == name and signed(key[1:], (head + "\n").encode(), base64.b64decode(line.split(" ")[2])[4:]), "signature of the head")
    entries = []
    while len(entries) < int(size):
        n, rest = len(entries) // 256, int(size) - len(entries)
        path = folder / "tile/entries" / (f"{n:03d}" if rest >= 256 else f"{n:03d}.p/{rest}")  # up to 1,000 bundles
        data = path.read_bytes()
        while data:
            length = int.from_bytes(data[:2], "big")
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
    need(len(entries) == int(size) and base64.b64encode(replay(entries)).decode() == said, "root of the head")


if __name__ == "__main__":
    try:
        main(pathlib.Path(sys.argv[1]))
    except (ValueError, KeyError, IndexError, StopIteration, AttributeError, TypeError) as error:
        sys.exit(f"does not hold: {error!r}")
    print("holds")
