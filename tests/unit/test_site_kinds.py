"""Plain categories of care sites against the official names of FINESS categories.

finess_categories.csv: codes and long names of TRE_R66-CategorieEtablissement (Agence du numérique en
santé, version of 2026-05-05, as a public repository copies it): the categories open then, and six
closed in 2018 that sites still bear. Its third column was filled by reading each name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from views.care import OTHER_SITE, SITE_KINDS, site_kinds
from views.lexicon import refused_words
from views.maps import SHAPES
from views.quarter_sites import MARKERS

NAMES = pd.read_csv(
    Path(__file__).with_name("finess_categories.csv"), sep=";", dtype=str, keep_default_na=False
)
# What the official name says, whatever its code: the first that is found in it.
SAID = {
    r"pharmacie\b": "pharmacie",
    r"laboratoire (d'analyses|de biologie)": "laboratoire",
    r"dialyse": "dialyse",
    r"à domicile|a domicile|service autonomie": "domicile",
    r"mentales|\bmentaux|psychologique \(c\.m\.p|thérapeutique( à temps partiel)?( \(c|$)": "psychiatrie",
    r"handicap|déficients|sourd": "handicap",
    r"pour personnes ag|pour personnes âg|^ehpa|résidences autonomie": "age",
    r"sexuel|addicto|vaccination|dépistage|tubercul|drogues|maternelle": "prevention",
    r"centre hospitalier|^hôpital|soins (chirurgicaux|médicaux|longue)": "hopital",
    r"^maison de santé|^centre de santé$|soins non programmés": "ville",
}
# The name alone would mislead: oxygen is delivered, children are taught, moved or treated at home.
ALONE = {"632": "autre", "182": "handicap"}


def frame(codes: Sequence[str | None], names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"category_code": codes, "category": names})


def test_every_official_category_is_where_its_name_says() -> None:
    found = site_kinds(frame(list(NAMES["code"]), list(NAMES["libelle"])))
    assert found.tolist() == NAMES["genre"].tolist()
    assert NAMES["code"].is_unique
    for row in NAMES.itertuples():
        said = [kind for words, kind in SAID.items() if re.search(words, row.libelle.casefold())]
        if said:
            assert row.genre == ALONE.get(row.code, said[0]), row.libelle


def test_no_code_is_invented_or_told_twice() -> None:
    codes = [code for kind in SITE_KINDS for code in kind.codes]
    assert len(codes) == len(set(codes))
    assert set(codes) <= set(NAMES["code"])


def test_kinds_are_told_apart_by_words_and_by_mark() -> None:
    kinds = [*SITE_KINDS, OTHER_SITE]
    assert len({kind.label for kind in kinds}) == len(kinds)
    assert refused_words(" ; ".join(kind.label for kind in kinds)) == []
    assert set(MARKERS) == {kind.id for kind in kinds}
    assert len(set(MARKERS.values())) == len(MARKERS)
    assert {shape for _, shape in MARKERS.values()} <= set(SHAPES)


@pytest.mark.shared
def test_the_mixed_categories_of_the_extract_say_what_they_mix(shared_dir: Path) -> None:
    """The real extract of a département: its « hopitaux » are also a dialyse, a CMP, a scanner."""
    rows = json.loads((shared_dir / "open-data/finess/finess_95.json").read_text("utf-8"))
    kinds = site_kinds(frame([None] * len(rows), [row["cat"] for row in rows]))
    labels = {kind.id: kind.label.casefold() for kind in SITE_KINDS}
    assert OTHER_SITE.id not in set(kinds)
    hints = {
        r"\blbm\b": "laboratoire",
        r"\bmsp\b": "maison de santé",
        r"\bmmg\b": "garde",
        r"\bcmp\b|\bcattp\b": "psychiatrie",
        r"dialyse": "dialyse",
        r"imagerie|\birm\b": "imagerie",
        r"^pharmacie": "pharmacie",
        r"\behpad\b": "personnes âgées",
        r"\bime\b|\besat\b": "handicapées",
    }
    for words, said in hints.items():
        here = {kind for row, kind in zip(rows, kinds, strict=True)
                if re.search(words, row["nom"].casefold())}  # fmt: skip
        assert here, words
        # The laboratoires of a hospital are filed with it.
        assert any(said in labels[kind] for kind in here), words
        assert here <= {kind for kind in here if said in labels[kind] or kind == "hopital-large"}
