"""What every page is drawn in: the sentence about what was just done above it, and the way back from it below."""

from __future__ import annotations

from collections.abc import Callable

from ui.shared import gone
from ui.shared.confirm import trash_bar


def draw(main: Callable[[], None]) -> None:
    """Draw a page. What is gone while it is drawn ends in a sentence, and in the page without it."""
    with gone.page():
        main()
        trash_bar()
