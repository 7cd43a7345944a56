#!/usr/bin/env python3
"""A real pinholed with real TLS under attack: slow, half-open, huge, malformed, many. Throughout, a client that behaves reads the
whole ledger, memory stays under a bound, descriptors come back, and at the end the process stops cleanly."""

import os
import pathlib
import random
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import unittest

BIN = pathlib.Path(os.environ["PINHOLE_BIN"])
COUNTERPARTS = pathlib.Path(os.environ["PINHOLE_TEST_BIN"]) / "front_counterparts"
ATTACKER = "127.0.0.2"  # the client that behaves comes from 127.0.0.1
HANG = 60  # seconds; a bound against a hang, reached by no working front
MEMORY_MIB = 200  # above what the front took before the first attack

# Shorter than the defaults, so that what must end ends in a test's time.
LIMITS = {"handshake_seconds": 1, "idle_seconds": 2, "call_seconds": 2, "watch_stall_seconds": 2, "upload_grace_seconds": 1,
          "connections_per_address": 60, "calls_per_address": 100, "watches_per_address": 50, "stop_seconds": 1,
          "requests_burst": 500, "requests_per_second": 200}

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b"", length=None):
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def header(name, value):
    """A literal of RFC 7541 section 6.2.2, plain text, no index."""
    def text(data):
        return (bytes([len(data)]) if len(data) < 127 else bytes([127, len(data) - 127])) + data
    return b"\0" + text(name.encode()) + text(value.encode())


def call(stream, path="/pinhole.v1.AuditService/ListEntries", body=b"\0\0\0\0\0", flags=END_STREAM):
    """The frames of one gRPC request; its body is an empty message unless another is given."""
    block = b"".join(header(*pair) for pair in ((":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "pinhole"),
                                                ("te", "trailers"), ("content-type", "application/grpc")))
    return frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, flags, stream, body)


