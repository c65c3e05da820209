from __future__ import annotations

import json

import pytest

from core.errors import DataError
from core.importing.entities import read_entities

HEAD = "#FORMAT=WebAnno TSV 3.3\n#T_SP=custom.Pos|PosValue\n#T_SP=webanno.custom.NamedEntity|identifier|value\n\n\n"
LINES = (
    "#Text=🐟 A\\\\B of Oyne\n1-1\t0-2\t🐟\tX\t_\t_\t\n1-2\t3-6\tA\\\\B\tX\t_\tBOAT[1]|OLD\\_ONE[2]\t\n"
    "1-3\t7-9\tof\tX\t_\tBOAT[1]\t\n1-4\t10-14\tOyne\tX\t_\tPORT\t\n\n#Text=Two\n#Text=lines\n2-1\t15-18\tTwo\tX\t_\t*\t\n"
    "2-2\t19-24\tlines\tX\t_\t*\t\n"
)


def test_spans_over_several_lines_are_one():
    tagged = read_entities("a.tsv", (HEAD + LINES).encode())
    rows = zip(tagged.frame["text"], tagged.frame["spans"])
    found = [(text[start:end], label) for text, said in rows for start, end, label in json.loads(said)]
    assert found == [("A\\B of", "BOAT"), ("Oyne", "PORT"), ("Two", "entity"), ("lines", "entity")]
    assert tagged.frame["text"].tolist() == ["🐟 A\\B of Oyne", "Two\nlines"]
    assert [finding.title[:20] for finding in tagged.findings] == ["1 entity overlaps wi", "There is more beside"]


@pytest.mark.parametrize("begins", ["#FORMAT=WebAnno TSV 2\n", " # webanno.custom.Kind | value\n"])
def test_early_forms_are_refused_with_what_to_do(begins):
    with pytest.raises(DataError, match="WebAnno TSV 3"):
        read_entities("a.tsv", begins.encode())


def test_without_a_layer_there_are_no_entities():
    with pytest.raises(DataError, match="without a layer"):
        read_entities("a.tsv", b"#FORMAT=WebAnno TSV 3.2\n\n#Text=A\n1-1\t0-1\tA\t\n")
