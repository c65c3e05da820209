"""An explanation as a file: an image, or a page that needs nothing but itself."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from functools import singledispatch
from io import BytesIO

from PIL import Image

from core.errors import RunError
from core.explaining.drawing import blended
from core.explaining.explanation import Explanation, HeatMap, WordWeights
from core.explaining.marking import marked
from core.words import clip

LONGEST_SIDE = 1600  # pixels
FOR, AGAINST = "#3B8FC4", "#D9762B"  # on white and on black
NAMED = 200  # characters of a name
# No script, and nothing from elsewhere: a browser is told so too.
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; }}
body {{ max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }}
img {{ max-width: 100%; border-radius: 0.35rem; }}
</style>
<h1>{title}</h1>
<p>{said}</p>
{drawn}
</html>
"""

Shown = Callable[[], Image.Image]  # the image that is explained, where it is one


@singledispatch
def as_png(explanation: Explanation, image: Shown) -> bytes:
    """
    Raises:
        RunError: such an explanation is no image.
    """
    raise RunError("Marked words are no image. Write them as a page: --out NAME.html.")


@as_png.register
def _heat_as_png(heat: HeatMap, image: Shown) -> bytes:
    return _png(blended(_small(image()), heat))


def as_html(explanation: Explanation, image: Shown, name: str, method: str) -> bytes:
    """name: of the example. method: its title."""
    title = html.escape(f"Why {clip(_title(explanation), NAMED)}")
    of = f" ({explanation.probability:.1%})" if explanation.probability is not None else ""
    said = f"{clip(name, NAMED)}{of}. {method}. {explanation.note}"
    return PAGE.format(title=title, said=html.escape(said.strip()), drawn=_drawn(explanation, image)).encode()


def _title(explanation: Explanation) -> str:
    return next((aim.title for aim in explanation.aims if aim.name == explanation.target), explanation.target)


@singledispatch
def _drawn(explanation: Explanation, image: Shown) -> str:
    raise NotImplementedError(type(explanation))


@_drawn.register
def _heat_drawn(heat: HeatMap, image: Shown) -> str:
    plain = _small(image())
    pair = ((_png(plain), "the image"), (_png(blended(plain, heat)), "what speaks for it, lighter for more"))
    return "\n".join(
        f'<p><img src="data:image/png;base64,{base64.b64encode(data).decode()}" alt="{alt}"></p>' for data, alt in pair
    )


@_drawn.register
def _words_drawn(words: WordWeights, image: Shown) -> str:
    return marked(words, FOR, AGAINST)


def _small(image: Image.Image) -> Image.Image:
    copy = image.convert("RGB")
    copy.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return copy


def _png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
