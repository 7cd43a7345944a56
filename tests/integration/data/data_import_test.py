"""`pinhole-vault data import` as an operator runs it, its result read by Python's own csv and sqlite3."""

import array
import collections
import csv
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import unittest

BIN = pathlib.Path(os.environ["PINHOLE_BIN"])
RANDHIE = pathlib.Path(os.environ["PINHOLE_SOURCE"]) / "tests/data/randhie"
LABEL = struct.Struct("<qBI")  # millionths, set, weight in thousandths


class DataImport(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pinhole-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.vault = self.folder / "vault"
        self.run_command("pinhole", "keygen", self.folder / "owner.key")
        self.run_command("pinhole-vault", "init", self.vault, "--name", "vault.example/data", "--socket",
                         self.folder / "socket")

    def run_command(self, program, *arguments, fails=False):
        done = subprocess.run([BIN / program, *map(str, arguments)], capture_output=True, text=True)
        if not fails:
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def import_data(self, spec, **options):
        return self.run_command("pinhole-vault", "data", "import", self.vault, spec, "--owner-key",
                                self.folder / "owner.key", **options)

    def query(self, sql):
        database = sqlite3.connect(f"file:{self.vault}/data/view/contest.db?immutable=1", uri=True)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def labels(self):
        return list(LABEL.iter_unpack((self.vault / "data/truth/labels.rows").read_bytes()))

    def test_every_row_of_the_file_is_in_one_place(self):
        report = self.import_data(RANDHIE / "import.toml")
        with open(RANDHIE / "randhie.csv", newline="", encoding="utf-8") as source:
            wanted = collections.Counter(tuple(map(float, row)) for row in list(csv.reader(source))[1:])
        train = self.query("SELECT * FROM visits")
        predict = self.query("SELECT * FROM predict ORDER BY row")
        labels = self.labels()
        self.assertEqual([row[0] for row in predict], list(range(len(labels))))
        found = collections.Counter(train)
        found.update((label / 1e6, *row[1:]) for (label, _, _), row in zip(labels, predict))
        self.assertEqual(found, wanted)
        self.assertTrue(all(weight == 1000 for _, _, weight in labels))
        sets = collections.Counter(which for _, which, _ in labels)
        self.assertIn(f"imported randhie version 1: {len(train)} training rows, {sets[0]} public and "
                      f"{sets[1]} final rows to predict", report)
        self.assertIn("table visits: 20190 rows\n  mdvis                    i32   declared 0..77\n", report)
        self.assertIn("split by a keyed hash of the row: train ", report)
        self.assertIn("persons: no column names them", report)
        # Shares of 70, 15 and 15 in 20,190 rows, within five standard deviations.
        self.assertAlmostEqual(len(train) / 20190, 0.70, delta=0.017)
        self.assertAlmostEqual(sets[0] / 20190, 0.15, delta=0.013)
        mean = sum(row[0] for row in train) / len(train)
        facts = dict(line.split("=") for line in (self.vault / "private/import-facts").read_text().split())
        self.assertEqual(int(facts["baseline_prediction"]), round(mean * 1e6))
        self.assertEqual(int(facts["majority_label"]), 0)
        days = array.array("i", (self.vault / "data/view/columns/visits/mdvis.i32").read_bytes())
        self.assertEqual(list(days), [row[0] for row in train])

    def test_two_vaults_split_in_two_ways(self):
        self.import_data(RANDHIE / "import.toml")
        first = self.labels()
        self.vault = self.folder / "another"
        self.run_command("pinhole-vault", "init", self.vault, "--name", "vault.example/b", "--socket",
                         self.folder / "socket")
        self.import_data(RANDHIE / "import.toml")
        self.assertNotEqual(first, self.labels())

    def test_a_database_says_the_same_as_the_file_it_was_made_of(self):
        with open(RANDHIE / "randhie.csv", newline="", encoding="utf-8") as source:
            header, *rows = csv.reader(source)
        database = sqlite3.connect(self.folder / "hie.db")
        database.execute("CREATE TABLE seen(person INTEGER, " + ", ".join(f"{name} REAL" for name in header) + ")")
        database.executemany("INSERT INTO seen VALUES(?" + ",?" * len(header) + ")",
                             ([i // 5, *row] for i, row in enumerate(rows)))
        database.commit()
        database.close()
        spec = self.folder / "import.toml"
        spec.write_text('dataset = "hie"\nversion = 1\ndeployment = "one-machine"\nbudget_bits = 100\n'
                        'target = "visits"\nlabel = "mdvis"\nperson = "person"\n[[table]]\nname = "visits"\n'
                        'database = "hie.db"\ntable = "seen"\n', encoding="utf-8")
        report = self.import_data(spec)
        self.assertIn("split by a keyed hash of person: train ", report)
        self.assertIn(" 0 with both\n", report)
        self.assertEqual(self.query("SELECT count(*) FROM visits WHERE person IN (SELECT person FROM predict)"),
                         [(0,)])
        self.assertEqual(self.query("SELECT round((SELECT sum(physlm) FROM visits) + (SELECT sum(physlm) FROM "
                                    "predict), 7)"), [(2493.4700952,)])

    def test_a_refused_import_leaves_nothing_and_can_be_repeated(self):
        before = sorted(path.name for path in self.vault.rglob("*"))
        shutil.copy(RANDHIE / "import.toml", self.folder / "import.toml")
        text = (RANDHIE / "randhie.csv").read_text(encoding="utf-8")
        (self.folder / "randhie.csv").write_text(text + "1,2,3\n", encoding="utf-8")
        said = self.import_data(self.folder / "import.toml", fails=True)
        self.assertIn("randhie.csv:20192:1: the record has 3 fields, the header has 10", said)
        self.assertEqual(sorted(path.name for path in self.vault.rglob("*")), before)
        # No training label: what fails after the rows were written.
        (self.folder / "randhie.csv").write_text(
            "mdvis,lncoins,idp,part\n,1,0,train\n1,1,0,public\n2,1,0,final\n", encoding="utf-8")
        spec = (self.folder / "import.toml").read_text(encoding="utf-8")
        spec = spec.replace("shares = {train = 70, public = 15, final = 15}", 'split = "part"')
        (self.folder / "import.toml").write_text(spec, encoding="utf-8")
        said = self.import_data(self.folder / "import.toml", fails=True)
        self.assertIn("no training row has a label", said)
        self.assertEqual(sorted(path.name for path in self.vault.rglob("*")), before)
        (self.folder / "randhie.csv").write_text(
            "mdvis,lncoins,idp,part\n3,1,0,train\n1,1,0,public\n2,1,0,final\n", encoding="utf-8")
        self.assertIn("split as the column part says: train 1 (33.33 %)", self.import_data(self.folder / "import.toml"))


if __name__ == "__main__":
    unittest.main()
