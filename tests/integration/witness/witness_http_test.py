#!/usr/bin/env python3
"""Witnesses by HTTP: every code of C2SP tlog-witness, a growing ledger, split views, rollbacks, withheld cosignatures, deaths and races."""

import base64
import hashlib
import http.client
import http.server
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from world import Ledger, Witness, run

SIZE_TYPE = "text/x.tlog.size"


def call(url, body=None, method=None):
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


class Proxy(http.server.BaseHTTPRequestHandler):
    """The reverse proxy with TLS that stands before a witness, at /w."""

    protocol_version = "HTTP/1.1"
    witness = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, kind, answer = call(self.witness.url + self.path.removeprefix("/w"), body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


class WitnessHttp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.histories = tempfile.TemporaryDirectory(prefix="pinhole-witness-")
        cls.ledger = Ledger(pathlib.Path(cls.histories.name), 12)
        cls.rival = Ledger(pathlib.Path(cls.histories.name), 13)

    @classmethod
    def tearDownClass(cls):
        cls.histories.cleanup()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-witness-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def witness(self, name, *more):
        witness = Witness(self.folder / name, self.ledger.vkey, *more)
        self.addCleanup(witness.close)
        return witness

    def add(self, witness, body):
        return call(witness.url + "/add-checkpoint", body)

    def ask(self, ledger, tiles, witnesses, *more):
        keys = [word for witness in witnesses for word in ("--witness", witness.vkey)]
        return run("witness", "ask", *[witness.url for witness in witnesses], "--tiles", tiles, "--key", ledger.vkey, *keys, *more)

    def audit(self, ledger, tiles, witnesses, quorum):
        keys = [word for witness in witnesses for word in ("--witness", witness.vkey)]
        return run("audit", "--tiles", tiles, "--key", ledger.vkey, *keys, "--quorum", quorum)

    def test_every_code(self):
        witness, ledger = self.witness("w"), self.ledger
        monitor = f"{witness.url}/{hashlib.sha256(ledger.origin.encode()).hexdigest()}/checkpoint"
        self.assertEqual(call(monitor)[0], 404)
        status, _, line = self.add(witness, ledger.request(0, 5))
        self.assertEqual(status, 200)
        self.assertRegex(line, r"\A— w.example/w [A-Za-z0-9+/]+=*\n\Z")
        self.assertEqual(call(monitor), (200, "text/plain; charset=utf-8", ledger.note(5) + line))
        good = ledger.request(5, 9)
        text, note = good.split(b"\n\n", 1)
        forged = bytearray(base64.b64decode(note.split()[-1]))
        forged[-1] ^= 1
        other = Ledger(self.folder, 5)
        other.origin = "vault.example/other"
        cases = [
            ("not a request", b"hello\n", 400, None),
            ("empty", b"", 400, None),
            ("an old size above the new one", ledger.request(5, 9).replace(b"old 5", b"old 10"), 400, None),
            ("a hash too many", b"old 5\n" + b"A" * 43 + b"=\n" * 1 + (b"A" * 43 + b"=\n") * 63 + b"\n" + note, 400, None),
            ("another key", text + b"\n\n" + note.replace(note.split()[-1], base64.b64encode(forged)), 403, None),
            ("a stranger's signature alone", text + b"\n\n" + note.replace(b"\xe2\x80\x94 vault", b"\xe2\x80\x94 stranger"), 403, None),
            ("another ledger", b"old 0\n\n" + other.note(3).encode(), 404, None),
            ("from another size", ledger.request(3, 9), 409, "5\n"),
            ("from the beginning", ledger.request(0, 9), 409, "5\n"),
            ("rolled back", ledger.request(3, 4), 409, "5\n"),
            ("another root of this size", b"old 5\n\n" + self.rival.note(5).encode(), 409, None),
            ("no proof", b"old 5\n\n" + note, 422, None),
            ("a wrong proof", b"old 5\n" + base64.b64encode(bytes(32)) + b"\n\n" + note, 422, None),
            ("another history", self.rival.request(5, 9), 422, None),
            ("too large", good + b"x" * 65536, 413, None),
        ]
        for name, body, code, size in cases:
            with self.subTest(name):
                status, kind, answer = self.add(witness, body)
                self.assertEqual(status, code, answer)
                self.assertEqual(kind == SIZE_TYPE, size is not None)
                if size is not None:
                    self.assertEqual(answer, size)
        self.assertIn("ANOTHER LEDGER", self.add(witness, b"old 5\n\n" + self.rival.note(5).encode())[2])
        self.assertTrue((self.folder / "w/evidence").exists())
        for path, body, method, code in [("/", None, "GET", 404), ("/add-checkpoint", None, "GET", 404), ("/other", b"x", "POST", 404),
                                         ("/" + "0" * 64 + "/checkpoint", None, "GET", 404), ("/add-checkpoint", b"x", "PUT", 405),
                                         ("/" + "a" * 9000, None, "GET", 414)]:
            with self.subTest(path[:20], method=method):
                self.assertEqual(call(witness.url + path, body, method)[0], code)
        self.assertEqual(call(monitor)[2], ledger.note(5) + line)
        self.assertEqual(self.add(witness, good)[0], 200)

    def test_bodies_in_chunks_are_bounded_and_connections_kept(self):
        witness = self.witness("w")
        connection = http.client.HTTPConnection(witness.host, witness.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", "/add-checkpoint", body=self.ledger.request(0, 5))
        self.assertEqual(connection.getresponse().read()[:4], "— ".encode())
        kept = connection.sock
        self.assertIsNotNone(kept)
        connection.request("POST", "/add-checkpoint", body=iter([self.ledger.request(5, 9)[:20], self.ledger.request(5, 9)[20:]]),
                           encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        self.assertEqual(connection.getresponse().read()[:4], "— ".encode())
        self.assertIs(connection.sock, kept)
        with socket.create_connection((witness.host, witness.port), timeout=60) as raw:
            raw.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                for _ in range(100):  # 6.4 MB: far above what is taken
                    raw.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                raw.sendall(b"0\r\n\r\n")
            except OSError:
                pass  # closed in our face: as good
            try:
                answer = raw.recv(65536)
            except OSError:
                answer = b""
            # Read whole, it would be no request (400).
            self.assertIn(answer.split(b"\r\n")[0], (b"", b"HTTP/1.1 413 Payload Too Large"))
        self.assertEqual(self.add(witness, self.ledger.request(9, 10))[0], 200)

    def test_a_growing_ledger_and_its_quorum(self):
        witnesses = [self.witness(name) for name in "abc"]
        tiles, ledger = self.folder / "tiles", self.ledger
        for size in (4, 4, 7, ledger.size):
            ledger.grow(tiles, size)
            done = self.ask(ledger, tiles, witnesses)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            audit = self.audit(ledger, tiles, witnesses, 3)
            self.assertEqual(audit.returncode, 0, audit.stdout)
            self.assertIn("WITNESSES cosigned 3 of 3 (w.example/a 2", audit.stdout)
            self.assertEqual((tiles / "checkpoint").read_text().count("\n— "), 4)

    def test_withheld(self):
        witnesses = [self.witness(name) for name in "abc"]
        tiles = self.folder / "tiles"
        self.ledger.grow(tiles, 6)
        self.assertEqual(self.audit(self.ledger, tiles, witnesses, 1).returncode, 4)
        witnesses[1].close()
        done = self.ask(self.ledger, tiles, witnesses)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("no answer from " + witnesses[1].url, done.stdout)
        self.assertEqual(self.audit(self.ledger, tiles, witnesses, 2).returncode, 0)
        audit = self.audit(self.ledger, tiles, witnesses, 3)
        self.assertEqual(audit.returncode, 4)
        self.assertIn("RED       2 of 3 witnesses cosigned this head, 3 are needed", audit.stdout)

    def test_split_view(self):
        witnesses = [self.witness(name) for name in "abc"]
        ours, theirs = self.folder / "ours", self.folder / "theirs"
        self.ledger.grow(ours, 6)
        self.rival.grow(theirs, 6)
        self.assertEqual(self.ask(self.ledger, ours, witnesses[:2]).returncode, 0)
        done = self.ask(self.rival, theirs, witnesses)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertEqual(done.stdout.count("ANOTHER LEDGER"), 2)
        self.assertEqual(self.audit(self.ledger, ours, witnesses, 2).returncode, 0)
        self.assertEqual(self.audit(self.rival, theirs, witnesses, 2).returncode, 4)
        self.rival.grow(theirs, 8)
        done = self.ask(self.rival, theirs, witnesses)
        self.assertEqual((done.returncode, done.stdout.count("REFUSED (422)")), (4, 2), done.stdout)

    def test_rollback(self):
        witness = self.witness("w")
        before, after = self.folder / "before", self.folder / "after"
        self.ledger.grow(before, 5)
        self.ledger.grow(after, 8)
        self.assertEqual(self.ask(self.ledger, after, [witness]).returncode, 0)
        done = self.ask(self.ledger, before, [witness])
        self.assertEqual(done.returncode, 4)
        self.assertIn("the witness signed 8 entries, and this ledger has 5", done.stdout)
        self.assertEqual(self.add(witness, self.ledger.request(5, 5))[0], 409)

    def test_answers_that_count_for_nothing(self):
        witness, stranger = self.witness("w"), self.witness("stranger")
        tiles = self.folder / "tiles"
        self.ledger.grow(tiles, 5)
        before = (tiles / "checkpoint").read_text()
        for name, text in [("empty", ""), ("a page", "<html>\n"), ("for another head", self.add(stranger, self.ledger.request(0, 4))[2]),
                           ("a text of its own", "hello\n\n— w.example/w AAAA\n")]:
            with self.subTest(name):
                (self.folder / "answer").write_text(text)
                done = run("witness", "ask", self.folder / "answer", "--tiles", tiles, "--key", self.ledger.vkey, "--witness", stranger.vkey)
                self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        done = run("witness", "ask", witness.url, "--tiles", tiles, "--key", self.ledger.vkey, "--witness", stranger.vkey)
        self.assertEqual(done.returncode, 4)
        self.assertIn("signed by none of the witnesses that were named", done.stdout)
        self.assertEqual((tiles / "checkpoint").read_text(), before)

    def test_an_auditing_cosigner(self):
        tiles, ledger = self.folder / "tiles", self.ledger
        ledger.grow(tiles, 6)
        witness = self.witness("a", "--audit", "--tiles", tiles)
        self.assertEqual(self.add(witness, ledger.request(0, 5))[0], 200)  # a prefix of what it can read
        self.assertEqual(self.add(witness, ledger.request(5, 9))[0], 503)  # not there yet
        ledger.grow(tiles, 9)
        self.assertEqual(self.add(witness, ledger.request(5, 9))[0], 200)
        self.assertEqual(run("witness", "serve", witness.folder, "--listen", "127.0.0.1:0").returncode, 1)
        # Entries that are not those under the head: signed by the key, and refused.
        rival = self.witness("r", "--audit", "--tiles", tiles)
        status, _, answer = self.add(rival, self.rival.request(0, 6))
        self.assertEqual(status, 422)
        self.assertIn("the audit refuses it", answer)
        self.assertNotIn(str(self.folder), answer)

    def test_a_death_forgets_nothing(self):
        for _ in range(8):
            witness = self.witness("w")
            with socket.create_connection((witness.host, witness.port), timeout=60) as raw:
                body = self.ledger.request(0, 6)
                raw.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                witness.process.kill()
                try:
                    answered = b" 200 " in raw.recv(65536)
                except OSError:
                    answered = False
            witness.close()
            witness.start()
            rival, ours = self.add(witness, self.rival.request(0, 6))[0], self.add(witness, self.ledger.request(6, 6))[0]
            self.assertIn((rival, ours), [(200, 409), (409, 200)])
            if answered:
                self.assertEqual(ours, 200)
            witness.close()
            shutil.rmtree(witness.folder)

    def test_two_processes_on_one_folder(self):
        for _ in range(4):
            pair = [self.witness("w"), self.witness("w")]
            bodies, codes, gate = [self.ledger.request(0, 6), self.rival.request(0, 6)] * 2, [], threading.Barrier(4)

            def go(index):
                gate.wait()
                codes.append(self.add(pair[index // 2], bodies[index])[0])

            threads = [threading.Thread(target=go, args=(index,)) for index in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(sorted(codes), [200, 409, 409, 409])
            for witness in pair:
                witness.close()
            shutil.rmtree(pair[0].folder)

    def test_behind_a_proxy_with_tls(self):
        witness, tiles = self.witness("w"), self.folder / "tiles"
        self.ledger.grow(tiles, 5)
        certificate, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        proxy = http.server.ThreadingHTTPServer(("localhost", 0), type("Before", (Proxy,), {"witness": witness}))
        proxy.handle_error = lambda *_: None  # a client that does not trust the certificate hangs up
        proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        self.addCleanup(lambda: (proxy.shutdown(), thread.join(), proxy.server_close()))
        words = ["witness", "ask", f"https://localhost:{proxy.server_address[1]}/w/", "--tiles", tiles, "--key", self.ledger.vkey,
                 "--witness", witness.vkey]
        self.assertEqual(run(*words).returncode, 3)  # a certificate that nobody vouches for
        self.assertEqual(self.audit(self.ledger, tiles, [witness], 1).returncode, 4)
        done = run(*words, SSL_CERT_FILE=str(certificate))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.ledger.grow(tiles, 9)
        self.assertEqual(run(*words, SSL_CERT_FILE=str(certificate)).returncode, 0)
        self.assertEqual(self.audit(self.ledger, tiles, [witness], 1).returncode, 0)

    def test_a_port_is_one_witness(self):
        witness = self.witness("w")
        self.witness("x").close()
        done = run("witness", "serve", self.folder / "x", "--listen", f"127.0.0.1:{witness.port}")
        self.assertEqual(done.returncode, 1, done.stdout)
        for address in ("127.0.0.1", ":80", "127.0.0.1:99999", "127.0.0.1:x"):
            self.assertEqual(run("witness", "serve", self.folder / "x", "--listen", address).returncode, 2, address)


if __name__ == "__main__":
    unittest.main()
