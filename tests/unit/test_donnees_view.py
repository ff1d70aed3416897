"""Wording of the page Données: plain, exact, French."""

from __future__ import annotations

import pytest

from views.donnees import (
    difference_lines,
    documented_tables,
    duration_text,
    plain,
    scope_sentence,
    size_text,
    state_text,
    table_label,
    to_know,
    where_text,
)
from warehouse.diff import Difference, PeriodChange, SourceChange
from warehouse.paths import ROOT
from warehouse.refresh import Gap, SourceResult


def spaces(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 octet"), (12, "12 octets"), (4_200, "4 ko"), (2_345_678, "2,3 Mo"), (1.5e9, "1,5 Go")],
)
def test_sizes(size: float, text: str) -> None:
    assert spaces(size_text(size)) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (65, "1 min 05 s"), (600, "10 min 00 s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert spaces(duration_text(seconds)) == text


def test_scope_of_a_build() -> None:
    assert "Val-d'Oise" in scope_sentence("embarque", 0, [], 101)
    assert "aucun chiffre communal" in spaces(scope_sentence("national", 2, [], 101))
    some = spaces(scope_sentence("national", 3, ["Ain", "Lot"], 101)).replace("\\", "")
    assert "3 sources" in some and "Ain et Lot" in some
    assert "12 départements sur 101" in spaces(scope_sentence("national", 3, ["x"] * 12, 101))
    assert "toute la France" in scope_sentence("national", 3, ["x"] * 101, 101)


DOWN = Gap(
    "a.csv", "https://exemple.fr:8/x?y=1 : le service a répondu 500 (4 essais).", "Attendez."
)
DRIFTED = Gap("b.csv", "Source x, table y", missing=("valeur",), extra=("taux_2", "n"))


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (SourceResult("x", "direct", 2), "direct"),
        (SourceResult("x", "direct", 2, gaps=(DOWN,)), "direct, incomplet"),
        (SourceResult("x", "cache", 2, aside=(DRIFTED,)), "cache, incomplet"),
        (SourceResult("x", "direct", 1, aside=(DRIFTED,)), "écarté"),
        (SourceResult("x", "rien", gaps=(DOWN,)), "manquant"),
        (SourceResult("x", "embarqué", gaps=(DOWN,)), "embarqué"),
        (SourceResult("x", "déposé", 1), "déposé"),
    ],
)
def test_where_a_source_comes_from(result: SourceResult, word: str) -> None:
    assert where_text(result) == word


def test_the_state_of_a_source_gives_its_age() -> None:
    assert state_text("chargé", "il y a 3 mois") == "chargée, obtenue il y a 3 mois"
    assert state_text("embarqué", "aujourd'hui") == "livrée avec Gradient"
    assert state_text("non chargé", "") == "non chargée"


def test_what_is_missing_is_said_once_with_its_remedy() -> None:
    gaps = (DOWN, Gap("c.csv", DOWN.reason, DOWN.remedy))
    said = spaces(to_know(SourceResult("x", "rien", gaps=gaps)))
    assert said == "2 fichiers : exemple.fr : le service a répondu 500 (4 essais). Attendez."
    assert to_know(SourceResult("x", "direct", 3)) == ""


def test_a_changed_format_names_the_columns() -> None:
    said = spaces(to_know(SourceResult("x", "direct", 1, aside=(DRIFTED,))))
    assert "colonne absente « valeur », colonnes nouvelles « taux_2 » et « n »" in said
    assert "Source x" not in said
    other = to_know(SourceResult("x", "direct", 1, aside=(Gap("b.csv", "fichier coupé."),)))
    assert other == "Fichier écarté : fichier coupé."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Le fichier a sans doute été déplacé : corrigez data/sources/x.yml, ou téléchargez le "
            "fichier à la main depuis la page de la source et posez-le dans le dossier de dépôt.",
            "Le fichier a sans doute été déplacé : téléchargez le fichier à la main depuis la page "
            "de la source et déposez-le ci-dessous.",
        ),
        ("Formats : À corriger : data/columns/x.csv", "Formats :"),
        ("http://a.b/c : site injoignable.", "a.b : site injoignable."),
        ("Rien de spécial.", "Rien de spécial."),
    ],
)
def test_advice_for_developers_stays_in_the_terminal(text: str, said: str) -> None:
    assert plain(text) == said


def difference(**changes: object) -> Difference:
    nothing = {"sources": (), "periods": (), "added": 0, "removed": 0, "changed": 0}
    return Difference(ROOT, ROOT, **(nothing | changes))  # type: ignore[arg-type]


def test_what_changed() -> None:
    found = difference(
        sources=(
            SourceChange("apl", "modifiée", ("2022", "2024"), (1, 2)),
            SourceChange("radon", "ajoutée", ("", "2019"), (0, 4)),
            SourceChange("vieux", "retirée", ("2015", ""), (4, 0)),
        ),
        periods=(
            PeriodChange("potentiel", "2019", "ajoutée", 4),
            PeriodChange("acces", "2023", "ajoutée", 4),
            PeriodChange("acces", "2024", "ajoutée", 4),
        ),
        gained=("potentiel",),
        added=1234,
        changed=2,
    )
    titles = {"apl": "DREES, APL", "radon": "ASNR, radon", "vieux": "Ancienne"}
    lines = difference_lines(found, titles, {"potentiel": "Potentiel radon", "acces": "Accès"})
    assert [spaces(line).replace("\\", "") for line in lines] == [
        "**Sources nouvelles** : ASNR, radon (2019).",
        "**Sources mises à jour** : DREES, APL (2022 → 2024).",
        "**Sources retirées** : Ancienne.",
        "**Indicateurs gagnés** : Potentiel radon.",
        "**Périodes ajoutées** : Accès (2023, 2024).",
        "**Chiffres** : 1 234 ajoutés, 0 retirés, 2 changés.",
    ]
    assert difference_lines(difference(), {}, {}) == [
        "Rien n'a changé : mêmes sources, mêmes chiffres."
    ]


def test_a_long_list_is_cut() -> None:
    (line,) = difference_lines(difference(gained=tuple("abcdefghijkl")), {}, {})
    assert "et 4 de plus" in spaces(line)


def test_a_table_has_a_french_name() -> None:
    assert table_label("observation", "") == "Tous les chiffres"
    assert table_label("nouvelle", "Une table toute neuve. Clé : id.") == "Une table toute neuve"


def test_tables_are_read_from_the_documentation() -> None:
    tables = documented_tables((ROOT / "docs" / "entrepot.md").read_text("utf-8"))
    sentence, columns = tables["passage"]
    assert sentence == "Anciennes communes. Clé : old_code."
    assert columns.to_numpy().tolist()[0] == ["old_code", "VARCHAR", "code disparu"]
