"""Who runs a node, and the folder for what it needs: the node refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.assets import ROOT

NOBODY = 65534
"""The number that `nobody` has on Linux, where the machine has no such name."""


@dataclass(frozen=True)
class Account:
    """The user and the group that a node runs as."""

    user: int
    group: int


def unprivileged() -> Account | None:
    """Whom a node runs as instead of root; None where we are not root and it runs as we do."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(NOBODY, NOBODY)
    return Account(nobody.pw_uid, nobody.pw_gid)


ACCOUNT = unprivileged()


def reaches(account: Account | None, folder: Path) -> bool:
    """Whether an account can enter a folder: every folder on the way lets it pass."""
    if account is None:
        return os.access(folder, os.X_OK)
    for step in (folder, *folder.parents):
        state = step.stat()
        if state.st_uid == account.user:
            needed = stat.S_IXUSR
        elif state.st_gid == account.group:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not state.st_mode & needed:
            return False
    return True


def give(account: Account | None, folder: Path) -> None:
    """Makes a folder and all in it the account's own, closed to everybody else."""
    folder.chmod(0o700)
    if account is None:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.user, account.group, follow_symlinks=False)


def wanted_folder() -> Path:
    """Where the software and the nodes should be kept: SEARCH_NODE_FOLDER, else inside the data folder."""
    if named := os.environ.get("SEARCH_NODE_FOLDER"):
        return Path(named).expanduser().absolute()
    return Path(os.environ.get("CALLOFF_DATA") or ROOT / ".data").expanduser().absolute() / "elasticsearch"


def node_folder() -> Path:
    """The folder that software and nodes are kept in, which whoever runs the nodes can enter.

    A data folder that root made is closed to everybody else; then it is one beside it, in the temporary folder.
    """
    wanted = wanted_folder()
    for parent in reversed(wanted.parents):
        # The data folder is among them, and as closed as `make run` makes it.
        parent.mkdir(exist_ok=True, mode=0o700)
    wanted.mkdir(exist_ok=True)
    if reaches(ACCOUNT, wanted):
        return wanted
    other = Path(tempfile.gettempdir()).resolve() / f"calloff-elasticsearch-{os.geteuid()}"
    other.mkdir(exist_ok=True)
    if other.is_symlink() or other.stat().st_uid != os.geteuid():
        raise PermissionError(f"{other} belongs to somebody else; set SEARCH_NODE_FOLDER to another folder.")
    other.chmod(0o755)
    if not reaches(ACCOUNT, other):
        raise PermissionError(f"A node cannot enter {other}; set SEARCH_NODE_FOLDER to a folder that it can.")
    return other
