"""Search by our own tokeniser, the same on both databases: one text column filled with tokens, asked with LIKE.

Han text becomes overlapping pairs, so that a two-character word is found inside a sentence without a dictionary;
Latin words and numbers are kept whole and found by their beginning, digits anywhere in a number. The phone repeats
it in TypeScript on tests/vectors/search.json.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import sqlalchemy as sa

# CJK ideographs with extensions A–H and compatibility forms; everything else that is a letter or digit is a word.
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
# 7XK0-1122, 138 0000 0001: pieces of one number written apart.
_JOINED = re.compile(rf"(?:[^\W_{_HAN}]+[-./ ]){{1,5}}[^\W_{_HAN}]+")
MAX_QUERY_TOKENS = 12


def folded(text: str) -> str:
    """One spelling: NFKC (full-width → plain), case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def tokens_of(text: str) -> list[str]:
    """Tokens in order of appearance, each once: Han pairs (a lone Han by itself), words, numbers."""
    out: dict[str, None] = {}
    for run in _RUN.findall(folded(text)):
        if re.match(f"[{_HAN}]", run):
            pairs = [run[i : i + 2] for i in range(len(run) - 1)] or [run]
            out.update(dict.fromkeys(pairs))
        else:
            out[run] = None
    return list(out)


def search_text(*parts: str | None) -> str:
    """What a `search` column holds: ` token token … `, numbers written apart also joined."""
    out: dict[str, None] = {}
    for part in parts:
        if not part:
            continue
        out.update(dict.fromkeys(tokens_of(part)))
        for joined in _JOINED.findall(folded(part)):
            if any(c.isdigit() for c in joined):
                out[re.sub(r"[-./ ]", "", joined)] = None
    return f" {' '.join(out)} " if out else ""


def matches(column: Any, query: str) -> sa.ColumnElement[bool]:
    """Rows whose tokens hold every token of the query. An empty query matches nothing."""
    tokens = tokens_of(query)[:MAX_QUERY_TOKENS]
    if not tokens:
        return sa.false()
    return sa.and_(*(column.like(_pattern(token)) for token in tokens))


def _pattern(token: str) -> str:
    """Han pairs and numbers match anywhere, words from their beginning. Tokens hold no LIKE wildcards."""
    if token.isdigit() or re.match(f"[{_HAN}]", token):
        return f"%{token}%"
    return f"% {token}%"


def keep_search(model: type, parts: Any) -> None:
    """Fill `model.search` from `parts(row)` whenever a row is written, whoever writes it."""

    def fill(_mapper: Any, _connection: Any, row: Any) -> None:
        row.search = search_text(*parts(row))

    sa.event.listen(model, "before_insert", fill)
    sa.event.listen(model, "before_update", fill)


def matches_any(query: str, *sources: Any) -> sa.ColumnElement[bool]:
    """Rows for which every token is found in at least one source: functions from LIKE pattern to a condition."""
    tokens = tokens_of(query)[:MAX_QUERY_TOKENS]
    if not tokens:
        return sa.false()
    return sa.and_(*(sa.or_(*(source(_pattern(token)) for source in sources)) for token in tokens))
