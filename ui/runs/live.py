"""The browser's side of a feed: it shows what changes in place, and has the fragment around it run again where it must.

Where a browser cannot reach the feed, as a proxy lets no WebSocket through, the fragment runs every two seconds.
"""

from __future__ import annotations

from ui.components import component
from ui.runs.feed import Frame, path

# Not isolated: what it takes the place of lies beside it.
_live = component(__file__, "live", isolate_styles=False)


def live(subject: str, drawn: Frame, *, key: str, seconds: float | None = None) -> None:
    """Follow the feed of `subject`, and run this fragment again when it is not what was `drawn` any more.

    drawn: `now`, which is heeded at once, and `later`, at most every so many seconds.
    """
    _live(
        key=key,
        data={"path": path(subject), "subject": subject, "drawn": drawn, "seconds": seconds},
        on_look_change=lambda: None,  # that the fragment runs again is all
    )


def live_part(subject: str, part: str, *, key: str) -> None:
    """What a feed says in words, "standing" or "advice", in place of what lies in the container `live_<part>`."""
    _live(key=key, data={"subject": subject, "part": part}, on_look_change=lambda: None)
