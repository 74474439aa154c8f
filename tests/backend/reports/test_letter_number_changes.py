"""One number changed in a copy of a letter file: the clock and what the paper says follow, without a line of code."""

import re
import shutil
from io import BytesIO

import pytest
from pypdf import PdfReader

from backend.letters import installed, loader
from backend.reports import paper_desk
from tests.backend.reports.test_assemble import view_of_job


@pytest.fixture
def letters(tmp_path, monkeypatch):
    """A copy of the letters' folder that the loader reads instead; what it remembers is forgotten before and after."""
    folder = tmp_path / "letters"
    shutil.copytree(loader.SHIPPED, folder)
    monkeypatch.setattr(loader, "SHIPPED", folder)
    monkeypatch.setattr(installed, "_last", None)
    loader._installed.cache_clear()
    loader._shipped.cache_clear()
    yield folder
    loader._installed.cache_clear()
    loader._shipped.cache_clear()


@pytest.mark.parametrize(("promised", "due", "state"), [("8 h", "15:00", "met"), ("1 h", "08:00", "missed")])
def test_a_changed_number_moves_the_clock_and_the_paper(letters, request, promised, due, state):
    file = letters / "B.yaml"
    line = "{clock: arrive, clause: B-02, when: {kind: repair}, from: reported_at, due: 8 h}"
    text = file.read_text("utf-8")
    assert text.count(line) == 1
    file.write_text(text.replace(line, line.replace("8 h", promised)), "utf-8")
    job = request.getfixturevalue("job").ready()  # reported at 07:00 of the site, there at 09:00
    view = view_of_job(job)
    arrive = next(one for one in view.added.clocks if one.name == "arrive")
    assert arrive.state == state
    paper = PdfReader(BytesIO(paper_desk.render(view, "pdf", "zh")))
    said = re.sub(r"\s", "", "".join(page.extract_text() for page in paper.pages))
    assert due in said
