"""The draws that ship are draws of parameters, with their origin, and can be used as they are."""

from __future__ import annotations

import pytest

import sim
from experiments.logs.draws import DRAWS, posterior_draws, posterior_origin, with_draw
from experiments.logs.reference_table import COMMON


def test_the_draws_that_ship_are_within_the_prior() -> None:
    draws = posterior_draws()
    assert len(draws) == 200
    assert list(draws) == [one.name for one in COMMON]
    for one in COMMON:
        assert draws[one.name].between(one.low, one.high).all(), one.name
        assert draws[one.name].nunique() > 50 or one.name == "spell_days"


def test_their_origin_names_logs_and_the_model_and_no_place_on_a_machine() -> None:
    origin = posterior_origin()
    assert origin["names"] == ["company_mail", "university_email", "facebook_wall"]
    assert origin["rows"] >= 100
    assert origin["command"].startswith("rekindle infer company_mail.csv.gz")
    assert len(origin["model"]) >= 16
    assert "/" not in origin["command"]


def test_parameters_with_a_draw_have_its_values_and_keep_all_others() -> None:
    draw = posterior_draws().iloc[3].to_dict()
    base = sim.Parameters(routine_rate=0.2)
    found = with_draw(base, draw)
    assert {name: getattr(found, name) for name in draw} == pytest.approx(draw)
    assert found.routine_rate == 0.2
    changed = {name for name in sim.Parameters.model_fields if getattr(found, name) != getattr(base, name)}
    assert changed == set(draw)


def test_the_package_has_them() -> None:
    assert DRAWS.is_file()
