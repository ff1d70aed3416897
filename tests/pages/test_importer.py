"""Importer: a file becomes figures on every page, equal to those made by hand, for its visit alone."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from streamlit.runtime.caching.cache_data_api import _data_caches
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Toggle

from diagnostic.perimeter import decode
from diagnostic.together import write
from pages.menu import PAGES as MENU
from tests.pages.downloads import Download, watched
from tests.pages.test_pages import texts_of
from views.importing import KEEP_LABEL, plain_label
from views.lexicon import refused_words

CERGY = "epci:249500109"
PAGE = "pages/importer.py"
SECRET_NAME = "Zythologie expérimentale du canton"
EVERY_PAGE = [name for entries in MENU.values() for name, *_ in entries]


def open_page(test: AppTest, page: str = PAGE, asked: str = CERGY) -> AppTest:
    test.query_params["p"] = asked
    test.run()
    test.switch_page(page)
    test.query_params["p"] = asked
    test.run()
    return checked(test)


def checked(test: AppTest) -> AppTest:
    assert not test.exception
    assert [one.value for one in test.error if "n'a pas pu s'afficher" in one.value] == []
    assert not refused_words(texts_of(test))
    return test


def drop(test: AppTest, content: bytes, name: str = "extrait ARS 2024.csv") -> AppTest:
    test.file_uploader[0].set_value((name, content, "application/octet-stream"))
    test.run()
    return checked(test)


def use(test: AppTest) -> AppTest:
    (button,) = [one for one in test.button if one.label == "Utiliser ces chiffres"]
    assert not button.disabled
    button.click().run()
    return checked(test)


def plain(test: AppTest) -> str:
    return texts_of(test).replace("\\", "").replace("\u202f", " ").replace("\u00a0", " ")


@pytest.fixture
def communes(embedded_warehouse: Path) -> pd.DataFrame:
    """Communes of the Val-d'Oise, with made-up patients: a few below the threshold."""
    with duckdb.connect(str(embedded_warehouse), read_only=True) as connection:
        frame = connection.execute(
            "SELECT code, name, population, epci_code FROM territory "
            "WHERE level = 'commune' AND departement_code = '95' AND population > 0 ORDER BY code"
        ).df()
    rank = pd.Series(range(len(frame)))
    frame["patients"] = (frame["population"] * (0.03 + 0.01 * (rank % 7))).round().astype(int)
    return frame


def extract(communes: pd.DataFrame, label: str = "ALD diabète") -> bytes:
    """The file of an agency: title lines, decimal comma, a total, a source under the table."""
    rows: list[list[object]] = [["Extrait SNDS 2024"], []]
    rows.append(
        ["Code Insee", "Commune", f"Patients en {label}", "Population", f"Taux de {label} (%)"]
    )
    for one in communes.itertuples():
        rate = f"{100 * one.patients / one.population:.3f}".replace(".", ",")
        code = str(one.code)
        rows.append([code, one.name, one.patients, one.population, rate])
    rows += [["Total", "", communes["patients"].sum(), communes["population"].sum(), ""], []]
    rows.append(["Source : ARS Île-de-France, SNDS 2024"])
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(rows)
    return stream.getvalue().encode("cp1252")


def test_without_a_file_the_page_says_what_it_takes(app_test: AppTest) -> None:
    test = open_page(app_test)
    assert "XLSX, XLS, ODS, CSV" in test.file_uploader[0].label
    assert "restent dans cette visite" in plain(test)


def test_four_steps_and_an_exact_account(app_test: AppTest, communes: pd.DataFrame) -> None:
    test = drop(open_page(app_test), extract(communes))
    assert [one.value[0] for one in test.subheader] == ["1", "2", "3", "4"]
    many = len(communes)
    assert f"{many + 1} lignes** dans le fichier = **{many}** utilisées + **1** refusée." in plain(
        test
    )
    chosen = {one.label: one.value for one in test.selectbox}
    assert (chosen["Code du territoire"], chosen["Nom du territoire"]) == ("Code Insee", "Commune")
    assert (chosen["Numérateur"], chosen["Dénominateur"]) == (
        "Patients en ALD diabète",
        "Population",
    )
    source = next(one for one in test.text_input if one.label.startswith("Source"))
    assert source.value == "ARS Île-de-France, SNDS 2024"
    assert "ligne de total" in plain(test)


