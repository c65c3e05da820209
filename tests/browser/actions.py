"""What a person does on the pages, in a few words."""

from __future__ import annotations

from typing import Any

from PIL import Image

from tests.browser.app import ROOT
from tests.polling import poll

POINTS = """() => {
  let most = 0;
  const look = root => {
    for (const plot of root.querySelectorAll('.js-plotly-plot'))
      for (const line of plot.data || []) most = Math.max(most, (line.x || []).length);
    for (const one of root.querySelectorAll('*')) if (one.shadowRoot) look(one.shadowRoot);
  };
  look(document);
  return most;
}"""


def open_page(page: Any, name: str) -> None:
    """Click a page in the navigation."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, exact=True).wait_for()


def settled(page: Any, heading: str) -> None:
    """Wait until the page under this heading is drawn: the script has run to its end and nothing is a placeholder."""
    page.get_by_role("heading", name=heading, exact=True).first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    poll(lambda: page.locator("[data-stale=true], [data-testid=stSkeleton]").count() == 0)


def calm(page: Any, looks: int = 20) -> None:
    """Wait until nothing has been redrawn for a second: a click's rerun may not have begun when one looks first."""
    quiet = [0]

    def still() -> bool:
        quiet[0] = quiet[0] + 1 if page.locator("[data-stale=true]").count() == 0 else 0
        return quiet[0] >= looks

    poll(still)


def curve_points(page: Any) -> int:
    """How many points the longest line on the page has."""
    return int(page.evaluate(POINTS))


def keep_image(page: Any, name: str, height: int | None = None) -> None:
    """A screenshot, in docs/images if the README shows it, else in build/images."""
    shown = f"docs/images/{name}.png" in (ROOT / "README.md").read_text(encoding="utf-8")
    path = ROOT / ("docs" if shown else "build") / "images" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    page.set_viewport_size({**size, "height": height or size["height"]})
    calm(page)
    page.screenshot(path=path, animations="disabled")
    page.set_viewport_size(size)
    with Image.open(path) as shot:
        shot.convert("RGB").quantize(192, dither=Image.Dither.NONE).save(path, optimize=True)