class Front:
    """One front and one vault in a folder, and the client that behaves. All end with it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.processes = []

    def start(self):
        self.vault = self.begin(COUNTERPARTS, "vault", self.folder / "socket")
        vkey = self.vault.stdout.readline().strip()
        subprocess.run([BIN / "pinholed", "init", self.folder / "front", "--vault-socket", self.folder / "socket", "--log-vkey", vkey,
                        "--listen", "127.0.0.1:0"], check=True, stdout=subprocess.DEVNULL)
        settings = self.folder / "front/pinholed.toml"
        text = settings.read_text()
        for name, value in LIMITS.items():
            text, count = re.subn(rf"^#{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
            assert count == 1, name
        settings.write_text(text)
        self.front = self.begin(BIN / "pinholed", "serve", self.folder / "front")
        self.address = self.front.stdout.readline().split()[-1]
        self.port = int(self.address.rsplit(":", 1)[1])
        self.cert = self.folder / "front/tls.crt"
        self.client = self.begin(COUNTERPARTS, "client", self.address, self.cert)
        self.exchange()

    def begin(self, *command):
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.processes.append(process)
        return process

    def tell(self, process, line="go"):
        process.stdin.write(line + "\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], HANG)
        if not ready:
            raise AssertionError(f"no answer from {process.args} in {HANG} s")
        return process.stdout.readline().strip()

    def exchange(self):
        answer = self.tell(self.vault)
        self.entries = int(re.fullmatch(r"entries (\d+)", answer).group(1))
        self.await_ledger()

    def await_ledger(self):
        """The client that behaves reads the whole ledger; a front stores an exchange before it shows it."""
        deadline = time.monotonic() + HANG
        while True:
            answer = self.tell(self.client)
            match = re.fullmatch(r"ok (\d+) [0-9a-f]{64}", answer)
            if match is None or time.monotonic() > deadline:
                raise AssertionError(f"the client that behaves got: {answer}; the ledger has {self.entries} entries")
            if int(match.group(1)) == self.entries:
                return
            time.sleep(0.05)

    def attack(self, name):
        done = subprocess.run([COUNTERPARTS, "attack", self.address, self.cert, name], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=HANG)
        return done.stdout.splitlines()

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.front.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE).group(1))

    def memory_mib(self):
        return self.status("VmRSS") / 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.front.pid}/fd"))

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="pinhole-hostile-")
        cls.addClassCleanup(folder.cleanup)
        cls.site = Front(folder.name)
        cls.addClassCleanup(cls.site.end)
        cls.site.start()
        cls.site.await_ledger()
        cls.base_memory = cls.site.memory_mib()
        cls.base_descriptors = cls.site.descriptors()

    def setUp(self):
        self.sockets = []

    def tearDown(self):
        """What every attack leaves behind: a front that serves, in its memory, with its descriptors."""
        self.served()
        for sock in self.sockets:
            sock.close()
        deadline = time.monotonic() + HANG
        # The good client's last connection may still be there, and gRPC's own wake-ups.
        while self.site.descriptors() > self.base_descriptors + 8 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertLessEqual(self.site.descriptors(), self.base_descriptors + 8, "descriptors did not come back")
        self.served()

    def served(self):
        self.site.await_ledger()
        self.assertIsNone(self.site.front.poll(), "the front is gone")
        self.assertLess(self.site.memory_mib(), self.base_memory + MEMORY_MIB)

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.site.port), timeout=HANG, source_address=(ATTACKER, 0))
        self.sockets.append(sock)
        return sock

    def tls(self, alpn="h2"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.site.cert)
        context.set_alpn_protocols([alpn])
        sock = context.wrap_socket(self.connect(), server_hostname="pinhole")
        self.sockets.append(sock)
        return sock

    def http2(self, settings=b""):
        sock = self.tls()
        sock.sendall(PREFACE + frame(SETTINGS, 0, 0, settings))
        return sock

    def await_end(self, sock):
        """Reads until the server ends the connection; returns what came."""
        sock.settimeout(HANG)
        received = b""
        try:
            while data := sock.recv(65536):
                received += data
        except TimeoutError:
            raise AssertionError("the server keeps the connection")
        except OSError:  # a reset is an end, too
            pass
        return received

    def send_until_closed(self, sock, pieces):
        try:
            for piece in pieces:
                sock.sendall(piece)
        except OSError:
            return

    def test_half_open(self):
        """TCP and nothing else."""
        for sock in [self.connect() for _ in range(40)]:
            self.assertEqual(self.await_end(sock), b"")

    def test_slow_handshake(self):
        sockets = [self.connect() for _ in range(20)]
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
        for at in range(5):
            for sock in sockets:
                self.send_until_closed(sock, [hello[at:at + 1]])
            time.sleep(0.1)  # the slowness is the attack
        self.served()
        for sock in sockets:
            self.await_end(sock)

    def test_half_a_preface(self):
        """TLS, and then no HTTP/2 settings."""
        for sock in [self.tls() for _ in range(10)]:
            sock.sendall(PREFACE[:10])
            self.await_end(sock)

    def test_slow_headers(self):
        sockets = [self.http2() for _ in range(10)]
        block = frame(HEADERS, 0, 1, header(":method", "POST") * 200)
        for at in range(8):
            for sock in sockets:
                self.send_until_closed(sock, [block[at:at + 1]])
            time.sleep(0.1)
        self.served()
        for sock in sockets:
            self.await_end(sock)

    def test_plaintext(self):
        for text in (b"GET / HTTP/1.1\r\nHost: pinhole\r\n\r\n", PREFACE + frame(SETTINGS, 0, 0), bytes(3000), b"\x80\x2e\x01\x00\x02"):
            sock = self.connect()
            self.send_until_closed(sock, [text])
            self.await_end(sock)

    def test_wrong_alpn(self):
        for alpn in ("http/1.1", "h3", "x" * 200):
            try:
                sock = self.tls(alpn)
            except OSError:
                continue  # refused in the handshake
            self.send_until_closed(sock, [PREFACE + frame(SETTINGS, 0, 0) + call(1)])
            self.assertNotIn(b"grpc-status", self.await_end(sock))

    def test_malformed_frames(self):
        cases = {
            "no preface": b"X" * 100,
            "length of 16 MiB": PREFACE + frame(SETTINGS, 0, 0) + frame(DATA, 0, 1, bytes(100), length=0xFFFFFF),
            "settings on a stream": PREFACE + frame(SETTINGS, 0, 5),
            "settings of 5 bytes": PREFACE + frame(SETTINGS, 0, 0, bytes(5)),
            "ping of 3 bytes": PREFACE + frame(SETTINGS, 0, 0) + frame(PING, 0, 0, bytes(3)),
            "continuation of nothing": PREFACE + frame(SETTINGS, 0, 0) + frame(CONTINUATION, END_HEADERS, 1, b"x"),
            "headers on stream 0": PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 0, b"\x82"),
            "an index of no header": PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\xff\xff\xff\x7f"),
            "window above 2^31": PREFACE + frame(SETTINGS, 0, 0) + 2 * frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"),
            "a push from a client": PREFACE + frame(SETTINGS, 0, 0) + frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4) + b"\x82"),
        }
        for name, data in cases.items():
            with self.subTest(name):
                sock = self.tls()
                self.send_until_closed(sock, [data])
                self.await_end(sock)

    def test_random_frames(self):
        chance = random.Random(2009)
        for _ in range(15):
            sock = self.http2()
            pieces = []
            for _ in range(50):
                pieces.append(frame(chance.randrange(12), chance.randrange(256), chance.choice([0, 1, 2, 3, 2**31 - 1]),
                                    chance.randbytes(chance.randrange(60))))
            self.send_until_closed(sock, pieces)
            self.await_end(sock)

    def test_malformed_messages(self):
        """Right HTTP/2, wrong protobuf or gRPC: each stream gets its end, the connection goes on."""
        bodies = [b"\0" + struct.pack(">I", 3) + b"\xff\xff\xff",  # no field
                  b"\0" + struct.pack(">I", 5) + b"\x08" + b"\xff" * 4,  # a number without its end
                  b"\x01" + struct.pack(">I", 3) + b"zip",  # compressed, in no encoding
                  b"\0" + struct.pack(">I", 2**31) + b"x",  # a message of 2 GiB
                  b"\0\0\0",  # not even a length
                  b""]
        sock = self.http2()
        for number, body in enumerate(bodies):
            sock.sendall(call(2 * number + 1, body=body))
        self.await_end(sock)

    def test_rapid_reset(self):
        """CVE-2023-44487: streams opened and reset at once, without end."""
        for _ in range(3):
            sock = self.http2()
            self.send_until_closed(sock, (call(stream, flags=0) + frame(RST_STREAM, 0, stream, struct.pack(">I", 8))
                                          for stream in range(1, 4001, 2)))
        self.served()

    def test_floods_of_control_frames(self):
        for data in (frame(PING, 0, 0, bytes(8)), frame(SETTINGS, 0, 0), frame(PRIORITY, 0, 1, bytes(5)),
                     frame(CONTINUATION, 0, 1, b""), frame(HEADERS, END_STREAM, 1, b"")):
            sock = self.http2()
            self.send_until_closed(sock, (data * 100 for _ in range(100)))
        self.served()

    def test_many_connections(self):
        sockets = [self.connect() for _ in range(250)]
        refused = 0
        for sock in sockets:
            sock.settimeout(0.05)
            try:
                refused += sock.recv(1) == b""
            except TimeoutError:
                pass
            except OSError:
                refused += 1
        self.assertGreaterEqual(refused, 250 - LIMITS["connections_per_address"])
        self.served()

    def test_many_calls_that_nobody_reads(self):
        """Windows of zero: the server may answer, and not one byte is taken."""
        no_window = struct.pack(">HI", 4, 0)
        sockets = [self.http2(no_window) for _ in range(20)]
        for sock in sockets:
            self.send_until_closed(sock, [b"".join(call(stream) for stream in range(1, 101, 2))])
        self.served()
        self.site.exchange()
        self.served()

    def test_watches_that_nobody_reads(self):
        for path in ("/pinhole.v1.AuditService/WatchEntries", "/grpc.health.v1.Health/Watch"):
            for _ in range(5):
                sock = self.http2(struct.pack(">HI", 4, 0))
                self.send_until_closed(sock, [b"".join(call(stream, path=path) for stream in range(1, 61, 2))])
        self.served()
        self.site.exchange()
        self.served()

    def test_watches_above_the_limit(self):
        holder = self.site.begin(COUNTERPARTS, "attack", self.site.address, self.site.cert, "watches")
        self.assertEqual(holder.stdout.readline().strip(), "holding")
        self.site.exchange()
        self.served()
        holder.communicate("go\n", timeout=HANG)

    def test_huge_messages(self):
        ends = self.site.attack("huge-message")
        self.assertEqual(ends[0], "8 TOO_LARGE")
        for end in ends[1:]:
            self.assertTrue(end.startswith("8 "), end)  # gRPC itself refuses those

    def test_huge_metadata(self):
        ends = self.site.attack("huge-metadata")
        self.assertTrue(ends[0].startswith("8 "), ends)
        # So much that gRPC ends the connection: sometimes before its answer was read (14).
        self.assertIn(ends[1].split()[0], ("8", "14"), ends)
        self.served()

    def test_garbage_tokens(self):
        self.assertEqual(self.site.attack("garbage-tokens"), ["16 BAD_TOKEN"] * 4)

    def test_uploads_that_lie(self):
        ends = self.site.attack("upload-lies")
        self.assertEqual(ends, ["3 BAD_PROGRAM"] * 4 + ["4 DEADLINE"])
        kept = [file for folder in ("programs", "incoming") for file in (self.site.folder / "front" / folder).rglob("*") if file.is_file()]
        self.assertEqual(kept, [])

    def test_zz_stops_cleanly_under_attack(self):
        """Named to run last."""
        for _ in range(10):
            self.connect()
            self.send_until_closed(self.http2(struct.pack(">HI", 4, 0)), [call(1), call(3, "/pinhole.v1.AuditService/WatchEntries")])
        self.served()
        self.site.front.send_signal(signal.SIGTERM)
        self.assertEqual(self.site.front.wait(timeout=HANG), 0)
        self.tearDown = lambda: [sock.close() for sock in self.sockets]


if __name__ == "__main__":
    unittest.main()
