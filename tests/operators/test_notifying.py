"""Messages by a connection: posted to a webhook that is really there, or given to an Airflow notifier."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from polyaxon_airflow.connections.catalogue import Catalogue, Entry
from polyaxon_airflow.embedded import free_port
from polyaxon_airflow.errors import NotificationError
from polyaxon_airflow.operators.notifying import Notifier, notify, text_of

FACTS = {"name": "train", "status": "failed", "condition": {"reason": "no data"}, "outputs": {"loss": 0.5}}


def catalogue(**fields):
    return Catalogue((Entry.model_validate({"name": "team", **fields}),))


@pytest.fixture
def webhook():
    """A server that keeps what is posted: (its URL, the bodies)."""
    taken = []

    class Page(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", taken
    server.shutdown()
    server.server_close()


def test_the_text():
    assert text_of(FACTS) == "train failed: no data (loss=0.5)"


def test_a_webhook_takes_the_text_and_the_facts(webhook):
    url, taken = webhook
    notify(catalogue(kind="webhook", schema={"url": url}), "team", FACTS, {})
    assert taken == [{"text": "train failed: no data (loss=0.5)", **FACTS}]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param({"kind": "s3", "schema": {"bucket": "s3://b"}}, "is a s3, which tells nobody", id="a bucket"),
        pytest.param({"kind": "slack"}, "give it a connId", id="no Airflow connection"),
        pytest.param({"kind": "webhook"}, "neither a url in its schema nor a connId", id="no address"),
        pytest.param({"kind": "webhook", "schema": {"url": "http://127.0.0.1:PORT"}}, "did not take the message", id="nobody there"),
    ],
)  # fmt: skip
def test_what_tells_nobody_says_why(fields, sentence):
    text = json.dumps(fields).replace("PORT", str(free_port()))
    with pytest.raises(NotificationError, match=sentence):
        notify(catalogue(**json.loads(text)), "team", FACTS, {})


def test_a_provider_that_is_not_installed_is_named():
    absent = Notifier("airflow.providers.absent:Absent", "apache-airflow-providers-absent", "conn_id", "text")
    with pytest.raises(
        NotificationError, match="a slack connection needs apache-airflow-providers-absent; install"
    ):
        notify(catalogue(kind="slack", connId="team"), "team", FACTS, {}, {"slack": absent})


class Mailer:
    """What stands for Airflow's notifier here: it keeps what it is given."""

    given = None

    def __init__(self, **arguments):
        type(self).given = arguments

    def notify(self, context):
        pass


def test_a_mail_is_html_with_one_line_as_its_subject():
    mail = Notifier(f"{__name__}:Mailer", "", "conn", "html_content")
    facts = {**FACTS, "condition": {"reason": "1 < 2\nand so on"}}
    notify(catalogue(kind="email", connId="team"), "team", facts, {}, {"email": mail})
    assert Mailer.given == {
        "conn": "team",
        "html_content": "train failed: 1 &lt; 2\nand so on (loss=0.5)",
        "subject": "train failed: 1 < 2 and so on (loss=0.5)",
    }


def test_a_long_text_is_cut():
    text = text_of({**FACTS, "outputs": {"table": "x" * 5000}})
    assert (len(text), text.endswith("x…")) == (2000, True)


def test_a_connection_that_is_not_there():
    with pytest.raises(NotificationError, match="no connection is called 'you'; known: team"):
        notify(catalogue(kind="slack"), "you", FACTS, {})
