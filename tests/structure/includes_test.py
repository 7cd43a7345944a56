#!/usr/bin/env python3
"""Which file may include what: deploy/layers.txt for the project's own headers, and a list of system
headers that core must do without. Also runs against small planted trees, so that a check that stops
finding anything is noticed.

Files of 400 lines and more are listed as a question, never as a failure.
"""

import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUFFIXES = (".h", ".cc", ".c", ".inc")
LONG_FILE_LINES = 400
INCLUDE = re.compile(r'^\s*#\s*(?:include|import|include_next)\s*(["<])([^">]+)[">]', re.MULTILINE)
OWN_FOLDERS = ("server/", "sandbox/", "client/", "proto/")

# Core decides; it never touches the world. Time and randomness are arguments there.
CORE_FORBIDDEN = re.compile(
    r"^(fstream|filesystem|iostream|cstdio|stdio\.h|fcntl\.h|unistd\.h|dirent\.h|poll\.h|"
    r"thread|mutex|shared_mutex|condition_variable|future|stop_token|semaphore|latch|barrier|"
    r"pthread\.h|signal\.h|csignal|spawn\.h|sched\.h|"
    r"chrono|ctime|time\.h|random|"
    r"sys/.*|netinet/.*|arpa/.*|net/.*|netdb\.h|linux/.*|"
    r"sqlite3\.h|grpc/.*|grpcpp/.*|google/protobuf/.*|.*\.pb\.h|seccomp\.h|"
    r"absl/synchronization/.*|absl/time/.*|absl/random/.*)$")

# (files, what they must not include, why): the rest of DESIGN.md's "never" column.
FORBIDDEN = [
    (re.compile(r"^server/core/"), CORE_FORBIDDEN, "core has no files, sockets, threads or clocks"),
    (re.compile(r"^server/(vault|storage|dataset|scorer|system)/"),
     re.compile(r"^(grpc/.*|grpcpp/.*|google/protobuf/.*|.*\.pb\.h|httplib\.h)$"),
     "only the front and the client speak to the network"),
    (re.compile(r"^sandbox/(launcher|protocol)/"), re.compile(r"^(absl/.*|grpc.*|google/.*)$"),
     "the launcher is libc and libseccomp"),
    (re.compile(r"^sandbox/"), re.compile(r"^(grpc/.*|grpcpp/.*|google/protobuf/.*|.*\.pb\.h)$"),
     "a process that clones must not have gRPC in it"),
    (re.compile(r"^(server|client)/"), re.compile(r"^sandbox/unchecked\.h$"),
     "lanes whose boxes nobody has looked at are for tests of the box"),
    (re.compile(r"^(?!server/core/exact/|server/vault/evidence_replay\.)"), re.compile(r"^server/core/exact/"),
     "an exact score is read by the operator's evidence commands alone"),
    (re.compile(r"^(?!server/vault/evidence_(replay|command)\.)"), re.compile(r"^server/vault/evidence_replay\.h$"),
     "an exact score is read by the operator's evidence commands alone"),
    (re.compile(r"^client/sdk/"), re.compile(r"^(absl/.*|grpc.*|google/.*|openssl/.*)$"),
     "a contestant has nothing but a compiler"),
]


def read_layers(path):
    """Modules in the file's order, lowest first, with what each may use directly."""
    layers = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            module, _, allowed = line.partition(":")
            layers[module.strip()] = allowed.split()
    return layers


def check_layers(layers):
    """Every name is known and stands above its user, which also excludes cycles."""
    problems, above = [], set()
    for module, allowed in layers.items():
        for name in allowed:
            if name not in layers:
                problems.append(f"deploy/layers.txt: {module} names {name}, which is no module")
            elif name not in above:
                problems.append(f"deploy/layers.txt: {module} names {name}, which does not stand "
                                "above it: dependencies go down only")
        above.add(module)
    return problems


def module_of(path, layers):
    """The deepest module whose folder holds `path`; None when there is none."""
    folder = path
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        if folder in layers:
            return folder
    return None


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda match: "\n" * match[0].count("\n"), text,
                  flags=re.DOTALL)


