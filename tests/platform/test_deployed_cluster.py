"""compose.yaml's three search nodes become one cluster, and are healthy once they are: real nodes, its own settings."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.platform.deployed_nodes import ADDRESSES, SERVICES, deployed

pytestmark = [pytest.mark.elasticsearch, pytest.mark.long, pytest.mark.timeout(1500)]
TOGETHER_WITHIN = 300.0


def until(true: Callable[[], bool], what: str, words: Callable[[], str]) -> None:
    end = time.monotonic() + TOGETHER_WITHIN
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"{what}\n{words()}")
        time.sleep(1)


def test_the_nodes_form_a_cluster_at_addresses_that_their_certificates_do_not_hold(
    own_nodes: None, tmp_path: Path
) -> None:
    """One alone answers and is not healthy; all three are; two are, when the third is killed; one is not again."""
    with deployed(tmp_path) as three:
        assert [path.name for path in tmp_path.rglob("ca.key")] == ["ca.key"]
        assert (tmp_path / "authority" / "ca.key").stat().st_mode & 0o077 == 0
        first, second, third = three.nodes.values()

        def words() -> str:
            return "\n".join(node.last_words(8) for node in three.nodes.values())

        first.launch()
        until(lambda: three.answers(first.name) not in {"000", "200"}, "The first does not answer.", words)
        assert three.health(first.name) != 0
        second.launch()
        third.launch()
        until(lambda: [three.health(name) for name in ADDRESSES] == [0, 0, 0], "They form no cluster.", words)
        given = {
            **SERVICES["search-key"]["environment"],
            "ACCESS": str(three.access),
            "READER": str(os.getuid()),
            "PASSWORD_FILE": str(three.password),
        }
        made = three.script("search_key.sh", first.name, **given)
        assert (made.returncode, made.stderr) == (0, "")
        assert made.stdout == "A new API key for calloff-* was made.\n"
        # A key that is new stands on one node for a moment; were it the third, nobody could say that the key works.
        until(lambda: three.replicated(first.name), "The key that was made is on one node.", words)
        third.kill()
        until(
            lambda: [three.health(name) for name in (first.name, second.name)] == [0, 0],
            "Two do not go on without the third.",
            words,
        )
        kept = three.script("search_key.sh", second.name, **given)
        assert (kept.returncode, kept.stderr, kept.stdout) == (0, "", "The API key works and is kept.\n")
        second.kill()
        until(lambda: three.health(first.name) != 0, "One calls itself healthy without a master.", words)
