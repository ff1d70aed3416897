"""Mode réunion: the story holds the numbers of the other screens, and says what it cannot show."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import open_page, texts_of
from views.lexicon import refused_words

CERGY = "epci:249500109"
GRAND_QUERCY = (
    "epci:200023737,epci:200035327,epci:200039519,"
    "epci:244600433,epci:244600482,epci:244600532,epci:244600573"
)
OUTSIDE = "epci:244600433,com:46042"
MOST_WORDS = 25
ACRONYM = re.compile(r"\b[A-ZÉ]{2,}\b")


class Screens(HTMLParser):
    """Screens of the wall: name -> views, each a title, a sentence and the rows of its table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.screens: dict[str, list[dict[str, Any]]] = {}
        self.stack: list[str] = []
        self.view: dict[str, Any] = {}
        self.row: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "section":
            self.screens[str(found["data-name"])] = []
            self.name = str(found["data-name"])
        elif tag == "div" and found.get("class") == "view":
            self.view = {"id": found["data-view"], "h2": "", "said": "", "rows": [], "columns": []}
            self.screens[self.name].append(self.view)
        elif tag == "svg" and "data-classes" in found:
            self.view["classes"] = found["data-classes"]
            self.view["alt"] = found["aria-label"]
        elif tag == "tr":
            self.row = []
            if "tbody" in self.stack:
                self.view["rows"].append(self.row)
        kind = str(found.get("class"))
        self.stack.append("said" if kind == "said" else tag)

    def handle_endtag(self, tag: str) -> None:
        if self.stack:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        where = self.stack[-1] if self.stack else ""
        if where in ("h2", "said") and self.view:
            self.view[where] += data
        elif where == "th" and "tbody" in self.stack:
            self.row.append(data.strip())
        elif where == "b" and "td" in self.stack:
            self.row.append(data)
        elif where == "b" and "li" in self.stack:
            self.view["columns"].append(data)


def payload(test: AppTest) -> dict[str, Any]:
    """What the page sends to the browser for its component."""
    block = test.get("bidi_component")[0]
    return json.loads(block.proto.json)


def wall(test: AppTest) -> dict[str, list[dict[str, Any]]]:
    return Screens(payload(test)["html"]).screens


def frame_of(asked: str, comparator: str | None = None) -> Any:
    """Assessed figures of a perimeter, recomputed in a run of its own."""

    def script(asked: str, comparator: str | None) -> None:
        import streamlit as st

        from diagnostic.perimeter import decode
        from pages.comparator import place_comparator, similar_comparator
        from pages.reading import assessed
        from pages.shared import resolved

        st.session_state["through_app"] = True
        found = resolved(decode(asked)[0])
        places = {f"{one.level}:{one.code}": one for one in found.comparators}
        chosen = next((key for key in places if key.startswith("departement:")), next(iter(places)))
        beside = (
            similar_comparator(found)
            if comparator == "similaires"
            else place_comparator(found, places[comparator or chosen])
        )
        st.session_state["frame"] = assessed(found, beside)

    test = AppTest.from_function(script, args=(asked, comparator), default_timeout=60).run()
    assert not test.exception
    return test.session_state["frame"]