def test_the_figure_of_the_perimeter_is_the_one_made_by_hand(
    app_test: AppTest, communes: pd.DataFrame
) -> None:
    test = use(drop(open_page(app_test), extract(communes)))
    test.switch_page("pages/portrait.py").run()
    inside = communes[communes["epci_code"] == "249500109"]
    # One commune of the perimeter is in the Yvelines: 90 % of its people are covered without it.
    rate = 100 * inside["patients"].sum() / inside["population"].sum()
    text = plain(checked(test))
    assert "Taux de ALD diabète (%) (donnée locale)" in text
    assert f"{rate:.1f}".replace(".", ",") in text
    # Its source is under the figure, where a click shows it.
    raw = " ".join(str(one.proto) for one in test.main)
    assert "Donnée locale, source : ARS" in raw


def read(content: bytes) -> str:
    """Every text of a file: of a workbook, a document or an archive, those of its parts."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return " ".join(read(archive.read(name)) for name in archive.namelist())
    return html.unescape(content.decode("utf-8", "ignore"))


def test_every_page_stands_and_its_files_hold_local_figures_only_once_shared(
    app_test: AppTest, communes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every download button of every page: nothing local, then figures that say what they are."""
    seen = watched(monkeypatch)
    test = use(drop(open_page(app_test), extract(communes, SECRET_NAME)))
    labels = set()
    for page in EVERY_PAGE:
        seen.clear()
        look_at(test, page)
        labels |= {f"{page} : {one.label}" for one in seen}
        for one in seen:
            assert not is_local(one), f"{page} : {one.label}"
    assert len(labels) > 15, "les boutons n'ont pas été vus"

    seen.clear()
    test.switch_page(PAGE).run()
    joined = next(one for one in test.toggle if one.label.startswith("Joindre"))
    checked(joined.set_value(True).run())
    holding = set()
    for page in ("donnees", "comparer", "carte", "reunion"):
        seen.clear()
        look_at(test, page)
        for one in filter(is_local, seen):
            text = read(one.content)
            assert re.search("donn[ée]e locale", text, re.I), f"{page} : {one.label}"
            assert "ARS Île-de-France" in text, f"{page} : {one.label}"
            holding.add(page)
    assert {"donnees", "comparer", "carte"} <= holding


def is_local(one: Download) -> bool:
    """Whether a file holds the local indicator; the project's own notes how it was read."""
    own = one.name.endswith(("projet.json", "modele.docx", "lecture.json"))
    return not own and SECRET_NAME in read(one.content)


TWO_EPCI = {"t": write([decode(CERGY)[0], decode("epci:200058485")[0]])}
STATES: dict[str, list[dict[str, str]]] = {"comparer": [{}, TWO_EPCI, {"vue": "departement"}]}


def look_at(test: AppTest, page: str) -> None:
    """A page as it opens, in its other states, then on the local indicator where it offers one."""
    for state in STATES.get(page, [{}]):
        test.switch_page(f"pages/{page}.py")
        for key, value in state.items():
            test.query_params[key] = value
        checked(test.run(timeout=120))
    for box in test.selectbox:
        found = [label for label in box.options if SECRET_NAME in label]
        if found and SECRET_NAME not in str(box.value):
            checked(box.select(found[0]).run(timeout=120))
            return


def test_local_figures_reach_the_sheet_the_map_and_inequalities(
    app_test: AppTest, communes: pd.DataFrame
) -> None:
    test = use(drop(open_page(app_test), extract(communes)))
    for page in ("indicateur", "carte", "inegalites", "ce_qui_ressort"):
        test.switch_page(f"pages/{page}.py").run(timeout=120)
        checked(test)
        offered = [label for one in test.selectbox for label in one.options]
        found = any("donnée locale" in label or "(local)" in label for label in offered)
        assert found or "donnée locale" in plain(test), page


