"""Ticks stay over pages and filters; the browser is believed between two drawings of a page."""

from ui.datasets.browser.ticks import PAGES_KEPT, Ticks

NAMES = ["a", "b", "c"]


def test_what_the_browser_says_of_a_page_leaves_other_pages_alone():
    ticks = Ticks("flowers", 1, {"a", "z"})
    page, ticked = ticks.draw(NAMES)
    assert ticked == [0]
    ticks.hear(page, [1, 2])
    assert ticks.names == {"b", "c", "z"}


def test_a_page_is_sent_again_only_when_the_server_changed_its_ticks():
    ticks = Ticks("flowers", 1)
    drawn = ticks.draw(NAMES)
    ticks.hear(drawn[0], [1])
    assert ticks.draw(NAMES) == drawn
    ticks.add(["c"])
    page, ticked = ticks.draw(NAMES)
    assert page != drawn[0] and ticked == [1, 2]
    ticks.clear()
    assert ticks.draw(NAMES)[1] == [] and not ticks.names


def test_a_page_that_is_turned_back_to_shows_its_ticks():
    ticks = Ticks("flowers", 1)
    ticks.hear(ticks.draw(NAMES)[0], [2])
    ticks.draw(["d"])
    assert ticks.draw(NAMES)[1] == [2]


def test_a_late_click_counts_and_nonsense_does_not():
    ticks = Ticks("flowers", 1)
    page, _ = ticks.draw(NAMES)
    ticks.draw(["d"])
    ticks.hear(page, [0])
    assert ticks.names == {"a"}
    for nonsense in (("other", [0]), (None, [1]), (["list"], [1]), (page, "0"), (page, [99, -1, "x", None, 0])):
        ticks.hear(*nonsense)
    assert ticks.names == {"a"}
    for number in range(PAGES_KEPT):
        ticks.draw([str(number)])
    ticks.hear(page, [2])
    assert ticks.names == {"a"}