def french(value: float, decimals: int) -> str:
    """The number as a reader writes it, by another way than views.text."""
    whole, _, part = f"{abs(value):.{decimals}f}".partition(".")
    groups = re.sub(r"(?<=\d)(?=(\d{3})+$)", "\u202f", whole)
    return ("\u2212" if value < 0 else "") + groups + (f",{part}" if part else "")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (CERGY, ["habitants", "bien", "pese", "ecarts", "acces", "agir", "intensite", "question"]),
        (
            OUTSIDE,
            ["habitants", "bien", "pese", "ecarts", "acces", "agir", "intensite", "question"],
        ),
        ("com:95127", ["habitants", "bien", "pese", "acces", "agir", "question"]),
        ("dep:974", ["habitants", "pese", "question"]),
        ("reg:06", ["question"]),
    ],
    ids=["cergy", "epci-plus-commune", "commune", "la-reunion", "mayotte"],
)
def test_screens_and_what_is_said_of_those_that_are_missing(
    app_test: AppTest, asked: str, names: list[str]
) -> None:
    test = open_page(app_test, "reunion", asked)
    screens = wall(test)
    assert list(screens) == names
    text = texts_of(test).replace("\\", "")
    titles = {
        "habitants": "Qui vit ici :",
        "bien": "Ce qui va bien :",
        "pese": "Ce qui pèse :",
        "ecarts": "Des écarts entre communes :",
        "acces": "Accès aux médecins généralistes :",
        "agir": "Où agir d'abord :",
        "intensite": "Avec quelle intensité :",
    }
    for name, title in titles.items():
        assert (f"- {title}" in text) is (name not in names), (name, text)
    for name, views in screens.items():
        for view in views:
            said = f"{view['h2']} {view['said']}"
            joined_digits = re.sub(r"(?<=\d)[\u202f\u00a0](?=[\d%€])", "", said)
            count = len([word for word in joined_digits.split() if re.search(r"\w", word)])
            assert 0 < count <= MOST_WORDS, (name, said)
            assert not refused_words(said), said
            assert not ACRONYM.search(said), said


def test_numbers_are_those_of_the_assessed_figures(app_test: AppTest) -> None:
    screens = wall(open_page(app_test, "reunion", CERGY))
    frame = frame_of(CERGY)
    ages = screens["habitants"][0]["rows"]
    names = ["part_moins_20_ans", "part_65_ans_et_plus", "part_75_ans_et_plus"]
    assert [row[1:] for row in ages] == [
        [f"{french(frame.at[name, column], 1)}\u202f%" for column in ("value", "other")]
        for name in names
    ]
    dentists = next(row for row in screens["bien"][0]["rows"] if "dentistes" in row[0])
    row = frame.loc["densite_chirurgiens_dentistes"]
    assert dentists[1:] == [french(row["value"], 1), french(row["other"], 1)]
    apl = frame.loc["apl_medecins_generalistes"]
    said = screens["acces"][0]["said"]
    assert french(apl["value"], 2) in said and french(apl["other"], 2) in said
    assert ("plus favorable" in said) is (apl["tone"] == "favorable")


def test_the_address_holds_what_other_pages_chose(app_test: AppTest) -> None:
    """Chosen on Cibler and Intensité, then the menu: the address of the meeting says it, and no more."""
    choices = {"seuils": "local", "base": "100", "reserve": "10"}
    test = open_page(app_test, "cibles", CERGY, seuils="local")
    test = open_page(test, "intensite", CERGY, base="100", reserve="10")
    test.switch_page("pages/reunion.py").run()
    held = {key: test.query_params[key] for key in test.query_params if key not in ("p", "ecran")}
    assert held == choices
    shown = wall(test)
    again = wall(open_page(app_test, "reunion", CERGY, **choices))
    assert shown == again and "la même part" in again["intensite"][0]["said"]


def test_the_comparator_is_named_in_the_titles_and_changes_the_numbers(app_test: AppTest) -> None:
    test = open_page(app_test, "reunion", CERGY, comparateur="france:FR")
    screens = wall(test)
    for name in ("habitants", "pese", "acces"):
        assert "à la France" in screens[name][0]["h2"], screens[name][0]["h2"]
    frame = frame_of(CERGY, "france:FR")
    other = french(frame.at["part_moins_20_ans", "other"], 1)
    assert screens["habitants"][0]["rows"][0][2] == f"{other}\u202f%"


def test_elsewhere_is_beside_the_similar_territories(app_test: AppTest) -> None:
    screens = wall(open_page(app_test, "reunion", CERGY))
    again = next(view for view in screens["habitants"] if view["id"] == "ailleurs/0")
    assert "aux territoires similaires" in again["h2"]
    other = frame_of(CERGY, "similaires").at["part_moins_20_ans", "other"]
    assert again["rows"][0][2] == f"{french(other, 1)}\u202f%"


