"""A text with the words marked that speak for an answer and against it, as one piece of HTML. Whatever is in the text
stays text. What speaks for it is underlined, what speaks against it is underlined in dashes: so it can be told apart
without colour."""

from __future__ import annotations

import html

from core.explaining.explanation import Part, WordWeights

LONGEST = 100_000  # characters that are drawn
BOX = (
    "max-height:32rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.9;unicode-bidi:plaintext"
)
LEAST = 0.08  # of the largest weight, to be marked
CHIP = "padding:0 0.35rem;border-radius:0.2rem"


def marked(words: WordWeights, colour_for: str, colour_against: str) -> str:
    """On a light or a dark ground: the words keep the colour of the text around them."""
    colours = {True: colour_for, False: colour_against}
    legend = "".join(
        f'<span style="{_style(1.0 if speaks else -1.0, colours)};{CHIP}">speaks {said} it</span>'
        for speaks, said in ((True, "for"), (False, "against"))
    )
    top = f'<div style="display:flex;flex-wrap:wrap;gap:0.5rem;margin-bottom:0.5rem;font-size:0.85rem">{legend}</div>'
    return f'{top}<div dir="auto" style="{BOX}" tabindex="0">{"".join(_pieces(words, colours))}</div>'


def _pieces(words: WordWeights, colours: dict[bool, str]) -> list[str]:
    text, at, found = words.text[:LONGEST], 0, list[str]()
    for part in words.parts:
        if part.end > len(text):
            break
        if abs(part.weight) < LEAST:
            continue
        found += [html.escape(text[at : part.start]), _mark(text, part, colours)]
        at = part.end
    return [*found, html.escape(text[at:])]


def _mark(text: str, part: Part, colours: dict[bool, str]) -> str:
    said = f"{'for' if part.weight > 0 else 'against'}, {abs(part.weight):.0%} of the strongest"
    words = html.escape(text[part.start : part.end])
    return f'<mark style="{_style(part.weight, colours)}" title="{said}">{words}</mark>'


def _style(weight: float, colours: dict[bool, str]) -> str:
    """The stronger, the denser and the thicker."""
    colour, line = colours[weight > 0], "solid" if weight > 0 else "dashed"
    veil, thick = round(8 + 42 * abs(weight)), 1 + round(2 * abs(weight))
    return (
        f"color:inherit;unicode-bidi:isolate;border-radius:0.2rem;border-bottom:{thick}px {line} {colour};"
        f"background:color-mix(in srgb,{colour} {veil}%,transparent)"
    )
