"""The shell script that makes a container's file system inside fresh namespaces, and becomes the container."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from typing import NamedTuple

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


class Sandbox(NamedTuple):
    """What all containers of a pod share."""

    hostname: str
    hosts: tuple[str, ...]  # names that mean this machine
    volumes: dict[str, Path]  # volume name -> its directory here
    security: dict  # the pod's securityContext


def script(spec, folder, command, termination_log, sandbox):
    """Lines for `sh -c`, to be run as root of the namespaces."""
    root = str(folder / "root")
    message = (spec.get("terminationMessagePath", "/dev/termination-log"), str(termination_log), False)
    lines = [
        "exec 2>&1",
        "set -e",
        "mount --make-rprivate /",
        f"mkdir -p {quote(root)}",
        *(_unprivileged_root(root) if os.geteuid() else _overlay_root(root, str(folder / "layers"))),
        *_devices(root),
        *([] if os.geteuid() else _names(root, sandbox)),
        f"hostname {quote(sandbox.hostname[:63])}",
    ]
    for path, source, read_only in sorted([message, *_mounts(spec, sandbox.volumes)]):
        lines += _bind(root + path, source, read_only=read_only)
    directory = spec.get("workingDir", "/")
    lines.append(f"mkdir -p {quote(root + directory)}")
    user = _user({**sandbox.security, **spec.get("securityContext", {})})
    words = " ".join(quote(word) for word in command)
    lines.append(
        f'exec chroot {quote(root)} {user}/bin/sh -c \'cd "$0" && exec "$@"\' {quote(directory)} {words}'
    )
    return "\n".join(lines)


def _overlay_root(root, layers):
    """This machine's files, with changes kept in memory."""
    options = f"lowerdir=/,upperdir={layers}/upper,workdir={layers}/work"
    yield f"mkdir -p {quote(layers)} && mount -t tmpfs none {quote(layers)}"
    yield f"mkdir {quote(layers)}/upper {quote(layers)}/work"
    yield f"mount -t overlay overlay -o {quote(options)} {quote(root)}"
    yield f"mount -t proc proc {quote(root)}/proc"


def _unprivileged_root(root):
    """This machine's top folders bound into an empty one: a user namespace may not lay one over the root."""
    yield f"mount -t tmpfs none {quote(root)}"
    yield (
        f"for d in /*; do n={quote(root)}$d; case $d in /proc|/dev|/tmp) ;; *) "
        "if [ -L $d ]; then cp -P $d $n; elif [ -d $d ]; then mkdir $n; mount --rbind $d $n; fi;; esac; done"
    )
    yield f"mkdir -m 1777 {quote(root)}/tmp && mkdir {quote(root)}/proc {quote(root)}/dev"
    yield f"mount -t proc proc {quote(root)}/proc"


def _devices(root):
    dev = quote(f"{root}/dev")
    yield f"mount -t tmpfs -o mode=755 none {dev}"
    for name in DEVICES:
        yield f"touch {dev}/{name}; mount --bind /dev/{name} {dev}/{name}"
    yield f"mkdir {dev}/shm; mount -t tmpfs none {dev}/shm; ln -s /proc/self/fd {dev}/fd"
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        yield f"ln -s /proc/self/fd/{number} {dev}/{name}"


def _names(root, sandbox):
    hosts = quote(f"{root}/etc/hosts")
    yield f"printf '127.0.0.1 %s\\n' localhost {' '.join(map(quote, (sandbox.hostname, *sandbox.hosts)))} > {hosts}"


def _mounts(spec, volumes):
    for mount in spec.get("volumeMounts") or []:
        source = volumes[mount["name"]] / mount.get("subPath", "")
        yield mount["mountPath"].rstrip("/"), str(source), bool(mount.get("readOnly"))


def _bind(target, source, *, read_only):
    source, target = quote(source), quote(target)
    yield (
        f"if [ -f {source} ]; then mkdir -p $(dirname {target}); touch {target}; "
        f"else mkdir -p {source} {target}; fi; mount --bind {source} {target}"
    )
    if read_only:
        yield f"mount -o remount,ro,bind {target}"


def _user(security):
    if "runAsUser" not in security:
        return ""
    user, group = security["runAsUser"], security.get("runAsGroup", 0)
    return f"setpriv --reuid={user} --regid={group} --clear-groups --no-new-privs "