def test_a_departure_has_its_baseline_and_its_prudence(app_test: AppTest) -> None:
    screens = wall(open_page(app_test, "reunion", GRAND_QUERCY))
    views = [view for view in screens["acces"] if view["id"].startswith("departs/")]
    nobody, one, two = views[:3]
    assert "aucun départ" in nobody["said"].lower()
    # Nobody leaves: after is before, line by line; somebody leaves: it is not.
    assert all(row[1] == row[2] for row in nobody["rows"])
    access = next(row for row in two["rows"] if "Consultations" in row[0])
    before, after = (float(text.replace(",", ".")) for text in (access[2], access[1]))
    assert after < before and "prudente" in two["said"]
    first = next(row for row in one["rows"] if "Consultations" in row[0])
    assert float(first[1].replace(",", ".")) > after


def test_why_a_departure_cannot_be_estimated_is_said(app_test: AppTest) -> None:
    """The communes of the Yvelines around Cergy are not embedded."""
    text = texts_of(open_page(app_test, "reunion", CERGY)).replace("\\", "")
    assert "Et si deux généralistes partent ?" in text and "ne sont pas chargés" in text


def test_my_commune_has_a_value_a_group_and_no_rank(app_test: AppTest) -> None:
    found = payload(open_page(app_test, "reunion", GRAND_QUERCY))
    communes = {one["name"]: one for one in found["communes"]}
    assert len(communes) == 147
    cahors = communes["Cahors"]["said"]
    assert re.match(r"4,71 consultations accessibles", cahors["acces"])
    assert "roupe" in cahors["agir"] and cahors["agir"] in cahors["acces"]
    for one in found["communes"]:
        for said in one["said"].values():
            assert not refused_words(said)
            assert not re.search(r"\brang\b|\be sur\b|\d+(er|e|ème)\b|premi|derni", said), said
            assert len(f"{one['name']} : {said}".split()) <= 35, said


def test_a_commune_without_a_figure_is_told_by_its_intercommunalite(app_test: AppTest) -> None:
    """Maurecourt is in the Yvelines, whose communes have no access figure embedded."""
    found = payload(open_page(app_test, "reunion", CERGY))
    said = next(one["said"] for one in found["communes"] if one["name"] == "Maurecourt")["acces"]
    assert said.startswith("pas de chiffre") and "intercommunalité" in said
    assert re.search(r"\d,\d\d dans son intercommunalité", said)


def test_the_dosing_of_the_wall_is_that_of_the_choices(app_test: AppTest) -> None:
    screens = wall(open_page(app_test, "reunion", GRAND_QUERCY, base="100"))
    view = screens["intensite"][0]
    assert "la même part pour chaque habitant" in view["said"]
    rows = view["rows"]
    assert len(rows) == 3 and all(row[1] == row[2] for row in rows)
    spread = wall(open_page(app_test, "reunion", GRAND_QUERCY, base="0", force="5"))
    values = [float(row[1].replace(",", ".")) for row in spread["intensite"][0]["rows"]]
    assert values == sorted(values) and values[0] < values[-1]


def test_the_map_holds_one_character_a_commune(app_test: AppTest) -> None:
    test = open_page(app_test, "reunion", GRAND_QUERCY)
    codes = payload(test)["codes"]
    screens = wall(test)
    groups = screens["agir"][0]["classes"]
    assert len(groups) == len(codes) == 147
    more = sum(groups.count(one) for one in "12BC")
    assert f"{more} communes sur 147" in screens["agir"][0]["said"].replace("\u00a0", " ")


@pytest.mark.parametrize(
    "wrong",
    [
        {"ecran": "99"},
        {"ecran": "abc", "comparateur": "zzz"},
        {"base": "mille", "force": "-3", "ressource": "or", "seuils": "x", "finalite": "y"},
        {"poids_ressources": "99999", "visee": "chats"},
    ],
    ids=["screen", "comparator", "dosing", "weights"],
)
def test_wrong_parameters_break_nothing(app_test: AppTest, wrong: dict[str, str]) -> None:
    screens = wall(open_page(app_test, "reunion", CERGY, **wrong))
    assert len(screens) == 8


