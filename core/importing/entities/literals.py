"""Lists, tuples and dictionaries as Python writes them in a file, or numpy and pandas in a cell. Read, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

DEEPEST = 30
MOST_FAILED = 1_000  # lists that are none, before nothing more is looked for
_TOKEN = re.compile(
    r"""[\s\\]+|\#[^\n]*
    |(?P<text>[uUrR]?(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
    |(?P<digits>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?)
    |(?P<word>None|True|False|null|true|false|nan|NaN)\b
    |(?P<mark>[\[\](){},:])""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"True": True, "true": True, "False": False, "false": False}
_ARRAY = re.compile(r"(?:np\.|numpy\.)?array\((.*\])(?:,\s*dtype=[\w'<.]+)?\)", re.DOTALL)
_CLOSES = {")": "(", "]": "[", "}": "{"}
_STARTS = re.compile(r"^(?:[A-Za-z_]\w*[ \t]*(?::[^=\n]{1,80})?=[ \t]*)?(?=[\[(])", re.MULTILINE)


class NotLiteral(ValueError):
    """What stands there is more than lists, texts and numbers."""


def values_in(source: str) -> Iterator[Any]:
    """Every list or tuple that stands at the beginning of a line, or is given a name there."""
    at = failed = 0
    while failed < MOST_FAILED and (match := _STARTS.search(source, at)):
        try:
            value, at = _value(source, match.end())
        except NotLiteral:
            failed += 1
            end = source.find("\n", match.end())
            at = len(source) if end < 0 else end + 1
            continue
        yield value


def cell(text: str) -> Any:
    """One value, and nothing behind it.

    Raises:
        NotLiteral: it is something else.
    """
    plain = text.strip()
    array = _ARRAY.fullmatch(plain)
    plain = array[1] if array else plain
    value, end = _value(plain, 0)
    if plain[end:].strip():
        raise NotLiteral
    return value


def _value(source: str, start: int) -> tuple[Any, int]:
    """The list, tuple or dictionary that begins at `start`, and where it ends."""
    stack: list[tuple[str, list[Any]]] = [("", [])]
    at = start
    while len(stack) > 1 or not stack[0][1]:
        match = _TOKEN.match(source, at)
        if match is None or match.end() == at:
            raise NotLiteral
        at = match.end()
        kind, said = match.lastgroup, match[0]
        if kind == "mark" and said in "([{":
            stack.append((said, []))
            if len(stack) > DEEPEST:
                raise NotLiteral
        elif kind == "mark" and said in ")]}":
            opened, held = stack.pop()
            if opened != _CLOSES[said]:
                raise NotLiteral
            stack[-1][1].append(_closed(opened, held))
        elif kind == "mark":
            stack[-1][1].append(_MARK[said])
        elif kind in ("text", "digits", "word"):
            stack[-1][1].append(_single(kind, said))
    return stack[0][1][-1], at


class _Mark:
    """A comma or a colon, among what they part."""


_COMMA, _COLON = _Mark(), _Mark()
_MARK = {",": _COMMA, ":": _COLON}


def _single(kind: str, said: str) -> Any:
    if kind == "word":
        return _WORDS.get(said)
    if kind == "digits" and len(said) > 300:
        raise NotLiteral
    try:
        return ast.literal_eval(said)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise NotLiteral from error


def _closed(opened: str, held: list[Any]) -> Any:
    if opened == "{":
        return _dictionary(held)
    commas = any(one is _COMMA for one in held)
    items: list[Any] = []
    before: Any = _COMMA
    for one in held:
        if one is _COLON:
            raise NotLiteral
        if one is not _COMMA:
            if commas and before is not _COMMA and isinstance(one, str) and isinstance(before, str):
                items[-1] += one  # as Python puts texts together; numpy prints them so without commas
            else:
                items.append(one)
        before = one
    if opened == "(" and len(items) == 1 and not commas:
        return items[0]
    return items


def _dictionary(held: list[Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    one: list[Any] = []
    for each in [*held, _COMMA]:
        if each is not _COMMA:
            one.append(each)
            continue
        if len(one) == 3 and one[1] is _COLON and isinstance(one[0], str | int | float):
            found[one[0]] = one[2]
        elif one:
            raise NotLiteral
        one = []
    return found
