"""The files of an index that only grow: what is much is written beside, and nothing of it is lost in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.engines.columns import AppendOnly
from tests.search.full import room_for

MUCH = 3_000_000
"""Bytes that are more than the file's buffer."""


def test_much_and_little_stand_one_behind_the_other_and_are_read_at_once(tmp_path: Path) -> None:
    file = AppendOnly(tmp_path / "records", 0)
    contents = [b"first", b"a" * MUCH, b"between", b"b" * MUCH, b"c" * MUCH, b"last"]
    starts = [file.append(content[:3], content[3:]) for content in contents]
    assert starts == [0, 5, 5 + MUCH, 12 + MUCH, 12 + 2 * MUCH, 12 + 3 * MUCH]
    for start, content in zip(starts, contents, strict=True):
        assert file.read(start, len(content)) == content
    file.flush()
    assert (tmp_path / "records").read_bytes() == b"".join(contents)
    assert file.size == 16 + 3 * MUCH
    file.close()


def test_what_could_not_be_written_beside_is_told_by_whatever_comes_next_until_it_is_opened_anew(
    tmp_path: Path,
) -> None:
    for number, then in enumerate(
        (lambda file: file.flush(), lambda file: file.read(0, 1), lambda file: file.append(b"more"))
    ):
        file = AppendOnly(tmp_path / str(number), 0)
        with room_for(MUCH // 2):
            file.append(b"a" * MUCH)
            with pytest.raises(OSError, match="File too large"):
                then(file)
        with pytest.raises(OSError, match="File too large"):
            file.flush()
        file.close()
        again = AppendOnly(tmp_path / str(number), 0)
        assert again.append(b"b" * MUCH) == 0
        assert again.read(MUCH - 1, 2) == b"b"
        again.close()


def test_a_file_that_could_not_be_written_is_closed_without_a_further_error(tmp_path: Path) -> None:
    file = AppendOnly(tmp_path / "records", 0)
    with room_for(MUCH // 2):
        file.append(b"a" * MUCH)
        file.close()
    assert (tmp_path / "records").stat().st_size == MUCH // 2
