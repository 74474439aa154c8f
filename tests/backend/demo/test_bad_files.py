"""A company's files with faults: each is told by file, line and field with what would be right, and nothing is stored."""

from __future__ import annotations

import shutil

import pytest
import sqlalchemy as sa

from backend.accounts.models import Company, User
from backend.demo.reading import BadFiles
from backend.demo.seed import DEMO_FOLDER, demo_accounts, load_company, read_company
from tests.conftest import NOW


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(DEMO_FOLDER, tmp_path / "files")
    return tmp_path / "files"


def _change(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def _faults(folder):
    with pytest.raises(BadFiles) as caught:
        read_company(folder, NOW)
    for fault in caught.value.faults:
        assert fault.message["zh"] and fault.message["en"]
    return [fault.path for fault in caught.value.faults]


CASES = [
    ("assets.csv", "storage,IBM,FlashSystem 5045,,A 列 07", "disk,IBM,FlashSystem 5045,,A 列 07", "assets.csv:2: category"),
    ("assets.csv", "78F13K5,", "78F13K2,", "assets.csv:3: serial"),
    ("assets.csv", "-895d,-887d,486000.00", "2026-02-30,-887d,486000.00", "assets.csv:2: invoiced_on"),
    ("assets.csv", "-895d,-887d,486000.00", "-895d,+3d,486000.00", "assets.csv:2: accepted_on"),
    ("assets.csv", "486000.00", "\"486,000\"", "assets.csv:2: price"),
    ("assets.csv", "78F13K2,kg-b2,KG", "78F13K2,kg-b9,KG", "assets.csv:2: site"),
    ("assets.csv", "78F13K2,kg-b2,KG-2024-017", "78F13K2,kg-b2,SY-2023-031", "assets.csv:2: contract"),
    ("assets.csv", "U18,yes,yes", "U18,maybe,yes", "assets.csv:2: stores_data"),
    ("sites.csv", "30.578410", "91", "sites.csv:2: lat"),
    ("sites.csv", "30.578410,103.947500", "30.578410,", "sites.csv:2: lng"),
    ("sites.csv", ",150,东侧", ",5,东侧", "sites.csv:2: radius_m"),
    ("sites.csv", "WGS-84", "WGS84", "sites.csv:2: datum"),
    ("contacts.csv", "KG,kg-b2,叶雯", "KG,sy-bei,叶雯", "contacts.csv:2: site"),
    ("contacts.csv", "Daniel Foster", "叶雯", "contacts.csv:3: name"),
    ("contracts.csv", ",24h,3", ",24,3", "contracts.csv:2: report_due"),
    ("contracts.csv", "KG,B@1", "KG,B@9", "contracts.csv:2: letters"),
    ("contracts.csv", "KG,B@1", "KG,B", "contracts.csv:2: letters"),
    ("prices.csv", "labour,fee,visit", "labour,fee,km", "prices.csv:2: per"),
    ("prices.csv", "labour,fee,visit", "labour,free,visit", "prices.csv:2: charge"),
    ("prices.csv", "180.00,,", "180.00,X1,", "prices.csv:2: part_no"),
    ("history.csv", "-362,08:41", "-362,25:41", "history.csv:2: reported"),
    ("history.csv", "-362,08:41", "-362,noon", "history.csv:2: reported"),
    ("history.csv", "78A2C41,龚世杰", "78A2C41,王敏", "history.csv:2: contact"),
    ("history.csv", ",2h35m,", ",2:35,", "history.csv:2: arrive"),
    ("history.csv", ",hejianguo,2h35m", ",nobody,2h35m", "history.csv:2: engineer"),
    ("history.csv", "系统风扇组件,00RR598", ",00RR598", "history.csv:2: report"),
    ("work_orders.yaml", "reported: ago 7h16m", "reported: 7h16m", "work_orders.yaml:12: reported"),
    ("work_orders.yaml", "assets: 78F13K2", "assets: 78F13K2 7XK0C38", "work_orders.yaml:13: assets"),
    ("work_orders.yaml", "priority: important", "priority: urgent", "work_orders.yaml:15: priority"),
    ("work_orders.yaml", "what: contacted, by: liuzhiqiang", "what: phoned, by: liuzhiqiang", "work_orders.yaml:20: what"),
    ("work_orders.yaml", "accepted: 3h36m", "accepts: 3h36m", "work_orders.yaml:23: accepts"),
    ("work_orders.yaml", "name: south-lab-offline", "name: b2-battery", "work_orders.yaml:25: name"),
    ("work_orders.yaml", "picture: lamp", "picture: cat", "picture"),
    ("work_orders.yaml", "result: rejected", "result: angry", "result"),
    ("work_orders.yaml", "- name: b2-battery", "- b2-battery", "work_orders.yaml"),
    ("contracts.csv", "-6y-1m,,24h", "-6y-1m,-7y,24h", "contracts.csv:2: ends_on"),
    ("customers.csv", "chengdu,jiangtao", "chengdu,nobody", "customers.csv:2: account_manager"),
    ("users.csv", "anran,安然,engineer", "anran,安然,technician", "users.csv:6: role"),
    ("users.csv", "anran,", "a,", "users.csv:6: sign_in_name"),
    ("users.csv", "sign_in_name,name", "sign_in_name,nick", "users.csv:2: name"),
    ("out_of_service.csv", "-630d,-622d", "-630d,-640d", "out_of_service.csv:2: to_on"),
    ("company.yaml", "password: jiannuo-demo", "password: short", "users.csv:2: password"),
    ("company.yaml", "en: Chengdu Hengxin Equipment Services", "", "company.yaml:4: name"),
    ("company.yaml", "currency: CNY", "currency: CNY\ncurrency: USD", "company.yaml:11: currency"),
    ("company.yaml", "tz: Asia/Shanghai", "tz: Asia/Atlantis", "company.yaml:11: tz"),
    ("company.yaml", "languages: [zh, en]", "languages: [zh, en", "company.yaml:13"),
    ("company.yaml", "hotline: ", "hotlime: ", "company.yaml:7: hotlime"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "path"), CASES, ids=[f"{c[3]} {n}" for n, c in enumerate(CASES)])
def test_a_wrong_value_is_named_by_file_line_and_field(folder, file, old, new, path):
    _change(folder / file, old, new)
    assert any(
        path == found or found.endswith(f": {path}") or found.startswith(f"{path}:") for found in _faults(folder)
    )


def test_all_faults_are_told_at_once(folder):
    _change(folder / "assets.csv", "486000.00", "much")
    _change(folder / "sites.csv", "30.578410", "north")
    _change(folder / "users.csv", ",engineer,chengdu", ",engineer,leshan")
    assert {"assets.csv:2: price", "sites.csv:2: lat", "users.csv:6: branch"} <= set(_faults(folder))


def test_a_missing_file_and_one_in_another_encoding_are_named(folder):
    (folder / "contacts.csv").unlink()
    text = (folder / "sites.csv").read_text("utf-8")
    (folder / "sites.csv").write_bytes(text.encode("gb18030"))
    assert {"contacts.csv", "sites.csv"} <= set(_faults(folder))


def test_a_spreadsheets_mark_windows_line_ends_and_empty_lines_are_fine(folder):
    for path in folder.glob("*.csv"):
        lines = path.read_text("utf-8").splitlines()
        path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*lines, "", ",,,"]).encode())
    assert len(read_company(folder, NOW)[0].assets) == 40


