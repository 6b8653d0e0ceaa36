"""Columns on disk: where the countable half of an index lies, for both collections, and how a generation
becomes current.

A collection's folder holds index directories (one for each rebuild) and the file CURRENT, which names the
directory and the generation in use. A generation is a manifest: the name of every array and the file that
holds it. Files are named by their content, so an array that did not change is shared by many generations and
stays mapped in the readers. Nothing is ever changed in place: writers add files, then a manifest, then swap
CURRENT by one rename; readers notice by one stat.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from search.engines.base import EngineUnavailable

Array = NDArray[Any]
Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]

KEPT_GENERATIONS: Final = 3
"""Manifests whose files stay on disk: the current one, and two for a reader that is just opening."""


@dataclass(frozen=True, slots=True)
class Current:
    """What CURRENT says. `previous` is the directory that the last rebuild replaced, kept for a rollback."""

    directory: str
    generation: int
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation. `files` maps an array's (or document's) name to its file; `facts` are the collection's
    own.
    """

    generation: int
    mapping: str
    files: Mapping[str, str]
    facts: Mapping[str, Any]


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file by one rename, so that a reader sees the old content or the new, never a part; survives
    a crash.
    """
    draft = path.with_name(path.name + ".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_current(folder: Path) -> Current | None:
    """What is in use in a collection's folder, None if nothing is. Raises EngineUnavailable if CURRENT is
    damaged.
    """
    try:
        fields = orjson.loads((folder / "CURRENT").read_bytes())
        return Current(fields["directory"], fields["generation"], fields["previous"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineUnavailable(f"{folder.name}: CURRENT cannot be read ({error})") from error


def write_current(folder: Path, current: Current) -> None:
    """Makes a generation the current one for every reader."""
    fields = {"directory": current.directory, "generation": current.generation, "previous": current.previous}
    write_atomically(folder / "CURRENT", orjson.dumps(fields))


def current_mark(folder: Path) -> tuple[int, int] | None:
    """Changes whenever CURRENT is swapped: one stat, for a reader to compare before each question."""
    try:
        # Asked before every question: a path need not be taken apart for it.
        status = os.stat(f"{folder}/CURRENT")  # noqa: PTH116
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


class ColumnFiles:
    """The files of one index directory, from the writer's side."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "files").mkdir(parents=True, exist_ok=True)

    def save(
        self, generation: int, mapping: str, parts: Mapping[str, Array | bytes], facts: Mapping[str, Any]
    ) -> Manifest:
        """Writes arrays and documents that are not there yet, then the manifest; visible only once CURRENT
        names it.
        """
        files = {name: self._save_part(name, part) for name, part in parts.items()}
        return self._save_manifest(Manifest(generation, mapping, files, facts))

    def renumber(self, manifest: Manifest, generation: int) -> Manifest:
        """Writes a manifest once more as a later generation of the same content."""
        return self._save_manifest(replace(manifest, generation=generation))

    def _save_manifest(self, manifest: Manifest) -> Manifest:
        fields = {
            "generation": manifest.generation,
            "mapping": manifest.mapping,
            "files": manifest.files,
            "facts": dict(manifest.facts),
        }
        write_atomically(self.directory / f"manifest-{manifest.generation}.json", orjson.dumps(fields))
        return manifest

    def _save_part(self, name: str, part: Array | bytes) -> str:
        if isinstance(part, bytes):
            content, suffix = part, "bin"
        else:
            buffer = io.BytesIO()
            np.save(buffer, np.ascontiguousarray(part), allow_pickle=False)
            content, suffix = buffer.getvalue(), "npy"
        file_name = f"{name}-{_digest(content)}.{suffix}"
        path = self.directory / "files" / file_name
        if not path.exists():
            # Not forced to disk, which would cost more than all else: should the machine lose power, a file
            # that is short or of another content is noticed when it is opened, and the index is built anew.
            draft = path.with_name(path.name + ".draft")
            draft.write_bytes(content)
            draft.replace(path)
        return file_name

    def clean(self, generation: int) -> None:
        """Removes manifests and files that neither the generation nor the two before it name, and unfinished
        drafts.

        A reader that still maps a removed file keeps it until it lets go.
        """
        kept: set[str] = set()
        for path in self.directory.glob("manifest-*.json"):
            number = int(path.stem.partition("-")[2])
            if generation - KEPT_GENERATIONS < number <= generation:
                kept.update(load_manifest(self.directory, number).files.values())
            else:
                path.unlink()
        for path in (self.directory / "files").iterdir():
            if path.name not in kept:
                path.unlink()


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=10).hexdigest()


