"""Every page on every kind of perimeter: no error, a title, and no figure out of a secret."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from streamlit.testing.v1 import AppTest

PAGES = {
    "": "Gradient",
    "perimetre": "Périmètre",
    "ce_qui_ressort": "Ce qui ressort",
    "inegalites": "Inégalités",
    "portrait": "Portrait",
    "indicateur": "Fiche indicateur",
    "carte": "Carte",
    "comparer": "Comparer",
    "mortalite": "Mortalité",
    "acces_aux_soins": "Accès aux soins",
    "importer": "Importer",
    "diagnostic_partage": "Diagnostic partagé",
    "cibles": "Cibler",
    "intensite": "Intensité",
    "actions": "Actions",
    "qui_touche_t_on": "Qui touche-t-on ?",
    "livrables": "Livrables",
    "reunion": "Mode réunion",
    "donnees": "Données",
}
PERIMETERS = {
    "EPCI, deux départements": "epci:249500109",
    "sept EPCI": "epci:200023737,epci:200035327,epci:200039519,"
    "epci:244600433,epci:244600482,epci:244600532,epci:244600573",
    "commune du Val-d'Oise": "com:95127",
    "petite commune du Val-d'Oise": "com:95011",
    "commune du Lot": "com:46042",
    "petite commune du Lot": "com:46009",
    "commune d'ailleurs": "com:35238",
    "département non embarqué": "dep:48",
    "EPCI d'outre-mer": "epci:249740077",
    "Métropole du Grand Paris": "epci:200054781",
    "EPT": "ept:200057867",
    "commune sans contour": "com:97502",
    "EPCI plus une commune": "epci:249500109,com:46042",
    "EPCI moins une commune": "epci:249500109,-com:95127",
    "région": "reg:11",
    "Mayotte": "reg:06",
    "Paris": "com:75056",
    "arrondissement": "arm:75118",
    "arrondissements et une commune": "arm:69383,arm:69387,com:69266",
}
SECRET = ("secret statistique", "pas de chiffre")
BROKEN = "n'a pas pu s'afficher"
LEAKS = re.compile(r"(?<![\w'])(None|nan|NaN|NaT|undefined|<NA>)(?![\w'])")
LONG_DECIMALS = re.compile(r"\d[.,]\d{5,}")


class Tables(HTMLParser):
    """Rows of the HTML tables: texts of their cells, what a fold holds left out."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.in_cell = False
        self.folded = 0
        self.summary = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self.in_cell = True
        elif tag == "details":
            self.folded += 1
        elif tag == "summary":
            self.summary += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.in_cell = False
        elif tag == "details":
            self.folded -= 1
        elif tag == "summary":
            self.summary -= 1

    def handle_data(self, data: str) -> None:
        if self.in_cell and self.folded == self.summary:
            self.rows[-1][-1] += data


def open_page(test: AppTest, name: str, asked: str, **more: str) -> AppTest:
    """A page on a perimeter, with the choices ``more`` of its address; no error on it."""
    test.query_params["p"] = asked
    test.run()
    test.switch_page(f"pages/{name}.py")
    for key, value in {"p": asked, **more}.items():
        test.query_params[key] = value
    test.run()
    assert not test.exception
    assert not [one.value for one in test.error]
    return test


def html_of(test: AppTest) -> str:
    """Every piece of HTML on the page."""
    return "\n".join(str(block.proto.body) for block in test.get("html"))


def rows_of(test: AppTest) -> list[list[str]]:
    tables = Tables()
    tables.feed(html_of(test))
    return tables.rows


def texts_of(test: AppTest) -> str:
    """Sentences, captions, messages and tables of the page."""
    blocks = [test.title, test.subheader, test.markdown, test.caption]
    messages = [test.info, test.warning, test.error]
    sentences = [one.value for kind in (*blocks, *messages) for one in kind]
    metrics = [f"{one.label} {one.value}" for one in test.metric]
    cells = [" | ".join(row) for row in rows_of(test)]
    return "\n".join([*sentences, *metrics, *cells])


def check(test: AppTest, name: str) -> None:
    assert not test.exception, test.exception
    assert [one.value for one in test.error if BROKEN in one.value] == []
    assert [one.value for one in test.title] == [PAGES[name]]
    text = texts_of(test)
    for pattern in (LEAKS, LONG_DECIMALS):
        found = pattern.search(text)
        assert found is None, text[max(0, found.start() - 80) : found.end() + 80]
    for row in rows_of(test):
        check_secret(row)


