"""Which examples of a version are ticked. They stay ticked over pages and filters, and go with the version."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import streamlit as st

from core.data.dataset import Dataset

PAGES_KEPT = 4  # a click on a page may arrive when the next one has been drawn


@dataclass
class Ticks:
    """names: of the examples that are ticked.

    Between two drawings of the page the browser alone knows its ticks best, so that quick clicks are never undone by a
    slow answer. `draw` takes what the server knows as the page's ticks only when it is another page, or after `renew`.
    """

    dataset: str
    version: int
    names: set[str] = field(default_factory=set)
    _page: str = ""  # the one that is drawn, with what was ticked then
    _ticked: list[int] = field(default_factory=list)
    _pages: dict[str, Sequence[str]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def renew(self) -> None:
        """The browser is to draw the ticks anew."""
        self._page = ""

    def add(self, names: Collection[str]) -> None:
        self.names.update(names)
        self.renew()

    def clear(self) -> None:
        self.names.clear()
        self.renew()

    def draw(self, names: Sequence[str]) -> tuple[str, list[int]]:
        """(page, ticked): what to call a page of these names, and the places that were ticked when it was drawn."""
        if self._pages.get(self._page) != names:
            self._page = f"{self.dataset}/{self.version}/{next(self._numbers)}"
            self._ticked = [place for place, name in enumerate(names) if name in self.names]
            self._pages[self._page] = names
            while len(self._pages) > PAGES_KEPT:
                del self._pages[next(iter(self._pages))]
        return self._page, self._ticked

    def hear(self, page: object, places: object) -> None:
        """The browser says which places of a page are ticked now; what makes no sense is passed over."""
        if not isinstance(page, str) or page not in self._pages or not isinstance(places, list):
            return
        names = self._pages[page]
        self.names.difference_update(names)
        self.names.update(names[place] for place in places if isinstance(place, int) and 0 <= place < len(names))


def ticks(dataset: Dataset) -> Ticks:
    """The ticks of this version in this session."""
    kept = st.session_state.get("ticks")
    if not isinstance(kept, Ticks) or (kept.dataset, kept.version) != (dataset.id, dataset.version):
        kept = st.session_state["ticks"] = Ticks(dataset.id, dataset.version)
    return kept
