"""A company's files as rows of text, each value with the file and line it stands on.

Every scalar stays text until a field's reader takes it (`fields.py`): YAML would make 16:12 a number and `no` false,
spreadsheets write what they like. All faults of a folder are collected and told at once.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from backend.core.problems import Fault, Invalid, Text

MAX_FILE_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class FileFault:
    """One wrong place: the file's name, its line (0: the whole file), the field ("" : the row) and what is right."""

    file: str
    line: int
    field: str
    message: Text

    def as_fault(self) -> Fault:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return Fault(f"{place}: {self.field}" if self.field else place, self.message)


class BadFiles(Invalid):
    """The files cannot be loaded; nothing was. Every fault's path is `file:line: field`."""

    slug = "bad-company-files"
    title: ClassVar[Text] = {
        "zh": "文件里有几处不对，什么都没有载入。",
        "en": "Some places in the files are not right; nothing was loaded.",
    }

    def __init__(self, faults: list[FileFault]) -> None:
        super().__init__(faults=[fault.as_fault() for fault in sorted(faults, key=lambda f: (f.file, f.line))])


@dataclass(frozen=True)
class Row:
    """A record: its values (text, a Row, or a list of them) by field, and the line of each."""

    file: str
    line: int
    values: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)

    def fault(self, name: str, zh: str, en: str) -> FileFault:
        return FileFault(self.file, self.lines.get(name, self.line), name, {"zh": zh, "en": en})


def read_text(path: Path, faults: list[FileFault]) -> str | None:
    """A file's text, UTF-8 with or without a mark; None with a fault when it cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        faults.append(FileFault(path.name, 0, "", {"zh": "缺少这个文件。", "en": "This file is missing."}))
    except UnicodeDecodeError:
        faults.append(FileFault(path.name, 0, "", {
            "zh": "不是 UTF-8 编码；在表格软件里另存为“CSV UTF-8”。",
            "en": "Not UTF-8; save it from the spreadsheet as CSV UTF-8."}))  # fmt: skip
    except (OSError, ValueError):
        faults.append(FileFault(path.name, 0, "", {
            "zh": "这个文件读不了，或超过 20 MB。", "en": "This file cannot be read, or is over 20 MB."}))  # fmt: skip
    return None


def read_csv(path: Path, faults: list[FileFault]) -> list[Row]:
    """The rows of a table with a head line; an empty cell is a field that is not there."""
    text = read_text(path, faults)
    if text is None:
        return []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        head = [name.strip() for name in next(reader, [])]
        if not head or len(set(head)) != len(head) or "" in head:
            faults.append(FileFault(path.name, 1, "", {
                "zh": "第一行要写各列的名称，不能空也不能重复。",
                "en": "The first line names the columns, none of them empty or twice."}))  # fmt: skip
            return []
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_csv_row(path.name, line, head, cells, faults))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.append(FileFault(path.name, reader.line_num, "", {
            "zh": f"这一行的引号或格式不对（{error}）。", "en": f"This line is not proper CSV ({error})."}))  # fmt: skip
    return rows


def _csv_row(file: str, line: int, head: list[str], cells: list[str], faults: list[FileFault]) -> Row:
    if len(cells) > len(head):
        faults.append(FileFault(file, line, "", {
            "zh": f"有 {len(cells)} 格，表头只有 {len(head)} 列；含逗号的内容要加引号。",
            "en": f"{len(cells)} cells under {len(head)} columns; quote a text that holds a comma."}))  # fmt: skip
    pairs = zip(head, (cell.strip() for cell in cells), strict=False)
    return Row(file, line, {name: cell for name, cell in pairs if cell})


def read_yaml(path: Path, faults: list[FileFault]) -> Row | list[Any] | None:
    """A YAML file as a Row (mapping) or list; every scalar as text. None with a fault when it cannot be read."""
    text = read_text(path, faults)
    if text is None:
        return None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "?"
        faults.append(FileFault(path.name, mark.line + 1 if mark else 0, "", {
            "zh": f"这里不是正确的 YAML（{what}）。", "en": f"Not proper YAML here ({what})."}))  # fmt: skip
        return None
    if node is None:
        faults.append(FileFault(path.name, 0, "", {"zh": "文件是空的。", "en": "The file is empty."}))
        return None
    return _value(path.name, node, faults, frozenset())


def _value(file: str, node: yaml.Node, faults: list[FileFault], inside: frozenset[int]) -> Any:
    if id(node) in inside:  # an anchor that holds itself
        faults.append(FileFault(file, node.start_mark.line + 1, "", {
            "zh": "这里引用了自己。", "en": "This refers to itself."}))  # fmt: skip
        return ""
    inside = inside | {id(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(file, child, faults, inside) for child in node.value]
    if not isinstance(node, yaml.MappingNode):
        return "" if node.tag == "tag:yaml.org,2002:null" else node.value
    row = Row(file, node.start_mark.line + 1, {}, {})
    for key, child in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else "?"
        row.lines[name] = key.start_mark.line + 1
        if name in row.values:
            faults.append(row.fault(name, "这一项写了两次。", "This field is there twice."))
        row.values[name] = _value(file, child, faults, inside)
    return row
