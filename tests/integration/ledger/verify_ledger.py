#!/usr/bin/env python3
"""A second verifier of Pinhole's ledger, from docs/LOG_FORMAT.md and docs/CONTEST_FILE.md alone.
verify_ledger.py FOLDER: static files. Prints "holds" or the first thing that does not, and exits 0 or 1."""
import base64, hashlib, math, pathlib, re, sys
from decimal import Decimal
from types import SimpleNamespace as Record

# The fields of each type; a mark says how a value is spelled, without one it is a number.
FORMS = {"'": r"\S+", "#": "[0-9a-f]+", "~": "-|[0-9a-f]+", ".": r"(0|[1-9]\d*)\.\d{3}", "?": r"-|0|[1-9]\d*",
         "": r"0|[1-9]\d*"}
FIELDS = {type.split()[0]: ["contest'", "round", *type.split()[1:]] for type in """
START build# nonce# previous_size charge_bits. blinding~ | TEAM number name' key# invitation# reserved_bits. |
DATASET dataset' version deployment' tables' target' label' weight' train_rows public_rows final_rows declassified_bits.
    budget_bits. commitment# owner# signature# |
POLICY version deployment' degraded' metric' format' weights' range_low' range_high' best' worst' step' baseline_bits.
    bits_per_row rule' tries tries_per_day shown_scores shown_failures min_gain waiting teams final' acts_bits. origin_ms
    round_ms run_window_ms rounds lanes settle_ms max_shift wall_ms cpu_seconds memory_bytes threads output_bytes
    scratch_bytes program_bytes quorum witnesses' blinding~ organizer# team_count# team_bits. shared_count# shared_bits.
    final_bits. contest_bits. organizer_signature# owner_signature# |
ADMIT team try program# size_class request# request_id# run_round result_round show_below? |
RESULT admit team symbol text' charge_bits. tries_left levels_left scores_left failures_left blind~ |
ROUND admitted released root_before# blinding~ | SHIFT moved count charge_bits. | CLOSE used_bits. blind~ |
ACT act' team value? charge_bits. signature# | CHOICE team admit? signature# |
FINAL place team admit level? text' charge_bits. blind~""".split("|")}

LOWERS = ["lower-tries", "lower-shown-scores", "lower-shown-failures"]

def need(holds, rule):
    if not holds: raise ValueError(rule)
def says(entry, **fields):
    for name in fields: need(vars(entry)[name] == fields[name], f"{name} is not {fields[name]}")
def parse(entry):
    kind, version, *words = entry[:-1].decode("ascii").rstrip(" ").split(" ")
    length, e = 4096 if kind in ("DATASET", "POLICY") else 512, Record()
    need(len(entry) == length and entry[-1:] == b"\n" and version == "1", "length, line or version")
    for word, field in zip(words, FIELDS[kind], strict=True):
        (name, _, value), mark = word.partition("="), field[-1] if field[-1] in FORMS else ""
        need(name + mark == field and re.fullmatch(FORMS[mark], value), f"{word}, where {field} should be")
        setattr(e, name, value if mark in ("'", "#", "~") or value == "-" else int(value.replace(".", "")))
    return kind, e, words
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: RFC 8032, section 5.1
D, I = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
def point(data):
    y, sign = int.from_bytes(data, "little") % 2**255, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    return next((r, y) for r in (x, -x % P, x * I % P, -x * I % P) if r * r % P == square and r % 2 == sign)
def add(p, q):
    (a, b), (c, d), k = p, q, D * p[0] * p[1] * q[0] * q[1]
    return (a * d + b * c) * pow(1 + k, -1, P) % P, (b * d + a * c) * pow(1 - k, -1, P) % P
