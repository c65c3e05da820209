"""What Graft keeps as JSON, read back. Every such file goes through `read` and the schema that its reader names: a
pydantic model or a dataclass. So a damaged one is one error with its reason, and never a value of another type.

A file is damaged where it is cut short, another program wrote into it, or somebody edited it by hand.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from core.errors import DamagedError
from core.words import clip

T = TypeVar("T")

# Ranges that what was kept may be in: whatever is worked out from it stays a finite number that can be shown.
Count = Annotated[int, Field(ge=0, le=10**12)]
Bytes = Annotated[int, Field(ge=0, le=2**60)]
Seconds = Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]
Moment = Annotated[float, Field(ge=0, le=2.5e11, allow_inf_nan=False)]  # unix seconds, before the year 9900
Share = Annotated[float, Field(ge=0, le=1.001, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=-1e30, le=1e30, allow_inf_nan=False)]
LONGEST_REASON = 160


def read(path: Path, kind: type[T]) -> T:
    """The file's JSON as `kind`: a pydantic model, a dataclass, or any other type that pydantic knows.

    Raises:
        FileNotFoundError: it is not there.
        DamagedError: it cannot be read, or does not fit `kind`.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would never end
            raise DamagedError(path, "it is a folder, or no file")
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from error
    except OSError as error:
        raise DamagedError(path, error.strerror or str(error)) from error
    try:
        return adapter(kind).validate_json(data)
    except ValidationError as error:
        raise DamagedError(path, reason(error)) from error


def plain(kept: Any) -> Any:
    """A dataclass as JSON can hold it, and as `read` reads it."""
    return adapter(type(kept)).dump_python(kept)


def adapter(kind: Any) -> TypeAdapter[Any]:
    return _adapter(kind)


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(kind)  # type: ignore[arg-type]


def reason(error: ValidationError) -> str:
    """The first thing that does not fit, in words: `epochs: Input should be a valid integer`."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    return clip(f"{where}: {first['msg']}" if where else first["msg"], LONGEST_REASON)


def put_aside(path: Path) -> Path:
    """Rename what is damaged, so that it is in nobody's way and can still be looked at. Returns where it is now.

    Raises:
        OSError: the disk refuses.
    """
    beside = path.with_name(f"{path.name}.damaged")
    number = 1
    while os.path.lexists(beside):
        number += 1
        beside = path.with_name(f"{path.name}.damaged-{number}")
    os.rename(path, beside)
    return beside
