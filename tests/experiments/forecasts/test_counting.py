"""Models of repeat custom: their likelihoods and chances against simulation, and parameters that are found again."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.forecasts.counting import DAYS_A_UNIT, MODELS, PairHistory, fitted

PARAMETERS = {
    "pareto_nbd": np.array([0.8, 1.5, 0.7, 6.0]),
    "bg_nbd": np.array([0.8, 1.5, 0.7, 3.0]),
    "mbg_nbd": np.array([0.8, 1.5, 0.7, 3.0]),
}
AGE, LATER = 10.0, 3.0  # months that are seen, and months to forecast


def simulated(name: str, pairs: int, seed: int) -> tuple[PairHistory, np.ndarray]:
    """Histories over `AGE` months, and whether each pair has a contact in the `LATER` months after."""
    random = np.random.default_rng(seed)
    one, rate, two, other = PARAMETERS[name]
    rates = random.gamma(one, 1 / rate, pairs)
    leaves = (
        random.exponential(1 / random.gamma(two, 1 / other, pairs)) if name == "pareto_nbd" else np.full(pairs, np.inf)
    )
    drops = random.beta(two, other, pairs) if name != "pareto_nbd" else np.zeros(pairs)
    repeats, last, back = np.zeros(pairs), np.zeros(pairs), np.zeros(pairs, bool)
    for k in range(pairs):
        time = 0.0
        if name == "mbg_nbd" and random.random() < drops[k]:
            continue
        while True:
            time += random.exponential(1 / rates[k])
            if time > min(AGE + LATER, leaves[k]):
                break
            if time > AGE:
                back[k] = True
                break
            repeats[k], last[k] = repeats[k] + 1, time
            if random.random() < drops[k]:
                break
    age = np.full(pairs, AGE)
    return PairHistory(repeats, last, age), back


def in_days(pairs: PairHistory) -> PairHistory:
    return PairHistory(pairs.repeats, pairs.last * DAYS_A_UNIT, pairs.age * DAYS_A_UNIT)


@pytest.mark.parametrize("name", MODELS)
def test_the_chance_of_a_contact_is_that_of_the_process(name: str) -> None:
    """Calibrated in groups of pairs with similar histories, with the true parameters."""
    pairs, back = simulated(name, 40_000, 1)
    chances = MODELS[name].chances(PARAMETERS[name], pairs, LATER)
    for group in np.array_split(np.argsort(chances, kind="stable"), 8):
        noise = np.sqrt(chances[group].mean() * (1 - chances[group].mean()) / len(group))
        assert abs(back[group].mean() - chances[group].mean()) < 4 * noise + 0.002


@pytest.mark.parametrize("name", MODELS)
def test_likelihoods_of_pairs_without_a_second_contact_sum_up_to_their_share(name: str) -> None:
    """The likelihood of no repeat contact is a probability, so it must be the share of such pairs."""
    pairs, _ = simulated(name, 40_000, 2)
    nothing = PairHistory(np.zeros(1), np.zeros(1), np.full(1, AGE))
    share = np.exp(MODELS[name].likelihood(PARAMETERS[name], nothing))[0]
    assert share == pytest.approx((pairs.repeats == 0).mean(), abs=0.01)


@pytest.mark.parametrize("name", MODELS)
def test_a_fit_forecasts_nearly_as_the_true_parameters_do(name: str) -> None:
    pairs, _ = simulated(name, 20_000, 3)
    found = fitted(MODELS[name], in_days(pairs))(in_days(pairs), LATER * DAYS_A_UNIT)
    true = MODELS[name].chances(PARAMETERS[name], pairs, LATER)
    assert np.abs(found - true).mean() < 0.015
    assert np.corrcoef(found, true)[0, 1] > 0.99


@pytest.mark.parametrize("name", MODELS)
def test_extreme_histories_have_chances(name: str) -> None:
    """A pair with thousands of contacts, one that has just had its first, and one from long ago."""
    pairs = PairHistory(np.array([5_000, 0, 0, 1]), np.array([900.0, 0, 0, 1e-9]), np.array([900.0, 0, 4_000, 4_000]))
    chances = fitted(MODELS[name], pairs)(pairs, 30.0)
    assert np.isfinite(chances).all()
    assert ((chances >= 0) & (chances <= 1)).all()
    assert chances[0] > chances[2]