def test_the_notes_have_a_page_of_their_own(app_test: AppTest) -> None:
    test = open_page(app_test, "reunion", CERGY, notes="1")
    assert not test.get("bidi_component")
    html = "\n".join(str(block.proto.body) for block in test.get("html"))
    assert "Notes du présentateur" in html and "intervalle de confiance" in html
    assert "Insee" in html and "Licence" in html
    assert not refused_words(re.sub(r"<[^>]+>", " ", html))


def test_a_vote_is_written_once_and_can_be_taken_out(app_test: AppTest) -> None:
    def script() -> None:
        import streamlit as st

        from diagnostic.perimeter import decode
        from pages.project import current_project
        from pages.voting import note_votes, show_votes

        st.session_state["perimeter"] = decode("com:95127")[0]
        votes = [
            {"id": "v1", "held_on": "2026-06-03", "priorities": [["<b>Soins</b>", 12], ["Air", 3]]}
        ]
        st.session_state["fresh"] = note_votes(votes)
        show_votes()
        st.session_state["held"] = current_project().votes
        st.session_state["broken"] = note_votes([{"id": "v2", "priorities": [["x", -1]]}])

    test = AppTest.from_function(script, default_timeout=60).run()
    assert not test.exception
    (held,) = test.session_state["held"]
    assert test.session_state["fresh"] is True
    assert (held.held_on.isoformat(), held.priorities) == (
        "2026-06-03",
        (("<b>Soins</b>", 12), ("Air", 3)),
    )
    said = "\n".join(one.value for one in test.markdown)
    assert "03/06/2026" in said.replace("\\", "") and "<b>" not in said
    # A vote that makes no sense is said, and nothing is written.
    assert test.session_state["broken"] is False and len(test.warning) == 1
    test.run()
    assert test.session_state["fresh"] is False and len(test.session_state["held"]) == 1
    test.button(key="retirer-v1").click().run()
    assert test.session_state["held"] == ()
    test.run()
    assert test.session_state["held"] == () and test.session_state["fresh"] is False


def test_a_crossing_counts_the_communes_of_the_corner(app_test: AppTest) -> None:
    """Nine cells by thirds, recomputed; the darkest holds the least favourable of both."""
    test = open_page(app_test, "reunion", GRAND_QUERCY)
    found, screens = payload(test), wall(test)
    view = next(one for one in screens["acces"] if one["id"] == "croiser/1")
    assert "Sans diplôme" in view["h2"]

    def script(codes: list[str]) -> None:
        import streamlit as st

        from pages.shared import mart

        st.session_state["through_app"] = True
        rows = mart("commune_values", codes=codes)
        st.session_state["rows"] = rows

    rows = AppTest.from_function(script, args=(found["codes"],), default_timeout=60).run()
    table = rows.session_state["rows"]
    frame = frame_of(GRAND_QUERCY)
    wide = {
        name: table[
            (table["indicator_id"] == name) & (table["period"] == frame.at[name, "period"])
        ].set_index("code")["value"]
        for name in ("part_sans_diplome", "apl_medecins_generalistes")
    }
    high = wide["part_sans_diplome"] > wide["part_sans_diplome"].quantile(2 / 3)
    low = wide["apl_medecins_generalistes"] <= wide["apl_medecins_generalistes"].quantile(1 / 3)
    corner = set(high.index[high]) & set(low.index[low])
    shown = {code for code, one in zip(found["codes"], view["classes"], strict=True) if one in "8I"}
    # Ties at the edges of the thirds may go either way.
    assert len(shown ^ corner) <= 3 and len(shown) > 5
    assert f"{len(shown)} communes sur 147" in view["said"].replace("\u00a0", " ")
