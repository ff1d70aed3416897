"""Which figures make the need: the same for all communes, at the latest period that covers France."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.needs import NATIONAL_SHARE, NeedCard, SuitedNeeds, load_needs, suit

CARD = load_needs()
LOCAL = {name: {period: 0.02} for name, period in CARD.periods.items()}
COUNTRY = {name: {"2021": 0.99, "2022": 0.97} for name in CARD.indicators}


def periods(suited: SuitedNeeds) -> dict[str, str]:
    return suited.card.periods


def ids(suited: SuitedNeeds) -> list[str]:
    return [domain.id for domain in suited.card.domains]


def test_a_national_warehouse_takes_the_latest_period_that_covers_the_country() -> None:
    newer_here = {name: shares | {"2023": 0.02} for name, shares in COUNTRY.items()}
    found = suit(CARD, newer_here)
    assert found.national
    assert not found.aside
    assert set(periods(found).values()) == {"2022"}
    assert set(periods(found)) == set(CARD.indicators)


def test_a_domain_without_national_figures_is_set_aside_everywhere() -> None:
    """Diplomas of two départements: they would stand on other figures than the rest of France."""
    found = suit(CARD, COUNTRY | {"part_sans_diplome": {"2023": 0.02}})
    assert found.national
    assert [domain.id for domain in found.aside] == ["education"]
    assert ids(found) == ["ressources", "emploi", "logement", "vieillissement"]


def test_two_departements_take_the_embedded_periods() -> None:
    found = suit(CARD, LOCAL | {"part_logements_vacants": {"2021": 0.99, "2023": 0.02}})
    assert not found.national
    assert periods(found) == CARD.periods
    assert [domain.id for domain in found.aside] == ["emploi"]


def test_under_three_quarters_of_the_domains_the_country_is_not_there() -> None:
    missing = {"part_sans_diplome": {"2023": 0.02}, "mediane_niveau_vie": {"2023": 0.02}}
    found = suit(CARD, COUNTRY | missing)
    assert not found.national
    assert not found.aside
    assert periods(found)["mediane_niveau_vie"] == "2023"
    assert periods(found)["taux_chomage_15_64"] == "2022"


def test_two_thirds_of_the_indicators_make_a_domain() -> None:
    raw = CARD.model_dump()
    names = ("un", "deux", "trois")
    raw["domains"][0]["indicators"] = [{"id": name, "direction": 1} for name in names]
    card = NeedCard.model_validate(raw)
    two = suit(card, COUNTRY | {"un": {"2021": 1.0}, "trois": {"2020": 0.9}})
    assert [one.id for one in two.card.domains[0].indicators] == ["un", "trois"]
    assert periods(two)["trois"] == "2020"
    one = suit(card, COUNTRY | {"un": {"2021": 1.0}, "trois": {"2020": 0.89}})
    assert "ressources" not in ids(one)


def test_nothing_loaded_is_no_domain() -> None:
    found = suit(CARD, {})
    assert found.card.domains == []
    assert not found.national
    assert found.card.access.period == CARD.access.period


shares = st.dictionaries(
    st.sampled_from(["2019", "2021", "2023", "2021-2025"]), st.floats(0, 1), max_size=4
)


@given(st.fixed_dictionaries(dict.fromkeys(CARD.indicators, shares)))
def test_one_period_an_indicator_and_no_domain_lost(coverage: dict[str, dict[str, float]]) -> None:
    found = suit(CARD, coverage)
    kept, aside = ids(found), [domain.id for domain in found.aside]
    assert sorted(kept + aside) == sorted(domain.id for domain in CARD.domains)
    for domain in found.card.domains:
        for one in domain.indicators:
            assert one.period is not None
            share = coverage[one.id][one.period]
            covering = [p for p, other in coverage[one.id].items() if other >= NATIONAL_SHARE]
            assert share >= NATIONAL_SHARE or not found.national
            assert one.period == max(covering, default=CARD.periods.get(one.id))
    assert found.national == (
        4 * sum(_covers(domain, coverage) for domain in CARD.domains) >= 3 * len(CARD.domains)
    )


def _covers(domain, coverage: dict[str, dict[str, float]]) -> bool:
    full = [
        max(coverage[one.id].values(), default=0) >= NATIONAL_SHARE for one in domain.indicators
    ]
    return 3 * sum(full) >= 2 * len(full)


@pytest.mark.parametrize("name", CARD.indicators)
def test_weights_and_directions_stay(name: str) -> None:
    found = suit(CARD, COUNTRY)
    assert found.card.directions == CARD.directions
    assert name in found.card.indicators
