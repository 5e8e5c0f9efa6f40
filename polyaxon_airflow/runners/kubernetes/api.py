"""Requests to a Kubernetes API server: plain data in and out, transient failures retried, the rest in sentences.

The client is passed in, as kubernetes_asyncio makes it, so that Airflow's hooks decide about credentials.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import PermanentRunnerError, TemporaryRunnerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from aiohttp import ClientResponse
    from kubernetes_asyncio.client import ApiClient
    from typing_extensions import Self

    Connect = Callable[[], AbstractAsyncContextManager[ApiClient]]

Object = dict[str, Any]  # of Kubernetes, as JSON

DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between attempts of one request
BUSY = {408, 409, 410, 425, 429}  # worth another attempt, as are 500 and above
QUOTA = "exceeded quota"  # in the message of a 403


class ApiRefusedError(PermanentRunnerError):
    """The API server said no, and will say it again."""

    def __init__(self, message: str, status: int, reason: str = "") -> None:
        super().__init__(message)
        self.status = status  # of HTTP
        self.reason = reason  # of Kubernetes: NotFound, AlreadyExists, Forbidden, Invalid, ...


class ApiUnavailableError(TemporaryRunnerError):
    """The API server is busy, restarting or out of reach, or a quota is used up."""

    def __init__(self, message: str, status: int | None = None, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.status = status  # of HTTP; None if there was no answer
        self.retry_after = retry_after  # seconds the server asks us to wait


class Api:
    """An open connection to one API server. `async with Api(connect) as api: await api.get("/api/v1/...")`.

    Methods raise ApiUnavailableError once their attempts are used up, ApiRefusedError at once.
    """

    def __init__(self, connect: Connect, *, delays: Sequence[float] = DELAYS) -> None:
        self._connect = connect
        self._delays = delays
        self._renewing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._retired = AsyncExitStack()
        await self._connected()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
        await self._retired.aclose()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Object:
        return await self._request("GET", path, query=query)

    async def find(self, path: str) -> Object | None:
        """The object at `path`, or None if there is none."""
        try:
            return await self.get(path)
        except ApiRefusedError as refusal:
            if refusal.status == 404:
                return None
            raise

    async def create(self, path: str, body: Object) -> Object:
        """Raises ApiRefusedError with reason AlreadyExists for a taken name, also if an attempt of this call took it."""
        return await self._request("POST", path, body=body)

    async def patch(self, path: str, body: Object) -> Object:
        """A merge patch."""
        return await self._request("PATCH", path, body=body, content_type="application/merge-patch+json")

    async def delete(self, path: str, *, uid: str | None = None, grace: float | None = None) -> bool:
        """Ask for the end of an object; whether it was there. With `uid`, only if it is still that one."""
        options: Object = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        options |= {} if uid is None else {"preconditions": {"uid": uid}}
        options |= {} if grace is None else {"gracePeriodSeconds": int(grace)}
        try:
            await self._request("DELETE", path, body=options)
        except ApiRefusedError as refusal:
            if refusal.status == 404 or refusal.reason == "Conflict":
                return False
            raise
        return True

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str], silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Chunks of an answer without end, which is given up after `silence` seconds without one."""
        from aiohttp import ClientError, ClientTimeout

        try:
            timeout = ClientTimeout(total=None, sock_connect=30, sock_read=silence)
            response = await self._send("GET", path, query=query, timeout=timeout)
        except (ClientError, OSError, asyncio.TimeoutError) as error:
            raise ApiUnavailableError(_out_of_reach(error)) from error
        try:
            if response.status >= 400:
                raise failure(response.status, await response.read(), response.headers)
            yield response.content.iter_any()
        except (ClientError, OSError, asyncio.TimeoutError) as error:
            raise ApiUnavailableError(_out_of_reach(error)) from error
        finally:
            response.close()

    async def _request(self, method: str, path: str, **request: Any) -> Object:
        renewed = False
        for delay in (*self._delays, None):
            client = self._client
            try:
                return await self._answer(method, path, **request)
            except ApiUnavailableError as trouble:
                if delay is None or (trouble.status is not None and QUOTA in str(trouble)):
                    raise
                await asyncio.sleep(max(delay, trouble.retry_after))
            except ApiRefusedError as refusal:
                if refusal.status != 401 or renewed:
                    raise
                renewed = True  # tokens of cloud providers last for minutes, runs for days
                await self._renew(client)
        raise AssertionError("the last attempt returns or raises")

    async def _connected(self) -> None:
        self._stack = AsyncExitStack()
        self._client = await self._stack.enter_async_context(self._connect())

    async def _renew(self, refused: ApiClient) -> None:
        """Connect anew, unless somebody has since the client was refused.

        The old client stays until the next time: others may wait for its answers.
        """
        async with self._renewing:
            if self._client is refused:
                await self._retired.aclose()
                self._retired = self._stack
                await self._connected()

    async def _answer(self, method: str, path: str, **request: Any) -> Object:
        from aiohttp import ClientError

        try:
            response = await self._send(method, path, **request)
            text = await response.read()
        except (ClientError, OSError, asyncio.TimeoutError) as error:
            raise ApiUnavailableError(_out_of_reach(error)) from error
        if response.status >= 400:
            raise failure(response.status, text, response.headers)
        answer: Object = json.loads(text)
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content_type: str = "application/json",
        timeout: Any = None,
    ) -> ClientResponse:
        response: ClientResponse = await self._client.call_api(
            path,
            method,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
            _preload_content=False,
            _request_timeout=timeout,
        )
        return response


def failure(status: int, text: bytes, headers: Mapping[str, str]) -> ApiRefusedError | ApiUnavailableError:
    """What an answer of 400 or above means."""
    try:
        answer = json.loads(text)
        reason, said = answer.get("reason") or "", answer.get("message") or ""
    except (ValueError, AttributeError):
        reason, said = "", text.decode(errors="backslashreplace")[:300]
    message = f"Kubernetes answers {status}: {said}"
    if status == 403 and QUOTA in said:
        return ApiUnavailableError(message, status)
    if (status in BUSY or status >= 500) and reason != "AlreadyExists":
        return ApiUnavailableError(message, status, _seconds(headers.get("Retry-After")))
    if status == 403:
        message += ". Give the service account the Role of docs/kubernetes.md"
    if status == 401:
        message += ". Check the credentials of the Kubernetes connection"
    return ApiRefusedError(message, status, reason)


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0


def _out_of_reach(error: BaseException) -> str:
    return f"the Kubernetes API server does not answer: {str(error) or type(error).__name__}"
