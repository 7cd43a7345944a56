#!/usr/bin/env python3
"""The demo's split and the two closed-form models computed a second time, in another language.

Nothing here shares code with the server, the models or deploy/prepare-movielens: agreement to
1e-6 means that two independent readings of the same rules meet.

    reference.py FOLDER            prints rows and RMSE of split, global mean and damped biases
    reference.py FOLDER --write D  also writes the data folder D of MODEL.md's layout
    reference.py FOLDER --score    reads predictions from standard input, in the row order that
                                   --write gives, and prints their RMSE
FOLDER holds MovieLens' ratings.csv.
"""

import argparse
import array
import csv
import hashlib
import json
import math
import os
import sys
from collections import defaultdict


def part_of(user, movie):
    """train, public or final: bucket 0 to 9 from a hash of the pair, whatever the file's order."""
    digest = hashlib.sha256(f"pinhole-split-v2:{user}:{movie}".encode("ascii")).digest()
    bucket = int.from_bytes(digest[:8], "big") % 10
    return "train" if bucket <= 7 else "public" if bucket == 8 else "final"


def read_ratings(folder):
    parts = {"train": [], "public": [], "final": []}
    with open(os.path.join(folder, "ratings.csv"), newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            user, movie = int(row["userId"]), int(row["movieId"])
            parts[part_of(user, movie)].append(
                (user, movie, float(row["rating"]), int(row["timestamp"])))
    return parts


def clip(value):
    return min(5.0, max(0.5, value))


def rmse(rows, predict):
    return math.sqrt(math.fsum((clip(predict(u, m)) - r) ** 2 for u, m, r, _ in rows) / len(rows))


def damped_biases(train, mean):
    by_movie, by_user = defaultdict(list), defaultdict(list)
    for user, movie, rating, _ in train:
        by_movie[movie].append(rating - mean)
    movie_bias = {m: math.fsum(rest) / (10 + len(rest)) for m, rest in by_movie.items()}
    for user, movie, rating, _ in train:
        by_user[user].append(rating - mean - movie_bias[movie])
    user_bias = {u: math.fsum(rest) / (15 + len(rest)) for u, rest in by_user.items()}
    return lambda user, movie: mean + movie_bias.get(movie, 0.0) + user_bias.get(user, 0.0)


def reference(parts):
    mean = math.fsum(r for _, _, r, _ in parts["train"]) / len(parts["train"])
    models = {"global-mean": lambda user, movie: mean,
              "damped-biases": damped_biases(parts["train"], mean)}
    result = {"rows": {name: len(rows) for name, rows in parts.items()}}
    for name, predict in models.items():
        result[name] = {part: rmse(parts[part], predict) for part in ("public", "final")}
    return result


def shuffled(rows, salt):
    """An order that tells nothing, as the box's order does."""
    def key(row):
        return hashlib.sha256(f"{salt}:{row[0]}:{row[1]}".encode("ascii")).digest()
    return sorted(rows, key=key)


def rows_to_predict(parts, salt=""):
    tagged = [(u, m, r, t, part) for part in ("public", "final") for u, m, r, t in parts[part]]
    return shuffled(tagged, f"{salt}predict")


def write_columns(parts, folder, salt=""):
    def write(table, column, element_type, code, values):
        path = os.path.join(folder, "columns", table)
        os.makedirs(path, exist_ok=True)
        cells = array.array(code, values)
        if sys.byteorder != "little":
            cells.byteswap()
        with open(os.path.join(path, f"{column}.{element_type}"), "wb") as file:
            cells.tofile(file)

    train = shuffled(parts["train"], f"{salt}train")
    asked = rows_to_predict(parts, salt)
    for table, rows in (("ratings", train), ("predict", asked)):
        write(table, "userId", "i32", "i", (row[0] for row in rows))
        write(table, "movieId", "i32", "i", (row[1] for row in rows))
        write(table, "timestamp", "i64", "q", (row[3] for row in rows))
    write("ratings", "rating", "f64", "d", (row[2] for row in train))
    write("predict", "row", "i64", "q", range(len(asked)))


def score(parts, lines):
    asked = rows_to_predict(parts)
    predictions = [float(line) for line in lines]
    if len(predictions) != len(asked):
        raise SystemExit(f"{len(predictions)} predictions for {len(asked)} rows")
    squares = defaultdict(list)
    for (_, _, rating, _, part), prediction in zip(asked, predictions):
        squares[part].append((clip(prediction) - rating) ** 2)
    return {part: math.sqrt(math.fsum(rest) / len(rest)) for part, rest in squares.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--write", metavar="D")
    parser.add_argument("--score", action="store_true")
    arguments = parser.parse_args()
    parts = read_ratings(arguments.folder)
    if arguments.score:
        result = score(parts, sys.stdin)
    else:
        result = reference(parts)
        if arguments.write:
            write_columns(parts, arguments.write)
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
