"""From the paths of images to their classes and splits.

The class is the first folder below what all images share, as in torchvision's ImageFolder. Folders named after splits
(`train`, `seg_train`, `test_images`, `2_validation`) give the split, above the classes or below them. Where the folders
on top all hold the same folders, such as days that each hold `ripe` and `unripe`, those are the classes. Where there
are no folders but names such as `cat.17.jpg`, the names may tell.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.data.splits import Split
from core.words import clean_label, without_accents

SPLIT_NAMES: dict[str, Split] = {
    **dict.fromkeys(("train", "training", "trainings", "trainval", "tr", "learn", "lernen"), "train"),
    **dict.fromkeys(("entrenamiento", "entrainement", "apprentissage", "treino", "treinamento"), "train"),
    **dict.fromkeys(("addestramento", "обучение", "обучающая", "тренировка", "egitim", "trening"), "train"),
    **dict.fromkeys(("训练", "訓練", "学習", "학습", "훈련"), "train"),
    **dict.fromkeys(
        ("val", "valid", "validation", "vali", "va", "dev", "eval", "evaluation", "validierung", "publictest"),
        "validation",
    ),
    **dict.fromkeys(("validacion", "validacao", "validazione", "walidacja", "валидация"), "validation"),
    **dict.fromkeys(("валидационная", "dogrulama", "验证", "驗證", "検証", "검증"), "validation"),
    **dict.fromkeys(("test", "testing", "tests", "tst", "te", "holdout", "privatetest"), "test"),
    **dict.fromkeys(("prueba", "pruebas", "teste", "testes", "prova", "тест", "тестовая"), "test"),
    **dict.fromkeys(("测试", "測試", "テスト", "評価", "시험", "테스트", "평가"), "test"),
}
_UNTOLD = (  # words of folders whose images nobody has labeled
    *(
        "unlabeled",
        "unlabelled",
        "unannotated",
        "unsorted",
        "unassigned",
        "nolabel",
        "nolabels",
        "unlabel",
        "unsup",
        "unsupervised",
    ),
    *("pred", "predict", "prediction", "predictions", "submission", "inference"),
)
_FILLING = frozenset(  # words that say nothing in the name of a split's folder
    (
        *("set", "sets", "data", "dataset", "images", "image", "imgs", "img", "pics", "pictures", "photos"),
        *("photo", "folder", "split", "part", "the", "raw", "and", "for", "daten", "bilder", "satz", "of", "jpg"),
        *("jpeg", "png", "orig", "original", "resized", "cropped", "small", "all", "new", "final", "v", "sdaten"),
        *("conjunto", "datos", "dados", "donnees", "jeu", "ensemble", "de", "do", "la", "le", "du", "выборка", "набор"),
        *(
            "данные",
            "данных",
            "集",
            "用",
            "数据",
            "数据集",
            "資料",
            "データ",
            "데이터",
            "セット",
            "셋",
            "zbior",
            "veri",
        ),
    )
)
_MOST_REST = 2  # words beside the split's own, such as `seg` in `seg_train`
JUNK_NAMES = {
    *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r", "picasa.ini", "zbthumbnail.info"),
    *("folder.jpg.tmp", "ntuser.dat", "pspbrwse.jbf"),
}
JUNK_FOLDERS = {
    *("__macosx", "@eadir", "@recycle", "@recently-snapshot", "@__thumb", "#recycle", "#snapshot", "$recycle.bin"),
    *("recycler", "recycled", "system volume information", "lost+found", "found.000", "__pycache__", "@tmp"),
    *("lost.dir", "android_secure", "@sharebin", "network trash folder", "temporary items", "#tmp", "~snapshot"),
    *("_gsdata_", "$windows.~bt"),
}
SAME_BELOW = 0.6  # of the folders on top, on average, hold each of the folders below: then those are the classes
FEWEST_NAMED = 3  # images of each class, on average, where their names are to tell it
_CAMERA = frozenset(  # what cameras, phones and programs call their images
    (
        *("img", "image", "images", "photo", "photos", "pic", "picture", "pictures", "dsc", "dscn", "dscf"),
        *("pxl", "mvi", "vid", "frame", "frames", "scan", "screenshot", "shot", "file", "page", "sample", "test"),
        *("train", "val", "untitled", "capture", "snapshot", "bild", "foto", "p", "gopr", "cimg", "imag", "wp"),
        *("export", "download", "whatsapp", "signal", "unnamed", "item", "id", "no", "number", "nr"),
    )
)


@dataclass(frozen=True)
class Folders:
    """What folders tell.

    of: (class, split) of each path, in order; the class is None where no folder tells it.
    level: which folder gives the class, of those below what all share and below the splits: from 1; 0: the names of
        the files do. levels: how many there are to choose from. sure: whether nothing else could have been meant.
    passed_over: names of folders that might have been the classes.
    """

    of: list[tuple[str | None, Split | None]]
    level: int = 1
    levels: int = 1
    sure: bool = True
    passed_over: tuple[str, ...] = ()


def is_junk(name: str) -> bool:
    """Whether a path is a system's own file, which nobody would miss: hidden, thumbnails, or thrown away."""
    *folders, last = name.lower().split("/")
    return (
        last.startswith((".", "~$"))
        or last in JUNK_NAMES
        or any(folder.startswith(".") or folder in JUNK_FOLDERS for folder in folders)
    )


