"""Which pictures of a version are ticked. They stay ticked over pages and filters, and go with the version."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import streamlit as st

from core.data.dataset import Dataset

PAGES_KEPT = 4  # a click on a page may arrive when the next one has been drawn


@dataclass
class Ticks:
    """names: of the pictures that are ticked.

    Between two drawings of the page the browser alone knows its ticks best, so that quick clicks are never undone by a
    slow answer. `draw` takes what the server knows as the page's ticks only when it is another page, or after `renew`.
    """

    dataset: str
    version: int
    names: set[str] = field(default_factory=set)
    _edition: int = 0
    _drawn: dict[str, tuple[Sequence[str], list[int]]] = field(default_factory=dict)

    def renew(self) -> None:
        """The browser is to draw the ticks anew."""
        self._edition += 1

    def add(self, names: Collection[str]) -> None:
        self.names.update(names)
        self.renew()

    def clear(self) -> None:
        self.names.clear()
        self.renew()

    def draw(self, names: Sequence[str]) -> tuple[str, list[int]]:
        """(page, ticked): what to call a page of these names, and the places of the ticked ones when first drawn."""
        page = f"{self.dataset}/{self.version}/{self._edition}/{hash(tuple(names))}"
        if page not in self._drawn:
            self._drawn[page] = names, [place for place, name in enumerate(names) if name in self.names]
            while len(self._drawn) > PAGES_KEPT:
                self._drawn.pop(next(iter(self._drawn)))
        return page, self._drawn[page][1]

    def hear(self, page: object, places: object) -> None:
        """The browser says which places of a page are ticked now; what makes no sense is passed over."""
        if not isinstance(page, str) or page not in self._drawn or not isinstance(places, list):
            return
        names, _ = self._drawn[page]
        self.names.difference_update(names)
        self.names.update(names[place] for place in places if isinstance(place, int) and 0 <= place < len(names))


def ticks(dataset: Dataset) -> Ticks:
    """The ticks of this version in this session."""
    kept = st.session_state.get("ticks")
    if not isinstance(kept, Ticks) or (kept.dataset, kept.version) != (dataset.id, dataset.version):
        kept = st.session_state["ticks"] = Ticks(dataset.id, dataset.version)
    return kept
