"""Rows of named arrays kept by the content of the example that they were made of, so that nothing is made twice.

    cache/<kind>/<setting>/<chunk>/rows.bin     the rows, one after another; in a row its arrays, one after another
                                   index.npz    whose they are (sha256), and the shape of each array

A setting is everything but the example that decides a row. A row that is missing is made and goes into a new chunk,
which is written beside its place and renamed: a kill leaves a whole chunk or nothing. The index also says how large
rows.bin is and when it was written; a chunk that is gone, or not as its index says, is made again. What was written
in one making stays open until it is over, so that nothing is lost should somebody delete the cache meanwhile. Two
processes that make the same row at once write it twice, which does no harm. A chunk folder's own time says when it was
last used.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from core.errors import DataError
from core.store.cache import Use, children, throw_away
from core.store.full_disk import disk_in_words
from core.workspace import Workspace

CHUNK_BYTES = 256 * 2**20
CHUNK_SECONDS = 30.0  # of work at most are lost when the process is killed
MOST_CHUNKS = 256  # each that is mapped takes a file handle; beyond this, small ones are joined
MOST_OPEN = 128  # chunks of one making that stay readable should the cache be deleted meanwhile
TRIES = 3

Row = dict[str, np.ndarray]
Make = Callable[[np.ndarray], Iterable[Row]]


class Store:
    """The rows of one setting."""

    def __init__(
        self, workspace: Workspace, kind: str, setting: str, dtypes: Mapping[str, type[np.generic] | np.dtype]
    ) -> None:
        """kind: "images" or "activations". setting: a safe file name. dtypes: of the arrays in a row, by name."""
        self.workspace, self.folder = workspace, workspace.cache / kind / setting
        self.dtypes = {name: np.dtype(dtype) for name, dtype in dtypes.items()}
        self.use: Use | None = None

    def missing(self, digests: Sequence[str]) -> np.ndarray:
        """The places in `digests` (hexadecimal sha256) whose rows must still be made, each digest once.

        What was found counts as in use for as long as this store lives.
        """
        return self._missing(_binary(digests), [])

    def rows(self, digests: Sequence[str], make: Make) -> Rows:
        """The row of each digest, in their order.

        make: given the places in `digests` of what is missing, gives their rows one by one. What it raises passes, and
            the chunks that were already whole stay.

        Raises:
            DataError: the disk is full, or refuses.
        """
        wanted, made = _binary(digests), list[_Chunk]()
        for _ in range(TRIES):
            rows = self._opened(wanted, made)
            if rows is not None:
                return rows
            missing = self._missing(wanted, made)
            if len(missing):
                with disk_in_words():
                    self._add(zip(wanted[missing].tolist(), make(missing)), made)
        if (rows := self._opened(wanted, made)) is not None:
            return rows
        raise DataError("The cache is emptied again and again while it is being filled. Try again.")

    def _opened(self, wanted: np.ndarray, made: list[_Chunk]) -> Rows | None:
        """The rows, if all are there: in the cache, or else in what was made just now and is open still."""
        chunks, chunk, row = self._find(wanted)
        gone = chunk < 0
        if gone.any():
            kept, at, row[gone] = _locate(made, wanted[gone])
            chunk[gone] = np.where(at < 0, -1, at + len(chunks))
            chunks += kept
        if not (chunk >= 0).all():
            return None
        try:
            return Rows([each.open() for each in chunks], chunk, row, self.use)
        except (OSError, ValueError):  # one was thrown away at this very moment
            return None

    def _missing(self, wanted: np.ndarray, made: list[_Chunk]) -> np.ndarray:
        """The places of what is neither in the cache nor made, each digest once."""
        numbers = np.flatnonzero((self._find(wanted)[1] < 0) & (_locate(made, wanted)[1] < 0))
        return np.sort(numbers[np.unique(wanted[numbers], return_index=True)[1]])

    def _find(self, wanted: np.ndarray) -> tuple[list[_Chunk], np.ndarray, np.ndarray]:
        """(chunks that are needed; for each digest which of them has it, -1 where none has; and where in it)."""
        chunks, chunk, row = _locate(self._chunks(), wanted)
        return self._used(chunks), chunk, row

    def _chunks(self) -> list[_Chunk]:
        """Those that are whole; the others are thrown away."""
        whole = []
        for folder in sorted(children(self.folder, "[!.]*")):
            try:
                whole.append(_Chunk(folder, self.dtypes))
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                throw_away(folder)
        return whole

    def _used(self, chunks: list[_Chunk]) -> list[_Chunk]:
        self.use = Use(self.workspace, [each.folder for each in chunks])
        for each in chunks:
            with contextlib.suppress(OSError):
                os.utime(each.folder)
        return chunks

    def _add(self, rows: Iterator[tuple[bytes, Row]], made: list[_Chunk]) -> None:
        """Write all rows; `made` gets the chunks, open, as many as may be open at once."""
        while (chunk := self._add_chunk(rows)) is not None:
            if len(made) < MOST_OPEN:
                made.append(chunk)
        chunks = self._chunks()
        if len(chunks) > MOST_CHUNKS:
            small = [each for each in chunks if each.bytes < CHUNK_BYTES // 16]
            joined = ((digest, each.open().row(row)) for each in small for row, digest in enumerate(each.digests))
            while self._add_chunk(joined) is not None:
                pass
            for each in small:
                throw_away(each.folder)

    def _add_chunk(self, rows: Iterator[tuple[bytes, Row]]) -> _Chunk | None:
        """Write a chunk of the next rows. None if there were none.

        What is written can be read from then on, even if somebody deletes the cache at that moment, or has before.
        """
        token = secrets.token_hex(8)
        beside, folder = self.folder / f".{token}", self.folder / token
        use = Use(self.workspace, [beside])
        try:
            with _begun(beside) as file:
                if (chunk := _write(file, folder, rows, self.dtypes)) is None:
                    return None
            with contextlib.suppress(FileNotFoundError):  # gone, but for us
                shapes = {_said_of(name, self.dtypes): shapes for name, shapes in chunk.shapes.items()}
                index = {"digests": chunk.digests, "written": chunk.written, **shapes}
                np.savez(beside / "index.npz", **index)  # type: ignore[arg-type]
                os.rename(beside, folder)
            return chunk
        finally:
            shutil.rmtree(beside, ignore_errors=True)
            use.end()


class Rows:
    """Kept rows, mapped into memory: `rows[i]`, `rows.take(numbers)`."""

    def __init__(self, chunks: list[_Chunk], chunk: np.ndarray, row: np.ndarray, use: Use | None) -> None:
        """chunk, row: (N,) where each row lies."""
        self.chunks, self.chunk, self.row, self.use = chunks, chunk, row, use

    def __len__(self) -> int:
        return len(self.chunk)

    def __getitem__(self, number: int) -> Row:
        return self.chunks[self.chunk[number]].row(self.row[number])

    def of(self, numbers: np.ndarray) -> Rows:
        """Those of these numbers."""
        return Rows(self.chunks, self.chunk[numbers], self.row[numbers], self.use)

    def column(self, name: str) -> Column:
        """The array of this name of each row."""
        return Column(self, name)

    def take(self, numbers: np.ndarray) -> Row:
        """The rows of these numbers, of each array (B, ...), copied; at least one.

        Where the arrays of a name differ in shape, as with tokens, zeros fill each up to the largest of the batch.
        """
        chunk, row = self.chunk[numbers], self.row[numbers]
        return {name: self._taken(name, chunk, row) for name in self.chunks[0].dtypes}

    def _taken(self, name: str, chunk: np.ndarray, row: np.ndarray) -> np.ndarray:
        needed = [chunk[0]] if (chunk == chunk[0]).all() else np.unique(chunk)
        together = [rows for each in needed if (rows := self.chunks[each].together(name)) is not None]
        if len(together) < len(needed) or any(rows.shape[1:] != together[0].shape[1:] for rows in together):
            return self._padded(name, chunk, row)
        if len(together) == 1:
            return together[0][row]
        taken = np.empty((len(row), *together[0].shape[1:]), together[0].dtype)
        for each, rows in zip(needed, together):
            taken[chunk == each] = rows[row[chunk == each]]
        return taken

    def _padded(self, name: str, chunk: np.ndarray, row: np.ndarray) -> np.ndarray:
        arrays = [self.chunks[each].array(name, one) for each, one in zip(chunk, row)]
        shape = np.max([array.shape for array in arrays], axis=0)
        padded = np.zeros((len(arrays), *shape), arrays[0].dtype)
        for place, array in enumerate(arrays):
            padded[place][tuple(map(slice, array.shape))] = array
        return padded

    def are_alike(self) -> bool:
        """Whether the arrays of each name have one shape."""
        return all(all(chunk.are_alike.values()) for chunk in self.chunks)

    def lengths(self, name: str) -> np.ndarray:
        """Of the array of this name of each row, (N,): how many there are along its first dimension."""
        found = np.empty(len(self), np.int64)
        for number, chunk in enumerate(self.chunks):
            mine = self.chunk == number
            found[mine] = chunk.shapes[name][self.row[mine], 0]
        return found

    def is_damaged(self) -> bool:
        """Whether somebody has written into them since they were opened; to delete them does no harm."""
        return any(each.is_damaged() for each in self.chunks)


class Column:
    """One array of each row: `column[i]`."""

    def __init__(self, rows: Rows, name: str) -> None:
        self.rows, self.name = rows, name

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> np.ndarray:
        rows = self.rows
        return rows.chunks[rows.chunk[number]].array(self.name, rows.row[number])

    def is_damaged(self) -> bool:
        return self.rows.is_damaged()


class _Chunk:
    """dtypes, shapes: of the arrays in each row, by name; shapes (N, dimensions). written: see `_look`."""

    data: np.ndarray | None = None  # bytes, once it is open

    def __init__(self, folder: Path, dtypes: dict[str, np.dtype]) -> None:
        """
        Raises:
            OSError, ValueError, KeyError, EOFError, BadZipFile: it is gone or damaged.
        """
        with open(folder / "index.npz", "rb") as file, np.load(file, allow_pickle=False) as index:
            shapes = {name: index[_said_of(name, dtypes)] for name in dtypes}
            self._set(folder, dtypes, index["digests"], shapes, index["written"])
        if not np.array_equal(self.written, _look(folder)):
            raise ValueError("the rows are not as they were written")
        if int(sum(each.sum() for each in self.sizes.values())) != self.bytes:
            raise ValueError("the index does not match the rows")

    def _set(
        self,
        folder: Path,
        dtypes: dict[str, np.dtype],
        digests: np.ndarray,
        shapes: dict[str, np.ndarray],
        written: np.ndarray,
    ) -> None:
        self.folder, self.dtypes, self.digests, self.shapes = folder, dtypes, digests, shapes
        self.written, self.bytes = written, int(written[0])
        self.sizes = {name: np.prod(shapes[name], axis=1) * dtype.itemsize for name, dtype in dtypes.items()}
        ends = np.cumsum(np.stack(list(self.sizes.values()), axis=1)).reshape(len(digests), -1)
        self.starts = {name: ends[:, place] - self.sizes[name] for place, name in enumerate(dtypes)}
        self.are_alike = {name: bool((each == each[0]).all()) for name, each in shapes.items()}

    def is_damaged(self) -> bool:
        try:
            return not np.array_equal(self.written, _look(self.folder))
        except FileNotFoundError:  # what is mapped stays there
            return False

    @classmethod
    def written_to(
        cls,
        file: IO[bytes],
        folder: Path,
        dtypes: dict[str, np.dtype],
        digests: np.ndarray,
        shapes: dict[str, np.ndarray],
    ) -> _Chunk:
        """One that was written to this file, open, which is to lie in this folder."""
        chunk = cls.__new__(cls)
        chunk._set(folder, dtypes, digests, shapes, _said(os.fstat(file.fileno())))
        chunk.data = np.memmap(file, np.uint8, "r")
        return chunk

    def open(self) -> _Chunk:
        if self.data is None:
            self.data = np.memmap(self.folder / "rows.bin", np.uint8, "r")
        return self

    def row(self, row: int) -> Row:
        return {name: self.array(name, row) for name in self.dtypes}

    def array(self, name: str, row: int) -> np.ndarray:
        assert self.data is not None
        start, shape = self.starts[name][row], self.shapes[name][row]
        return self.data[start : start + self.sizes[name][row]].view(self.dtypes[name]).reshape(shape)

    def together(self, name: str) -> np.ndarray | None:
        """The arrays of this name as one, (N, ...); None where the rows differ in shape."""
        assert self.data is not None
        if not all(self.are_alike.values()):
            return None
        shape, dtype = tuple(self.shapes[name][0].tolist()), self.dtypes[name]
        steps = [dtype.itemsize * math.prod(shape[place + 1 :]) for place in range(len(shape))]
        row = sum(int(sizes[0]) for sizes in self.sizes.values())
        return np.ndarray((len(self.digests), *shape), dtype, self.data, int(self.starts[name][0]), (row, *steps))


def _locate(chunks: list[_Chunk], wanted: np.ndarray) -> tuple[list[_Chunk], np.ndarray, np.ndarray]:
    """(chunks that are needed; for each digest which of them has it, -1 where none has; and where in it)."""
    owner = np.repeat(np.arange(len(chunks)), [len(each.digests) for each in chunks])
    row = np.concatenate([np.arange(len(each.digests)) for each in chunks] or [np.empty(0, int)])
    digests = np.concatenate([each.digests for each in chunks] or [np.empty(0, wanted.dtype)])
    begins, sought = _beginning(digests), _beginning(wanted)
    order = np.argsort(begins, kind="stable")
    place = np.searchsorted(begins, sought, sorter=order)
    found = place < len(digests)
    found[found] = digests[order[place[found]]] == wanted[found]
    at = order[place[found]]
    needed, owners = np.unique(owner[at], return_inverse=True)
    chunk, rows = np.full(len(wanted), -1), np.full(len(wanted), -1)
    chunk[found], rows[found] = owners, row[at]
    return [chunks[number] for number in needed], chunk, rows


def _begun(folder: Path) -> IO[bytes]:
    """A file for the rows, in a new folder, which somebody who deletes the cache may delete before it has one."""
    for _ in range(TRIES):
        with contextlib.suppress(FileNotFoundError):
            folder.mkdir(parents=True, exist_ok=True)
            return open(folder / "rows.bin", "w+b")  # noqa: SIM115  the caller closes it
    raise DataError("The cache is emptied again and again while it is being filled. Try again.")


def _write(
    file: IO[bytes], folder: Path, rows: Iterable[tuple[bytes, Row]], dtypes: dict[str, np.dtype]
) -> _Chunk | None:
    """Rows into `file` until the chunk is full or its time is up. None if there were none."""
    digests, shapes, filled = [], {name: list[tuple[int, ...]]() for name in dtypes}, 0
    ends = time.monotonic() + CHUNK_SECONDS
    for digest, row in rows:
        for name, dtype in dtypes.items():
            array = np.ascontiguousarray(row[name], dtype)
            file.write(array.data)
            shapes[name].append(row[name].shape)
            filled += array.nbytes
        digests.append(digest)
        if filled >= CHUNK_BYTES or time.monotonic() > ends:
            break
    if not digests:
        return None
    file.flush()
    os.fsync(file.fileno())
    arrays = {name: np.array(each, np.int64) for name, each in shapes.items()}
    return _Chunk.written_to(file, folder, dtypes, np.array(digests, "S32"), arrays)


def _said_of(name: str, dtypes: Mapping[str, np.dtype]) -> str:
    """Where the index has an array's shapes. Of an only one as it was when rows had no names, so that those stay."""
    return "shapes" if len(dtypes) == 1 else f"shapes of {name}"


def _look(folder: Path) -> np.ndarray:
    """Size and time of the rows, (2,): whatever writes into them later changes the one or the other."""
    return _said((folder / "rows.bin").stat())


def _said(status: os.stat_result) -> np.ndarray:
    return np.array([status.st_size, status.st_mtime_ns])


def _beginning(digests: np.ndarray) -> np.ndarray:
    """The first 8 of the 32 bytes as one number, which sorts faster. Should two agree in it, one is not found."""
    return np.ascontiguousarray(digests).view(np.uint64)[::4]


def _binary(digests: Sequence[str]) -> np.ndarray:
    """(N,) of 32 bytes each. Numpy passes over closing zeros, alike on both sides of a comparison."""
    return np.frombuffer(bytes.fromhex("".join(digests)), "S32")
