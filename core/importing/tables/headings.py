"""What people call the columns of a table, in several languages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.words import without_accents

PATHS = (
    *("file_name", "filename", "file", "filepath", "file_path", "path", "image", "image_path", "image_file", "img"),
    *("picture", "image_name", "img_name", "photo", "bild", "foto", "datei", "dateiname", "bilddatei", "pfad", "name"),
    *("bildname", "image_filename", "image_file_name", "imagename", "uri", "image_url", "nom_du_fichier", "fichier"),
    *("nom_fichier", "chemin", "archivo", "nombre_archivo", "imagen", "imagem", "arquivo", "immagine", "nome_file"),
    *("nazwa_pliku", "plik", "имя_фаила", "фаил", "изображение", "文件名", "文件", "图片", "图像", "ファイル名"),
    *("画像", "画像名", "파일명", "파일", "이미지"),
)
IDS = ("id", "id_code", "image_id", "img_id", "picture_id", *PATHS)  # may name images without their ending
LABELS = (
    *("label_name", "class_name", "label", "labels", "class", "category", "species", "tag", "diagnosis"),
    *("klasse", "kategorie", "art", "diagnose", "tags", "classes", "categories", "klassen", "kategorien", "choice"),
    *("choices", "category_name", "ground_truth", "gt", "dx", "predictionstring", "prediction_string"),
    *("taxon", "taxon_name", "scientific_name", "common_name", "species_name", "class_label", "classe", "clase"),
    *("categorie", "categoria", "etiquette", "etiqueta", "etichetta", "espece", "especie", "specie", "sinif", "etiket"),
    *(
        "klasa",
        "etykieta",
        "kategoria",
        "gatunek",
        "класс",
        "метка",
        "категория",
        "вид",
        "порода",
        "类别",
        "标签",
        "分类",
    ),
    *("類別", "標籤", "クラス", "ラベル", "カテゴリ", "分類", "클래스", "라벨", "레이블", "분류"),
)
# In a heading such as `ClassId`, `leaf_disease` or `Which disease?`; the earlier, the likelier.
LABEL_WORDS = (
    *("class", "label", "category", "species", "breed", "diagnosis", "disease", "emotion", "expression", "defect"),
    *("klasse", "kategorie", "diagnose", "art", "sorte", "fehler", "zustand", "kind", "type", "variety", "cultivar"),
    *("genus", "family", "condition", "quality", "grade", "verdict", "status", "state", "result", "finding", "outcome"),
    *("material", "typ", "ergebnis", "befund", "tag", "answer", "what", "which", "target", "y"),
)
TARGETS = ("target", "value", "y", "price", "zielwert", "wert", "zahl", "messwert", "preis", "regression")
WEAK_TARGETS = ("score", "rating", "age", "weight", "reading", "alter", "gewicht", "height", "length", "count", "note")
SPLITS = ("split", "set", "subset", "partition", "fold", "usage", "phase", "part", "aufteilung", "teilmenge")
SPLITS_OF = {"train": "train", "valid": "validation", "val": "validation", "validation": "validation", "test": "test"}
# of headings such as `is_valid`, where a column of yes and no gives the split
GROUPS = (
    *("group", "group_id", "patient", "patient_id", "subject", "subject_id", "person", "person_id", "series", "scene"),
    *("lesion_id", "case_id", "individual_id", "animal_id", "participant_id", "gruppe", "serie", "szene"),
)
# Words in the headings of columns that say how an image came to be, and not what it shows.
ABOUT = frozenset(
    (
        *("who", "author", "photographer", "annotator", "annotation", "user", "username", "worker", "reviewer"),
        *("camera", "device", "model", "date", "time", "timestamp", "created", "updated", "source", "url"),
        *("link", "license", "licence", "width", "height", "size", "bytes", "xmin", "ymin", "xmax", "ymax", "x1"),
        *("y1", "x2", "y2", "w", "h", "lat", "lon", "latitude", "longitude", "index", "unnamed", "md5", "sha256"),
        *("hash", "comment", "comments", "notes", "email", "lead", "city", "country", "confidence", "conf"),
        *("your", "name", "depth", "channels", "wer", "datum", "uhrzeit", "quelle", "breite", "num", "nr", "roi"),
        *("bmi", "uuid", "total", "sum", "gesamt", "summe", "checked", "verified", "reviewed"),
    )
)
BOXES = (
    {"xmin", "ymin", "xmax", "ymax"},
    {"x_min", "y_min", "x_max", "y_max"},
    {"x1", "y1", "x2", "y2"},
    {"bbox"},
    {"bounding_box"},
    {"box"},
    {"left", "top", "right", "bottom"},
    {"region_shape_attributes"},
    {"segmentation"},
    {"encoded_pixels"},
    {"rle"},
    {"rle_mask"},
)
FOLDERS_OF = ("folder", "dir", "directory", "subfolder", "subdir", "ordner", "verzeichnis", "dossier", "carpeta")
NAMES = ("name", "class_name", "label_name", "title", "description", *LABELS)  # of classes that go by a number


def named(columns: Sequence[str], names: Sequence[str]) -> str:
    by_name = {key_of(column): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), "")


def key_of(column: str) -> str:
    """A heading as the lists above have it: `Gewicht in g` and `gewicht (g)` are both `gewicht`, `ClassId` is
    `class_id`."""
    return "_".join(words_of(column)) or column.strip().lower()


def words_of(column: str) -> list[str]:
    plain = _UNIT.sub("", column.strip()) or column
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", "_", plain)
    return [word for word in re.split(r"[\W_]+", without_accents(spaced.lower())) if word]


_UNIT = re.compile(r"[ _-]*(\(.*\)|\[.*\]|[ _][Ii][Nn][ _].*)$")


def word_rank(column: str) -> int:
    words = words_of(column)
    return min((LABEL_WORDS.index(word) for word in words if word in LABEL_WORDS), default=len(LABEL_WORDS))


def is_called_label(column: str) -> bool:
    """Whether a heading says that what is below are classes."""
    rank = word_rank(column)
    return key_of(column) in LABELS or rank < LABEL_WORDS.index("target")


def is_called_target(column: str) -> bool:
    return key_of(column) in (*TARGETS, *WEAK_TARGETS)
