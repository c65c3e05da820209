"""The tables that Graft keeps as Parquet, read back: as `core.records`, for rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from core.errors import DamagedError
from core.words import clip

_UNFIT = (ValueError, TypeError, KeyError, OverflowError, MemoryError, NotImplementedError, pa.ArrowException)


def read_table(path: Path, columns: Mapping[str, str], formerly: Mapping[str, object] | None = None) -> pd.DataFrame:
    """
    columns: that it must have, with the type of each; these alone are returned, in this order. None at all: whatever
        it has.
    formerly: what stands in the place of a column that it may lack.

    Raises:
        FileNotFoundError: it is not there.
        DamagedError: it is no table, or does not fit `columns`.
    """
    try:
        frame = pd.read_parquet(path)
    except FileNotFoundError:
        raise
    except (OSError, *_UNFIT) as error:
        raise DamagedError(path, clip(error, 80) or type(error).__name__) from error
    return fitted(frame, path, columns, formerly) if columns else frame


def fitted(
    frame: pd.DataFrame, path: Path, columns: Mapping[str, str], formerly: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """What was read from `path`, with these columns alone; as `read_table`."""
    missing = {name: value for name, value in (formerly or {}).items() if name not in frame}
    if lacking := [name for name in columns if name not in frame and name not in missing]:
        raise DamagedError(path, f"it has no column {lacking[0]}")
    try:
        return frame.assign(**missing)[list(columns)].astype(dict(columns))
    except _UNFIT as error:
        raise DamagedError(path, f"its columns are not what they should be ({clip(error, 80)})") from error
