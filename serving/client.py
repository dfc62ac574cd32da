"""A client of the service: one file, standard library alone.  Copy it, or import it.

>>> with Offramp("http://127.0.0.1:8000", key="ofr_...") as client:  # doctest: +SKIP
...     client.context("4711")["route"]

It asks again by itself what may be asked twice: every call here may, because events are known by
their source and id.  It waits longer each time, never all callers alike, and as long as the service
says; when ``patience`` is over it gives up and raises.
"""

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

Json = dict[str, Any]

# 408, 425 and 429: ask again; 502, 503 and 504: somebody between us or the service is not ready.
# A full store (507) and a fault (500) may pass, too; a 4xx says that asking again is no use.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 507})
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0  # seconds


class OfframpRefused(Exception):
    """The service will not answer this request, however often it is asked; ``problem`` says why."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status} {problem.get('title', '')}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem


class OfframpAway(Exception):
    """The service did not answer within the caller's patience; the last thing heard is said."""


class Offramp:
    """Asks one service over one connection; not to be shared by threads.

    Parameters
    ----------
    address : such as ``https://offramp.example:8000``
    key : an API key; empty for a service without keys
    timeout : seconds to wait for one answer
    patience : seconds after which asking again ends; 0 asks once
    """

    def __init__(
        self, address: str, key: str = "", *, timeout: float = 5.0, patience: float = 20.0
    ) -> None:
        parts = urlsplit(address)
        kind = {"http": HTTPConnection, "https": HTTPSConnection}[parts.scheme]
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        self._path = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._patience = patience

    def score(self, histories: Sequence[Mapping[str, Any]], explain: int = 5) -> Json:
        """Predict every open journey of up to 1,000 histories."""
        return self.ask("POST", "/v1/score", {"histories": list(histories), "explain": explain})

    def send(self, events: Sequence[Mapping[str, Any]]) -> Json:
        """Send events (CloudEvents); they are kept when this returns, none twice."""
        batch = "application/cloudevents-batch+json"
        return self.ask("POST", "/v1/events", list(events), kind=batch)

    def context(self, customer: str) -> Json:
        """Return where a customer stands, what to do, and what will probably come next."""
        return self.ask("GET", f"/v1/customers/{_quoted(customer)}/context")

    def outcomes(self, outcomes: Sequence[Mapping[str, Any]]) -> Json:
        """Tell what was done for customers, and what came of it."""
        return self.ask("POST", "/v1/outcomes", {"outcomes": list(outcomes)})

    def findings(self) -> Json:
        """Return the findings."""
        return self.ask("GET", "/v1/findings")

    def members(self, finding: str, state: str = "affected") -> Iterator[Json]:
        """Yield the members of a finding's audience, page by page."""
        path = f"/v1/audiences/{_quoted(finding)}/members"
        after: str | None = None
        while True:
            asked = {"state": state} | ({"cursor": after} if after else {})
            page = self.ask("GET", f"{path}?{urlencode(asked)}")
            yield from page["members"]
            after = page.get("next")
            if not after:
                return

    def erase(self, customer: str) -> Json:
        """Forget a customer; the answer is the receipt."""
        return self.ask("DELETE", f"/v1/customers/{_quoted(customer)}")

    def is_ready(self) -> bool:
        """Whether the service can answer now."""
        try:
            return self._once("GET", "/readyz", None, {})[0] == 200
        except (OSError, HTTPException):
            self._connection.close()
            return False

    def ask(
        self, method: str, path: str, body: object = None, *, kind: str = "application/json"
    ) -> Json:
        """Ask, again if need be, and return the answer.

        Raises
        ------
        OfframpRefused
            If the service says that this request will not do.
        OfframpAway
            If it has not answered when the patience is over.
        """
        sent = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({} if sent is None else {"Content-Type": kind})
        until = time.monotonic() + self._patience
        wait = _FIRST_WAIT
        while True:
            told, asked_wait = "no answer", 0.0
            try:
                status, answer, asked_wait = self._once(method, self._path + path, sent, headers)
                if status < 400:
                    return answer
                if status not in _PASSING:
                    raise OfframpRefused(status, answer)
                told = f"{status} {answer.get('title', '')}"
            except (OSError, HTTPException) as error:
                self._connection.close()
                told = f"{type(error).__name__}: {error}"
            pause = max(asked_wait, random.uniform(wait / 2, wait))
            if time.monotonic() + pause > until:
                raise OfframpAway(f"{method} {path.partition('?')[0]}: {told}")
            time.sleep(pause)
            wait = min(2 * wait, _LONGEST_WAIT)

    def close(self) -> None:
        """Hang up; asking again connects again."""
        self._connection.close()

    def __enter__(self) -> "Offramp":
        """Return itself, to be closed at the end of a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()

    def _once(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Json, float]:
        """Return the status, the answer (a problem document for 400 and more), and Retry-After."""
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        wait = answer.getheader("Retry-After", "")
        try:
            read = json.loads(content) if content else {}
        except ValueError:  # a proxy's own page
            read = {"title": answer.reason, "detail": content[:200].decode(errors="replace")}
        return answer.status, read, float(wait) if wait.isdigit() else 0.0


def _quoted(text: str) -> str:
    return quote(text, safe="")