def load_manifest(directory: Path, generation: int) -> Manifest:
    """A generation's manifest. Raises EngineUnavailable if it is missing or damaged."""
    try:
        fields = orjson.loads((directory / f"manifest-{generation}.json").read_bytes())
        return Manifest(fields["generation"], fields["mapping"], fields["files"], fields["facts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineUnavailable(
            f"{directory.name}: generation {generation} cannot be read ({error})"
        ) from error


class Parts(Protocol):
    """Named arrays and documents, wherever they are kept."""

    def array(self, name: str) -> Array:
        """An array, read-only."""

    def data(self, name: str) -> bytes:
        """A document's bytes."""


class Columns:
    """The arrays of one generation, mapped into memory, from a reader's side.

    Given the generation before, files that both name are not opened again.
    """

    def __init__(self, directory: Path, manifest: Manifest, before: Columns | None = None) -> None:
        self.directory = directory
        self.manifest = manifest
        reusable = before is not None and before.directory == directory
        self._open: dict[str, Array | bytes] = (
            {name: part for name, part in before._open.items() if name in set(manifest.files.values())}
            if before is not None and reusable
            else {}
        )

    def array(self, name: str) -> Array:
        """An array, read-only. Raises EngineUnavailable if its file is missing or damaged."""
        file_name = self._file(name)
        part = self._open.get(file_name)
        if part is None:
            try:
                mapped = np.load(self.directory / "files" / file_name, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                raise EngineUnavailable(f"{file_name} cannot be read ({error})") from error
            # A plain view: every operation on numpy's memmap class pays for the class.
            part = self._open[file_name] = mapped.view(np.ndarray)
        assert isinstance(part, np.ndarray)
        return part

    def data(self, name: str) -> bytes:
        """A document's bytes. Raises EngineUnavailable if its file is missing or damaged."""
        file_name = self._file(name)
        part = self._open.get(file_name)
        if part is None:
            try:
                part = (self.directory / "files" / file_name).read_bytes()
            except OSError as error:
                raise EngineUnavailable(f"{file_name} cannot be read ({error})") from error
            if file_name != f"{name}-{_digest(part)}.bin":
                raise EngineUnavailable(f"{file_name} is damaged")
            self._open[file_name] = part
        assert isinstance(part, bytes)
        return part

    def file(self, name: str) -> str:
        """The file that holds a part: the same name means the same content."""
        return self._file(name)

    def _file(self, name: str) -> str:
        try:
            return self.manifest.files[name]
        except KeyError as error:
            raise EngineUnavailable(f"{self.directory.name} has no {name}") from error


class Strings:
    """Many strings as two arrays, read one at a time without loading the rest."""

    def __init__(self, data: Array, ends: Array) -> None:
        self._data, self._ends = data, ends

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> str:
        start = int(self._ends[index - 1]) if index else 0
        return self._data[start : int(self._ends[index])].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        whole, start = self._data.tobytes(), 0
        for end in self._ends.tolist():
            yield whole[start:end].decode()
            start = end

    def take(self, indices: Array) -> list[str]:
        """Some of them."""
        data = self._data.data
        ends = self._ends[indices].tolist()
        starts = np.where(indices > 0, self._ends[indices - 1], 0).tolist()
        return [str(data[start:end], "utf-8") for start, end in zip(starts, ends, strict=True)]

    @staticmethod
    def pack(strings: Iterable[str]) -> tuple[Array, Array]:
        """The two arrays (bytes, ends) that hold the strings."""
        return Strings.pack_encoded(list(map(str.encode, strings)))

    @staticmethod
    def pack_encoded(strings: Sequence[bytes]) -> tuple[Array, Array]:
        """The same of strings in UTF-8."""
        ends = np.cumsum(np.fromiter(map(len, strings), dtype=np.int64, count=len(strings)))
        return np.frombuffer(b"".join(strings), dtype=np.uint8), ends


class Numbers(dict[str, int]):
    """Values and their numbers, a new one being given the next; `listed` has them in that order."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.listed: list[str] = list(values)
        super().__init__({value: number for number, value in enumerate(self.listed)})

    def __missing__(self, value: str) -> int:
        number = self[value] = len(self.listed)
        self.listed.append(value)
        return number


class Codes:
    """Values and the small numbers that stand for them in columns. Only ever grows within one index
    directory.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.numbers = Numbers(values)
        self.values = self.numbers.listed

    def __len__(self) -> int:
        return len(self.values)

    def add(self, value: str) -> int:
        """The value's code, a new one if it has none. `numbers` does the same faster, where there are many."""
        return self.numbers[value]

    def get(self, value: str) -> int | None:
        """The value's code, None if no document ever had it."""
        return self.numbers.get(value)

    def find(self, values: Iterable[str]) -> list[int]:
        """The codes of those values that have one."""
        return [code for value in values if (code := self.numbers.get(value)) is not None]

    def dump(self) -> bytes:
        return orjson.dumps(self.values)

    @classmethod
    def load(cls, data: bytes) -> Codes:
        return cls(orjson.loads(data))


def starts_of(owners: Array, count: int) -> Array:
    """Where the rows of each of `count` owners begin, the rows being sorted by owner; `count` + 1 numbers."""
    starts = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(owners, minlength=count), out=starts[1:])
    return starts


def rows_of(starts: Array, owners: Array) -> Array:
    """The row numbers that belong to the owners, in their order."""
    begins = starts[owners]
    counts = starts[owners + 1] - begins
    total = int(counts.sum())
    if not total:
        return np.zeros(0, dtype=np.int64)
    before = np.cumsum(counts) - counts
    rows: Array = np.arange(total) - np.repeat(before - begins, counts)
    return rows


def replace_rows(
    owners: Array,
    columns: Mapping[str, Array],
    changed: Sequence[int],
    new_owners: Array,
    new_columns: Mapping[str, Array],
) -> tuple[Array, dict[str, Array]]:
    """Rows (sorted by owner) with those of the changed owners replaced by new ones; sorted by owner again,
    stably.
    """
    kept = ~np.isin(owners, np.asarray(changed, dtype=owners.dtype))
    all_owners = np.concatenate([owners[kept], new_owners.astype(owners.dtype)])
    order = np.argsort(all_owners, kind="stable")
    merged = {
        name: np.concatenate([column[kept], new_columns[name].astype(column.dtype)])[order]
        for name, column in columns.items()
    }
    return all_owners[order], merged


_BUFFER: Final = 1 << 20
"""Bytes that are handed to the system at once."""


class AppendOnly:
    """A file that only grows, of stored results and tokens: old offsets stay valid for every reader. What is much is
    written by a thread of its own, since the system copies it meanwhile without Python's lock; what went wrong there
    is raised by whatever is asked of the file from then on, until it is opened anew.
    """

    def __init__(self, path: Path, size: int) -> None:
        # What a crashed writer left behind the last published size is overwritten.
        self._file = path.open("r+b" if path.exists() else "w+b", buffering=_BUFFER)
        self._file.truncate(size)
        self._file.seek(size)
        self._beside = ThreadPoolExecutor(1)
        self._writing: Future[int] | None = None
        self.size = size

    def append(self, *contents: bytes) -> int:
        """Adds bytes, one behind the other, and returns where they begin."""
        start, content = self.size, b"".join(contents)
        self._wait()
        if len(content) < _BUFFER:
            self._file.write(content)
        else:
            self._writing = self._beside.submit(self._file.write, content)
        self.size += len(content)
        return start

    def read(self, start: int, length: int) -> bytes:
        """Bytes that were appended before."""
        self._wait()
        self._file.flush()
        return os.pread(self._file.fileno(), length, start)

    def flush(self) -> None:
        """Makes what was appended readable by others and safe against a crash; before the manifest that
        points at it.
        """
        self._wait()
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._beside.shutdown()
        # What could not be written now is in no generation.
        with suppress(OSError):
            self._file.close()

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None


def remove_directories(folder: Path, keep: Iterable[str | None]) -> None:
    """Removes index directories that are neither in use nor kept for a rollback."""
    kept = set(keep)
    for path in folder.iterdir():
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path)
