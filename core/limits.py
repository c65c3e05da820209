"""How much is read of what a person gives."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from core.errors import DataError


@dataclass(frozen=True)
class Limits:
    """What a source may hold. Far above any honest set of images, far below what would hurt the machine.

    Each can be set in the environment: `entries` by GRAFT_MAX_ENTRIES, and so on.
    """

    entries: int = 1_000_000
    file_bytes: int = 256 * 10**6
    total_bytes: int = 100 * 10**9
    table_bytes: int = 100 * 10**6  # of all its tables
    pixels: int = 120_000_000  # of an image: beyond nearly any camera, and a header may claim more to fill the memory
    ratio: int = 1000  # unpacked to packed size, of files over `ratio_from`
    ratio_from: int = 2**20
    total_ratio: int = 200  # the same of the whole archive, if over `total_ratio_from`
    total_ratio_from: int = 2**30

    @classmethod
    def from_environment(cls) -> Limits:
        """
        Raises:
            DataError: a setting is no whole number above 0.
        """
        said = {field.name: os.environ.get(f"GRAFT_MAX_{field.name.upper()}") for field in fields(cls)}
        for name, value in said.items():
            if value is not None and not (value.isascii() and value.isdecimal() and int(value) > 0):
                raise DataError(f"GRAFT_MAX_{name.upper()} is {value!r}; it takes a whole number above 0.")
        return cls(**{name: int(value) for name, value in said.items() if value is not None})
