"""How much address space this process may have, where somebody has limited it (`ulimit -v`, a batch system): libraries
that do not get theirs fail in a hundred ways, or not at all in words. So it is looked at before they are loaded."""

from __future__ import annotations

import errno
import os
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from core.errors import GraftError
from core.units import file_size

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

LIGHT = 450_000_000  # bytes: to list, check and import; measured, with one thread for linear algebra
SERVER = 900_000_000  # to show pages
WORK = 1_500_000_000  # besides the libraries of torch, to load a small backbone and train its head
# What libraries say that were given no more.
_SIGNS = (
    "failed to map segment",
    "cannot allocate memory",
    "can't allocate memory",
    "could not create a primitive",
    "can't start new thread",
    "unable to allocate",
    "std::bad_alloc",
)


class AddressSpaceError(GraftError):
    """There is less than is needed."""


def limit() -> int | None:
    """Bytes; None where there is no limit."""
    if resource is None or not hasattr(resource, "RLIMIT_AS"):
        return None
    most: int = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if most == resource.RLIM_INFINITY else most


@cache
def for_torch() -> int:
    """Bytes that it takes to work with torch, as it is installed here: a build for GPUs is several times as large."""
    found = find_spec("torch")
    if found is None or not found.submodule_search_locations:
        return WORK
    libraries = Path(found.submodule_search_locations[0])
    folders = (libraries / "lib", libraries.parent / "nvidia")
    sizes = (path.stat().st_size for folder in folders for path in folder.rglob("*.so*") if path.is_file())
    return WORK + sum(sizes)


def must_have(needed: int, what: str) -> None:
    """
    Raises:
        AddressSpaceError: the limit is below `needed` bytes.
    """
    most = limit()
    if most is not None and most < needed:
        raise AddressSpaceError(_words(most, needed, what))


def must_have_for_torch() -> None:
    """
    Raises:
        AddressSpaceError: it would not be enough to train or ask a network.
    """
    if limit() is not None:
        must_have(for_torch(), "a network")


def explained(error: BaseException) -> str:
    """What to say, if this is how a library fails that gets no address space; empty, where there is no limit, or it is
    something else."""
    most = limit()
    if most is None:
        return ""
    said = str(error).lower()
    refused = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
    if not refused and not any(sign in said for sign in _SIGNS):
        return ""
    return _words(most, max(for_torch(), 2 * most), "this")


def begin(needed: int, what: str) -> None:
    """First of all in a process that was started from a shell: says what is missing and ends it, where that is too
    little to begin with."""
    if limit() is None:
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each thread would reserve its own, one a core
    try:
        must_have(needed, what)
    except AddressSpaceError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


def _words(most: int, needed: int, what: str) -> str:
    return (
        f"There is too little address space: this process may have {file_size(most)} (ulimit -v {most // 1024}), and "
        f"{what} needs about {file_size(needed)}. Raise the limit, with `ulimit -v unlimited` or where your system "
        "sets it, then try again."
    )
