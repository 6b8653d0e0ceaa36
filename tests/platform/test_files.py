"""Files stay short enough to be read in one go."""

from __future__ import annotations

from tests.given import ROOT

LONGEST = 500
WRITTEN = {".py", ".scss", ".html", ".js", ".mjs", ".txt", ".md", ".yaml", ".toml"}
FOLDERS = (
    "api",
    "benchmarks",
    "config",
    "docs",
    "fixtures",
    "procurement",
    "search",
    "tests",
    "tools",
    "web",
)
MADE = {"docs/openapi.yaml", "procurement/migrations/0001_initial.py"}
"""Made by a command, and read by nobody from end to end."""
NOT_OURS = {"node_modules", "compiled", "__pycache__"}


def test_no_file_that_a_person_writes_has_more_than_five_hundred_lines() -> None:
    files = [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in WRITTEN and path.is_file() and not NOT_OURS & set(path.parts)
    ]
    long = {
        name: lines
        for path in files
        if (name := path.relative_to(ROOT).as_posix()) not in MADE
        and (lines := path.read_text(encoding="utf-8").count("\n")) > LONGEST
    }
    assert len(files) > 300
    assert long == {}
