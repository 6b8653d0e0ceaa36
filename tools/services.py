"""Throw-away PostgreSQL, Redis and RabbitMQ for tests: started from nothing, on loopback, gone afterwards.

python -m tools.services postgresql redis -- COMMAND     runs it with DATABASE_URL and BROKER_URL set

They are the programs of the machine's own packages, run by an account without rights (PostgreSQL refuses
root), in a folder and on ports of their own: whatever else runs on the machine is neither used nor touched.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import amqp
import psycopg
import redis

from tools.children import die_with_parent

READY_WITHIN: Final = 60.0
ACCOUNTS: Final = ("postgres", "nobody")
"""Whom root runs them as: the first that the machine knows."""
VIRTUAL_HOSTS: Final = ("calloff", "calloff-1", "calloff-2")
"""Of RabbitMQ: one for whoever is alone, and one for each of two processes of tests that run side by side."""


@dataclass(frozen=True, slots=True)
class Service:
    """One that runs: its name with its version, and the variable that tells the application where it is."""

    name: str
    variable: str
    url: str


class NotInstalledError(Exception):
    """Which program is missing, and how to get it."""


def named(url: str) -> str:
    """What serves an address, with its version: `Redis 7.0.15`. Raises what its client raises where none does."""
    address = urlsplit(url)
    if address.scheme.startswith("postgres"):
        with psycopg.connect(url, connect_timeout=2) as connection:
            return f"PostgreSQL {(connection.info.parameter_status('server_version') or '').split()[0]}"
    if address.scheme.startswith("redis"):
        with redis.Redis.from_url(url, socket_timeout=2) as client:
            return f"Redis {client.info('server')['redis_version']}"
    with amqp.Connection(
        f"{address.hostname}:{address.port or 5672}",
        unquote(address.username or "guest"),
        unquote(address.password or "guest"),
        virtual_host=address.path[1:] or "/",
        connect_timeout=2,
    ) as connection:
        return f"RabbitMQ {vars(connection)['server_properties']['version']}"


def _program(name: str, package: str, folders: Sequence[Path] = ()) -> str:
    """The path of a program; Debian keeps some of them off the search path."""
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    if found := shutil.which(name):
        return found
    raise NotInstalledError(f"{name} is not installed (Debian and Ubuntu: apt-get install {package})")


def _postgresql_program(name: str) -> str:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return _program(name, "postgresql", versions[::-1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _account() -> pwd.struct_passwd | None:
    """Whom to run as; None where we are nobody special ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NotInstalledError(f"There is no account to run a server as: one of {', '.join(ACCOUNTS)}")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for one server, its own to write."""
    path = Path(tempfile.mkdtemp(prefix="calloff-service-"))
    try:
        if account := _account():
            os.chown(path, account.pw_uid, account.pw_gid)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _process(
    words: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a server; should we be killed, the system ends it."""
    account = _account()
    with (folder / "output").open("ab") as output:
        return subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, "HOME": str(folder), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )


@contextlib.contextmanager
def _running(
    words: Sequence[str],
    folder: Path,
    answers: Callable[[], str],
    failures: tuple[type[Exception], ...],
    environment: Mapping[str, str] | None = None,
    stop: int = signal.SIGTERM,
) -> Iterator[str]:
    """A server from its start until it has ended; answers what `answers` said once it did without failing."""
    process = _process(words, folder, environment)
    try:
        until = time.monotonic() + READY_WITHIN
        while True:
            try:
                version = answers()
                break
            except failures as error:
                if process.poll() is not None or time.monotonic() > until:
                    said = (folder / "output").read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"{words[0]} did not start: {error}\n{said}") from error
                time.sleep(0.05)
        yield version
    finally:
        process.send_signal(stop)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def postgresql() -> Iterator[Service]:
    """A cluster with one empty database. It forgets what it was told last if the power fails, and is quick."""
    initdb, server = _postgresql_program("initdb"), _postgresql_program("postgres")
    with _folder() as folder:
        password, port = secrets.token_hex(12), _free_port()
        (folder / "password").write_text(password)
        made = _process(
            [initdb, "--pgdata", str(folder / "data"), "--username=calloff", "--auth=scram-sha-256",
             f"--pwfile={folder / 'password'}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            folder,
        )  # fmt: skip
        if made.wait(READY_WITHIN):
            raise RuntimeError(f"initdb failed:\n{(folder / 'output').read_text(errors='replace')}")
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "log_min_messages": "fatal",
        }
        address = f"postgres://calloff:{password}@127.0.0.1:{port}"

        def answers() -> str:
            with psycopg.connect(f"{address}/postgres", connect_timeout=2, autocommit=True) as connection:
                if not connection.execute("SELECT FROM pg_database WHERE datname = 'calloff'").fetchone():
                    connection.execute("CREATE DATABASE calloff")
            return named(f"{address}/calloff")

        words = [server, "-D", str(folder / "data")]
        words += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        # SIGINT waits for no client, SIGTERM for all of them.
        with _running(words, folder, answers, (psycopg.OperationalError,), stop=signal.SIGINT) as name:
            yield Service(name, "DATABASE_URL", f"{address}/calloff")


