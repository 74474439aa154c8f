"""A YAML file as entries that know their line and field, and note every fault instead of stopping at the first.

Called by the parser of letter files alone. Values are read as the text that stands in the file, so that `on:`, `09:00`
and `1.10` mean what a person wrote and not what YAML makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from backend.letters.rules.faults import Fault, LetterFaulty

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DURATION = re.compile(r"([0-9]{1,6})\s*(min|h|d|s)")
_UNIT_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_NULLS = ("", "~", "null", "Null", "NULL")
LONGEST_BYTES = 1_048_576


class Faults:
    """The faults of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def add(self, line: int, path: str, zh: str, en: str) -> None:
        self.found.append(Fault(path or "(file)", zh, en, self.file, line))


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of the file with its place."""

    node: yaml.Node
    path: str
    faults: Faults

    @property
    def line(self) -> int:
        return self.node.start_mark.line + 1

    def fault(self, zh: str, en: str) -> None:
        self.faults.add(self.line, self.path, zh, en)

    @property
    def is_null(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode) and not self.node.style and self.node.value in _NULLS

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def fields(self, required: Iterable[str] = (), optional: Iterable[str] = ()) -> dict[str, Entry]:
        """The fields of a mapping: none but these, each once, the required ones present."""
        fields = dict(self.pairs())
        required, optional = tuple(required), tuple(optional)
        for key, entry in list(fields.items()):
            if key not in required and key not in optional:
                known = ", ".join((*required, *optional))
                entry.fault(f"不认识的字段；可用：{known}", f"unknown field; known are {known}")
                del fields[key]
        for key in required:
            if key not in fields and self.is_mapping:
                self.fault(f"缺少字段 {key}", f"the field {key} is missing")
        return {key: entry for key, entry in fields.items() if key in required or not entry.is_null}

    def pairs(self) -> Iterator[tuple[str, Entry]]:
        """Key and value of a mapping in file order; a key given twice is a fault."""
        if not isinstance(self.node, yaml.MappingNode):
            return self.fault("应为字段: 值", "must be a mapping of fields")
        seen = set()
        for key, value in self.node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            entry = Entry(value, f"{self.path}.{name}".lstrip("."), self.faults)
            if name in seen:
                self.faults.add(key.start_mark.line + 1, entry.path, "同一字段写了两次", "the field is given twice")
                continue
            seen.add(name)
            yield name, entry

    def items(self) -> list[Entry]:
        """The values of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fault("应为列表", "must be a list")
            return []
        return [Entry(node, f"{self.path}[{index}]", self.faults) for index, node in enumerate(self.node.value)]

    def one_or_more(self) -> list[Entry]:
        """A list, or a single value as a list of one."""
        return self.items() if self.is_list else [self]

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode) or not self.node.value.strip():
            self.fault("应为文字", "must be a text")
            return ""
        return self.node.value.strip()

    def matching(self, pattern: re.Pattern[str], zh: str, en: str) -> str:
        """A text of the given shape."""
        text = self.text()
        if text and not pattern.fullmatch(text):
            self.fault(zh, en)
            return ""
        return text

    def word(self, words: Iterable[str]) -> str:
        """One of a list of words."""
        words, text = tuple(words), self.text()
        if text and text not in words:
            listed = ", ".join(words)
            self.fault(f"应为其中之一：{listed}", f"must be one of {listed}")
            return ""
        return text

    def words(self, words: Iterable[str]) -> tuple[str, ...]:
        """One or several of a list of words."""
        words = tuple(words)
        return tuple(word for word in (entry.word(words) for entry in self.one_or_more()) if word)

    def flag(self) -> bool:
        return self.word(("true", "false")) == "true"

    def number(self, least: int = 0, most: int = 999_999_999) -> int:
        text = self.text()
        if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
            self.fault(f"应为 {least} 到 {most} 的整数", f"must be a whole number from {least} to {most}")
            return least
        return int(text)

    def percent(self) -> Decimal:
        text = self.text()
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", text):
            self.fault("应为百分数，例如 12 或 2.5", "must be a percentage such as 12 or 2.5")
            return Decimal(0)
        return Decimal(text)

    def day(self) -> date:
        text = self.text()
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            self.fault("应为存在的日期 YYYY-MM-DD", "must be a day that exists, YYYY-MM-DD")
            return date.min

    def seconds(self) -> int:
        """A duration: 0, 20 min, 8 h, 3 d."""
        text = self.text()
        found = _DURATION.fullmatch(text)
        if found:
            return int(found[1]) * _UNIT_SECONDS[found[2]]
        if text != "0":
            self.fault("应为时长：0、20 min、8 h、3 d", "must be a duration: 0, 20 min, 8 h, 3 d")
        return 0

    def both_languages(self) -> dict[str, str]:
        """A text in Chinese and English."""
        fields = self.fields(("zh", "en"))
        return {language: fields[language].text() if language in fields else "" for language in ("zh", "en")}

    def plain(self, depth: int = 0) -> Any:
        """The value as lists, mappings and texts, for what the engine does not read."""
        if self.is_mapping:
            return {key: entry.plain(depth + 1) for key, entry in self.pairs()}
        if self.is_list:
            return [entry.plain(depth + 1) for entry in self.items()]
        return None if self.is_null else self.text()


Fields = dict[str, Entry]


def one(fields: Fields, key: str, read: Callable[[Entry], Any], otherwise: Any) -> Any:
    """The field read, or what stands for its absence."""
    return read(fields[key]) if key in fields else otherwise


def rows(fields: Fields, key: str, read: Callable[[Entry], Any]) -> list[Any]:
    """Every value of a list that may be absent."""
    return [read(entry) for entry in fields[key].items()] if key in fields else []


def read_entries(text: str | bytes, file: str) -> Entry:
    """The top entry of a YAML text. Raises LetterFaulty when it is no YAML, or far too long."""
    faults = Faults(file)
    size = len(text.encode() if isinstance(text, str) else text)
    if size > LONGEST_BYTES:
        faults.add(1, "", f"文件超过 {LONGEST_BYTES} 字节", f"the file is longer than {LONGEST_BYTES} bytes")
        raise LetterFaulty(faults.found)
    try:
        loader = _Loader(text)
        _refuse_aliases(loader.check_event, loader.get_event, faults)
        node = None if faults.found else yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        said = str(getattr(error, "problem", None) or error)
        last = (text if isinstance(text, str) else text.decode("utf-8", "replace")).rstrip("\n").count("\n") + 1
        faults.add(min(mark.line + 1, last) if mark else 1, "", f"不是有效的 YAML：{said}", f"not valid YAML: {said}")
        raise LetterFaulty(faults.found) from None
    if node is None:
        if not faults.found:
            faults.add(1, "", "文件是空的", "the file is empty")
        raise LetterFaulty(faults.found)
    return Entry(node, "", faults)


def _refuse_aliases(more: Callable[..., bool], next_event: Callable[[], Any], faults: Faults) -> None:
    """Aliases can make a small file enormous, and no letter needs them."""
    while more():
        event = next_event()
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1
            faults.add(line, "", f"不支持别名 *{event.anchor}", f"the alias *{event.anchor} is not supported")
            return
        if isinstance(event, yaml.StreamEndEvent):
            return
