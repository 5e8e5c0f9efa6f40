"""What a container is started with: volumes as directories, environment and command. Raises LookupError for
a config map, a secret or a claim that is not there."""

from __future__ import annotations

import os
import re
from base64 import b64decode
from pathlib import Path

VARIABLE = re.compile(r"\$\$|\$\(([A-Za-z_][\w.-]*)\)")
KEYED = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Inputs:
    """Reads a pod's config maps, secrets and fields through the API."""

    def __init__(self, client, pod, folder, claims):
        self._client = client
        self._pod = pod
        self._namespace = pod["metadata"]["namespace"]
        self._folder = folder
        self._claims = claims

    async def volumes(self):
        """Volume name -> a directory on this machine with its content."""
        return {
            volume["name"]: await self._volume(volume) for volume in self._pod["spec"].get("volumes") or []
        }

    async def environment(self, spec):
        found = {
            "PATH": os.environ.get("PATH", PATH),
            "HOME": "/root",
            "HOSTNAME": self._pod["metadata"]["name"],
        }
        for source in spec.get("envFrom") or []:
            prefix = source.get("prefix", "")
            for name, value in (
                await self._data(source.get("configMapRef"), source.get("secretRef"))
            ).items():
                found[prefix + name] = value.decode()
        for variable in spec.get("env") or []:
            value = await self._value(variable, spec, found)
            if value is not None:
                found[variable["name"]] = value
        return found

    async def _volume(self, volume):
        directory = self._folder / volume["name"]
        if "hostPath" in volume:
            directory = Path(volume["hostPath"]["path"])
        if "persistentVolumeClaim" in volume:
            directory = await self._claim(volume["persistentVolumeClaim"]["claimName"])
        directory.mkdir(parents=True, exist_ok=True)
        for source in volume.get("projected", {}).get("sources", [volume]):
            await self._project(directory, source)
        return directory

    async def _claim(self, name):
        path = f"/api/v1/namespaces/{self._namespace}/persistentvolumeclaims/{name}"
        if await self._client.call("GET", path) is None:
            raise LookupError(f'persistentvolumeclaim "{name}" not found')
        return self._claims / self._namespace / name

    async def _project(self, directory, source):
        data = await self._data(source.get("configMap"), source.get("secret"))
        reference = source.get("configMap") or source.get("secret") or {}
        chosen = {item["key"]: item["path"] for item in reference.get("items") or []} or {
            key: key for key in data
        }
        files = {path: data[key] for key, path in chosen.items() if key in data}
        for item in source.get("downwardAPI", {}).get("items", []):
            files[item["path"]] = self._field(item["fieldRef"]["fieldPath"]).encode()
        for path, content in files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(content)

    async def _data(self, config_map, secret):
        """The content of a config map or of a secret, key -> bytes; nothing if none is given."""
        reference = config_map or secret
        if not reference:
            return {}
        name = reference.get("name") or reference["secretName"]
        kind = "configmap" if config_map else "secret"
        found = await self._client.call("GET", f"/api/v1/namespaces/{self._namespace}/{kind}s/{name}")
        if found is None and not reference.get("optional"):
            raise LookupError(f'{kind} "{name}" not found')
        data = (found or {}).get("data") or {}
        return {key: text.encode() if config_map else b64decode(text) for key, text in data.items()}

    async def _value(self, variable, spec, known):
        source = variable.get("valueFrom")
        if not source:
            return expanded(variable.get("value") or "", known)
        if "fieldRef" in source:
            return self._field(source["fieldRef"]["fieldPath"])
        if "resourceFieldRef" in source:
            kind, name = source["resourceFieldRef"]["resource"].split(".", 1)
            return str(spec.get("resources", {}).get(kind, {}).get(name, "0"))
        data = await self._data(source.get("configMapKeyRef"), source.get("secretKeyRef"))
        reference = source.get("configMapKeyRef") or source["secretKeyRef"]
        if reference["key"] not in data and not reference.get("optional"):
            raise LookupError(
                f"couldn't find key {reference['key']} in {self._namespace}/{reference['name']}"
            )
        return data[reference["key"]].decode() if reference["key"] in data else None

    def _field(self, path):
        metadata, spec = self._pod["metadata"], self._pod["spec"]
        if found := KEYED.fullmatch(path):
            return metadata.get(found[1], {}).get(found[2], "")
        fields = {f"metadata.{name}": metadata[name] for name in ("name", "namespace", "uid")}
        fields |= {
            "spec.nodeName": spec["nodeName"],
            "status.podIP": "127.0.0.1",
            "status.hostIP": "127.0.0.1",
        }
        return fields[path]


def expanded(text, known):
    """`$(NAME)` replaced where NAME is known, `$$` for a dollar."""
    return VARIABLE.sub(lambda found: "$" if found[0] == "$$" else known.get(found[1], found[0]), text)
