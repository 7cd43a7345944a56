#!/usr/bin/env python3
"""Nothing in server/vault and server/front prints but the operator's commands; who serves has the closed log alone."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Commands that end before, or run beside, a serving vault; each prints to its own operator.
COMMANDS = {"main.cc", "contest_commands.cc", "data_command.cc", "doctor_command.cc", "evidence_command.cc"}
PRINT = re.compile(r"\b(f?printf|f?puts|fputc|putchar|perror|fwrite|syslog|vdprintf|dprintf|STDERR_FILENO|STDOUT_FILENO|stderr|stdout)\b"
                   r"|std::(cerr|cout|clog)\b|#include <(iostream|ostream|print|syslog\.h)>")


def prints(text):
    return [line.strip() for line in text.splitlines() if PRINT.search(line.split("//")[0])]


class Prints(unittest.TestCase):
    def test_only_commands_print(self):
        seen = set()
        files = sorted((ROOT / "server/vault").glob("*.*"))
        self.assertGreater(len(files), 20)
        for path in files:
            found = prints(path.read_text())
            if path.name in COMMANDS:
                seen.add(path.name) if found else None
            else:
                self.assertEqual(found, [], path.name)
        self.assertEqual(seen, COMMANDS, "a command that does not print needs no exception")

    def test_the_front_prints_before_it_serves_only(self):
        files = sorted((ROOT / "server/front").glob("*.*"))
        self.assertGreater(len(files), 20)
        printing = {path.name for path in files if prints(path.read_text())}
        self.assertEqual(printing, {"main.cc"})

    def test_the_serving_vault_is_no_command(self):
        for name in ("serve.cc", "serve_command.cc", "runner.cc", "vault.cc", "run_store.cc"):
            self.assertNotIn(name, COMMANDS)

    def test_it_finds_prints(self):
        for line in ('std::printf("x");', "std::cerr << x;", '::fputs(text, stderr);', "#include <iostream>", "::write(STDERR_FILENO, p, n);"):
            self.assertTrue(prints(line), line)
        self.assertEqual(prints("snprintf(line, 3, x); // printf"), [])


if __name__ == "__main__":
    unittest.main()
