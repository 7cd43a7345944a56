"""Random scorings and their levels, worked out with Python's fractions: what exact_levels_test.cc compares with.

Usage: exact_levels.py SEED CASES. A case is one line "case METRIC WEIGHTS LOW HIGH BEST WORST STEP PUBLIC FINAL" (millionths,
and the two levels; as many as there are means worse than worst), lines "row SPELLING LABEL SET WEIGHT", and a line "end".
"""
import random
import sys
from fractions import Fraction

MILLION = 10**6
METRICS = ("rmse", "mse", "mae", "matches", "mismatches", "accuracy")
HIGHER = ("matches", "accuracy")


def spelling(draw, value):
    """One of the many texts of a number of millionths, and the millionths that its exact value rounds to."""
    sign = "-" if value < 0 else draw.choice(("", "+"))
    whole, part = divmod(abs(value), MILLION)
    digits = f"{whole}.{part:06d}"
    kind = draw.randrange(5)
    if kind == 0:
        text = digits.rstrip("0").rstrip(".")
    elif kind == 1:
        text = digits + "0" * draw.randrange(4)
    elif kind == 2:
        text = f"{abs(value)}e-6"
    elif kind == 3:
        text = "0" * draw.randrange(3) + digits
    else:
        text = digits + draw.choice(("5", "49", "51", "500", "5001"))  # between two millionths
    text = sign + text
    mantissa, _, exponent = text.partition("e")
    exact = Fraction(mantissa) * Fraction(10) ** int(exponent or 0)
    return text, round(exact * MILLION)  # round() of a Fraction takes ties to even


def as_good(metric, rows, threshold):
    """Whether the rows score at least as well as `threshold`, by the definitions in server/core/contest/scoring.h."""
    weight = sum(w for _, _, w in rows)
    if weight == 0:
        return False
    matches = sum(w for p, y, w in rows if p == y)
    square = sum(w * Fraction(p - y, MILLION) ** 2 for p, y, w in rows) / weight
    if metric == "rmse":
        return threshold >= 0 and square <= threshold**2
    if metric == "mse":
        return square <= threshold
    if metric == "mae":
        return sum(w * Fraction(abs(p - y), MILLION) for p, y, w in rows) / weight <= threshold
    if metric == "matches":
        return matches >= threshold
    if metric == "mismatches":
        return weight - matches <= threshold
    return matches / weight >= threshold


def level(metric, rows, best, worst, step):
    values = range(best, worst + 1, step) if best < worst else range(best, worst - 1, -step)
    for index, value in enumerate(values):
        if as_good(metric, rows, Fraction(value, MILLION)):
            return index
    return len(values)


def about(metric, rows):
    """The score in millionths, roughly: where the scale has to lie for its levels to be told apart."""
    weight = sum(w for _, _, w in rows)
    matches = sum(w for p, y, w in rows if p == y)
    square = sum(w * Fraction(p - y, MILLION) ** 2 for p, y, w in rows) / weight
    absolute = sum(w * Fraction(abs(p - y), MILLION) for p, y, w in rows) / weight
    value = {"rmse": float(square) ** 0.5, "mse": square, "mae": absolute, "matches": matches,
             "mismatches": weight - matches, "accuracy": matches / weight}[metric]
    return int(value * MILLION)


def scale(draw, metric, near):
    levels = draw.randrange(2, 40)
    step = draw.choice((1, 1000, 10_000, MILLION, max(1, near // 10), max(1, near // 10**6)))
    most = MILLION if metric == "accuracy" else 10**15
    step = min(step, most // levels)
    low = min(max(0, near - step * draw.randrange(levels) - draw.randrange(2)), most - step * (levels - 1))
    high = low + step * (levels - 1)
    return (high, low, step) if metric in HIGHER else (low, high, step)


def case(draw):
    metric = draw.choice(METRICS)
    weights = draw.choice(("equal", "column"))
    spread = draw.choice((5 * MILLION, 1000, 10**12, 2 * 10**15))
    low = -spread // 2
    high = low + spread
    rows = []
    for index in range(draw.randrange(2, 14)):
        label = draw.randrange(low, high + 1)
        near = draw.choice((0, 0, 1, -1, draw.randrange(-spread // 4, spread // 4 + 1)))
        text, value = spelling(draw, label + near)
        clipped = min(max(value, low), high)
        heavy = draw.choice((0, 1, 500, 1000, 1000, 2500, 2**32 - 1 if spread < 10**13 else 3000))
        rows.append((text, clipped, label, index % 2 if index < 2 else draw.randrange(2), heavy if index > 1 else 1000))
    counted = [(p, y, Fraction(w, 1000) if weights == "column" else Fraction(1), s) for _, p, y, s, w in rows]
    best, worst, step = scale(draw, metric, about(metric, [(p, y, w) for p, y, w, s in counted if s == 0]))
    levels = [level(metric, [(p, y, w) for p, y, w, s in counted if s == which], best, worst, step) for which in (0, 1)]
    print("case", metric, weights, low, high, best, worst, step, *levels)
    for text, _, label, which, weight in rows:
        print("row", text, label, which, weight)
    print("end")


def main():
    draw = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        case(draw)


main()
