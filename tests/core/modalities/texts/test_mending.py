"""Garbled letters are told from right ones, and mended without touching the rest."""

from __future__ import annotations

import pytest

from core.modalities.texts.mending import may_be_garbled, mended, mended_around

MEANT = ["The café – it’s €5", "Grüße aus Köln", "Привет, как дела", "señor ¿qué?", "Việt Nam tươi đẹp", "naïve façade"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1250", "cp1251", "cp437", "mac_roman"])
@pytest.mark.parametrize("meant", MEANT)
def test_what_was_taken_for_another_encoding_is_mended(meant, encoding):
    try:
        garbled = meant.encode().decode(encoding)
    except UnicodeDecodeError:
        return  # so such a text cannot come about
    made = mended(garbled)
    assert made in (meant, garbled)  # what cannot be told stays as it is
    assert made == meant or encoding in ("cp1251", "mac_roman")


def test_what_was_garbled_twice_is_mended_and_so_is_one_line_of_many():
    twice = "Grüße".encode().decode("cp1252").encode().decode("cp1252")
    assert mended(f"right: für\nwrong: {twice}\nright: für") == "right: für\nwrong: Grüße\nright: für"


@pytest.mark.parametrize(
    "text",
    [
        "Não há coração; PROMOÇÃO, IRMÃ, MAÇÃ. SÃO PAULO — “aspas”",
        "Ela disse “IRMÃ” e ‘MAÇÃ’ hoje",
        "Tôi yêu Việt Nam, người đẹp. HÀ NỘI — PHỞ BÒ, Ăn…",
        "İstanbul'da güneşli bir gün, ŞİŞLİ’de çok güzel ığdır",
        "👍🏽 ❤️ 👩‍👩‍👧 ok… “yes”",
        "Привет мир — «Русский» №5",
        "今日はとても良い天気、한국어",
        "Là où — déjà… “été”, ça coûte 5 €",
        "√2 < Γ(3), ├── src",
        "Čeština: příliš žluťoučký kůň „ok“",
    ],
)
def test_right_texts_are_left_as_they_are(text):
    assert mended(text) == text
    assert not may_be_garbled(text)


def test_entities_keep_their_words():
    garbled = "Jürgen wohnt in Köln".encode().decode("cp1252")
    places = [(0, 7, "PERSON"), (garbled.index("K"), len(garbled), "PLACE")]
    text, moved = mended_around(garbled, places)
    assert [(text[start:end], kind) for start, end, kind in moved] == [("Jürgen", "PERSON"), ("Köln", "PLACE")]


def test_an_entity_that_ends_within_what_is_garbled_has_no_place():
    assert mended_around("JÃ¼rgen", [(0, 2, "PERSON")]) is None
    assert mended_around("Bob", [(0, 2, "PERSON")]) == ("Bob", [(0, 2, "PERSON")])