def classes_and_splits(names: Sequence[str]) -> list[tuple[str | None, Split | None]]:
    """(class, split) of each path; the class is None where no folder tells it."""
    return read_folders(names).of


def read_folders(names: Sequence[str], level: int | None = None, splits: bool = True) -> Folders:
    """
    names: paths of images. level: which folder gives the class, as in `Folders`; None: to be found out. splits: whether
        folders may give the split.
    """
    above = [name[: name.rfind("/") + 1] for name in names]
    folders = list(dict.fromkeys(above))
    many = Counter(above)
    found = _read(
        [tuple(folder.split("/")[:-1]) for folder in folders], [many[each] for each in folders], level, splits
    )
    told = dict(zip(folders, found.of))
    of = [told[folder] for folder in above]
    by_name = _classes_in_names(names) if level == 0 or (level is None and not any(label for label, _ in of)) else {}
    if by_name:
        of = [(by_name.get(name), split) for name, (_, split) in zip(names, of)]
        return Folders(of, 0, found.levels, sure=False)
    return Folders(of, found.level, found.levels, found.sure, found.passed_over)


def _read(folders: list[tuple[str, ...]], images: list[int], level: int | None, splits: bool) -> Folders:
    """The same of each folder that holds images. images: how many each has."""
    folders = _without_shared(folders)
    told: list[Split | None] = [None] * len(folders)
    if splits:
        folders, told = _split_off(folders)
    depth = max((len(folder) for folder in folders), default=0)
    chosen, sure = (level, True) if level else _class_level(folders, images)
    chosen = max(1, min(chosen, depth))
    labels = [folder[chosen - 1] if len(folder) >= chosen else None for folder in folders]
    passed = tuple(sorted({folder[0] for folder in folders if folder})) if chosen > 1 else ()
    of = [
        (clean_label(label) if label and not _is_untold(label) else None, split) for label, split in zip(labels, told)
    ]
    return Folders(of, chosen, max(1, depth), sure, passed)


def _split_off(folders: list[tuple[str, ...]]) -> tuple[list[tuple[str, ...]], list[Split | None]]:
    """The folders without those that are named after splits, and the split of each."""
    first = {folder[0] for folder in folders if folder}
    second = {folder[1] if len(folder) > 1 else "" for folder in folders if folder}
    told: list[Split | None] = [None] * len(folders)
    if are_splits(first, strays=any(len(folder) > 1 for folder in folders)):
        told = [split_in(folder[0]) if folder else None for folder in folders]
        return _without_shared(_unwrapped(folders, first)), told
    below: dict[str, set[str]] = defaultdict(set)
    for folder in folders:
        below["".join(folder[:1])].add("".join(folder[1:2]))
    each = all(are_splits(held, strays=False) for held in below.values())  # `cats/cats_train`, `dogs/dogs_train`
    if second and "" not in second and (are_splits(second, strays=False) or each):
        told = [split_in(folder[1]) if folder else None for folder in folders]
        return [folder[:1] + folder[2:] for folder in folders], told
    return folders, told


def _unwrapped(folders: list[tuple[str, ...]], first: Collection[str]) -> list[tuple[str, ...]]:
    """Each split's folders below it; what wraps all of one split, as in `train/train/cat`, is left out. What lies in no
    split, beside them, has no class."""
    below: dict[str, set[str]] = defaultdict(set)
    for folder in folders:
        if folder:
            below[folder[0]].add(folder[1] if len(folder) > 1 else "")
    wrapped = {
        top: next(iter(held))
        for top, held in below.items()
        if len(held) == 1 and (words := set(_words(next(iter(held))))) and (words <= set(_words(top)) | _FILLING)
    }
    result: list[tuple[str, ...]] = []
    for folder in folders:
        if not folder or split_in(folder[0]) is None:
            result.append(())
        else:
            result.append(folder[2:] if folder[1:2] == (wrapped.get(folder[0]),) else folder[1:])
    return result


def _class_level(folders: list[tuple[str, ...]], images: list[int]) -> tuple[int, bool]:
    """Which folder gives the class, from 1, and whether that is sure."""
    deep = [(folder, count) for folder, count in zip(folders, images) if len(folder) > 1]
    if sum(count for _, count in deep) <= sum(images) / 2:
        return 1, True
    below: dict[str, set[str]] = defaultdict(set)
    for folder, _ in deep:
        below[folder[0]].add(folder[1].casefold())
    tops = {folder[0] for folder in folders if folder}
    subs = set().union(*below.values())
    if len(tops) < 2 or len(subs) < 2:
        return 1, True
    shared = sum(len(held) for held in below.values()) / (len(tops) * len(subs))
    if shared < SAME_BELOW or (_say_nothing(subs) and not _say_nothing(tops)):
        return 1, len(subs) >= len(tops) * 2 or _say_nothing(subs)
    further, _ = _class_level([folder[1:] for folder in folders], images)
    return 1 + further, False


