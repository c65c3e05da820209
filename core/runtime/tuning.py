"""What was found out about this machine by measuring, kept in the workspace, so that it is found out once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from core.errors import DamagedError
from core.records import adapter, read
from core.workspace import Workspace, write_json

REMEMBERED = 500
Found = TypeVar("Found")  # a dataclass of plain values


def found_before(workspace: Workspace, name: str, kind: Callable[..., Found], measure: Callable[[], Found]) -> Found:
    """What is remembered under the name, or what `measure` gives now. kind: the dataclass that it is."""
    known = known_before(workspace, name, kind)
    if known is not None:
        return known
    found = measure()
    remember(workspace, name, found)
    return found


def known_before(workspace: Workspace, name: str, kind: Callable[..., Found]) -> Found | None:
    """What is remembered under the name, if it is of that kind."""
    known = _remembered(workspace).get(name)
    if known is None or set(known) != {field.name for field in fields(kind)}:  # type: ignore[arg-type]
        return None
    try:
        found: Found = adapter(kind).validate_python(known)
        return found
    except ValidationError:  # damaged: it is measured again
        return None


def remember(workspace: Workspace, name: str, found: object) -> None:
    """found: a dataclass of plain values, in place of what was remembered under the name. It is only speed: where there
    is no room for it, it is measured again."""
    others = {each: said for each, said in _remembered(workspace).items() if each != name}
    kept = dict(list(others.items())[-REMEMBERED:])
    with suppress(OSError):
        write_json(workspace.shared / "measured.json", {**kept, name: asdict(found)})  # type: ignore[call-overload]


@dataclass(frozen=True)
class Chosen:
    """What was found out when a run began and decides the bits of what it learns: it stays with the run.

    path: of a file in the run's directory; None where nothing goes on later. leads: of processes that train together,
    the one that writes it.
    """

    path: Path | None = None
    leads: bool = True

    def once(self, name: str, kind: Callable[..., Found], find: Callable[[], Found]) -> Found:
        """What was found under the name before, else what `find` gives now.

        Raises:
            OSError: there is no room for it. Then nothing was learned with it.
        """
        if self.path is None:
            return find()
        with suppress(ValidationError, KeyError):
            before: Found = adapter(kind).validate_python(self._known()[name])
            return before
        found = find()
        if self.leads:
            write_json(self.path, {**self._known(), name: asdict(found)})  # type: ignore[call-overload]
        return found

    def _known(self) -> dict[str, Any]:
        try:
            return read(self.path, dict[str, Any]) if self.path else {}
        except (OSError, DamagedError):
            return {}


NOWHERE = Chosen()


def measured_rate(workspace: Workspace, begins: str) -> float | None:
    """The `rate` that was remembered last under a name that begins so."""
    rates = [said.get("rate") for name, said in _remembered(workspace).items() if name.startswith(begins)]
    return next((rate for rate in reversed(rates) if isinstance(rate, int | float) and 0 < rate < 1e15), None)


def _remembered(workspace: Workspace) -> dict[str, dict[str, Any]]:
    try:
        said = read(workspace.shared / "measured.json", dict[str, Any])
    except (OSError, DamagedError):
        return {}
    return {name: each for name, each in said.items() if isinstance(each, dict)}
