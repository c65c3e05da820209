from core.importing.entities.told import Told


def test_each_kind_is_told_once_with_where_it_was():
    told = Told()
    for number in range(1, 6):
        told.note("trimmed", f"line {number}")
    told.note("bare")
    told.not_used("relations")
    titles = [finding.title for finding in told.findings()]
    assert titles == [
        "The tags have no B- or I-: neighbouring words of one type were read as one entity.",
        "5 entities begin or end with blanks (line 1, line 2, line 3).",
        "There is more beside the entities that is not used: relations.",
    ]


def test_one_is_said_as_one():
    told = Told()
    told.note("outside", "text 2")
    (finding,) = told.findings()
    assert finding.title == "1 entity lies outside of the text (text 2)." and finding.kind == "entities"