def check_file(path, text, layers):
    problems = []
    module = module_of(path, layers)
    if module is None:
        return [f"{path}: belongs to no module of deploy/layers.txt"]
    code = without_comments(text)
    for match in INCLUDE.finditer(code):
        header = match[2]
        line = code.count("\n", 0, match.start(1)) + 1
        where = f"{path}:{line}"
        if ".." in pathlib.PurePosixPath(header).parts:
            problems.append(f"{where}: includes {header}: name headers from the root")
        for files, forbidden, why in FORBIDDEN:
            if files.match(path) and forbidden.match(header):
                problems.append(f"{where}: includes {header}: {why}")
        if header.startswith(OWN_FOLDERS):
            target = module_of(header, layers)
            if target is None:
                problems.append(f"{where}: includes {header}, which belongs to no module")
            elif target != module and target not in layers[module]:
                problems.append(f"{where}: {module} may not use {target} ({header}): "
                                "deploy/layers.txt does not allow it")
        elif header.startswith(("tests/", "deploy/")):
            problems.append(f"{where}: includes {header}: the product does not know its tests")
    return problems


def check_tree(root, paths):
    """All problems of the project's own source files among `paths` (relative, with slashes)."""
    layers = read_layers(root / "deploy" / "layers.txt")
    problems = check_layers(layers)
    for path in paths:
        if path.endswith(SUFFIXES) and path.startswith(OWN_FOLDERS):
            text = (root / path).read_text(encoding="utf-8")
            problems += check_file(path, text, layers)
    return problems


