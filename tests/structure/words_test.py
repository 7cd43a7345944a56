#!/usr/bin/env python3
"""No tracked file names a place of the machine it was written on.

A path such as a home folder or a checkout's folder works on one machine only, and tells strangers
about it. Paths that the product itself defines (/data and /tmp in a box, /usr, /proc, /etc) are fine.
"""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Data and texts of others, kept as they came.
FOREIGN = ("tests/data/", "LICENSE")

# Spelled in pieces, so that this file is not its own first finding.
# A place begins at a slash that nothing goes before, or that follows a compiler's -I or -L.
PLACES = re.compile(r"(?:(?<![\w.})>])|(?<=-[IL]))/(?:" +
                    "|".join(["wo" "rk", "ro" "ot", "ho" "me", "Us" "ers"]) + r")/[\w.]")


def findings(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        match = PLACES.search(line)
        if match:
            yield f"{name}:{number}: names a place of one machine: {line.strip()[:100]}"


def tracked_texts(root):
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], check=True,
                            capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        path = root / name
        if name.startswith(FOREIGN) or not path.is_file():
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or other binary file


class Words(unittest.TestCase):
    def test_no_tracked_file_names_a_place_of_one_machine(self):
        texts = list(tracked_texts(ROOT))
        self.assertGreater(len(texts), 10, "no files were found")
        found = [finding for name, text in texts for finding in findings(name, text)]
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_planted_places_are_found(self):
        home = "/ho" "me/"
        for text in [f"cd {home}alice", f'"{home}x"', f"-I{home}x/include", "/wo" "rk/main",
                     "PATH=/ro" "ot/bin"]:
            with self.subTest(text):
                self.assertEqual(len(list(findings("file", f"first\n{text}\n"))), 1)

    def test_what_the_product_defines_is_not_found(self):
        for text in ["/data/contest.db", "build/wo" "rk/x", "${HOME}/wo" "rk/x", "https://x.org/home",
                     "$dir/ro" "ot/x"]:
            with self.subTest(text):
                self.assertEqual(list(findings("file", text)), [])


if __name__ == "__main__":
    unittest.main()