def _say_nothing(names: Collection[str]) -> bool:
    """Whether all of these are numbers, dates, sides, or words with numbers such as `batch3`."""
    return all(_NUMBERED.fullmatch(name.casefold()) or set(_words(name)) <= _FILLING | _VIEWS for name in names)


_VIEWS = frozenset(("front", "back", "rear", "left", "right", "top", "bottom", "side", "above", "below", "view"))
_NUMBERED = re.compile(
    r"(fold|split|part|batch|run|cv|session|day|week|month|set|group|site|cam|camera|seq|sequence|video|box|tray|lot|"
    r"tag|woche|charge|kamera)?[\W_]*[\d\W_]+(st|nd|rd|th)?"
)


def split_of(name: str) -> Split | None:
    """The split that a table's cell stands for."""
    return SPLIT_NAMES.get(name.strip().lower())


def split_in(name: str) -> Split | None:
    """The split that the name of a folder or a file stands for, among words that say nothing: `seg_train`, `Test Data`,
    `val2017`; None if it names none, or several."""
    found = {SPLIT_NAMES[word] for word in _words(name) if word in SPLIT_NAMES}
    return found.pop() if len(found) == 1 else None


def _is_untold(name: str) -> bool:
    words = _words(name)
    return bool(words) and (words[0] in _UNTOLD or "".join(words) in _UNTOLD or words[:2] in (["no", "label"],))


def are_splits(names: Collection[str], strays: bool = True) -> bool:
    """Whether these folders, side by side, are splits: all of them, or, with strays, training and another one under
    their plain names among others. A lone `train` beside `bus` and `car` is a vehicle, and a `test tube` is no test."""
    told = {name: split_in(name) for name in names}
    named = [name for name, split in told.items() if split]
    untold = [name for name, split in told.items() if not split and any(word in _UNTOLD for word in _words(name))]
    rests = {frozenset(_rest(name)) for name in named}
    alike = len(rests) == 1 and len(next(iter(rests))) <= _MOST_REST
    if named and len(named) + len(untold) == len(names) and alike and (len(names) > 1 or strays):
        return True
    plain = {SPLIT_NAMES[name.lower()] for name in names if name.strip().lower() in SPLIT_NAMES}
    return strays and "train" in plain and len(plain) > 1


def _rest(name: str) -> list[str]:
    return [word for word in _words(name) if word not in SPLIT_NAMES and word not in _FILLING]


def _words(name: str) -> list[str]:
    """`SegTrain_images2` -> seg, train, images; a word such as `trainset` is two."""
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", name)
    words = [word for word in re.split(r"[\W\d_]+", without_accents(spaced.lower())) if word]
    return [part for word in words for part in _parts(word)]


def _parts(word: str) -> list[str]:
    match = _TOGETHER.fullmatch(word)
    return [part for part in match.groups() if part] if match else [word]


_TOGETHER = re.compile(
    r"(train|training|trainings|val|valid|validation|test|testing|eval|validierungs?)(set|data|daten|images?|imgs?|satz|"
    r"bilder|split|sdaten|folder)"
    r"|(训练|訓練|学習|학습|훈련|验证|驗證|検証|검증|测试|測試|テスト|評価|시험|테스트|평가)(集|用|数据集?|データ|データセット|セット|데이터|셋|資料)"
)


def _without_shared(folders: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The folders without those that wrap all the images."""
    while len({folder[0] for folder in folders if folder}) == 1 and any(len(folder) > 1 for folder in folders):
        folders = [folder[1:] for folder in folders]
    return folders


# Names ----------------------------------------------------------------------------------------------------------------


def _classes_in_names(names: Sequence[str]) -> dict[str, str]:
    """The class of each path where the files' names begin with it, as in `cat.17.jpg` or `left_hand_003.png`; {} if
    they do not look so. A name without such a beginning has none."""
    begun = {name: match[1] for name in names if (match := _BEGINNING.fullmatch(name.rsplit("/", 1)[-1]))}
    found = {name: clean_label(label.replace("_", " ")) for name, label in begun.items() if not _of_a_camera(label)}
    counts = Counter(found.values())
    enough = len(counts) > 1 and sum(counts.values()) >= FEWEST_NAMED * len(counts)
    return found if enough and len(found) > len(names) / 2 and len(found) == len(begun) else {}


_BEGINNING = re.compile(r"([^\W\d][^\d]*?)[\s._()-]*\d+[\s._()-]*(?:\.\w+)?")


def _of_a_camera(label: str) -> bool:
    return not set(_words(label)) - _CAMERA
