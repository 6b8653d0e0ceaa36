"""compose.yaml and the Dockerfile against the rest of the repository. No container runs here: see deployment.md."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from api.v1 import health
from config.environment import SECRETS
from tests.given import database
from tests.platform.supervised import ROOT
from tools import probe
from tools.deployment.make_secrets import make
from tools.search_node.certificates import make_authority, write_authority

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("calloff:")}
DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
OF_OPENTELEMETRY = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME"}


DROPPED = {
    "DATABASE_URL",
    "BROKER_URL",
    "CACHE_URL",
    "SEARCH_URL",
    "SECRET_KEY",
    "DEMO",
    "DJANGO_SETTINGS_MODULE",
    "DEBUG",
}
NODES = "https://search1:9200,https://search2:9200,https://search3:9200"
ITSELF = {"DJANGO_SETTINGS_MODULE": "config.settings"}
READ = """
from django.conf import settings as s
print(s.SEARCH_URL, s.SEARCH_REPLICAS, s.SEARCH_PREFIX, s.SEARCH_API_KEY == "a2V5OnNlY3JldA==",
      s.DATABASES["default"]["ENGINE"].rpartition(".")[2], s.BROKER_URL.startswith("redis://:"), *s.ALLOWED_HOSTS)
"""


def known_variables() -> set[str]:
    """Every name that config/ reads from the environment."""
    text = "\n".join(file.read_text() for file in (ROOT / "config").glob("*.py"))
    found = set(re.findall(r'(?:env\.\w+|environ\.get)\(\s*"([A-Z_]+)"', text))
    return found | {f"{name}_FILE" for name in SECRETS} | OF_OPENTELEMETRY


def test_every_variable_that_a_service_is_given_is_one_that_config_reads() -> None:
    given = {name for service in OURS.values() for name in service["environment"]}
    assert given - known_variables() == set()
    assert given >= {"SECRET_KEY_FILE", "DATABASE_URL_FILE", "BROKER_URL_FILE", "ALLOWED_HOSTS", "SEARCH_URL"}


@pytest.mark.whole
def test_config_accepts_every_value_that_a_service_is_given(tmp_path: Path) -> None:
    """With the secrets that make_secrets makes, and without whatever an operator may leave out."""
    make(tmp_path / "secrets")
    (tmp_path / "access").mkdir()
    (tmp_path / "access" / "api-key").write_text("a2V5OnNlY3JldA==\n")
    write_authority(make_authority(), tmp_path / "access" / "ca.crt")
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    for name, service in OURS.items():
        given = {
            variable: re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", str(value))
            .replace("/run/secrets/", f"{tmp_path}/secrets/")
            .replace("/access/", f"{tmp_path}/access/")
            .replace("/data/", f"{tmp_path}/data/")
            for variable, value in service["environment"].items()
        }
        told = subprocess.run(
            [sys.executable, "-c", READ],
            cwd=ROOT,
            env={
                **kept,
                **given,
                **ITSELF,
                "ALLOWED_HOSTS": "calloff.example.org",
                "CALLOFF_DATA": str(tmp_path / "data"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert (name, told.stderr, told.stdout) == (
            name,
            "",
            f"{NODES} 1 calloff- True postgresql True calloff.example.org\n",
        )


def test_no_secret_has_a_default_and_each_comes_from_a_file() -> None:
    assert {
        name: Path(secret["file"]).parts[0] for name, secret in COMPOSE["secrets"].items()
    } == dict.fromkeys(COMPOSE["secrets"], "secrets")
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
        for name, value in service.get("environment", {}).items():
            assert name not in SECRETS or name in {"SEARCH_URL"}
            assert not re.search(r"://[^/\s]*:[^/\s]*@", str(value)), name
    assert SERVICES["web"]["environment"]["ALLOWED_HOSTS"].startswith("${ALLOWED_HOSTS:?")


def test_no_secret_of_a_deployment_is_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "secrets", ".env"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout == ""


def test_every_service_has_limits_and_a_policy_for_its_end() -> None:
    once = {"prepare", "search-certificates", "search-key"}
    for name, service in SERVICES.items():
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
        assert service["restart"] == ("no" if name in once else "unless-stopped"), name
        assert "healthcheck" in service or name in once, name


def test_the_guide_names_the_memory_that_the_lasting_services_may_take() -> None:
    units = {"m": 1 / 1024, "g": 1.0}
    sizes = [
        (service["deploy"].get("replicas", 1), service["deploy"]["resources"]["limits"]["memory"])
        for service in SERVICES.values()
        if service["restart"] != "no"
    ]
    whole = round(sum(number * float(size[:-1]) * units[size[-1]] for number, size in sizes))
    assert f"about {whole} GB, the sum of what `compose.yaml` lets lasting services take" in DEPLOYMENT


def test_there_are_two_webs_three_search_nodes_and_one_writer() -> None:
    assert SERVICES["web"]["deploy"]["replicas"] == 2
    assert SERVICES["index-worker"]["deploy"]["replicas"] == SERVICES["beat"]["deploy"]["replicas"] == 1
    nodes = {name: service for name, service in SERVICES.items() if re.fullmatch(r"search\d", name)}
    assert sorted(nodes) == SERVICES["search-certificates"]["environment"]["NODES"].split()
    for name, node in nodes.items():
        settings = node["environment"]
        assert settings["node.name"] == settings["network.publish_host"] == name
        assert sorted([name, *settings["discovery.seed_hosts"].split(",")]) == sorted(nodes)
        assert settings["xpack.security.enabled"] == settings["xpack.security.http.ssl.enabled"] == "true"
        assert settings["xpack.security.http.ssl.key"] == f"certs/{name}/{name}.key"


def test_the_authoritys_private_key_lies_where_no_node_and_nothing_of_ours_reaches_it() -> None:
    made = SERVICES["search-certificates"]["environment"]["AUTHORITY"]
    mounted = {
        name for name, service in SERVICES.items()
        if any(volume.startswith("authority:") for volume in service.get("volumes", []))
    }  # fmt: skip
    assert mounted == {"search-certificates"}
    assert f"authority:{made}" in SERVICES["search-certificates"]["volumes"]


def test_the_health_of_a_search_node_asks_with_a_password_that_no_list_of_processes_shows() -> None:
    _, command = SERVICES["search1"]["healthcheck"]["test"]
    given, curl = command.split(" | ")
    assert given == """printf 'user = "elastic:%s"\\n' "$$(cat /run/secrets/elastic_password)\""""
    assert curl.startswith("curl -s -f -o /dev/null -K - ")
    assert "/_cluster/health?" in curl


