"""Words of the shared diagnosis: escaped, plain, complete; personal data seen; blind spots well made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.personal import personal_in_text
from diagnostic.records import Crossing, Entry
from diagnostic.triangulation import Subject, triangulate
from pages.shared_diagnosis import trend_element
from views import shared_diagnosis as views
from views.lexicon import refused_words
from views.text import THEMES
from warehouse.blind_spots import load_blind_spots
from warehouse.indicators import load_indicators

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> [lien](javascript:x) **gras** =1+1"
CARE = Subject("offre")


def entry(text: str = "Trop loin", **more: object) -> Entry:
    fields: dict[str, object] = {"kind": "verbatim", "source": "habitants", "theme": "offre"}
    return Entry.model_validate(fields | {"text": text, "saying": "probleme"} | more)


def line(one: Entry, figures: str = "Un chiffre.", crossing: Crossing | None = None) -> views.Line:
    crossings = [crossing] if crossing else []
    (row,) = triangulate([CARE], {CARE: "defavorable"}, [one], crossings)
    return views.row_line(row, "Offre", figures, {one.id: "Cergy"})


# Personal data


@pytest.mark.parametrize(
    ("text", "what", "certain"),
    [
        ("Écrivez à jeanne.martin@exemple.fr", "une adresse électronique", True),
        ("appelez le 01 34 25 30 00", "un téléphone", True),
        ("appelez le +33 6 12 34 56 78", "un téléphone", True),
        ("son numéro est 2 84 03 95 127 004 22", "un numéro de sécurité sociale", True),
        ("ma fille, née le 12 mars 2014", "une date de naissance", True),
        ("né le 03/04/1980 à Pontoise", "une date de naissance", True),
        ("j'habite 12 bis rue des Lilas", "une adresse", False),
        ("au 4, allée des Pins", "une adresse", False),
        ("Mme Dupont n'ose plus sortir", "un nom de personne", False),
        ("mme dupont n'ose plus sortir", "un nom de personne", False),
        ("le docteur Martin est parti", "un nom de personne", False),
        ("M. d'Ornano", "un nom de personne", False),
        ("Madame de La Tour", "un nom de personne", False),
    ],
)
def test_what_designates_somebody_is_seen(text: str, what: str, certain: bool) -> None:
    (found,) = personal_in_text(text)
    assert (found.what, found.certain) == (what, certain)
    assert found.excerpt in text


@pytest.mark.parametrize(
    "text",
    [
        "On attend trois mois pour un rendez-vous chez le dentiste.",
        "M. le maire et Mme la présidente l'ont dit",
        "le docteur nous a dit d'attendre",
        "la permanence de la rue du Docteur Calmette",
        "l'école Mme de Sévigné",
        "12 places en crèche, 3 000 habitants, 95 % de 2019 à 2023",
        "Bus dentaire, deux jours par mois, de 9 h à 17 h, depuis le 12/03/2024",
        "une infirmière scolaire pour 1 200 élèves",
    ],
)
def test_what_designates_nobody_is_not(text: str) -> None:
    assert personal_in_text(text) == []


def test_certain_things_come_first_and_a_refusal_says_what_to_write() -> None:
    found = personal_in_text("Mme Dupont, 06 12 34 56 78")
    assert [one.certain for one in found] == [True, False]
    certain = views.refusal([(one.what, one.excerpt) for one in found[:1]], certain=True)
    assert "un téléphone («\u00a006 12 34 56 78\u00a0»)" in certain
    doubt = views.refusal([(one.what, one.excerpt) for one in found[1:]], certain=False)
    assert "Écrivez la fonction ou le lieu" in doubt
    assert not refused_words(certain + doubt)


# Text typed shown as text


@given(st.text(alphabet=st.sampled_from("<>&\"'`*_[]()a {}$|"), min_size=1, max_size=60))
def test_whatever_is_typed_is_text_in_html(text: str) -> None:
    typed = line(entry(text), crossing=Crossing(theme="offre", reading="divergent", reason=text))
    pages = [
        views.crossing_html("x", [typed]),
        views.blind_html("x", [typed]),
        views.afom_html({name: [text] for name in views.QUADRANT_TITLES}),
        views.note_html(views.said(entry(text), text), text),
    ]
    allowed = {
        "style",
        "table",
        "caption",
        "colgroup",
        "col",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "p",
    }
    allowed |= {"span", "div", "section", "h3", "ul", "li"}
    for page in pages:
        body = page.split("</style>")[1]
        names = {part.split(">")[0].split(" ")[0].strip("/") for part in body.split("<")[1:]}
        assert names <= allowed


def test_hostile_text_is_inert_and_whole() -> None:
    page = views.crossing_html("x", [line(entry(HOSTILE))])
    assert "<script" not in page and "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    frame = views.crossing_frame([line(entry(HOSTILE))])
    assert HOSTILE in frame.iloc[0]["Habitants"]


# Sentences


def test_a_note_says_who_where_when_and_what_of_it() -> None:
    told = views.said(entry(said_on=date(2026, 3, 9)), "Cergy")
    assert told.line == (
        "«\u00a0Trop loin\u00a0» (habitants, Cergy, 09/03/2026, c'est un problème)"
    )
    seen = views.said(entry(kind="observation", source="elus", saying=None), "")
    assert seen.line == "Trop loin (élus)"
    exists = views.said(entry(kind="action", saying=None), "")
    assert exists.line == "Action existante\u00a0: Trop loin (habitants)"


def test_the_reading_says_why() -> None:
    rule = line(entry())
    assert (rule.verdict, rule.why) == ("Convergent", "Les paroles vont dans le sens des chiffres.")
    chosen = line(
        entry(), crossing=Crossing(theme="offre", reading="divergent", reason="Deux quartiers.")
    )
    assert chosen.verdict == "Divergent"
    assert chosen.why == (
        "Lecture choisie par le groupe. Deux quartiers. La règle proposait : convergent."
    )
    assert (
        views.crossing_sentence([rule])
        == "Parmi les sujets dont on a parlé : 1\u00a0sujet convergent."
    )
    assert views.crossing_sentence([]) == ""


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("09/03/2026", date(2026, 3, 9)),
        (" 9-3-26 ", date(2026, 3, 9)),
        ("", None),
    ],
)
def test_a_day_is_typed_as_in_french(typed: str, day: date | None) -> None:
    assert views.read_day(typed) == day


@pytest.mark.parametrize("typed", ["hier", "31/02/2026", "2026-03-09", "09/03/1850", "09/03/2999"])
def test_a_wrong_day_is_said(typed: str) -> None:
    with pytest.raises(ValueError, match="n'est pas une date"):
        views.read_day(typed)


# Blind spots


def test_blind_spots_are_complete_and_speak_of_known_indicators() -> None:
    spots, cards = load_blind_spots(), load_indicators()
    assert len(spots) >= 10
    assert not set(spots) & set(THEMES)
    for spot in spots.values():
        assert spot.theme in THEMES
        assert set(spot.near) <= set(cards)
        text = f"{spot.label} {spot.why} {spot.who}"
        assert not refused_words(text)
        assert spot.why.endswith(".") and spot.who.endswith(".")
    expected = ["parcours", "renoncement", "mentale", "enfants", "non_recours", "addictions"]
    assert all(any(word in name for name in spots) for word in expected)


def test_our_sentences_stigmatise_nobody() -> None:
    texts = [
        value for name, value in vars(views).items() if name.isupper() and isinstance(value, str)
    ]
    assert len(texts) > 10
    assert [refused_words(text) for text in texts if refused_words(text)] == []


# Trends


def yearly(values: Sequence[float], first: int = 2030) -> pd.DataFrame:
    """Ten years of a figure, after the last break of any card unless ``first`` says otherwise."""
    periods = [str(first + rank) for rank in range(len(values))]
    return pd.DataFrame({"period": periods, "value": values, "source_id": "insee_filosofi"})


@pytest.mark.parametrize(
    ("name", "values", "quadrant", "way"),
    [
        ("taux_pauvrete", range(10, 20), "menace", "en hausse"),
        ("taux_pauvrete", range(20, 10, -1), "opportunite", "en baisse"),
        ("mediane_niveau_vie", range(10, 20), "opportunite", "en hausse"),
        ("mediane_niveau_vie", range(20, 10, -1), "menace", "en baisse"),
    ],
)
def test_an_established_trend_is_told_with_its_periods(
    name: str, values: Sequence[float], quadrant: str, way: str
) -> None:
    found = trend_element(yearly(values), load_indicators()[name])
    assert found is not None
    assert (found.proposed, found.origin, found.allowed) == (quadrant, "tendance", (quadrant,))
    assert f"est {way}, de 2030 à 2039 (10\u00a0périodes)." in found.text
    assert not refused_words(found.text)


@pytest.mark.parametrize(
    "values",
    [range(10, 17), [5.0] * 10, [1, 9, 2, 8, 3, 7, 4, 6, 5, 5]],
    ids=["few", "flat", "none"],
)
def test_no_trend_without_proof(values: Sequence[float]) -> None:
    assert trend_element(yearly(values), load_indicators()["taux_pauvrete"]) is None


def test_no_trend_across_two_series() -> None:
    broken = next(
        one
        for one in load_indicators().values()
        if one.series and one.direction in ("favorable", "defavorable")
    )
    last = int(broken.series[-1].starts[:4])
    assert trend_element(yearly(range(10, 20), last - 5), broken) is None
