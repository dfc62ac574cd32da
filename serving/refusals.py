"""Why the guard refuses, in words and in the headers that say what to do."""

from typing import NamedTuple

from serving.keys import Bucket, Key
from serving.limits import DOCS
from serving.problems import Problem, problem_of

_CHALLENGE = 'Bearer realm="offramp"'


class Refusal(NamedTuple):
    """Why a request is not handed on, and the headers that say what to do."""

    problem: Problem
    headers: dict[str, str]


def no_key(presented: str, path: str) -> Refusal:
    """Say that a key is needed, or that the one shown is none; how a browser may show one."""
    told = (
        "The key that was shown is not, or no longer, one of this service's."
        if presented
        else "No key was shown."
    )
    detail = f"{told} Send one as `Authorization: Bearer KEY`; the operator makes them."
    challenge = _CHALLENGE + (', error="invalid_token"' if presented else "")
    if path.startswith(DOCS):
        challenge = f'Basic realm="offramp: any name, the key as password", {challenge}'
    return Refusal(problem_of("no-key", detail), {"WWW-Authenticate": challenge})


def wrong_scope(needed: str, key: Key) -> Refusal:
    """Name the scope that is missing."""
    has = " and ".join(key.scopes) or "nothing"
    detail = (
        f"This takes a key with the scope {needed!r}; the one shown is good for {has}. "
        "Ask the operator for another."
    )
    challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{needed}"'
    return Refusal(problem_of("wrong-scope", detail), {"WWW-Authenticate": challenge})


def too_often(bucket: Bucket) -> Refusal:
    """Say when to ask again."""
    wait = max(1, int(bucket.seconds_until_next + 0.999))
    detail = (
        f"This key is good for {bucket.rate:g} requests per second. "
        "Wait as long as Retry-After says, or ask the operator for a higher rate."
    )
    return Refusal(problem_of("too-often", detail), {"Retry-After": str(wait)})


def too_large(most: int) -> Refusal:
    """Say how large a body may be."""
    detail = f"The body is larger than {most:,} bytes. Send less in one request."
    return Refusal(problem_of("too-large", detail), {})


def wrong_host(host: str) -> Refusal:
    """Say under which names a service without keys is asked."""
    detail = (
        f"This service has no keys, so it answers this machine alone, asked for as 127.0.0.1 or "
        f"localhost; the request names the host {host[:60]!r}. Start it with --keys to be asked by "
        "another name."
    )
    return Refusal(problem_of("wrong-host", detail), {})


def wrong_origin() -> Refusal:
    """Say that a page of somebody else's may not ask."""
    detail = (
        "This service has no keys, so it answers no web page but its own. Start it with --keys, "
        "and send one, to ask from another page."
    )
    return Refusal(problem_of("wrong-origin", detail), {})
