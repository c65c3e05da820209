"""The images that a person gave to be asked about."""

import errno
import os
import weakref

import pytest

from core.errors import DataError
from ui.predictions.asking import Given
from ui.shared.drop import Drop, Piece


def give(given, name, data):
    given.take(Drop("it"), [Piece(name, len(data), 0, data)], True)


def test_after_a_full_disk_what_was_given_before_can_be_read_and_removed(workspace, monkeypatch):
    given = Given(workspace)
    give(given, "a.jpg", b"first")

    def half(self, data):
        self._file.write(data[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(Given, "_write", half)
        with pytest.raises(DataError, match="The disk is full"):
            give(given, "b.jpg", b"second")
    give(given, "c.jpg", b"third")
    assert [(each.name, each.read()) for each in given.images] == [("a.jpg", b"first"), ("c.jpg", b"third")]
    given.clear()
    assert not given.images


def test_they_go_when_the_session_does(workspace):
    given = Given(workspace)
    give(given, "a.jpg", b"first")
    gone = weakref.ref(given)
    del given
    assert gone() is None
