"""A text with its entities marked, as one piece of HTML: whatever is in the text stays text."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence

from core.tasks.predictions import Span, Spans
from ui.shared.widgets import clip, percent

LONGEST = 200_000  # characters that are drawn
BOX = (
    "max-height:32rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.9;unicode-bidi:plaintext"
)
# In a light and in a dark theme the words keep the colour of the text, on a veil of the type's.
MARK = "background:color-mix(in srgb,{colour} 26%,transparent);border-bottom:2px solid {colour};border-radius:0.2rem"


def marked(prediction: Spans, colours: Sequence[str]) -> str:
    """colours: of types, in order; they come round again where there are more types."""
    counts = Counter(span.label for span in prediction.spans)
    of_type = {label: colours[at % len(colours)] for at, label in enumerate(sorted(counts))}
    said = [_legend(counts, of_type)] if counts else []
    return f'{"".join(said)}<div style="{BOX}" tabindex="0">{"".join(_pieces(prediction, of_type))}</div>'


def _legend(counts: Counter[str], of_type: dict[str, str]) -> str:
    chips = "".join(
        f'<span style="{MARK.format(colour=colour)};padding:0 0.35rem">'
        f"{html.escape(clip(label, 40))} {counts[label]:,}</span>"
        for label, colour in of_type.items()
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:0.5rem;margin-bottom:0.5rem;font-size:0.85rem">{chips}</div>'


def _pieces(prediction: Spans, of_type: dict[str, str]) -> list[str]:
    text, at, found = prediction.text[:LONGEST], 0, list[str]()
    for span in prediction.spans:
        if span.end > len(text):
            break
        found += [html.escape(text[at : span.start]), _mark(text, span, of_type[span.label])]
        at = span.end
    return [*found, html.escape(text[at:])]


def _mark(text: str, span: Span, colour: str) -> str:
    label = html.escape(clip(span.label, 40), quote=True)
    style = f"{MARK.format(colour=colour)};color:inherit;unicode-bidi:isolate"
    kind = f'<small style="opacity:0.75;margin-left:0.25rem">{label}</small>'
    words = html.escape(text[span.start : span.end])
    return f'<mark style="{style}" title="{label}, {percent(span.probability)}">{words}{kind}</mark>'
