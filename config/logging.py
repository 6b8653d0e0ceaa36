"""How every process writes its log: lines of JSON to standard error, which tools/run.py keeps in a file.

config/discretion.py says what no line may hold. A developer's readable log (DEBUG) shows errors whole.
"""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from structlog.typing import Processor

from config.discretion import without_addresses, without_words

QUIET = (
    # They say at these levels what was asked of them, or with which token.
    "httpcore",
    "httpx",
    "oauth2_provider",
    "oauthlib",
    "urllib3",
)


def shared(readable: bool) -> list[Processor]:
    """What is done to a line of ours and of a library alike."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if readable else without_words,
    ]


def to_json(line: dict[str, Any], **options: Any) -> str:
    """A log line as JSON; what JSON does not know is written as Python shows it."""
    return orjson.dumps(line, default=options.get("default", repr)).decode()


def logging_settings(level: str, readable: bool) -> dict[str, Any]:
    """The LOGGING setting. `level` is the lowest kept; `readable` writes for a person instead of JSON."""
    renderer = (
        structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(serializer=to_json)
    )
    foreign = shared(readable) if readable else [*shared(readable), without_addresses]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                "foreign_pre_chain": foreign,
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # The line of config/middleware.py already says it.
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "ERROR"},
            # A line for each request to the search service, and a stack for each that fails: the answer says why.
            "elastic_transport": {"level": "ERROR"},
            # django_structlog says how each task ended, and this one would repeat the error's words.
            "celery.app.trace": {"level": "CRITICAL"},
            "celery.worker.strategy": {"level": "WARNING"},
            # Whoever asked for a connection is told, and tells; the pool would say it at every try.
            "psycopg.pool": {"level": "ERROR"},
            **{name: {"level": "WARNING"} for name in QUIET},
        },
    }


def configure_structlog(level: str, readable: bool = False) -> None:
    """Sends structlog from `level` up through the standard library, so that one handler writes everything."""
    structlog.configure(
        processors=[
            *shared(readable),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
