"""Logs: one JSON object a line, on standard error, each with ``at`` (UTC), ``level`` and ``from``.

What a line tells of a request is `Traced`'s; here it only gets its frame.  On a terminal, where a
person reads, the frame is plain.

Lines are written together, a tenth of a second's worth at a time: one by one they would cost a
request as much as its answer.  Warnings and errors do not wait, nor does the end of the process.
"""

import json
import logging.config
import sys
from datetime import UTC, datetime
from threading import Timer
from typing import TextIO

LEVELS = ("debug", "info", "warning", "error")

_SECONDS_TO_WAIT = 0.1
_MOST_WAITING = 1_000


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object; a message that is one already is taken over whole."""

    def __init__(self) -> None:
        super().__init__()
        self._second = -1, ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        level = record.levelname.lower()
        head = f'{{"at":"{self._at(record.created)}Z","level":"{level}","from":"{record.name}",'
        message = record.getMessage()
        if message.startswith("{"):
            return head + message[1:]
        told = {"said": message}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return head + json.dumps(told)[1:]

    def _at(self, created: float) -> str:
        """Return a time to the millisecond; the part before it holds for a second."""
        second, millis = divmod(int(created * 1000), 1000)
        known, text = self._second
        if known != second:
            text = datetime.fromtimestamp(second, UTC).isoformat()[:19]
            self._second = second, text
        return f"{text}.{millis:03d}"


class Together(logging.Handler):
    """Writes lines to a stream, as many at once as have come in a tenth of a second.

    None is lost when the process ends, other than by SIGKILL.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream or sys.stderr
        self._waiting: list[str] = []
        self._soon: Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line in; `logging` holds the lock."""
        self._waiting.append(self.format(record))
        if record.levelno >= logging.WARNING or len(self._waiting) >= _MOST_WAITING:
            self.flush()
        elif self._soon is None:
            self._soon = Timer(_SECONDS_TO_WAIT, self.flush)
            self._soon.daemon = True
            self._soon.start()

    def flush(self) -> None:
        """Write what waits; `logging` asks for it at the end of the process, too."""
        self.acquire()
        try:
            if self._soon is not None:
                self._soon.cancel()
                self._soon = None
            lines, self._waiting = self._waiting, []
            if lines:
                self._stream.write("\n".join([*lines, ""]))
                self._stream.flush()
        except (OSError, ValueError):
            pass  # whoever read the lines has gone
        finally:
            self.release()


def log_lines(level: str) -> None:
    """Let the service and its server write JSON lines of this level and above."""
    logger = {"handlers": ["stderr"], "level": level.upper(), "propagate": False}
    # A line names no thread and no process, so nobody has to look for them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {"()": JsonLines},
                "plain": {"format": "%(asctime)s %(levelname)s %(message)s"},
            },
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "formatter": "plain"}
                if sys.stderr.isatty()
                else {"()": Together, "formatter": "json"}
            },
            "loggers": {"offramp": logger, "uvicorn": logger | {"level": "WARNING"}},
        }
    )
