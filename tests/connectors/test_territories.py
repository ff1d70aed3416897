"""A territory as people write it: repaired where one repair is possible, refused otherwise."""

from __future__ import annotations

import pandas as pd
import pytest

from connectors import territories as module
from connectors.local_figures import read_numbers
from connectors.territories import Gazetteer, Written, locate, zoning_of

NAMES = {
    ("commune", "01001"): "L'Abergement-Clémenciat",
    ("commune", "95127"): "Cergy",
    ("commune", "95572"): "Saint-Ouen-l'Aumône",
    ("commune", "93066"): "Saint-Denis",
    ("commune", "11339"): "Saint-Denis",
    ("commune", "95500"): "Pontoise",
    ("commune", "2A004"): "Ajaccio",
    ("commune", "75056"): "Paris",
    ("epci", "249500109"): "CA de Cergy-Pontoise",
    ("departement", "95"): "Val-d'Oise",
    ("departement", "01"): "Ain",
    ("departement", "80"): "Somme",
    ("departement", "93"): "Seine-Saint-Denis",
    ("region", "93"): "Provence-Alpes-Côte d'Azur",
    ("qpv", "QN09511M"): "Axe Majeur - Horloge",
}
KNOWN = Gazetteer(NAMES, {"95999": "95127"})


@pytest.mark.parametrize(
    ("code", "name", "within", "found", "repair"),
    [
        ("95127", "", "", ("commune", "95127"), ""),
        ("1001", "", "", ("commune", "01001"), module.LOST_ZERO),
        ("1001.0", "", "", ("commune", "01001"), f"{module.TIDIED} ; {module.LOST_ZERO}"),
        ("20004", "", "", ("commune", "2A004"), module.CORSICA),
        ("95999", "", "", ("commune", "95127"), module.MERGED),
        ("75118", "", "", ("commune", "75056"), module.CITY),
        ("2025-COM-95127", "", "", ("commune", "95127"), ""),
        ("95127 Cergy", "", "", ("commune", "95127"), ""),
        ("Cergy (95127)", "", "", ("commune", "95127"), ""),
        ("", "ST OUEN L'AUMONE", "", ("commune", "95572"), module.BY_NAME),
        ("", "Saint-Denis", "93", ("commune", "93066"), module.BY_DEPARTEMENT),
        ("", "Saint-Denis", "Seine-Saint-Denis", ("commune", "93066"), module.BY_DEPARTEMENT),
        ("249500109", "", "", ("epci", "249500109"), ""),
        (
            "",
            "Communauté d'agglomération de Cergy-Pontoise",
            "",
            ("epci", "249500109"),
            module.BY_NAME,
        ),
        ("95", "", "", ("departement", "95"), ""),
        ("1", "", "", ("departement", "01"), module.LOST_ZERO),
        ("80", "Somme", "", ("departement", "80"), ""),
        ("qn09511m", "", "", ("qpv", "QN09511M"), module.TIDIED),
        ("QP095001", "", "", ("qpv_2015", "QP095001"), ""),
        ("951270101", "", "", ("iris", "951270101"), ""),
        ("F", "France", "", ("france", "FR"), ""),
        ("", "France métropolitaine", "", ("france", "FM"), ""),
    ],
)
def test_a_territory_is_found(
    code: str, name: str, within: str, found: tuple[str, str], repair: str
) -> None:
    (one,) = locate([Written(code, name, within)], KNOWN).values()
    assert (one.level, one.code, one.repair) == (*found, repair)


@pytest.mark.parametrize(
    ("code", "name", "reason"),
    [
        ("", "", module.NO_PLACE),
        ("", "Ensemble", module.TOTAL),
        ("Total général", "", module.TOTAL),
        ("", "Sous-total du département", module.TOTAL),
        ("99999", "", module.FOREIGN),
        ("", "Non renseigné", module.FOREIGN),
        ("95001", "", module.UNKNOWN_CODE),
        ("200000172", "", module.UNKNOWN_EPCI),
        ("", "Atlantis", module.UNKNOWN_NAME),
        ("", "Saint-Denis", module.SHARED_NAME),
        ("95127", "Pontoise", module.DISAGREE),
    ],
)
def test_a_territory_is_refused(code: str, name: str, reason: str) -> None:
    (one,) = locate([Written(code, name)], KNOWN).values()
    assert (one.code, one.reason) == ("", reason)


def test_an_old_name_borne_elsewhere_is_told_and_the_code_believed() -> None:
    (one,) = locate([Written("95127", "Saint-Denis")], KNOWN).values()
    assert (one.code, one.repair) == ("95127", module.RENAMED)


def test_the_level_asked_settles_a_code_of_two_levels() -> None:
    (one,) = locate([Written("93")], KNOWN, "region").values()
    assert one.level == "region"


def test_a_shared_name_is_settled_by_every_other_row() -> None:
    rows = [Written(name="Saint-Denis"), Written("93066")]
    assert locate(rows, KNOWN)[rows[0]].code == "93066"
    mixed = [Written(name="Saint-Denis"), Written("93066"), Written("95127")]
    assert locate(mixed, KNOWN)[mixed[0]].reason == module.SHARED_NAME


def test_a_zoning_is_known_by_its_title() -> None:
    assert (
        zoning_of(["Référentiel géographique : France par bassin de vie / canton-ville"])
        == "bassin de vie"
    )
    assert zoning_of(["Code commune", "Libellé"]) == ""


@pytest.mark.parametrize(
    ("cell", "value", "state"),
    [
        ("1234", 1234, "ok"),
        ("1 234,5", 1234.5, "ok"),
        ("1\u202f234", 1234, "ok"),
        ("12,5 %", 12.5, "ok"),
        ("1.234,5", 1234.5, "ok"),
        ("1,234.5", 1234.5, "ok"),
        ("−3,2", -3.2, "ok"),
        ("1.5E3", 1500, "ok"),
        ("s", None, "secret"),
        ("NC", None, "secret"),
        ("<11", None, "secret"),
        ("moins de 11", None, "secret"),
        ("N/A - secret statistique", None, "secret"),
        ("N/A - résultat non disponible", None, "absent"),
        ("nd", None, "absent"),
        ("NS", None, "absent"),
        ("-9999", None, "absent"),
        ("", None, "absent"),
        ("0", 0, "ok"),
        ("=1+1", None, "refuse"),
        ("douze", None, "refuse"),
        ("12 34", None, "refuse"),
        ("1e999", None, "refuse"),
    ],
)
def test_a_cell_is_a_number_a_secret_an_absence_or_refused(
    cell: str, value: float | None, state: str
) -> None:
    read = read_numbers(pd.Series([cell], dtype=str)).iloc[0]
    assert read["state"] == state
    if value is None:
        assert pd.isna(read["value"])
    else:
        assert read["value"] == pytest.approx(value)
