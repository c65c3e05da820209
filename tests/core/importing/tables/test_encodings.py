"""Text and names of which nobody says how they are encoded."""

from __future__ import annotations

import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from core.importing.importing import check
from core.importing.tables.encodings import GUESSED, carried, decode_text, guess, readable, twice_encoded, with_slashes
from tests.conftest import image

WORDS = {
    "gb18030": ["合格", "不良", "猫咪", "小狗"],
    "cp932": ["犬", "猫", "りんご", "不良品"],
    "euc_jp": ["いぬ", "ねこ", "バナナ"],
    "cp949": ["고양이", "강아지", "불량"],
    "big5hkscs": ["貓", "狗", "蘋果", "瑕疵"],
    "cp1251": ["кошка", "собака", "Яблоко"],
    "koi8_r": ["кошка", "собака", "яблоко"],
    "cp866": ["кошка", "собака", "Груша"],
    "cp1252": ["Bär", "Käfer", "café", "Ölfleck"],
    "cp1250": ["kočka", "źrebię", "łoś", "jabłko"],
    "cp1253": ["γάτα", "σκύλος", "μήλο"],
    "cp1254": ["köpek", "ağaç", "kuş"],
    "cp1255": ["חתול", "כלב"],
    "cp1256": ["قطة", "كلب"],
    "cp874": ["แมว", "สุนัข"],
    "cp850": ["Bär", "Hündin", "Köter"],
    "mac_roman": ["Bär", "Hündin", "café"],
}


@pytest.mark.parametrize("encoding", WORDS)
def test_words_tell_their_encoding(encoding):
    assert encoding in GUESSED and guess([word.encode(encoding) for word in WORDS[encoding]]) == encoding


@pytest.mark.parametrize("encoding", WORDS)
def test_a_table_is_read_and_the_guess_is_told(encoding):
    text = "filename;label\n" + "".join(f"{number}.jpg;{word}\n" for number, word in enumerate(WORDS[encoding]))
    found = decode_text(text.encode(encoding))
    assert (found.text, found.encoding, found.guessed) == (text, encoding, True) and found.examples


@pytest.mark.parametrize("words", [["Käse", "Brötchen"], ["Käfer", "Mücke"]])
def test_letters_of_a_mac_are_no_capitals_inside_a_word(words):
    assert guess([word.encode("mac_roman") for word in words]) == "mac_roman"


def test_what_was_encoded_twice_is_told(make_zip):
    files = {
        f"{label}/{n}.jpg": image("red", n + 9 * k) for k, label in enumerate(("KÃ¤fer", "Hund")) for n in range(3)
    }
    (told,) = [one for one in check(make_zip(files=files)).findings if one.kind == "letters"]
    assert "'KÃ¤fer' may mean 'Käfer'" in told.why and told.labels == ["KÃ¤fer"]
    assert not twice_encoded("Käfer") and not twice_encoded("cat") and not twice_encoded("кошка")


def test_what_is_utf8_is_never_guessed():
    text = "filename,label\n0.jpg,Bär 猫 кошка\n"
    for data in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        assert (decode_text(data).text, decode_text(data).guessed) == (text, False)


def test_one_line_of_another_encoding_spoils_no_other():
    data = "a;Käfer\nb;Mücke\n".encode() + "c;Käfer\n".encode("latin-1")
    found = decode_text(data)
    assert found.text == "a;Käfer\nb;Mücke\nc;Käfer\n" and (found.encoding, found.guessed) == ("utf_8", True)


def test_who_says_the_encoding_is_believed():
    assert decode_text("Bär".encode("cp850"), "cp850").text == "Bär"
    assert readable([carried("Bär".encode("cp850"))], "cp850")[0](carried("Bär".encode("cp850"))) == "Bär"


def test_different_names_stay_different_whatever_they_are():
    names = [carried(b"\xff\xfe%d" % number) for number in range(5)] + [
        carried(bytes([byte])) for byte in range(128, 256)
    ]
    assert len(set(names)) == len(names)
    assert with_slashes(carried("表\\a".encode("cp932"))).count("/") == 1  # the first backslash is half a character


@pytest.mark.parametrize("encoding", ["gb18030", "cp932", "cp949", "cp866", "cp1252"])
def test_classes_in_an_archive_keep_their_names(tmp_path, encoding):
    labels = WORDS[encoding][:2]
    names = [f"{label}/{number}.jpg".encode(encoding) for number, label in enumerate(labels * 3)]
    for path in (_zip(tmp_path / "a.zip", names), _tar(tmp_path / "a.tar", names)):
        report = check(path)
        assert report.classes == dict.fromkeys(sorted(labels), 3)
        assert "letters" in {one.kind for one in report.findings}


def _tar(path: Path, names: list[bytes]) -> Path:
    with tarfile.open(path, "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as file:
        for number, name in enumerate(names):
            head, data = tarfile.TarInfo(name.decode("latin-1")), image("red", number)
            head.size = len(data)
            file.addfile(head, BytesIO(data))
    return path


def _zip(path: Path, names: list[bytes]) -> Path:
    """With names as Windows writes them: raw, without the mark that says that they are UTF-8."""
    stands_in = [bytes([ord("a") + number]) * len(name) for number, name in enumerate(names)]
    with zipfile.ZipFile(path, "w") as file:
        for number, name in enumerate(stands_in):
            file.writestr(name.decode(), image("red", number))
    held = path.read_bytes()
    for short, name in zip(stands_in, names):
        held = held.replace(short, name)
    path.write_bytes(held)
    return path
