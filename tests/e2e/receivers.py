"""Servers that take messages, as Slack, Discord, a webhook's owner and a mail server do."""

import contextlib
import json
import socketserver
import threading
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Posted:
    """An HTTP server that keeps what is posted to it: `taken`, path -> bodies. What goes to /held waits for `release`."""

    def __init__(self):
        self.taken, self.held, self.release = {}, threading.Event(), threading.Event()
        outer = self

        class Page(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/held":
                    outer.held.set()
                    outer.release.wait()
                outer.taken.setdefault(self.path, []).append(body)
                with contextlib.suppress(OSError):  # a client that has waited for long enough
                    self.answer(b"ok")

            def answer(self, text):
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


class Mailed:
    """A mail server that takes every message and keeps it: `taken`."""

    def __init__(self):
        self.taken = []
        outer = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                self.say(220)
                while line := self.rfile.readline():
                    word = line[:4].upper().strip()
                    if word == b"DATA":
                        self.say(354)
                        outer.taken.append(message_from_bytes(b"".join(self.lines())))
                    self.say(221 if word == b"QUIT" else 250)

            def lines(self):
                while (line := self.rfile.readline()) != b".\r\n":
                    yield line

            def say(self, code):
                self.wfile.write(f"{code} mail.example\r\n".encode())

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)

    @property
    def port(self):
        return self.server.server_address[1]


@contextlib.contextmanager
def serving(receiver):
    """The receiver, while it serves."""
    receiver.server.daemon_threads = True
    thread = threading.Thread(target=receiver.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        if isinstance(receiver, Posted):
            receiver.release.set()
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()