def times(k, p):
    return add(times(k // 2, add(p, p)), p if k % 2 else (0, 1)) if k else (0, 1)
def signed(key, text, signature):
    key, r, s = bytes.fromhex(key), bytes.fromhex(signature[:64]), bytes.fromhex(signature[64:])
    h = int.from_bytes(hashlib.sha512(r + key + text.encode()).digest(), "little") % Q
    s, base = int.from_bytes(s, "little"), point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    return s < Q and times(s, base) == add(point(r), times(h, point(key)))
def root(leaves):  # RFC 6962, section 2.1
    k = 1 << (len(leaves) - 1).bit_length() >> 1
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest() if k else leaves[0]
def sha(data):
    return hashlib.sha256(data).hexdigest()
def blind(chain, index):  # of an entry, by the value that its ROUND shows
    return "-" if chain == "-" else sha(bytes.fromhex(chain) + index.to_bytes(8, "big"))
def cosigned(name, key, head, lines):  # c2sp.org/tlog-cosignature
    mine = [line.split(" ")[2] for line in lines if line.startswith(f"\u2014 {name} ")]
    key, raws = base64.b64decode(key), map(base64.b64decode, mine)
    raws = [raw for raw in raws if raw[:4].hex() == sha(name.encode() + b"\n" + key)[:8]]
    texts = [f"cosignature/v1\ntime {int.from_bytes(raw[4:12], 'big')}\n{head}\n" for raw in raws]
    return any(signed(key[1:].hex(), text, raw[12:].hex()) for text, raw in zip(texts, raws))
def bits(n):  # log2 in thousandths, rounded up
    return (n**1000 - 1).bit_length()
def count(gain, tries, levels, scores, failures):  # sequences of symbols: i of them levels, e of them FAILED
    return sum(math.comb(tries, i) * math.comb(tries - i, e) * math.comb(max(0, levels - (i-1) * (gain-1)), i)
               for i in range(min(scores, tries) + 1) for e in range(min(failures, tries - i) + 1))
def state(p, team):  # tries, levels, scores and failures left, by the limits in force; the ADMITs so far have their tries
    tries, pool = max(len(team.rounds), p.tries) - team.done, team.pool
    return tries, pool.levels, max(0, p.shown_scores - pool.shown), max(0, p.shown_failures - team.failed)
def left(p, team, teams):  # how much can still come of a team, and under records of what all teams share
    (tries, levels, scores, failures), joined = state(p, team), [t for t in teams if t]
    if p.rule == "every-score": return (p.levels + 1) ** tries, 1
    if p.rule == "improvements": return count(p.min_gain, tries, levels, scores, failures), 1
    every = sum(state(p, t)[0] for t in joined) + (p.teams - len(joined)) * p.tries
    return count(p.min_gain, tries, 0, 0, failures), count(p.min_gain, every, levels, scores, 0)
def places(p, teams):  # the charge of each place of a final board of so many teams
    ranks = [bits(teams - i) for i in range(min(teams, {"winner": 1, "top3": 3}.get(p.final, 0)))]
    return [bits(p.levels + 1)] * teams if p.final == "every-team" else ranks

def replay(entries):
    leaves, seen, data, p, spent, keys, quorum = [], set(), None, None, 0, [], 0
    for index, entry in enumerate(entries):
        kind, e, words = parse(entry)
        charge, new, idle = 0, set(), not p or admitted == released == 0
        over = p and idle and not due and (closing or now > p.rounds)  # no exchange comes any more
        need(not p or not must_stop or "act=stop" in words, "a stop must follow")
        need(kind == "START" or bool(p) != (kind in ("DATASET", "POLICY")), "a contest that is open, or none")
        begins, ends = kind in ("START", "DATASET", "POLICY"), kind in ("FINAL", "CLOSE")
        contest = e.contest if kind == "POLICY" else "-" if begins else p.contest
        says(e, contest=contest, round=0 if begins else now - ends)
        need(begins or (over if ends else not finals and not stopped and now <= p.rounds), "the end")
        if kind == "START":
            need(e.previous_size == index and idle and not over, "a START between rounds")
            cost = bits(1 + 5 * p.rounds) if p and admits else 0
            must_stop = cost > 0 and acts_used + cost + stop_bits > p.acts_bits
            charge, new = 0 if must_stop else cost, {e.nonce}
            need((e.blinding == "-") == (not p or chain == "-"), "a chain begun in a contest with witnesses")
            chain = e.blinding if p else "-"
        elif kind == "DATASET":
            old, text = data or Record(**{**vars(e), "version": 0}), ["pinhole dataset v1", *words[2:-1]]
            says(e, owner=old.owner, dataset=old.dataset, version=old.version + 1)
            data, spent = e, spent + e.declassified_bits
            need(signed(e.owner, " ".join(text) + "\n", e.signature), "the owner's signature")
            need(spent <= e.budget_bits <= old.budget_bits, "the budget of the data set")
        elif kind == "POLICY":
            p, text = e, " ".join(["pinhole policy v1", words[0], *words[2:-2]]) + "\n"
            need(signed(p.organizer, text, p.organizer_signature), "the organizer's signature")
            need(signed(data.owner, text, p.owner_signature), "the owner's signature")
            plain, top, worst, gap = p.rule == "every-score", *map(Decimal, (p.best, p.worst, p.step))
            p.levels, gap, new = int(abs(worst - top) / gap) + 1, gap.copy_sign(worst - top), {p.contest}
            texts = ["NOT_IMPROVED", "FAILED"] + [f"{(top + i * gap).normalize():f}" for i in range(p.levels)]
            teams, admits, due, finals, now, must_stop = [None], {}, {}, [], 1, False
            last_run = taken = admitted = released = shifts = acts = acts_used = used = closing = stopped = 0
            keys = [] if p.witnesses == "-" else [key.split("+", 2) for key in p.witnesses.split(",")]
            chain, blinds, quorum = p.blinding, {}, p.quorum
            need(quorum <= len(keys) < 2 * quorum or not keys and not quorum, "a quorum of more than half")
            need(all(len({*same}) == len(keys) for same in zip(*keys)), "each witness once")
            need((chain == "-") == (not keys), "a blinding where there are witnesses")
            pool, limits = Record(levels=0 if plain else p.levels, shown=0), [p.tries, p.shown_scores, p.shown_failures]
            team, shared = left(p, Record(rounds=[], done=0, failed=0, pool=pool), teams)
            stop_bits, final, spent = bits(2 * p.rounds + 1), sum(places(p, p.teams)), spent + p.baseline_bits
            whole, lowered = p.teams * bits(team) + bits(shared) + final + p.acts_bits, sum(limits)
            says(p, deployment=data.deployment, team_count=f"{team:x}", team_bits=bits(team), shared_count=f"{shared:x}",
                 shared_bits=bits(shared), final_bits=final, contest_bits=whole)
            need(plain or spent + whole <= data.budget_bits, "the budget of the data set")
        elif kind == "TEAM":
            new = {(p.contest, e.name), (p.contest, e.key), (p.contest, e.invitation)}
            need(not closing and len(teams) <= p.teams, "a team too many")
            says(e, number=len(teams), reserved_bits=p.team_bits)
            teams += [Record(key=e.key, pool=pool if p.rule == "records" else Record(**vars(pool)), rounds=[], done=0,
                             failed=0, out=0, shown={}, choice="-", choices=[0])]
        elif kind == "ADMIT":
            team, new = teams[e.team], {(p.contest, e.team, e.request_id)}
            tried, per_day = len(team.rounds), p.tries_per_day or math.inf
            today = sum(r > now - -(-86_400_000 // p.round_ms) for r in team.rounds)
            need(not closing and not team.out and tried < p.tries, "a try more")
            need(tried - team.done < p.waiting and today < per_day, "so many tries at a time")
            room = p.lanes * (p.run_window_ms // (p.wall_ms + p.settle_ms))
            run = now + 1 if now + 1 > last_run else last_run + (taken >= room)
            says(e, **{"try": tried + 1}, run_round=run, result_round=run)
            need(run <= p.rounds and e.size_class <= p.program_bytes.bit_length(), "a run's round or size")
            need(e.show_below == "-" or e.show_below <= p.levels, "show_below")
            team.rounds, admits[index], due[run] = team.rounds + [now], e, due.get(run, []) + [index]
            last_run, taken, admitted = run, taken + 1 if run == last_run else 1, admitted + 1
        elif kind == "RESULT":
            need(due[now][released] == e.admit and (e.symbol > 0 or not plain), "the RESULT that is due")
            admit, team, level = admits[e.admit], teams[e.team], e.symbol - 2
            _, levels, scores, failures = state(p, team)
            before, text = sum(map(bits, left(p, team, teams))), texts[e.symbol]
            need(admit.show_below == "-" or level < admit.show_below, "such a level")
            may = level < levels and scores if level >= 0 else failures
            need(plain or e.symbol == 0 or may, "something that is left to show")
            team.done, released, blinds[index] = team.done + 1, released + 1, e.blind
            if level >= 0:
                team.shown[e.admit], team.pool.shown = level, team.pool.shown + 1
                team.pool.levels = max(0, 0 if plain else level - p.min_gain + 1)
            team.failed += e.symbol == 1
            charge = before - sum(map(bits, left(p, team, teams)))
            after = dict(zip(("tries_left", "levels_left", "scores_left", "failures_left"), state(p, team)))
            says(e, team=admit.team, text=text, **after)
        elif kind == "ROUND":
            says(e, admitted=admitted, released=len(due.pop(now, [])), root_before=root(leaves).hex())
            need(e.released == released, "every RESULT in its round")
            need(chain == ("-" if e.blinding == "-" else sha(bytes.fromhex(e.blinding))), "the chain's next")
            need(all(blinds[i] == blind(e.blinding, i) for i in blinds), "a blind of this blinding")
            now, admitted, released, chain, blinds = now + 1, 0, 0, e.blinding, {}
            p.tries, p.shown_scores, p.shown_failures = limits
        elif kind == "SHIFT":
            shifts, charge = shifts + 1, bits(1 + 5 * p.rounds * p.max_shift)
            need(idle and e.count == shifts and 1 <= e.moved <= p.max_shift, "a SHIFT between rounds")
        elif kind == "ACT":
            text = f"pinhole act v1 contest={p.contest} act={e.act} team={e.team} value={e.value} number={acts}\n"
            stops, of_team, lowers = e.act == "stop", e.act in ("disqualify", "reinstate"), e.act in LOWERS
            ways = 2 if stops else 5 * (p.teams if of_team else lowered if lowers else 1)
            charge, acts, must_stop = bits(1 + p.rounds * ways), acts + 1, False
            need(e.signature == "0" * 128 if stops else signed(p.organizer, text, e.signature), "signature")
            need((e.team > 0) == of_team and (e.value != "-") == lowers, "such an act")
            if of_team:
                need(teams[e.team].out == (e.act == "reinstate"), "disqualified once")
                teams[e.team].out = e.act == "disqualify"
            elif lowers:
                need(e.value < limits[LOWERS.index(e.act)], "a limit that is lowered")
                limits[LOWERS.index(e.act)] = e.value
            else:
                need(idle if stops else not closing and e.act == "close-early", "an act in its place")
                closing, stopped, due = True, stops, {} if stops else due
        elif kind == "CHOICE":
            team, number = teams[e.team], len(teams[e.team].choices) - 1
            text = f"pinhole choice v1 contest={p.contest} team={e.team} admit={e.admit} number={number}\n"
            waits = e.admit in sum(due.values(), []) and e.admit not in (due.get(now) or [])[:released]
            mine = waits and admits[e.admit].team == e.team or e.admit in team.shown or e.admit == "-"
            need(p.final != "none" and not team.out and team.choices[-1] < now and mine, "such a choice")
            need(e.admit != team.choice and signed(team.key, text, e.signature), "the team's signature")
            team.choice, team.choices = e.admit, team.choices + [now]
        else:  # FINAL, CLOSE
            says(e, blind=blind(chain, index))
            ranked = [n for n, team in enumerate(teams) if team and team.shown and not team.out]
            costs, at, every = [] if stopped else places(p, len(ranked)), len(finals), p.final == "every-team"
            if kind == "FINAL":
                text, number = ([*texts, "WORSE"][e.level + 2], ranked[at]) if every else ("-", e.team)
                need(number in ranked and number not in finals and every == (e.level != "-"), "such a place")
                shown, choice = teams[number].shown, teams[number].choice
                judged = choice if choice in shown else min(shown, key=lambda admit: (shown[admit], admit))
                says(e, place=at + 1, team=number, admit=judged, text=text)
                charge, finals = costs[at], finals + [number]
            else:
                need(at == len(costs) and e.used_bits == used, "the whole board, and what was used")
                spent, p = spent + used, None
        need(getattr(e, "charge_bits", charge) == charge, f"charge_bits is not {charge} thousandths")
        if p:
            used, acts_used = used + charge, acts_used + (charge if kind in ("START", "SHIFT", "ACT") else 0)
            need(acts_used + (0 if stopped else stop_bits) <= p.acts_bits, "the bits for acts")
        need(not new & seen, f"{new}, which was there before")
        seen, leaves = seen | new, leaves + [hashlib.sha256(b"\0" + entry).digest()]
    return root(leaves), keys, quorum

def main(folder):
    head, _, signatures = (folder / "checkpoint").read_text().partition("\n\n")
    (origin, size, said), (name, _, key) = head.split("\n"), (folder / "log.vkey").read_text().split("+", 2)
    signature = signatures.partition(f"\u2014 {name} ")[2].partition("\n")[0]
    key, signature = base64.b64decode(key)[1:].hex(), base64.b64decode(signature)[4:].hex()
    need(origin == name and signed(key, head + "\n", signature), "the head's signature")
    full, rest = divmod(int(size), 256)  # at most 1,000 full bundles
    files = [f"{n:03d}" for n in range(full)] + [f"{full:03d}.p/{rest}"] * (rest > 0)
    data, entries = b"".join((folder / "tile/entries" / file).read_bytes() for file in files), []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        entries, data = entries + [data[2:end]], data[end:]
    found, keys, quorum = replay(entries)
    need(len(entries) == int(size) and base64.b64encode(found).decode() == said, "the head's root")
    lines = signatures.split("\n")
    need(sum(cosigned(name, key, head, lines) for name, _, key in keys) >= quorum, "a quorum of cosignatures")

sys.excepthook = lambda kind, error, trace: print(f"does not hold: {error!r}", file=sys.stderr)  # exit code 1
main(pathlib.Path(sys.argv[1]))
print("holds")
