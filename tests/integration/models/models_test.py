#!/usr/bin/env python3
"""The demo's models against reference.py: the numbers, determinism, and what they say when the data
folder is wrong. Run outside a box; PINHOLE_BIN names the folder of the programs."""

import csv
import os
import pathlib
import subprocess
import tempfile
import tomllib
import unittest

import reference

SOURCE = pathlib.Path(__file__).resolve().parents[3]
MOVIELENS = SOURCE / "tests" / "data" / "ml-latest-small"
BIN = pathlib.Path(os.environ["PINHOLE_BIN"])

# Measured once, outside this repository's code, when the split was chosen; a port must agree to 1e-6.
EXPECTED = {
    "global-mean": {"public": 1.047809, "final": 1.053377},
    "damped-biases": {"public": 0.878712, "final": 0.886585},
}


def run_model(name, folder):
    return subprocess.run([BIN / f"model-{name}", folder], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=100)


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.parts = reference.read_ratings(MOVIELENS)
        cls.folder = tempfile.TemporaryDirectory()
        reference.write_columns(cls.parts, cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def assertRmse(self, measured, expected, name):
        for part, value in expected.items():
            self.assertAlmostEqual(measured[part], value, delta=1e-6, msg=f"{name} {part}")

    def predictions(self, name, folder=None):
        done = run_model(name, folder or self.folder.name)
        self.assertEqual((done.returncode, done.stderr), (0, ""), name)
        return done.stdout.splitlines()

    def test_reference_gives_the_published_numbers(self):
        measured = reference.reference(self.parts)
        self.assertEqual(measured["rows"], {"train": 80621, "public": 10122, "final": 10093})
        for name, expected in EXPECTED.items():
            self.assertRmse(measured[name], expected, name)

    def test_closed_form_models_agree_with_the_reference(self):
        measured = reference.reference(self.parts)
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                score = reference.score(self.parts, self.predictions(name))
                self.assertRmse(score, expected, name)
                self.assertRmse(score, measured[name], name)

    def test_matrix_factorisation_beats_the_damped_biases(self):
        score = reference.score(self.parts, self.predictions("matrix-factorisation"))
        print("matrix-factorisation", score)
        self.assertLess(score["public"], EXPECTED["damped-biases"]["public"])
        self.assertLess(score["final"], EXPECTED["damped-biases"]["final"])

    def test_predictions_are_on_the_scale_and_short_enough(self):
        for name in [*EXPECTED, "matrix-factorisation"]:
            for line in self.predictions(name):
                self.assertLessEqual(len(line), 40)
                self.assertTrue(0.5 <= float(line) <= 5.0, f"{name}: {line}")

    def test_the_same_data_stored_in_another_order_gives_the_same_predictions(self):
        other = {part: list(reversed(rows)) for part, rows in self.parts.items()}
        with tempfile.TemporaryDirectory() as folder:
            reference.write_columns(other, folder, salt="another")
            for name in [*EXPECTED, "matrix-factorisation"]:
                with self.subTest(name):
                    here = zip(reference.rows_to_predict(self.parts), self.predictions(name))
                    there = zip(reference.rows_to_predict(self.parts, salt="another"),
                                self.predictions(name, folder))
                    self.assertEqual({row[:2]: line for row, line in here},
                                     {row[:2]: line for row, line in there})

    def test_a_folder_without_columns_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run_model("damped-biases", folder)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("no column userId of table ratings under", done.stderr)


class Preparation(unittest.TestCase):
    def test_makes_the_split_of_the_reference_and_declares_every_column(self):
        with tempfile.TemporaryDirectory() as scratch:
            out = pathlib.Path(scratch) / "private"
            program = SOURCE / "deploy" / "prepare-movielens"
            subprocess.run([program, MOVIELENS, out], check=True, stdout=subprocess.DEVNULL)
            with open(out / "dataset.toml", "rb") as file:
                declared = tomllib.load(file)
            for table in declared["table"]:
                with open(out / table["file"], newline="", encoding="utf-8") as file:
                    header = next(csv.reader(file))
                if table["name"] == declared["target"]:
                    self.assertEqual(header.pop(), declared["split"])
                self.assertEqual(header, list(table["columns"]), table["name"])
            with open(out / "ratings.csv", newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual(len(rows), 100836)
            for row in rows:
                self.assertEqual(row["split"], reference.part_of(row["userId"], row["movieId"]))
            again = subprocess.run([program, MOVIELENS, out], capture_output=True, text=True)
            self.assertEqual(again.returncode, 1)
            self.assertIn("is there already", again.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
