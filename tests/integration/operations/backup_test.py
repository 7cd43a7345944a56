#!/usr/bin/env python3
"""Backup while a vault serves, and restore: of the newest state without loss, of an older one with everybody noticing."""

import os
import shutil
import signal
import tempfile
import time
import unittest

import sites


class Backup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-backup-")
        self.addCleanup(folder.cleanup)
        self.site = site = sites.Site(folder.name)
        self.addCleanup(site.end)
        site.serve_vault()
        site.serve_front()
        site.open_contest()
        site.trust()
        site.join("ada")
        self.vault = site.folder / "vault"

    def vault_command(self, *arguments, check=True):
        return self.site.run("pinhole-vault", *arguments, check=check)

    def refused(self, text, *arguments):
        done = self.vault_command(*arguments, check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn(text, done.stderr)

    def await_log(self, name, text, since=0):
        deadline = time.monotonic() + 60
        while text not in self.site.log(name)[since:]:
            self.assertLess(time.monotonic(), deadline, f"{name} never says {text}\n{self.site.logs()}")
            time.sleep(0.1)

    def test_the_newest_state_goes_on_and_an_older_one_is_noticed(self):
        site, vault = self.site, self.vault
        older = site.folder / "older.backup"
        # A backup with a submission that waits: its program is in it.
        site.run("pinhole", "submit", sites.CONDUCTS / "conduct_honest", home="ada")
        self.await_log("vault", "admitted=1")
        self.vault_command("backup", vault, older)
        self.assertEqual(older.stat().st_mode & 0o777, 0o600)
        self.refused("is there already", "backup", vault, older)
        self.refused("stop it first", "restore", vault, older)
        # Life goes on for more than two rounds, and the client remembers a newer head.
        self.assertIn("score 0.3", site.submit("ada", "better"))
        site.audit(home="ada")
        site.run("pinhole", "board", "demo", home="ada")
        site.stop(site.vault)
        self.refused("do not continue", "restore", vault, older)

        # The newest state, over itself and then onto a lost disk: nothing is lost.
        newest = site.folder / "newest.backup"
        self.vault_command("backup", vault, newest)
        self.vault_command("restore", vault, newest)
        self.assertTrue(list((vault / "private").glob("replaced-*/vault.db")))
        for path in (vault / "private").glob("vault.db*"):
            path.unlink()
        shutil.rmtree(vault / "private/programs")
        (vault / "private/programs").mkdir(mode=0o700)
        self.vault_command("restore", vault, newest)
        site.serve_vault()
        self.assertIn("0.3", site.run("pinhole", "board", "demo", home="ada"))
        # Worse than the best: no score, and an entry of the ledger.
        text = site.run("pinhole", "submit", sites.CONDUCTS / "conduct_slow", "--wait", home="ada", check=False).stdout
        self.assertIn("ledger entry", text)
        site.audit(home="ada")
        site.stop(site.vault)

        # Another vault's backup, and one that was changed, are refused.
        other = site.folder / "other"
        site.run("pinhole-vault", "init", other, "--name", "vault.example/other", "--socket", site.folder / "pipe/other",
                 "--degraded", "lane-users,cgroups,network")
        self.refused("", "restore", other, newest)
        damaged = site.folder / "damaged.backup"
        content = bytearray(newest.read_bytes())
        at = content.index(b"RESULT")
        content[at + 7:at + 8] = b"9"
        damaged.write_bytes(content)
        for path in (vault / "private").glob("vault.db*"):
            path.unlink()
        self.refused("", "restore", vault, damaged)
        self.assertFalse((vault / "private/vault.db").exists())
        self.assertFalse(list((vault / "private").glob("*.part-*")))

        # The disk with everything newer is lost for good, and the older backup is all there is.
        since = len(site.log("vault"))
        self.vault_command("restore", vault, older)
        # What only the newer history's runs wrote is kept beside it.
        self.assertTrue(list((vault / "private").glob("replaced-*/*.predictions")))
        self.vault_command("evidence", "verify", vault)
        site.serve_vault()
        self.await_log("vault", "event=mirror-ahead", since)
        # The waiting submission is run from the program in the backup, in its moved round.
        self.await_log("vault", "released=1", since)
        # The front keeps what it knows: nobody is shown the other history.
        self.assertIn("0.3", site.run("pinhole", "board", "demo", home="ada"))
        # A front that is rebuilt from the restored vault shows it, and the client refuses.
        site.front.send_signal(signal.SIGTERM)
        site.front.wait()
        state = site.folder / "front/state"
        for path in state.glob("front.db*"):
            path.unlink()
        kept = site.folder / "front/new"
        site.run("pinholed", "init", kept, "--vault-socket", site.folder / "pipe/socket", "--log-vkey", site.vkey, "--listen", site.listen,
                 user=sites.whole_test.FRONT_USER, group=sites.whole_test.FRONT_USER, extra_groups=[])
        for name in ("tls.key", "tls.crt", "pin", "pinholed.toml"):
            (kept / name).write_bytes((state / name).read_bytes())
        shutil.rmtree(state)
        os.rename(kept, state)
        site.serve_front()
        stranger = 1
        while stranger != 0:  # a person who remembers nothing sees a whole ledger
            stranger = site.audit(home="stranger", check=False).returncode
            time.sleep(0.2)
        for command in (("board", "demo"), ("contests",)):
            done = site.run("pinhole", *command, home="ada", check=False)
            self.assertEqual(done.returncode, 4, f"{command}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
