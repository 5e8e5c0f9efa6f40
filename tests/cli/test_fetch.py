"""`polyaxon-airflow fetch`, against a web server of its own."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from polyaxon_airflow.cli import main

PART = b"kind: component\nname: part\nrun: {kind: job}\n"


class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/away.yaml":
            self.send_response(302)
            self.send_header("Location", "http://localhost:1/part.yaml")
        else:
            self.send_response(200 if self.path == "/part.yaml" else 404)
        self.end_headers()
        self.wfile.write(PART)

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_urls_are_fetched_into_the_folder_of_components(web, tmp_path, capsys):
    (tmp_path / "train.yaml").write_text(f"kind: operation\nurlRef: {web}/part.yaml\n")
    assert main(["fetch", str(tmp_path), "--allow", f"{web}/*"]) == 0
    assert "1 fetched from the references of 1 files" in capsys.readouterr().out
    assert main(["check", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        pytest.param(
            "away.yaml",
            "it leads to another host: http://localhost:1/part.yaml",
            id="a redirect to another host",
        ),
        pytest.param("nothing.yaml", "404", id="no such page"),
    ],
)
def test_what_cannot_be_fetched_is_said(web, tmp_path, capsys, page, sentence):
    (tmp_path / "train.yaml").write_text(f"kind: operation\nurlRef: {web}/{page}\n")
    assert main(["fetch", str(tmp_path), "--allow", "*"]) == 1
    assert sentence in capsys.readouterr().err


def test_other_schemes_are_refused(tmp_path, capsys):
    (tmp_path / "train.yaml").write_text("kind: operation\nurlRef: file:///etc/passwd\n")
    assert main(["fetch", str(tmp_path), "--allow", "*"]) == 1
    assert "'file' is no scheme to fetch from" in capsys.readouterr().err
