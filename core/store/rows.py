"""Rows of numbers kept by the content of the image that they were made of, so that nothing is made twice.

    cache/<kind>/<setting>/<chunk>/rows.bin     the rows, one after another
                                   index.npz    whose they are (sha256), where each begins, its shape

A setting is everything but the image that decides a row. A row that is missing is made and goes into a new chunk,
which is written beside its place and renamed: a kill leaves a whole chunk or nothing. The index also says how large
rows.bin is and when it was written; a chunk that is gone, or not as its index says, is made again. What was written
in one making stays open until it is over, so that nothing is lost should somebody delete the cache meanwhile. Two
processes that make the same row at once write it twice, which does no harm. A chunk folder's own time says when it was
last used.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
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

Make = Callable[[np.ndarray], Iterable[np.ndarray]]


class Store:
    """The rows of one setting."""

    def __init__(self, workspace: Workspace, kind: str, setting: str, dtype: type[np.generic]) -> None:
        """kind: "images" or "activations". setting: a safe file name."""
        self.workspace, self.folder, self.dtype = workspace, workspace.cache / kind / setting, np.dtype(dtype)
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
                whole.append(_Chunk(folder, self.dtype))
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                throw_away(folder)
        return whole

    def _used(self, chunks: list[_Chunk]) -> list[_Chunk]:
        self.use = Use(self.workspace, [each.folder for each in chunks])
        for each in chunks:
            with contextlib.suppress(OSError):
                os.utime(each.folder)
        return chunks

    def _add(self, rows: Iterator[tuple[bytes, np.ndarray]], made: list[_Chunk]) -> None:
        """Write all rows; `made` gets the chunks, open, as many as may be open at once."""
        while (chunk := self._add_chunk(rows)) is not None:
            if len(made) < MOST_OPEN:
                made.append(chunk)
        chunks = self._chunks()
        if len(chunks) > MOST_CHUNKS:
            small = [each for each in chunks if each.bytes < CHUNK_BYTES // 16]
            self._add_chunk((digest, each.open()[row]) for each in small for row, digest in enumerate(each.digests))
            for each in small:
                throw_away(each.folder)

    def _add_chunk(self, rows: Iterator[tuple[bytes, np.ndarray]]) -> _Chunk | None:
        """Write a chunk of the next rows. None if there were none.

        What is written can be read from then on, even if somebody deletes the cache at that moment, or has before.
        """
        token = secrets.token_hex(8)
        beside, folder = self.folder / f".{token}", self.folder / token
        use = Use(self.workspace, [beside])
        try:
            with _begun(beside) as file:
                if (chunk := _write(file, folder, rows, self.dtype)) is None:
                    return None
            with contextlib.suppress(FileNotFoundError):  # gone, but for us
                np.savez(
                    beside / "index.npz",
                    digests=chunk.digests,
                    offsets=chunk.offsets,
                    shapes=chunk.shapes,
                    written=chunk.written,
                )
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

    def __getitem__(self, number: int) -> np.ndarray:
        return self.chunks[self.chunk[number]][self.row[number]]

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """The rows of these numbers, (B, ...), copied; at least one. All must have the same shape."""
        chunk, row = self.chunk[numbers], self.row[numbers]
        if (chunk == chunk[0]).all():
            return np.asarray(self.chunks[chunk[0]].alike()[row])
        taken = np.empty((len(numbers), *self[numbers[0]].shape), self.chunks[0].dtype)
        for each in np.unique(chunk):
            taken[chunk == each] = self.chunks[each].alike()[row[chunk == each]]
        return taken

    def is_damaged(self) -> bool:
        """Whether somebody has written into them since they were opened; to delete them does no harm."""
        return any(each.is_damaged() for each in self.chunks)


class _Chunk:
    data: np.ndarray | None  # once it is open

    def __init__(self, folder: Path, dtype: np.dtype) -> None:
        """
        Raises:
            OSError, ValueError, KeyError, EOFError, BadZipFile: it is gone or damaged.
        """
        self.folder, self.dtype, self.data = folder, dtype, None
        with open(folder / "index.npz", "rb") as file, np.load(file, allow_pickle=False) as index:
            self.digests, self.offsets, self.shapes = index["digests"], index["offsets"], index["shapes"]
            self.written = index["written"]
        self.bytes = int(self.written[0])
        if not np.array_equal(self.written, _look(folder)):
            raise ValueError("the rows are not as they were written")
        if int(np.prod(self.shapes, axis=1).sum()) * dtype.itemsize != self.bytes:
            raise ValueError("the index does not match the rows")

    def is_damaged(self) -> bool:
        try:
            return not np.array_equal(self.written, _look(self.folder))
        except FileNotFoundError:  # what is mapped stays there
            return False

    @classmethod
    def written_to(
        cls, file: IO[bytes], folder: Path, dtype: np.dtype, digests: np.ndarray, shapes: np.ndarray
    ) -> _Chunk:
        """One that was written to this file, open, which is to lie in this folder."""
        chunk = cls.__new__(cls)
        chunk.folder, chunk.dtype, chunk.digests, chunk.shapes = folder, dtype, digests, shapes
        chunk.offsets = np.concatenate([[0], np.cumsum(np.prod(shapes, axis=1))[:-1]])
        chunk.written = _said(os.fstat(file.fileno()))
        chunk.bytes, chunk.data = int(chunk.written[0]), np.memmap(file, dtype, "r")
        return chunk

    def open(self) -> _Chunk:
        if self.data is None:
            self.data = np.memmap(self.folder / "rows.bin", self.dtype, "r")
        return self

    def __getitem__(self, row: int) -> np.ndarray:
        assert self.data is not None
        start, shape = self.offsets[row], self.shapes[row]
        return self.data[start : start + shape.prod()].reshape(shape)

    def alike(self) -> np.ndarray:
        """All rows as one array, if they have one shape."""
        assert self.data is not None
        return self.data.reshape(len(self.digests), *self.shapes[0])


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


def _write(file: IO[bytes], folder: Path, rows: Iterable[tuple[bytes, np.ndarray]], dtype: np.dtype) -> _Chunk | None:
    """Rows into `file` until the chunk is full or its time is up. None if there were none."""
    digests, shapes, filled = [], [], 0
    ends = time.monotonic() + CHUNK_SECONDS
    for digest, row in rows:
        file.write(np.ascontiguousarray(row, dtype).data)
        digests.append(digest)
        shapes.append(row.shape)
        filled += row.nbytes
        if filled >= CHUNK_BYTES or time.monotonic() > ends:
            break
    if not digests:
        return None
    file.flush()
    os.fsync(file.fileno())
    return _Chunk.written_to(file, folder, dtype, np.array(digests, "S32"), np.array(shapes, np.int64))


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
