"""Lines of the log are written together, soon, in order, and none is lost at the end."""

import json
import logging
import subprocess
import sys
from io import StringIO
from time import monotonic, sleep

import pytest

from serving.logs import JsonLines, Together


@pytest.fixture
def written() -> StringIO:
    return StringIO()


@pytest.fixture
def logger(written: StringIO) -> logging.Logger:
    """A logger of its own, which nobody else hears."""
    handler, logger = Together(written), logging.Logger("a test")
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    return logger


def said(written: StringIO) -> list[str]:
    return [json.loads(line)["said"] for line in written.getvalue().splitlines()]


def test_lines_wait_for_one_another_but_not_for_long(
    logger: logging.Logger, written: StringIO
) -> None:
    logger.info("one")
    logger.info("two")
    assert said(written) == []
    until = monotonic() + 10
    while not written.getvalue() and monotonic() < until:
        sleep(0.01)
    assert said(written) == ["one", "two"]


def test_a_warning_goes_out_at_once_behind_what_was_said_before(
    logger: logging.Logger, written: StringIO
) -> None:
    logger.info("one")
    logger.warning("two")
    assert said(written) == ["one", "two"]


def test_no_more_than_a_thousand_lines_wait(logger: logging.Logger, written: StringIO) -> None:
    for number in range(1_000):
        logger.info("%d", number)
    assert said(written) == [str(number) for number in range(1_000)]


def test_a_stream_that_has_gone_stops_nobody(logger: logging.Logger, written: StringIO) -> None:
    written.close()
    logger.warning("nobody reads this")


@pytest.mark.parametrize("end", ["", "raise ValueError"])
def test_no_line_is_lost_when_a_process_ends(end: str) -> None:
    program = (
        "import logging, sys; from serving.logs import log_lines; log_lines('info'); "
        "logger = logging.getLogger('offramp.serving'); "
        f"[logger.info('line %d', n) for n in range(50)]; {end}"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    lines = [line for line in ran.stderr.splitlines() if line.startswith("{")]
    assert [json.loads(line)["said"] for line in lines] == [f"line {n}" for n in range(50)]
