"""Failures of the emulated API server, with the codes, reasons and messages of the real one."""

from __future__ import annotations


class ApiError(Exception):
    """A `Status` object of kind Failure, as the API server answers it."""

    def __init__(self, code, reason, message, **details):
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details
        self.headers = {}

    def body(self):
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }


def not_found(plural, name):
    return ApiError(404, "NotFound", f'{plural} "{name}" not found', name=name, kind=plural)


def unknown_path():
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def already_exists(plural, name):
    return ApiError(409, "AlreadyExists", f'{plural} "{name}" already exists', name=name, kind=plural)


def conflict(plural, name):
    message = (
        f'Operation cannot be fulfilled on {plural} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return ApiError(409, "Conflict", message, name=name, kind=plural)


def expired(asked, oldest):
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def bad_request(message):
    return ApiError(400, "BadRequest", message)


def invalid(kind, name, faults):
    message = f'{kind} "{name}" is invalid: ' + "; ".join(faults)
    return ApiError(
        422, "Invalid", message, name=name, kind=kind, causes=[{"message": fault} for fault in faults]
    )
