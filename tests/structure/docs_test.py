#!/usr/bin/env python3
"""Documents point at what is there: every path of the tree that they name exists, and a function named beside a file is in it.

Commands in documents are run by tests/integration/whole; this test reads the sentences.
"""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = "server|sandbox|client|deploy|docs|tests|migrations|proto"
PATH = re.compile(rf"(?<![\w/.@:-])(?:{FOLDERS})/[\w./-]*[\w/]")
# `Name` (path …) and `Name` in path: the name's last part must stand in that file.
NAMED = re.compile(rf"`([\w:]+)`\s*(?:\(|\s+in\s+|\s+of\s+)((?:{FOLDERS})/[\w./-]*\w\.(?:h|cc))")


def documents(root):
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "*.md"], check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith("tests/data/"):
            yield name, (root / name).read_text(encoding="utf-8")


def findings(name, text, root):
    for path in sorted(set(PATH.findall(text))):
        if not (root / path).exists():
            yield f"{name}: {path} does not exist"
    for symbol, path in NAMED.findall(text):
        file = root / path
        if file.exists() and not re.search(rf"\b{symbol.split('::')[-1]}\b", file.read_text(encoding="utf-8")):
            yield f"{name}: {path} has no {symbol}"


class Docs(unittest.TestCase):
    def test_documents_point_at_what_is_there(self):
        texts = dict(documents(ROOT))
        self.assertIn("README.md", texts)
        self.assertIn("docs/LIFE_OF_A_SUBMISSION.md", texts)
        self.assertGreaterEqual(len(NAMED.findall(texts["docs/LIFE_OF_A_SUBMISSION.md"])), 15)
        found = [finding for name, text in texts.items() for finding in findings(name, text, ROOT)]
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_planted_mistakes_are_found(self):
        for text in ("see server/core/no_such_file.h", "`NoSuchName` (server/core/gate/gate.h)",
                     "`NoSuchName` in server/core/gate/gate.h"):
            with self.subTest(text):
                self.assertEqual(len(list(findings("file", text, ROOT))), 1)

    def test_what_is_there_is_not_found(self):
        for text in ("`gate::Decide` (server/core/gate/gate.h): tests/unit.", "under /data and `/tmp`", "https://x.org/docs/none"):
            with self.subTest(text):
                self.assertEqual(list(findings("file", text, ROOT)), [])


if __name__ == "__main__":
    unittest.main()