def test_two_visits_at_once_never_see_each_other(
    app_test: AppTest, communes: pd.DataFrame, embedded_data_dir: Path
) -> None:
    """One visit imports and reads every page; the other, and every shared cache, hold nothing of it."""
    other = AppTest.from_file(str(Path(__file__).parents[2] / "app.py"), default_timeout=60)
    open_page(other)
    mine = use(drop(open_page(app_test), extract(communes, SECRET_NAME)))
    for page in EVERY_PAGE:
        mine.switch_page(f"pages/{page}.py").run(timeout=120)
        other.switch_page(f"pages/{page}.py").run(timeout=120)
        checked(mine)
        assert SECRET_NAME not in texts_of(checked(other))
        assert not any(SECRET_NAME in label for one in other.selectbox for label in one.options)
        assert not any("local" in str(value) for value in other.query_params.values())
    assert SECRET_NAME in texts_of(mine.switch_page("pages/portrait.py").run(timeout=120))
    held = list(shared_answers())
    assert held, "rien n'a été retenu : le test ne regarde pas où il faut"
    # « local_ » and ten signs: what an imported indicator is known by.
    assert not [one for one in held if re.search(rb"Zythologie|local_[0-9a-f]{10}", one)]


def shared_answers() -> list[bytes]:
    """Everything that st.cache_data keeps for all sessions of this process, as bytes."""
    found: list[bytes] = []
    pending: list[object] = [_data_caches]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if isinstance(one, bytes):
            found.append(one)
        elif id(one) not in seen and type(one).__module__.startswith(
            ("streamlit.", "cachetools", "builtins")
        ):
            seen.add(id(one))
            inside = one if isinstance(one, Mapping) else getattr(one, "__dict__", {})
            pending += list(inside.values())
    return found


def test_a_local_figure_stays_out_of_files_until_it_is_shared(
    app_test: AppTest, communes: pd.DataFrame
) -> None:
    test = use(drop(open_page(app_test), extract(communes)))
    toggle = next(one for one in test.toggle if one.label == "Joindre aux fichiers téléchargés")
    assert not toggle.value
    imported = next(iter(test.session_state["imports_locaux"].values()))
    assert not imported.shared
    toggle.set_value(True).run()
    assert next(iter(test.session_state["imports_locaux"].values())).shared


def test_small_counts_are_masked_and_cannot_be_subtracted(
    app_test: AppTest, communes: pd.DataFrame
) -> None:
    test = use(drop(open_page(app_test), extract(communes)))
    imported = next(iter(test.session_state["imports_locaux"].values()))
    rows = imported.observations
    ratio = next(name for name, card in imported.cards.items() if card.kind == "ratio")
    own = rows[(rows["indicator_id"] == ratio) & (rows["level"] == "commune")].set_index("code")
    small = communes.set_index("code")["patients"].between(1, 10)
    assert small.any(), "le fichier d'essai n'a aucun petit effectif"
    assert (own.loc[small[small].index, "state"] == "secret").all()
    assert (
        own.loc[own["state"] == "secret", ["value", "numerator", "denominator"]]
        .isna()
        .all(axis=None)
    )
    # In an EPCI whose total is shown, a hidden commune is never alone.
    totals = rows[
        (rows["indicator_id"] == ratio) & (rows["level"] == "epci") & (rows["state"] == "ok")
    ]
    where = communes.set_index("code")["epci_code"]
    hidden = own[own["state"] == "secret"].groupby(where).size()
    assert not set(hidden[hidden == 1].index) & set(totals["code"])