def source_files(root):
    """Tracked and new files; what git ignores is not the project's."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True).stdout
    return sorted({path for path in listed.split("\0") if path and (root / path).is_file()})


class ProjectTree(unittest.TestCase):
    def test_every_include_is_allowed(self):
        paths = source_files(ROOT)
        self.assertGreater(sum(path.endswith(".cc") for path in paths), 3, "no sources were found")
        problems = check_tree(ROOT, paths)
        self.assertEqual(problems, [], "\n" + "\n".join(problems))

    def test_long_files_are_listed(self):
        for path in source_files(ROOT):
            if path.endswith((*SUFFIXES, ".py", ".ts", ".tsx")):
                with open(ROOT / path, encoding="utf-8") as file:
                    lines = sum(1 for _ in file)
                if lines > LONG_FILE_LINES:
                    print(f"question: {path} has {lines} lines; does it have one reason?")


class PlantedTree(unittest.TestCase):
    """Each case plants one violation beside files that are in order."""

    LAYERS = "low:\n# a comment\nserver/core/exact:\nserver/core/a:\nserver/core/b: server/core/a server/core/exact\n" \
             "sandbox/launcher:\nsandbox:\nserver/vault: server/core/b server/core/exact sandbox\nclient/sdk:\n"
    SOUND = {
        "server/core/a/a.h": "#pragma once\n#include <vector>\n",
        "server/core/b/b.cc": '#include "server/core/a/a.h"\n#include "server/core/b/b.h"\n',
        "server/vault/v.cc": '#include "server/core/b/b.h"\n#include <fstream>\n#include <thread>\n',
    }

    def problems(self, files, layers=LAYERS):
        with tempfile.TemporaryDirectory() as scratch:
            root = pathlib.Path(scratch)
            for path, text in {**self.SOUND, "deploy/layers.txt": layers, **files}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            return check_tree(root, [*self.SOUND, *files])

    def test_a_sound_tree_has_no_problems(self):
        self.assertEqual(self.problems({}), [])

    def test_planted_violations_are_reported(self):
        cases = {
            "upward": ("server/core/a/x.cc", '#include "server/core/b/b.h"',
                       "server/core/a may not use server/core/b"),
            "not_listed_directly": ("server/vault/x.cc", '#include "server/core/a/a.h"',
                                    "server/vault may not use server/core/a"),
            "angle_brackets": ("server/core/a/x.cc", "#include <server/core/b/b.h>",
                               "server/core/a may not use server/core/b"),
            "spaces": ("server/core/a/x.cc", '  #  include  "server/core/b/b.h"',
                       "server/core/a may not use server/core/b"),
            "after_a_comment": ("server/core/a/x.cc", '/* why */ #include "server/core/b/b.h"',
                                "server/core/a may not use server/core/b"),
            "line_number": ("server/core/a/x.cc", '// one\n/* two\n three */\n#include <mutex>',
                            "server/core/a/x.cc:4: includes mutex"),
            "core_reads_files": ("server/core/a/x.cc", "#include <fstream>", "includes fstream"),
            "core_sleeps": ("server/core/a/x.cc", "#include <thread>", "includes thread"),
            "core_has_a_clock": ("server/core/a/x.h", "#include <chrono>", "includes chrono"),
            "core_has_absl_time": ("server/core/a/x.h", '#include "absl/time/clock.h"',
                                   "includes absl/time/clock.h"),
            "core_speaks_sql": ("server/core/a/x.cc", "#include <sqlite3.h>", "includes sqlite3.h"),
            "core_has_sockets": ("server/core/a/x.cc", "#include <sys/socket.h>",
                                 "includes sys/socket.h"),
            "core_knows_protobuf": ("server/core/b/x.cc", '#include "google/protobuf/message.h"',
                                    "includes google/protobuf/message.h"),
            "vault_knows_grpc": ("server/vault/x.cc", "#include <grpcpp/grpcpp.h>",
                                 "only the front and the client"),
            "launcher_knows_absl": ("sandbox/launcher/x.cc", '#include "absl/strings/str_cat.h"',
                                    "the launcher is libc"),
            "gate_reads_exact_scores": ("server/core/b/x.cc", '#include "server/core/exact/exact_score.h"',
                                        "evidence commands alone"),
            "vault_reads_exact_scores": ("server/vault/vault.cc", '#include "server/core/exact/exact_score.h"',
                                         "evidence commands alone"),
            "serving_scores_again": ("server/vault/serve.cc", '#include "server/vault/evidence_replay.h"',
                                     "evidence commands alone"),
            "vault_skips_the_record": ("server/vault/x.cc", '#include "sandbox/unchecked.h"',
                                       "for tests of the box"),
            "sdk_knows_absl": ("client/sdk/x.h", '#include "absl/strings/str_cat.h"',
                               "nothing but a compiler"),
            "unknown_module": ("server/extra/x.cc", "", "belongs to no module"),
            "unknown_header": ("server/vault/x.cc", '#include "server/extra/x.h"',
                               "which belongs to no module"),
            "relative": ("server/vault/x.cc", '#include "../core/a/a.h"', "headers from the root"),
            "tests": ("server/vault/x.cc", '#include "tests/support/x.h"', "does not know its tests"),
        }
        for name, (path, text, expected) in cases.items():
            with self.subTest(name):
                problems = self.problems({path: text + "\n"})
                self.assertEqual(len(problems), 1, problems)
                self.assertIn(expected, problems[0])

    def test_what_only_looks_like_a_violation_is_not(self):
        for name, text in {
            "in_a_comment": '// #include "server/core/b/b.h"\n',
            "in_a_block_comment": '/*\n#include "server/core/b/b.h"\n*/\n',
            "allowed_words": "#include <chrono_like.h>\n#include <string>\n",
        }.items():
            with self.subTest(name):
                self.assertEqual(self.problems({"server/core/a/x.cc": text}), [])

    def test_layers_that_go_up_or_round_are_reported(self):
        for name, layers, expected in [
            ("upward", "server/core/a: server/core/b\nserver/core/b:\nserver/vault: server/core/b\n",
             "server/core/a names server/core/b, which does not stand above it"),
            ("cycle", "server/core/a: server/core/b\nserver/core/b: server/core/a\n"
                      "server/vault: server/core/b\n",
             "server/core/a names server/core/b, which does not stand above it"),
            ("itself", "server/core/a: server/core/a\nserver/core/b: server/core/a\n"
                       "server/vault: server/core/b\n",
             "server/core/a names server/core/a, which does not stand above it"),
            ("unknown", "server/core/a: elsewhere\nserver/core/b: server/core/a\n"
                        "server/vault: server/core/b\n",
             "server/core/a names elsewhere, which is no module"),
        ]:
            with self.subTest(name):
                problems = self.problems({}, layers)
                self.assertTrue(any(expected in problem for problem in problems), problems)


if __name__ == "__main__":
    unittest.main()
