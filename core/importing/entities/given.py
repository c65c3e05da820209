"""A file whose text is decoded when it is first asked for: how it begins tells already whether it holds entities."""

from __future__ import annotations

from functools import cached_property

from core.finding import Finding
from core.importing.tables.encodings import MARKS, Decoded, decode_text
from core.importing.tables.table_report import letters

LOOKED_AT = 300_000  # bytes
LONGEST_LINE = 10_000_000


class Given:
    """name: the file's."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data

    @cached_property
    def sample(self) -> str:
        """How it begins, in whole lines where they are short enough."""
        return self._beginning.text

    @cached_property
    def text(self) -> str:
        return self._whole.text

    @cached_property
    def _whole(self) -> Decoded:
        return self._beginning if self.is_short else decode_text(self.data)

    def letters(self) -> list[Finding]:
        """That nothing says how it is encoded, where that matters."""
        known = self._whole if "_whole" in vars(self) else None
        if known is None or not known.guessed:
            return []
        return [letters(f"The file {self.name[-80:]!r}", known.encoding, known.examples)]

    @property
    def is_short(self) -> bool:
        """Whether the sample is all of it."""
        return len(self.data) <= LOOKED_AT

    @cached_property
    def _beginning(self) -> Decoded:
        if self.is_short:
            return decode_text(self.data)
        end = self.data.rfind(b"\n", 0, LOOKED_AT) + 1 or self.data.find(b"\n", 0, LONGEST_LINE) + 1 or LOOKED_AT
        wide = MARKS.get(self.data[:2]) == "utf_16"
        return decode_text(self.data[: end + end % 2] if wide else self.data[:end])
