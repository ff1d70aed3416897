"""Ce qui ressort: its sentences, its spine and its tartan say the same as the warehouse."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import PERIMETERS, html_of, open_page, rows_of, texts_of
from views.lexicon import refused_words

CERGY = "epci:249500109"
QUERCY = PERIMETERS["sept EPCI"]


def findings_of(test: AppTest) -> list[str]:
    """Sentences of the findings, unescaped."""
    said = [one.value.replace("\\", "") for one in test.markdown]
    return [one for one in said if one.startswith(("La ", "Le ", "L'"))]


def spine_of(test: AppTest) -> dict[str, list[str]]:
    return {row[0]: row for row in rows_of(test) if len(row) == 5 and row[0] != "Indicateur"}


@pytest.mark.parametrize("asked", [CERGY, QUERCY, "com:95127"])
def test_there_are_findings_and_they_are_respectful(app_test: AppTest, asked: str) -> None:
    said = findings_of(open_page(app_test, "ce_qui_ressort", asked))
    assert 3 <= len(said) <= 10
    assert len(set(said)) == len(said)
    assert not refused_words(texts_of(app_test))


def test_a_finding_says_what_the_spine_shows(app_test: AppTest) -> None:
    """Same verdict, same two values, indicator by indicator."""
    open_page(app_test, "ce_qui_ressort", CERGY)
    spine = spine_of(app_test)
    compared = 0
    for sentence in findings_of(app_test):
        match = re.match(
            r"(.+) est plus (élevée?|basse?|bas) que (?:celle|celui) du Val-d'Oise : (.+)", sentence
        )
        if match is None:
            continue
        label = next(one for one in spine if one.lower().split(" (")[0] in sentence.lower())
        own, other, verdict = spine[label][1], spine[label][2], spine[label][4]
        assert verdict.startswith("plus haut" if "élev" in match[2] else "plus bas")
        assert ("situation est plus favorable" in sentence) == (", plus favorable" in verdict)
        assert ("situation est moins favorable" in sentence) == (", moins favorable" in verdict)
        assert own.removeprefix("≈ ") in match[3]
        assert f"contre {other}" in match[3]
        compared += 1
    assert compared >= 2


def test_the_spine_holds_the_figures_of_the_warehouse(
    app_test: AppTest, embedded_warehouse: Path
) -> None:
    open_page(app_test, "ce_qui_ressort", CERGY)
    with duckdb.connect(str(embedded_warehouse), read_only=True) as connection:
        rows = connection.execute(
            "SELECT sum(numerator), sum(denominator) FROM observation o "
            "JOIN territory_member m ON m.commune_code = o.code AND m.parent_code = '249500109' "
            "WHERE o.level = 'commune' AND indicator_id = 'part_sans_diplome' AND period = '2023'"
        ).fetchone()
    assert rows is not None
    share = f"{100 * rows[0] / rows[1]:.1f}".replace(".", ",")
    row = spine_of(app_test)["Part des 15 ans et plus sans diplôme"]
    assert row[1].startswith(share)


def test_every_title_names_the_comparator(app_test: AppTest) -> None:
    open_page(app_test, "ce_qui_ressort", CERGY, comparateur="region:11")
    titles = [one.value for one in app_test.subheader]
    assert len(titles) == 3
    assert all(title.endswith("par rapport à : Île-de-France") for title in titles)


def test_similar_territories_are_ten_with_their_reasons(app_test: AppTest) -> None:
    open_page(app_test, "ce_qui_ressort", CERGY, comparateur="similaires")
    listed = [
        row for row in rows_of(app_test) if row[0].startswith(("CA ", "CC ", "CU ", "Métropole"))
    ]
    assert len(listed) == 10
    assert all(re.match(r"(la|le|l')", row[-2]) for row in listed)
    assert "CA de Cergy-Pontoise" not in [row[0] for row in listed]
    assert "Non utilisé, faute de chiffres chargés" in texts_of(app_test)


def test_another_territory_as_comparator(app_test: AppTest) -> None:
    open_page(app_test, "ce_qui_ressort", CERGY, comparateur="autre", avec="dep:46")
    assert "par rapport à : Lot" in app_test.subheader[0].value


def test_an_unknown_comparator_is_said(app_test: AppTest) -> None:
    open_page(app_test, "ce_qui_ressort", CERGY, comparateur="departement:99")
    assert any("n'existe pas ici" in one.value for one in app_test.warning)


def test_the_tartan_colours_only_directions(app_test: AppTest) -> None:
    open_page(app_test, "ce_qui_ressort", QUERCY)
    tartan = html_of(app_test).split('<table class="tartan">')[1]
    lines = re.findall(r'<tr><th scope="row">(.+?)</th>(.+?)</tr>', tartan)
    assert len(lines) > 10
    neutral = dict(lines)["65 ans et plus"]
    assert 'class="favorable"' not in neutral
    assert 'class="defavorable"' not in neutral
    assert 'class="differs"' in neutral


@pytest.mark.parametrize("asked", PERIMETERS.values(), ids=PERIMETERS.keys())
@pytest.mark.parametrize("comparator", ["similaires", "france:FR"])
def test_every_perimeter_beside_every_comparator(
    app_test: AppTest, asked: str, comparator: str
) -> None:
    open_page(app_test, "ce_qui_ressort", asked, comparateur=comparator)
    assert not refused_words(texts_of(app_test))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("reg:11", ["France", "Territoires similaires", "Un autre territoire…"]),
        ("france:FR", ["Île-de-France", "Un autre territoire…"]),
    ],
)
def test_no_benchmark_is_a_part_of_the_perimeter(
    app_test: AppTest, asked: str, expected: list[str]
) -> None:
    """The country is like no other territory: nothing similar is looked for, nothing breaks."""
    open_page(app_test, "ce_qui_ressort", asked)
    box = next(one for one in app_test.selectbox if one.label == "Comparer à")
    assert box.options == expected
