from __future__ import annotations

import base64
import json
import shutil

import pytest

from polyaxon_airflow.errors import WatchError
from polyaxon_airflow.watching import Place
from polyaxon_airflow.watching.registry import RegistrySource
from tests.watching.registries import digest, docker_registry, manifest, registry
from tests.watching.watchers import Watcher

KIND = "connection_registry_image"


def watcher_of(url, options, login=None):
    auth = base64.b64encode(login.encode()).decode() if login else ""
    variables = {"config.json": json.dumps({"auths": {url: {"auth": auth}}})} if login else {}
    return Watcher(
        RegistrySource(Place("hub", "registry", {"url": url}, variables)), KIND, f"connections.hub{options}"
    )


def labels(occurrences):
    return [occurrence.data["tag"] for occurrence in occurrences]


def test_each_digest_of_a_tag_is_an_event():
    with registry() as server:
        server.images["team/app"] = {"latest": manifest("1"), "v1": manifest("1")}
        found = watcher_of(server.url, "?image=team/app&tag=latest")
        assert found.see() == []
        server.images["team/app"]["v2"] = manifest("2")
        assert found.see() == []
        server.images["team/app"]["latest"] = manifest("2")
        (seen,) = found.see()
        host = server.url.removeprefix("http://")
        assert seen.label == "team/app-latest"
        assert seen.data == {
            "image": "team/app",
            "tag": "latest",
            "digest": digest(manifest("2")),
            "previous": digest(manifest("1")),
            "reference": f"{host}/team/app:latest",
            "pinned": f"{host}/team/app@{digest(manifest('2'))}",
        }
        assert found.see() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param("&tag=v*", ["v2", "v3"], id="new tags of a pattern"),
        pytest.param("", ["nightly", "v2", "v3"], id="all new tags"),
        pytest.param("&tag=v2,nightly", ["nightly", "v2"], id="tags by name"),
        pytest.param("&tag=w*", [], id="none"),
    ],
)
def test_new_tags_are_events(options, expected):
    with registry(page=2) as server:  # so that tags come in pages
        server.images["app"] = {"v1": manifest("1"), "old": manifest("0")}
        found = watcher_of(server.url, f"?image=app{options}")
        assert found.see() == []
        server.images["app"] |= {tag: manifest(tag) for tag in ("v2", "v3", "nightly")}
        server.images["app"]["v1"] = manifest("moved")  # not what a pattern is about
        seen = found.see()
        assert labels(seen) == expected
        assert all(one.data["digest"] == digest(manifest(one.data["tag"])) for one in seen)
        assert found.see() == []


def test_an_image_that_is_not_there_yet_is_noted_and_then_found():
    with registry() as server:
        found = watcher_of(server.url, "?image=app&tag=latest")
        assert found.see() == []
        assert found.note == f"{server.url} has no app with a tag latest"
        server.images["app"] = {"latest": manifest("1")}
        assert labels(found.see()) == ["latest"]
        assert found.note is None


def test_a_registry_that_tells_no_digests():
    with registry(hides_digests=True) as server:
        server.images["app"] = {"latest": manifest("1")}
        found = watcher_of(server.url, "?image=app&tag=latest&existing=true")
        assert [one.data["digest"] for one in found.see()] == [digest(manifest("1"))]


class TestTokens:
    def test_are_fetched_with_the_login_of_the_connection(self):
        with registry(login="ada:pass") as server:
            server.images["app"] = {"latest": manifest("1")}
            found = watcher_of(server.url, "?image=app&tag=latest&existing=true", login="ada:pass")
            assert labels(found.see()) == ["latest"]
            found.see()
            assert sum(path.startswith("/token") for _, path in server.requests) == 1

    def test_are_fetched_again_when_they_have_run_out(self):
        with registry(login="ada:pass") as server:
            server.images["app"] = {"latest": manifest("1")}
            found = watcher_of(server.url, "?image=app&tag=latest", login="ada:pass")
            found.see()
            server.generation = 2
            server.images["app"]["latest"] = manifest("2")
            assert labels(found.see()) == ["latest"]

    @pytest.mark.parametrize("login", [None, "ada:wrong"], ids=["no login", "a wrong one"])
    def test_that_nobody_gets_are_one_sentence(self, login):
        with registry(login="ada:pass") as server:
            found = watcher_of(server.url, "?image=team/app", login=login)
            with pytest.raises(
                WatchError, match="refuses access to team/app; the connection needs a login"
            ) as raised:
                found.see()
            assert "wrong" not in str(raised.value)


def test_a_registry_that_does_not_answer():
    with registry() as server:
        url = server.url
    with pytest.raises(WatchError, match=rf"registry {url} does not answer: .*refused"):
        watcher_of(url, "?image=app").see()


@pytest.mark.parametrize(
    ("place", "message"),
    [
        pytest.param(Place("hub", "git", {"url": "x"}), "connection 'hub' is no registry", id="another kind"),
        pytest.param(Place("hub", "registry", {}), "connection 'hub' is no registry", id="no url"),
        pytest.param(
            Place("hub", "registry", {"url": "file:///etc"}),
            "reached over http or https",
            id="no web address",
        ),
    ],
)
def test_connections_that_are_no_registry(place, message):
    with pytest.raises(WatchError, match=message):
        RegistrySource(place)


def test_on_dockers_own_registry(tmp_path):
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed (Debian: apt-get install docker-registry)")
    with docker_registry(tmp_path) as server:
        server.push("team/app", "latest", "first")
        tag = watcher_of(server.url, "?image=team/app&tag=latest")
        pattern = watcher_of(server.url, "?image=team/app&tag=v*")
        assert tag.see() == pattern.see() == []
        pushed = server.push("team/app", "latest", "second")
        server.push("team/app", "v1", "second")
        assert [one.data["digest"] for one in tag.see()] == [pushed]
        assert labels(pattern.see()) == ["v1"]
        assert tag.see() == pattern.see() == []
