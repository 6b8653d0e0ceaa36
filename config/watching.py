"""Counts tasks and statements, and lets go of what was refused: connects config/counted.py and config/let_go.py to what
Celery and Django say.
"""

from __future__ import annotations

import time
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.apps import AppConfig
from django.db.backends.signals import connection_created

from config.counted import TASK_SECONDS, count_queries
from config.let_go import let_go


def begun(task: Any, **_: Any) -> None:
    task.request.calloff_began = time.perf_counter()


def ended(task: Any, state: str | None = None, **_: Any) -> None:
    """`state` is Celery's word: SUCCESS, FAILURE, RETRY, REVOKED."""
    took = time.perf_counter() - getattr(task.request, "calloff_began", time.perf_counter())
    TASK_SECONDS.labels(task.name, (state or "unknown").lower()).observe(took)


class Watching(AppConfig):
    """Listens from the start of every process."""

    name = "config"
    label = "watching"

    def ready(self) -> None:
        connection_created.connect(count_queries, dispatch_uid="config.counted")
        connection_created.connect(let_go, dispatch_uid="config.let_go")
        task_prerun.connect(begun, dispatch_uid="config.counted", weak=False)
        task_postrun.connect(ended, dispatch_uid="config.counted", weak=False)