def check_secret(row: list[str]) -> None:
    """On the portrait, a figure that its note says secret or absent is not a number."""
    if len(row) > 3 and any(f"{state} :" in row[0] for state in SECRET):
        assert not re.search(r"\d", row[1]), row


def visit(test: AppTest, name: str) -> None:
    if name:
        test.switch_page(f"pages/{name}.py")
    test.run()
    check(test, name)


@pytest.mark.parametrize("asked", PERIMETERS.values(), ids=PERIMETERS.keys())
def test_every_page(app_test: AppTest, asked: str) -> None:
    app_test.query_params["p"] = asked
    app_test.run()
    check(app_test, "")
    for name in list(PAGES)[1:]:
        visit(app_test, name)
        if name == "perimetre":
            metrics = {one.label: one.value for one in app_test.metric}
            assert re.search(r"[1-9]", metrics["Habitants"]), metrics


@pytest.mark.parametrize("name", ["portrait", "carte", "cibles", "intensite", "actions"])
def test_without_a_perimeter(app_test: AppTest, name: str) -> None:
    """A page that needs a perimeter says so, and stops there."""
    app_test.run()
    app_test.switch_page(f"pages/{name}.py").run()
    assert not app_test.exception
    assert any("Choisissez d'abord un périmètre" in one.value for one in app_test.info)


@pytest.mark.parametrize("asked", ["arm:75121", "epci:000000000", "com:99999", "zzz:1", "x" * 5000])
def test_nothing_known_in_the_address(app_test: AppTest, asked: str) -> None:
    """A territory without a commune in the data: a sentence, on each page that opens first."""
    app_test.query_params["p"] = asked
    app_test.run()
    for name in ("perimetre", "donnees"):
        visit(app_test, name)
    visit(app_test, "perimetre")
    assert [one.value for one in app_test.warning], "rien n'est dit"
    assert not app_test.metric


def choose_indicator(test: AppTest, label: str) -> None:
    box = next(one for one in test.selectbox if one.label == "Indicateur")
    option = next(one for one in box.options if one.startswith(label))
    box.select(option).run()


@pytest.mark.parametrize("asked", ["epci:249500109", "reg:11"], ids=["cergy", "île-de-france"])
def test_every_indicator_of_the_map(app_test: AppTest, asked: str) -> None:
    app_test.query_params["p"] = asked
    app_test.run()
    visit(app_test, "carte")
    box = next(one for one in app_test.selectbox if one.label == "Indicateur")
    for option in list(box.options)[:: 1 if asked.startswith("epci") else 8]:
        next(one for one in app_test.selectbox if one.label == "Indicateur").select(option).run()
        check(app_test, "carte")


def test_a_secret_commune_shows_no_number(app_test: AppTest) -> None:
    """143 communes of Grand Quercy have a secret poverty rate: the table holds 4 figures."""
    app_test.query_params["p"] = PERIMETERS["sept EPCI"]
    app_test.run()
    visit(app_test, "carte")
    choose_indicator(app_test, "Taux de pauvreté")
    rows = [row for row in rows_of(app_test) if any("secret statistique" in cell for cell in row)]
    assert len(rows) == 143
    header = next(row for row in rows_of(app_test) if row[:1] == ["Commune"] and "État" in row)
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        kept = ("Commune", "Code", "État", "Précision", "Habitants")
        figures = {key: cell for key, cell in cells.items() if key not in kept}
        assert not any(re.search(r"\d", cell) for cell in figures.values()), cells


@pytest.mark.parametrize("scheme", ["jenks", "egales", "seuils"])
def test_every_way_to_cut_classes(app_test: AppTest, scheme: str) -> None:
    app_test.query_params["p"] = "epci:249500109"
    app_test.run()
    visit(app_test, "carte")
    box = next(one for one in app_test.selectbox if one.label == "Découpage")
    words = {"jenks": "Ruptures", "egales": "Amplitudes", "seuils": "Seuils"}
    box.select(next(one for one in box.options if one.startswith(words[scheme]))).run()
    check(app_test, "carte")


def test_small_shares_are_dosed_by_epci(app_test: AppTest) -> None:
    app_test.query_params["p"] = PERIMETERS["sept EPCI"]
    app_test.run()
    visit(app_test, "intensite")
    text = texts_of(app_test).replace("\\", "")
    assert "communes recevraient moins d'une unité" in text
    total = next(row for row in rows_of(app_test) if row[:1] == ["Total"])
    assert total[4:6] == ["120", "120"]
