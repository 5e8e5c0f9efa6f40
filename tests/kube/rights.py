"""The part of RBAC that a Role says: who may do what in a namespace."""

from __future__ import annotations

from typing import NamedTuple

from tests.kube.errors import ApiError

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
TRUE = {"true", "True", "1"}


class Right(NamedTuple):
    """One entry of a Role, taken apart."""

    group: str  # "" for Kubernetes' own
    resource: str  # such as pods or pods/log
    verb: str


def rights_of(role):
    """All that the rules of a Role allow."""
    return {
        Right(group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


class Guard:
    """Asks of every request whether its token may do that; a token without rights of its own may do everything."""

    def __init__(self):
        self.rights = {}  # token -> what it may do
        self.used = {}  # token -> what it has done

    def check(self, request, resource, found):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        right = _asked(request, resource, found)
        self.used.setdefault(token, set()).add(right)
        if token in self.rights and right not in self.rights[token]:
            message = f'{right.resource} is forbidden: User "{token}" cannot {right.verb} resource "{right.resource}"'
            raise ApiError(403, "Forbidden", f'{message} in API group "{right.group}"')


def _asked(request, resource, found):
    group, _, _ = resource.group_version.rpartition("/")
    name = f"{resource.plural}/{found['part']}" if found["part"] else resource.plural
    return Right(group, name, _verb(request, found))


def _verb(request, found):
    if request.method != "GET":
        return VERBS[request.method]
    if found["name"]:
        return "get"
    return "watch" if request.query.get("watch") in TRUE else "list"