def test_health_answers_before_whoever_asks_gives_up_whatever_is_silent() -> None:
    check = SERVICES["web"]["healthcheck"]
    assert check["test"] == ["CMD", "python", "-m", "tools.probe", "8000", "/api/v1/health/ready/"]
    assert (
        health.DATABASE_SECONDS + health.INDEX_SECONDS + health.BROKER_SECONDS
        < probe.SECONDS
        < float(check["timeout"].removesuffix("s"))
    )


def test_what_is_ours_runs_as_nobody_special_on_a_file_system_that_is_read_only() -> None:
    for name, service in OURS.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "privileged" not in service, name
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["10001:10001"]
    assert SERVICES["search-key"]["environment"]["READER"] == "10001"


def test_only_loopback_is_published() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000-8001:8000", "127.0.0.1:9464:9464"]


def test_whatever_a_service_waits_for_exists_and_can_be_waited_for() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            awaited = SERVICES[other]
            if how["condition"] == "service_healthy":
                assert "test" in awaited["healthcheck"], (name, other)
            elif how["condition"] == "service_completed_successfully":
                assert awaited["restart"] == "no", (name, other)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).is_dir(), volume


def test_images_are_of_the_versions_that_the_rest_names() -> None:
    images = {service["image"] for service in SERVICES.values()} - {"calloff:${CALLOFF_TAG:-latest}"}
    assert images == {"elasticsearch:9.4.3", "postgres:17", "redis:8"}
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"python:3.11-slim"}
    for image in [*images, "python:3.11-slim"]:
        assert f"`{image}`" in DEPLOYMENT