@contextlib.contextmanager
def redis_server() -> Iterator[Service]:
    """A Redis that writes nothing to disk."""
    server = _program("redis-server", "redis-server")
    with _folder() as folder:
        password, port = secrets.token_hex(12), _free_port()
        options = {
            "port": str(port),
            "bind": "127.0.0.1",
            "dir": str(folder),
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }
        # The password is in a file: a command line is everybody's to read.
        (folder / "redis.conf").write_text(f"requirepass {password}\n")
        address = f"redis://:{password}@127.0.0.1:{port}/0"

        words = [server, str(folder / "redis.conf")]
        words += [word for name, value in options.items() for word in (f"--{name}", value)]
        with _running(words, folder, lambda: named(address), (redis.RedisError,)) as name:
            yield Service(name, "BROKER_URL", address)


@contextlib.contextmanager
def rabbitmq() -> Iterator[Service]:
    """A RabbitMQ node with a port mapper of its own, which otherwise outlives it and is shared by all."""
    # The wrapper on the search path runs as nobody but Debian's own account.
    server = _program("rabbitmq-server", "rabbitmq-server", [Path("/usr/lib/rabbitmq/bin")])
    mapper = _program("epmd", "rabbitmq-server")
    with _folder() as folder:
        password, port, mapped, nodes = secrets.token_hex(12), _free_port(), _free_port(), _free_port()
        everything = {"configure": ".*", "write": ".*", "read": ".*", "user": "calloff"}
        definitions = {
            "users": [{"name": "calloff", "password": password, "tags": []}],
            "vhosts": [{"name": name} for name in VIRTUAL_HOSTS],
            "permissions": [{**everything, "vhost": name} for name in VIRTUAL_HOSTS],
        }
        (folder / "definitions.json").write_text(json.dumps(definitions))
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{port}\nload_definitions = {folder / 'definitions.json'}\n"
            "log.console = true\nlog.console.level = warning\nlog.file = false\n"
        )
        environment = {
            "ERL_EPMD_PORT": str(mapped),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"calloff{port}@localhost",
            "RABBITMQ_DIST_PORT": str(nodes),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
        }

        def mapped_answers() -> str:
            socket.create_connection(("127.0.0.1", mapped), 2).close()
            return ""

        address = f"amqp://calloff:{password}@127.0.0.1:{port}/{VIRTUAL_HOSTS[0]}"
        failures = (OSError, amqp.AMQPError)
        with (
            _running([mapper], folder, mapped_answers, (OSError,), environment),
            _running([server], folder, lambda: named(address), failures, environment) as name,
        ):
            yield Service(name, "BROKER_URL", address)


SERVICES: Final[dict[str, Callable[[], contextlib.AbstractContextManager[Service]]]] = {
    "postgresql": postgresql,
    "redis": redis_server,
    "rabbitmq": rabbitmq,
}


@contextlib.contextmanager
def running(names: Sequence[str]) -> Iterator[list[Service]]:
    """The named services. Raises NotInstalledError before anything is started that needs what is missing.

    SIGTERM ends them as Ctrl-C does, so that nothing of theirs is left.
    """
    before = signal.signal(signal.SIGTERM, _interrupted)
    try:
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(SERVICES[name]()) for name in names]
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs a command beside throw-away services.")
    parser.add_argument("services", nargs="+", choices=list(SERVICES))
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    arguments, command = parser.parse_args(words[:at]), words[at + 1 :]
    if not command:
        parser.error("say what to run after --")
    try:
        with running(arguments.services) as services:
            given = {service.variable: service.url for service in services}
            return subprocess.run(command, env={**os.environ, **given}, check=False).returncode
    except NotInstalledError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
