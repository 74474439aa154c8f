"""The view as plain JSON and back: nothing is lost, and a wrong shape names its path."""

import json

import pytest

from backend.reports.view_json import ViewFault, to_dict, view_of
from tests.factories.report_view import plain_view, sample_view


@pytest.mark.parametrize("make", [sample_view, plain_view])
def test_a_view_survives_the_way_through_json(make):
    view = make()
    assert view_of(json.loads(json.dumps(to_dict(view)))) == view


def test_a_view_without_its_optional_halves_survives_too():
    view = sample_view(acceptance=None, engineer_signature=None, account_manager=None)
    assert view_of(to_dict(view)) == view


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        (lambda plain: plain["signed"].pop("guidance"), "$.signed.guidance"),
        (lambda plain: plain["signed"].update(guidance=7), "$.signed.guidance"),
        (lambda plain: plain["added"].update(colour="red"), "$.added.colour"),
        (lambda plain: plain["signed"]["findings"][1].update(no="2"), "$.signed.findings[1].no"),
        (lambda plain: plain["company"].update(name={"zh": "衡信"}), "$.company.name"),
        (
            lambda plain: plain["acceptance"]["strokes"]["lines"][0].__setitem__(0, [1]),
            "$.acceptance.strokes.lines[0][0]",
        ),
    ],
)
def test_a_wrong_shape_is_refused_by_its_path(spoil, path):
    plain = to_dict(sample_view())
    spoil(plain)
    with pytest.raises(ViewFault) as fault:
        view_of(plain)
    assert fault.value.path == path
