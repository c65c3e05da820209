"""Text of which nobody says how it is encoded: tables as spreadsheets save them, names as archives keep them.

What is UTF-8 is taken at its word. Of anything else each usual encoding is tried, and the one wins in which the
letters that are no ASCII look most like words: common characters for Chinese, Japanese and Korean, frequent letters
for Cyrillic and Greek, and for Latin scripts few accents among many plain letters.

A name travels with the bytes that are no UTF-8 in it as they are (`carried`), so that no two names become one, until
all names are known and can be read together (`readable`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

GUESSED = (
    *("cp1252", "cp1250", "cp1251", "gb18030", "cp932", "cp949", "big5hkscs", "euc_jp", "cp1253", "cp1254", "cp1255"),
    *("cp1256", "cp874", "koi8_r", "cp850", "cp852", "cp866", "cp437", "mac_roman"),
)
ENCODINGS = ("utf_8", "utf_16", *GUESSED)
TITLES = {
    "utf_8": "UTF-8",
    "utf_16": "UTF-16",
    "cp1252": "Western European (Windows-1252)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "gb18030": "Chinese, simplified (GBK)",
    "cp932": "Japanese (Shift JIS)",
    "cp949": "Korean (CP949)",
    "big5hkscs": "Chinese, traditional (Big5)",
    "euc_jp": "Japanese (EUC-JP)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp874": "Thai (Windows-874)",
    "koi8_r": "Cyrillic (KOI8-R)",
    "cp437": "DOS (CP437)",
    "cp850": "Western European (DOS, CP850)",
    "cp852": "Central European (DOS, CP852)",
    "cp866": "Cyrillic (DOS, CP866)",
    "mac_roman": "Western European (Mac)",
}
LEAST = 0.5  # of the best score that there is: below, no encoding fits
MOST_LOOKED_AT = 100_000  # bytes that are no ASCII, with what is around them
_CARRIED = 0xF700  # of Unicode's private use area: this and a byte is a byte that is no UTF-8
_MARKED = re.compile("[\uf780-\uf7ff]")
_WORD = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x30-\xff@`{|}~\[\\\]^_]*")  # second bytes may be ASCII
MARKS = {b"\xff\xfe": "utf_16", b"\xfe\xff": "utf_16", b"\xef\xbb\xbf": "utf_8"}


@dataclass(frozen=True)
class Decoded:
    """text; encoding: one of `ENCODINGS`; guessed: whether nothing but the look of the letters tells it; examples: some
    words that hang on the guess; zeros: how many NUL characters were taken out between others."""

    text: str
    encoding: str
    guessed: bool = False
    examples: tuple[str, ...] = ()
    zeros: int = 0


def decode_text(data: bytes, encoding: str = "") -> Decoded:
    """A file's text. Byte order marks and NUL characters are taken out, wherever they stand.

    A file in which most lines with more than ASCII are UTF-8 is UTF-8; the other lines are read by a guess.

    encoding: what someone said it is; "": to be found out.
    """
    data = data.rstrip(b"\0") if len(data) % 2 or data[-4:] == bytes(4) else data  # which a crash leaves at the end
    if encoding:
        return Decoded(_cleared(data.decode(encoding, "replace")), encoding)
    marked = next((said for mark, said in MARKS.items() if data.startswith(mark)), "")
    if marked == "utf_16":
        return Decoded(_cleared(data.decode("utf_16", "replace")), "utf_16")
    if unmarked := _unmarked_utf16(data):
        return Decoded(_cleared(data.decode(unmarked, "replace")), "utf_16")
    try:
        return Decoded(_cleared(data.decode("utf-8")), "utf_8", zeros=data.count(b"\0"))
    except UnicodeDecodeError:
        lines = data.splitlines(keepends=True)
    broken = [line for line in lines if not _is_utf8(line)]
    found = guess(broken)
    whole = sum(1 for line in lines if not line.isascii()) - len(broken)
    if whole < len(broken):
        text, examples = data.decode(found, "replace"), _examples(broken, found)
        return Decoded(_cleared(text), found, guessed=True, examples=examples)
    text = "".join(line.decode("utf-8" if _is_utf8(line) else found, "replace") for line in lines)
    return Decoded(_cleared(text), "utf_8", guessed=True, examples=_examples(broken, found))


def _unmarked_utf16(data: bytes) -> str:
    """Which of the two UTF-16 it is where no mark says so: a zero stands in every second place of what is ASCII, and
    hardly any in the others."""
    begins = data[:4_000]
    even, odd = begins[::2].count(0), begins[1::2].count(0)
    least = max(1, len(begins) / 2 / 30)
    if max(even, odd) < least or min(even, odd) > max(even, odd) / 10:
        return ""
    return "utf_16_le" if odd > even else "utf_16_be"


def _cleared(text: str) -> str:
    return text.replace("\ufeff", "").replace("\0", "")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _examples(texts: Iterable[bytes], encoding: str) -> tuple[str, ...]:
    words = (word.decode(encoding, "replace") for text in texts for word in _WORD.findall(text))
    found = dict.fromkeys(match[0] for word in words if (match := re.search(r"[^\W\d_]{2,}", word)))
    return tuple(list(found)[:3])


def twice_encoded(text: str) -> str:
    """`Käfer` of `KÃ¤fer`, which is UTF-8 that a program took for Western European; "" of anything else."""
    for other in ("cp1252", "latin-1", "cp437"):
        try:
            meant = text.encode(other).decode("utf-8")
        except UnicodeError:
            continue
        if meant != text:
            return meant
    return ""


# Names ----------------------------------------------------------------------------------------------------------------


def carried(name: bytes) -> str:
    """A name as text, with each byte that is no UTF-8 in it as a character of its own that stands for nothing else."""
    text = name.decode("utf-8", "surrogateescape")
    return "".join(chr(_CARRIED + ord(c) - 0xDC00) if "\udc80" <= c <= "\udcff" else c for c in text)


def with_slashes(name: str) -> str:
    """A carried name with / between its parts; a backslash may also be the second byte of a character."""
    return _BACKSLASH.sub("/", name)


_BACKSLASH = re.compile(r"(?<![\uf780-\uf7ff])\\")


def readable(names: Sequence[str], encoding: str = "") -> tuple[Callable[[str], str], str]:
    """How to read names as `carried` gives them: a function, and the encoding that it takes them for; "" where all are
    UTF-8. encoding: what someone said it is."""
    marked = [name for name in names if _MARKED.search(name)]
    if not marked:
        return str, ""
    found = encoding or guess([_bytes_of(name) for name in marked])

    def read(name: str) -> str:
        return _bytes_of(name).decode(found, "replace") if _MARKED.search(name) else name

    return read, found


def _bytes_of(name: str) -> bytes:
    return b"".join(
        bytes([ord(c) - _CARRIED]) if "\uf780" <= c <= "\uf7ff" else c.encode("utf-8", "replace") for c in name
    )


# Guessing -------------------------------------------------------------------------------------------------------------


def guess(texts: Iterable[bytes]) -> str:
    """The encoding in which the words that are no ASCII look most like words."""
    words: dict[bytes, None] = {}
    seen = 0
    for text in texts:
        words.update(dict.fromkeys(_WORD.findall(text)))
        seen += len(text)
        if seen > MOST_LOOKED_AT:
            break
    scores = {encoding: _score(list(words), encoding) for encoding in GUESSED}
    best = max(scores, key=lambda encoding: scores[encoding])  # of equally good ones the first
    return best if scores[best] >= LEAST else "cp1252"


def _score(words: Sequence[bytes], encoding: str) -> float:
    """How much the words look like words: 0 to 1, on average over what is no ASCII."""
    good = total = 0.0
    for word in words:
        try:
            text = word.decode(encoding)
        except UnicodeDecodeError:
            return 0.0
        strange = [character for character in text if ord(character) > 127]
        if any(unicodedata.category(character) in ("Cc", "Cn", "Co") for character in strange):
            return 0.0
        weight = sum(byte > 127 for byte in word)
        good += weight * _looks_right(text, strange, encoding)
        total += weight
    return good / total if total else 0.0


_PUNCTUATION = frozenset("–—‘’‚“”„‹›«»…•·€£§°´®©™")  # that programs of texts put in by themselves
_PUNCTUATED = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "mac_roman")


def _looks_right(text: str, strange: Sequence[str], encoding: str) -> float:
    if encoding in _PUNCTUATED and _PUNCTUATION.issuperset(strange):
        return 0.9 * _BEFORE.get(encoding, 0.96)
    if encoding in _COMMON:
        return _share_common(strange, encoding)
    if encoding in _FREQUENT:
        return _share_frequent(text, strange, encoding)
    return _few_accents(text, strange, encoding)


# Of characters of two bytes: the first bytes of those that are common in the language, by the standard's own rows.
_COMMON: dict[str, tuple[range, ...]] = {
    "gb18030": (range(0xB0, 0xD8),),
    "big5hkscs": (range(0xA4, 0xC7),),
    "cp949": (range(0xB0, 0xC9),),
    "cp932": (range(0x88, 0x99),),
    "euc_jp": (range(0xB0, 0xD0),),
}
_KANA = re.compile("[\u3041-\u30ff]")
_HALF_KANA = re.compile("[\uff61-\uff9f]")
# All Hangul lie where half of the common Chinese characters do, so the frequent ones of both must tell them apart.
_HANGUL = frozenset(
    "이다는가의에을를은로고지하서대사기리자도어시나인아전일한보정해제수스여부경라조상장원국주진비문동공성선구신오화관유무발개양강미물치마회소"
    "생안교음남북산들만그있것과되위적내여중트드르계세재때용학외금년없면으며던까지방형분간실설반점질단체불량결함균열긁힘상처사과배포도귤바나나"
    "딸기고양이강아지개새꽃나무잎병충해건강토끼말소돼지닭오리차배우버스트럭자전거비행기집"
)
_HANZI = frozenset(
    "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成"
    "事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者"
    "向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼"
    "体别处总才场师书比住员九性通目华报立马命活难神数件安表原车白应路期常提感金何更反合放做系计或利受光王果界及今务制解各任至清物台象记边共"
    "风接它许八特觉直服毛林题建南度色字请交爱让认算论百吃科元社术结六功指思非流每青管夫连远资带花快条院变言权展领传近留红保达办运武半候七必"
    "城父强步完深区即求品士转量空众技轻程告江语英基派满式息写识极令黄德收钱持取设始版双历史商千片容研像找友孩站广改形早房音火际则首单据导影"
    "失网香专石兵校读飞观争究包组造落视离坏切确破号缺陷裂痕良格猫咪狗鸟鱼苹蕉梨桃树叶草虎狮羊牛猪鸡鸭兔鼠蛇船卡轿圆块钉锈斑孔划脏污异背景苗"
    "病害虫健康"
)


def _share_common(strange: Sequence[str], encoding: str) -> float:
    """Of the characters of two bytes, how many are common; kana, which only Japanese has, are in that language."""
    return sum(_commonness(character, encoding) for character in strange) / len(strange)


def _commonness(character: str, encoding: str) -> float:
    coded = character.encode(encoding, "replace")
    usual = len(coded) == 2 and any(coded[0] in rows for rows in _COMMON[encoding])
    if _HALF_KANA.match(character):
        return 0.0
    if _KANA.match(character):  # rather these than Chinese characters that happen to be common
        return 1.1 if encoding in ("cp932", "euc_jp") else 0.4
    if encoding == "cp949":
        return 1.1 if character in _HANGUL else 0.95 if usual else 0.0
    if encoding == "gb18030":
        late = len(coded) == 2 and coded[1] < 0xA1  # a later addition, and rare
        return 1.1 if character in _HANZI else 0.4 if late or not usual else 0.85
    if encoding == "euc_jp":  # without kana it may as well be Korean
        return 0.9 if usual else 0.4
    return 1.0 if usual else 0.4


_FREQUENT = {
    "cp1251": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёіїєґ",
    "koi8_r": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфё",
    "cp866": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфё",
    "cp1253": "αοιετσνηυρπκμλςγδθωχβφξζψάέήίόύώϊϋ",
    "cp1255": "יוהלאמשרבתנעםדקחפכטגצןסזךףץ",
    "cp1256": "ايلمنورتبةعدسفهكقأحجشطصىخذزضغإءئظثآؤ",
    "cp874": "านรอกเงมยลวดทสตะปบคหแจพชขใไผศซธถโณฎฏฐฑฒญฉฌภฝฟฬฮๆำ่้๊๋์ิีึืุูั็",
}


def _share_frequent(text: str, strange: Sequence[str], encoding: str) -> float:
    """How many are letters of the language, the frequent ones for more; in words all of one script, and of one case
    but for the first letter."""
    frequent = _FREQUENT[encoding]
    letters = [character for character in strange if character.lower() in frequent]
    ascii_letters = sum(character.isascii() and character.isalpha() for character in text)
    tail = [character for character in text[1:] if character.isalpha()]
    mixed = bool(tail) and any(c.islower() for c in tail) and any(c.isupper() for c in tail)
    usual = sum(1.0 if frequent.index(letter.lower()) < len(frequent) * 0.6 else 0.7 for letter in letters)
    score = usual / len(strange)
    bare = encoding == "cp1253" and len(strange) > 2 and not any(c in "άέήίόύώΐΰΆΈΉΊΌΎΏ" for c in text)
    score *= 0.8 if bare else 1.0  # nearly every Greek word has an accent
    return score * (0.5 if mixed else 1.0) * (0.6 if ascii_letters else 1.0) * (0.8 if _shouts(text) else 1.0)


def _shouts(text: str) -> bool:
    return len(text) > 3 and text.upper() == text != text.lower()


_ACCENTED = {
    "cp1252": "äöüßéèêëàâáãçñíìîïóòôõúùûåæøœÄÖÜÉÈÀÁÇÑÅÆØ",
    "cp1250": "ąćęłńóśźżáčďéěíňřšťúůýžőűăâîșțäöüßĄĆĘŁŃÓŚŹŻČŘŠŽ",
    "cp1254": "çğıöşüÇĞİÖŞÜâîû",
    "cp437": "äöüßéèêëàâáçñíóúåæÄÖÜÉÇÑÅ",
    "cp850": "äöüßéèêëàâáãçñíìîïóòôõúùûåæøÄÖÜÉÇÑÅÆØ",
    "cp852": "ąćęłńóśźżáčďéěíňřšťúůýžőűăâîäöüßĄĆĘŁŃÓŚŹŻČŘŠŽ",
    "mac_roman": "äöüßéèêëàâáãçñíìîïóòôõúùûåæøœÄÖÜÉÈÀÁÇÑÅÆØ",
}
_BEFORE = {
    "cp1252": 1.0,
    "cp1250": 0.97,
    "cp1254": 0.96,
    "cp850": 0.95,
    "cp437": 0.94,
    "mac_roman": 0.93,
    "cp852": 0.92,
}


def _few_accents(text: str, strange: Sequence[str], encoding: str) -> float:
    """How many are letters with accents of the languages, of which a word has few."""
    good = sum(character in _ACCENTED[encoding] for character in strange) / len(strange)
    plain = sum(character.isascii() and character.isalpha() for character in text)
    threes = zip(text, text[1:], text[2:])
    inner = any(one.isalpha() and two.isupper() and three.islower() for one, two, three in threes)
    inner = inner or any(one.islower() and other.isupper() for one, other in zip(text, text[1:]))
    share = 1.0 if plain >= len(strange) else 0.4 if plain else 0.2
    return good * share * _BEFORE[encoding] * (0.5 if inner else 1.0)
