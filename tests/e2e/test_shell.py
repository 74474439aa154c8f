"""What a phone stores: its own shell and nothing of the desk's."""

from __future__ import annotations

import re

from tests.e2e.house import ROOT

DIST = ROOT / "pwa" / "dist"


def test_the_stored_shell_holds_the_phone_and_nothing_of_the_console():
    stored = (DIST / "sw.js").read_text()
    phone = set(re.findall(r'src="/(assets/[^"]+\.js)"', (DIST / "index.html").read_text()))
    desk = set(re.findall(r'src="/(assets/[^"]+\.js)"', (DIST / "console" / "index.html").read_text()))
    assert phone and all(name in stored for name in phone)
    assert desk and not any(name in stored for name in desk - phone)
    assert "console/index.html" not in stored


def test_no_chunk_that_the_phone_reaches_carries_the_desk_s_widgets():
    stored = re.findall(r"assets/[A-Za-z0-9_.-]+\.(?:js|css)", (DIST / "sw.js").read_text())
    assert stored
    for name in set(stored):
        assert "el-select__" not in (DIST / name).read_text(), name
