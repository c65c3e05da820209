from core.importing.entities.given import LOOKED_AT, Given


def test_how_it_begins_is_whole_lines():
    line = b"A line of the file\n"
    given = Given("a", line * (LOOKED_AT // 10))
    assert given.sample.endswith("file\n") and len(given.sample) <= LOOKED_AT and not given.is_short
    wide = Given("a", "Ä line\n".encode("utf-16") * LOOKED_AT)
    assert wide.sample.endswith("line\n")
    assert Given("a", b"x" * 2 * LOOKED_AT + b"\ny").sample == "x" * 2 * LOOKED_AT + "\n"


def test_a_guess_of_letters_is_told_only_if_it_was_needed():
    given = Given("a.csv", "Käfer,schöner\n".encode("cp1252"))
    assert not given.letters()
    assert given.text and "Western European" in given.letters()[0].title