def test_postgresql_keeps_in_its_log_no_value_of_a_statement_that_failed() -> None:
    url = database()
    if url is None:
        pytest.skip("SQLite has no log")
    server, *told = SERVICES["postgres"]["command"]
    assert (server, told[::2]) == ("postgres", ["-c"] * 2)
    with psycopg.connect(url, autocommit=True) as connection:
        log = Path(connection.execute("SHOW data_directory").fetchone()[0]).parent / "output"
        if not log.is_file():
            pytest.skip("its log is not ours to read")
        connection.execute("CREATE TEMPORARY TABLE kept (said text PRIMARY KEY)")
        connection.execute("INSERT INTO kept VALUES ('heron7391')")
        connection.execute("SET log_min_messages = error")

        def logged() -> str:
            begun = log.stat().st_size
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO kept VALUES ('heron7391')")
            return log.read_bytes()[begun:].decode()

        assert "heron7391" in logged()
        for one in told[1::2]:
            connection.execute("SELECT set_config(%s, %s, false)", one.split("="))
        said = logged()
        assert "kept_pkey" in said
        assert [word for word in ("heron7391", "INSERT") if word in said] == []


def test_every_module_that_a_container_runs_exists() -> None:
    commands = [" ".join(service["command"]) for service in OURS.values() if "command" in service]
    commands += [" ".join(map(str, service["healthcheck"].get("test", []))) for service in OURS.values()]
    commands.append((ROOT / "Dockerfile").read_text())
    modules = set(re.findall(r"-m,? \"?(?:\", \")?((?:tools|config)[.\w]*)", "\n".join(commands)))
    assert modules == {"config.exporter", "tools.assets", "tools.prepare", "tools.probe"}
    for module in modules:
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert copied == ["requirements.txt", "."]


def test_every_service_is_in_the_operators_page() -> None:
    assert [name for name in SERVICES if f"`{name}`" not in DEPLOYMENT + OPERATIONS] == []


def test_every_metric_is_in_the_operators_page() -> None:
    text = "\n".join(
        (ROOT / file).read_text()
        for file in ("config/counted.py", "config/exporter.py", "search/measured.py")
    )
    names = set(re.findall(r'"(calloff_[a-z_]+)"', text))
    assert len(names) > 10
    assert [name for name in sorted(names) if f"`{name}`" not in DEPLOYMENT + OPERATIONS] == []


@pytest.mark.parametrize("script", ["search_certificates.sh", "search_key.sh"])
def test_the_scripts_of_the_one_off_services_parse_and_ask_for_what_they_are_given(script: str) -> None:
    path = ROOT / "tools" / "deployment" / script
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0
    asked = {
        name
        for line in re.findall(r"^: (.+)$", path.read_text(), re.MULTILINE)
        for name in re.findall(r"\w+", line)
    }
    (service,) = [one for one in SERVICES.values() if script in " ".join(one.get("command", []))]
    assert service["environment"].keys() == asked


def test_secrets_are_made_once_and_the_folder_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert set(make(folder)) == COMPOSE["secrets"].keys()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    first = {file.name: file.read_text() for file in folder.iterdir()}
    assert make(folder) == []
    assert {file.name: file.read_text() for file in folder.iterdir()} == first
    assert first["postgres_password"].strip() in first["database_url"]
    assert first["redis_password"].strip() in first["broker_url"]
    assert len({text for name, text in first.items() if not name.endswith("_url")}) == 4
    assert min(len(text) for name, text in first.items() if name != "email_url") >= 60
    assert first["email_url"] == "filemail:///data/mail\n"


def test_the_secrets_are_made_by_a_python_without_our_packages(tmp_path: Path) -> None:
    words = ["-S", "-m", "tools.deployment.make_secrets", str(tmp_path / "made")]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"Written to {tmp_path / 'made'}: secret_key, ")
    assert done.stderr == ""
    (tmp_path / ".env").write_text(
        "ALLOWED_HOSTS=calloff.example.org\nEMAIL_URL=smtp://u:hidden@mail.example.org\n"
    )
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == (
        f"EMAIL_URL in {tmp_path / '.env'} is not read: write it into {tmp_path / 'made' / 'email_url'} yourself "
        "(after chmod u+w), or e-mails go to files, and take it out there.\n"
    )
    assert (tmp_path / "made" / "email_url").read_text() == "filemail:///data/mail\n"


def test_the_guide_names_each_variable_that_a_deployment_takes_from_its_env_file() -> None:
    taken = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    _, _, rest = DEPLOYMENT.partition("## A deployment in containers")
    section, _, _ = rest.partition("## Secrets")
    assert "DEFAULT_FROM_EMAIL" in taken
    # Whoever is not told of it has a service whose invitations nobody gets.
    assert "`secrets/email_url`" in section
    assert {name for name in taken if name not in section} == set()
