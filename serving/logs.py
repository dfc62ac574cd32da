"""Logs: one JSON object a line, on standard error, each with ``at`` (UTC), ``level`` and ``from``.

What a line tells of a request is `Traced`'s; here it only gets its frame.  On a terminal, where a
person reads, the frame is plain.
"""

import json
import logging.config
import sys
from datetime import UTC, datetime

LEVELS = ("debug", "info", "warning", "error")


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object; a message that is one already is taken over whole."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = f'{{"at":"{at[:23]}Z","level":"{record.levelname.lower()}","from":"{record.name}",'
        message = record.getMessage()
        if message.startswith("{"):
            return head + message[1:]
        told = {"said": message}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return head + json.dumps(told)[1:]


def log_lines(level: str) -> None:
    """Let the service and its server write JSON lines of this level and above."""
    logger = {"handlers": ["stderr"], "level": level.upper(), "propagate": False}
    formatter = "plain" if sys.stderr.isatty() else "json"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {"()": JsonLines},
                "plain": {"format": "%(asctime)s %(levelname)s %(message)s"},
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": formatter}},
            "loggers": {"offramp": logger, "uvicorn": logger | {"level": "WARNING"}},
        }
    )
