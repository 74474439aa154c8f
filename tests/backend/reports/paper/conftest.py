"""Fonts and the one renderer for the paper's tests; papers read back as text without any white space."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from lxml import etree
from pypdf import PdfReader

from backend.reports.paper.pdf import PdfRenderer

FONTS = Path(__file__).parents[4] / "node_modules" / "@expo-google-fonts"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="session")
def renderer() -> PdfRenderer:
    return PdfRenderer([FONTS])


def squeezed(text: str) -> str:
    """The text without white space and zero-width spaces: lines break where they like."""
    return re.sub(r"[\s\u200b\u00a0]+", "", text)


def pdf_text(pdf: bytes) -> str:
    return squeezed("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def word_text(docx: bytes) -> str:
    """The text of body, header and footer, and the words beside the pictures."""
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        names = [name for name in package.namelist() if re.match(r"word/(document|header\d*|footer\d*)\.xml", name)]
        trees = [etree.fromstring(package.read(name)) for name in names]
    found = [(node.text or "") + (node.get("descr") or "") for tree in trees for node in tree.iter() if _speaks(node)]
    return squeezed("".join(found))


def _speaks(node: etree._Element) -> bool:
    return node.tag == f"{_W}t" or node.get("descr") is not None