def test_a_file_of_people_is_refused_whole(app_test: AppTest) -> None:
    content = b"Code Insee;Nom du patient;Nombre\n95127;DUPONT;12\n"
    test = drop(open_page(app_test), content)
    assert "désignent des personnes" in test.error[0].value
    assert "import_tenu" not in test.session_state or not test.session_state["import_tenu"]
    assert "DUPONT" not in texts_of(test)


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> **gras** [lien](http://mal.example) $x^2$ :red[x] :material/home: =1+1"


def test_a_hostile_label_is_shown_as_text_everywhere(
    app_test: AppTest, communes: pd.DataFrame
) -> None:
    rows = [
        ["Code Insee", f"Taux {HOSTILE}"],
        *([one.code, "12,5"] for one in communes.itertuples()),
    ]
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(rows)
    test = drop(open_page(app_test), stream.getvalue().encode(), "2024 <b>.csv")
    next(one for one in test.text_input if one.label.startswith("Source")).set_value(HOSTILE).run()
    use(test)
    for page in (
        "importer",
        "portrait",
        "indicateur",
        "carte",
        "inegalites",
        "ce_qui_ressort",
        "donnees",
    ):
        test.switch_page(f"pages/{page}.py").run(timeout=120)
        shown = " ".join(str(one.proto) for one in checked(test).main)
        assert "<script>alert" not in shown and "<img src=x" not in shown, page
        assert "](http://mal" not in shown and ":red[" not in shown, page
        assert "://mal.example" not in shown, page


def test_a_plain_label_keeps_its_words() -> None:
    assert (
        plain_label("Taux d'ALD (%) – 65 ans et plus, Île-de-France")
        == "Taux d'ALD (%) – 65 ans et plus, Île-de-France"
    )
    assert plain_label("=SOMME(A1)") == "SOMME(A1)"
    assert plain_label("a\u202eb\x00c") == "a b c"
    assert not re.search(r"[<>\[\]`*_$|\\]", plain_label(HOSTILE))


@pytest.mark.parametrize(
    ("asked", "shown"),
    [(CERGY, True), (f"{CERGY},com:46042", False)],
    ids=["epci", "epci et commune"],
)
def test_an_extract_by_epci_is_shown_for_an_epci_and_never_made_up_for_others(
    asked: str, shown: bool, app_test: AppTest, embedded_warehouse: Path
) -> None:
    with duckdb.connect(str(embedded_warehouse), read_only=True) as connection:
        bodies = connection.execute(
            "SELECT code, name FROM territory WHERE level = 'epci' AND departement_code IN ('95', '46')"
        ).fetchall()
    rows = [
        ["SIREN", "EPCI", "Taux de recours (%)"],
        *([code, name, "41,7"] for code, name in bodies),
    ]
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(rows)
    test = drop(open_page(app_test, asked=asked), stream.getvalue().encode(), "2024.csv")
    next(one for one in test.text_input if one.label.startswith("Source")).set_value("CPAM").run()
    use(test)
    test.switch_page("pages/portrait.py").run()
    assert ("41,7" in plain(checked(test))) == shown


def test_a_kept_reading_fits_next_year_and_tells_what_moved(
    app_test: AppTest, communes: pd.DataFrame
) -> None:
    test = use(drop(open_page(app_test), extract(communes)))
    test.switch_page(PAGE).run()
    drop(test, extract(communes).replace(b"2024", b"2025"), "extrait 2025.csv")
    assert any("convient" in one.value for one in test.success)
    next(one for one in test.button if one.label == "Retirer ce fichier").click().run()
    moved = extract(communes).replace(b"Population", b"Assures", 1)
    drop(test, moved, "extrait 2025.csv")
    told = " ".join(one.value for one in test.warning).replace("\\", "")
    assert "La mise en page a changé" in told and "Population" in told and "Assures" in told


def kept_project(test: AppTest, seen: list[Download]) -> str:
    """What « Enregistrer le projet » gives on this page."""
    seen.clear()
    checked(test.run())
    (one,) = [each for each in seen if each.name.endswith("projet.json")]
    return one.content.decode()


def keep_switch(test: AppTest) -> Toggle:
    return next(one for one in test.toggle if one.label == KEEP_LABEL)


def test_figures_are_in_the_project_file_only_if_asked_and_come_back_elsewhere(
    app_test: AppTest, communes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept masked, reopened in another visit without the file, let go with their import."""
    seen = watched(monkeypatch)
    test = use(drop(open_page(app_test), extract(communes)))
    assert not keep_switch(test).value
    assert "donnees_locales" not in json.loads(kept_project(test, seen))
    checked(keep_switch(test).set_value(True).run())
    assert "ne se donne qu'à ceux" in plain(test)
    content = kept_project(test, seen)
    (kept,) = json.loads(content)["donnees_locales"]
    (lines,) = kept["chiffres"].values()
    small = communes[communes["patients"].between(1, 10)]
    assert len(small), "le fichier d'essai n'a aucun petit effectif"
    for one in small.itertuples():
        assert any(line.startswith(f"commune;{one.code};2024;;;;secret;") for line in lines)
    assert not any(int(line.split(";")[4] or 11) in range(1, 11) for line in lines)
    mine = next(iter(test.session_state["imports_locaux"].values()))
    screens = {
        page: plain(checked(test.switch_page(f"pages/{page}.py").run(timeout=120)))
        for page in ("portrait", "inegalites")
    }

    other = AppTest.from_file(str(Path(__file__).parents[2] / "app.py"), default_timeout=60)
    open_page(other, "pages/perimetre.py")
    box = next(one for one in other.file_uploader if one.label.startswith("Rouvrir"))
    box.set_value(("projet.json", content.encode(), "application/json"))
    checked(other.run())
    assert any("Données locales rouvertes" in one.value for one in other.warning)
    theirs = next(iter(other.session_state["imports_locaux"].values()))
    key = ["indicator_id", "level", "code", "period"]
    pd.testing.assert_frame_equal(
        theirs.observations.sort_values(key, ignore_index=True),
        mine.observations.sort_values(key, ignore_index=True),
        check_dtype=False,
    )
    assert (theirs.cards, theirs.shared) == (mine.cards, False)
    checked(next(one for one in other.button if one.label == "J'ai lu").click().run())
    for page, text in screens.items():
        assert plain(checked(other.switch_page(f"pages/{page}.py").run(timeout=120))) == text

    other.switch_page(PAGE).run()
    assert keep_switch(other).value
    next(one for one in other.button if one.label == "Retirer ces chiffres").click().run()
    assert "imports_locaux" not in other.session_state or not other.session_state["imports_locaux"]
    other.switch_page("pages/perimetre.py").run()
    assert "donnees_locales" not in json.loads(kept_project(other, seen))


EDITS = (
    (";secret;", ";ok;", "incomplets"),
    (r'\\"people\\":true', r'\\"people\\":true,\\"x\\":1', "lecture est illisible"),
    ('"chiffres": {', '"chiffres": {"local_x": ["commune;95127;2024;3;;;ok;"], ', "ne sont pas"),
    (r"commune;95127;[^\"]*", "commune;95127;2024;1;3;300;ok;", "pas masqués"),
)


def test_an_edited_file_gives_back_no_figure(
    app_test: AppTest, communes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = watched(monkeypatch)
    test = use(drop(open_page(app_test), extract(communes)))
    content = kept_project(checked(keep_switch(test).set_value(True).run()), seen)
    other = AppTest.from_file(str(Path(__file__).parents[2] / "app.py"), default_timeout=60)
    open_page(other, "pages/perimetre.py")
    for old, new, words in EDITS:
        edited = re.sub(old, new, content)
        assert edited != content
        box = next(one for one in other.file_uploader if one.label.startswith("Rouvrir"))
        box.set_value(("projet.json", edited.encode(), "application/json"))
        checked(other.run())
        told = " ".join(one.value for one in other.warning)
        assert "ne sont pas reprises" in told and words in told, told
        assert "imports_locaux" not in other.session_state