def test_a_bad_folder_stores_nothing(session, now, folder):
    _change(folder / "assets.csv", "486000.00", "much")
    with pytest.raises(BadFiles):
        load_company(folder, now)
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_a_yaml_that_refers_to_itself_is_refused(folder):
    (folder / "company.yaml").write_text("name: &a\n  zh: *a\n")
    assert _faults(folder)[0] == "company.yaml:1"


ONE_STORY = """
- name: too-early
  reported: -3d 09:00
  assets: 78F13K2
  contact: 叶雯
  priority: normal
  symptom: 面板黄灯
  closed: {at: 1h, by: keli}
"""


def test_a_step_that_the_product_refuses_is_told_at_its_story_and_nothing_is_stored(session, now, folder):
    (folder / "history.csv").unlink()
    (folder / "work_orders.yaml").write_text(ONE_STORY, "utf-8")
    with pytest.raises(BadFiles) as caught:
        load_company(folder, now)
    fault = caught.value.faults[0]
    assert fault.path == "work_orders.yaml:2"
    assert "2026-11-17T02:00:00.000Z" in fault.message["en"]
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_a_company_of_ones_own_begins_with_an_empty_book(session, now, folder):
    (folder / "history.csv").unlink()
    (folder / "work_orders.yaml").unlink()
    _change(folder / "company.yaml", "demo: true ", "")
    _change(folder / "company.yaml", "成都衡信设备服务有限公司", "某某服务公司")
    assert load_company(folder, now)["work_orders"] == 0
    company = session.scalar(sa.select(Company))
    assert (company.name["zh"], company.is_demo) == ("某某服务公司", False)
    assert demo_accounts(folder) == []
