"""How a local table is to be read: where the territory stands, which columns are figures of what.

The guess is made of titles and cells, and is always shown before it is used; a plan kept from last
year is tried on this year's file, and what moved is told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from connectors.fichier_local import LocalTable
from connectors.local_figures import OK, REFUSED, read_numbers
from connectors.personal import words
from connectors.territories import (
    Gazetteer,
    Written,
    locate,
    zoning_of,
)

Kind = Literal["ratio", "count", "mean", "median", "ordinal"]
Direction = Literal["defavorable", "favorable", "neutre", "ambigu"]
MAX_INDICATORS = 12
SAMPLE = 400
# A line above the titles that names a zoning is short; a note that speaks of one is not.
SHORT_LINE = 120
# Past this many columns, terms of a ratio are looked for among the first ones only.
TERMS = 24
RECOGNISED = 0.6
"""Share of the cells of a column that must be figures, or territories, to be taken for such."""

PERIOD = re.compile(r"(19|20)\d\d([-/](19|20)?\d\d)?")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_CODE_TITLES = re.compile(
    r"\b(code|insee|codgeo|depcom|cog|siren|com|codecom|codeinsee|code commune|insee com|geo)\b"
)
_NAME_TITLES = re.compile(
    r"\b(communes?|villes?|territoires?|quartiers?|qpv|noms?|libelles?|libgeo|epci|intercommunalites?"
    r"|departements?|regions?|cantons?|zones?|nom comm?|comm)\b"
)
_DEPARTEMENT_TITLES = re.compile(r"\b(departements?|dept?|nom dept)\b")
_REGION_TITLES = re.compile(r"\b(regions?|reg)\b")
_PERIOD_TITLES = re.compile(r"\b(annees?|millesimes?|periodes?|exercices?|an|year|time period)\b")
_VALUE_TITLES = re.compile(r"\b(valeurs?|value|obs value|resultats?)\b")
_INDICATOR_TITLES = re.compile(
    r"\b(indicateurs?|variables?|mesures?|causes?|pathologies?|themes?|type)\b"
)
_SPLIT_TITLES = re.compile(
    r"\b(sexes?|genre|classes? d age|tranches? d age|ages?|modalites?|categories?)\b"
)
_POPULATION = re.compile(
    r"\b(population|habitants?|denominateurs?|effectif total|assures|beneficiaires)\b"
)

_RATIO = re.compile(r"\b(taux|part|parts|pourcentage|proportion|pct|tx|couverture|prevalence|incidence|frequence|densite)\b")  # fmt: skip
_MEDIAN = re.compile(r"\b(medianes?|median|deciles?|quartiles?|gini)\b")
_MEAN = re.compile(r"\b(moyennes?|moyen|indices?|score|apl|accessibilite|distance|delai|temps)\b")
_WHOLE_MEAN = re.compile(r"\b(indices?|score|delai|distance|temps|age moyen)\b")
_ORDINAL = re.compile(r"\b(classes?|categories?|potentiel|niveau|rang|zonage)\b")
_COUNT = re.compile(r"\b(nombre|nb|effectifs?|total|patients?|personnes?|deces|naissances?|sejours|passages|places|cas)\b")  # fmt: skip
_RATE = re.compile(r"pour (1 ?000|10 ?000|100 ?000|1 000 000)\b")
_WORSE = re.compile(
    r"\b(pauvre\w*|mortalite|deces|ald|hospitalis\w*|diabet\w*|chomage|sans diplome|premature\w*|obes\w*"
    r"|surpoids|tabac\w*|alcool\w*|sans medecin|renoncement|isole\w*|radon|precar\w*|cancer\w*|suicid\w*"
    r"|handicap|morbidite|incidence|prevalence|urgences evitables|illettrisme|depress\w*|affection\w*)\b"
)
_BETTER = re.compile(
    r"\b(depistage|vaccin\w*|couverture|medecin traitant|apl|accessibilite|examen\w*|mt dents|suivi\w*"
    r"|recours|diplomes? du superieur)\b"
)
_THEMES = (
    ("prevention", r"\b(depistage|vaccin\w*|couverture|prevention|mt dents|examen\w*|contracept\w*)\b"),
    ("offre", r"\b(apl|medecin\w*|pharmac\w*|infirm\w*|dentiste\w*|accessib\w*|etablissement\w*|urgences?|lits?|structures?|densite|equipement\w*|kine\w*)\b"),
    ("enfance", r"\b(enfan\w*|naissance\w*|pmi|premature\w*|allait\w*|scolair\w*|creche\w*|grossesse\w*)\b"),
    ("autonomie", r"\b(handicap\w*|apa|aah|ehpad|autonomie|personnes agees|75 ans)\b"),
    ("etat_sante", r"\b(ald|mortalite|deces|cancer\w*|diabet\w*|maladie\w*|pathologie\w*|hospitalis\w*|sante|morbidite|psych\w*|suicide\w*|obes\w*|prevalence|incidence|affection\w*)\b"),
    ("environnement", r"\b(radon|eau|air|bruit|pollu\w*|environnement\w*|potentiel)\b"),
    ("population", r"\b(population|habitants?|menages?|familles?)\b"),
)  # fmt: skip


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TerritoryColumns(_Model):
    """Where the territory stands; ``level`` empty lets each row say its own.

    ``zoning``: the name of a zoning that no level holds (canton, bassin de vie…), else empty.
    """

    code: str = ""
    name: str = ""
    within: str = ""
    level: str = Field(default="", pattern="^(|commune|epci|departement|region|qpv|qpv_2015|iris)$")
    zoning: str = ""


class IndicatorPlan(_Model):
    """One indicator of the file and how to read it.

    ``columns``: (period, title of the column), several for a file with a column a year; an empty
    period is that of the row, or of the whole file. ``only``: (title, cell) that a row must have to
    speak of it, in a long file. ``factor`` multiplies the cells (0.35 → 35 %). ``scale``: 100 for a
    percentage, 1 000 for a rate « pour 1 000 ». ``numerator``, ``denominator``: titles of columns,
    or empty. ``people``: it counts persons, to whom the threshold applies.
    """

    columns: tuple[tuple[str, str], ...] = Field(min_length=1)
    only: tuple[tuple[str, str], ...] = ()
    label: str
    unit: str = ""
    decimals: int = Field(default=1, ge=0, le=3)
    kind: Kind = "mean"
    direction: Direction = "neutre"
    theme: str = Field(
        default="etat_sante",
        pattern="^(population|determinants|environnement|etat_sante|enfance|prevention|offre|autonomie)$",
    )
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    factor: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    numerator: str = ""
    denominator: str = ""
    people: bool = True
    aggregate: bool = True

    @property
    def id(self) -> str:
        """An identifier that says nothing of the file: it goes into addresses."""
        facts = "|".join(
            [*(title for _, title in self.columns[:1]), *sum(self.only, ()), self.label]
        )
        return f"local_{hashlib.sha256(facts.encode()).hexdigest()[:10]}"

    @property
    def additive(self) -> bool:
        """Whether two pieces of a territory add up: a count, or a ratio with its two terms."""
        if self.kind == "count":
            return True
        return self.kind == "ratio" and bool(self.denominator)


class Plan(_Model):
    """A whole reading. ``signature``: titles of the file it was made for, to see what moved."""

    territory: TerritoryColumns
    period_column: str = ""
    period: str = ""
    indicators: tuple[IndicatorPlan, ...] = ()
    source: str = ""
    threshold: int = Field(default=11, ge=1, le=1000)
    signature: tuple[str, ...] = ()

    def missing(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Titles that this plan reads and ``columns`` do not have."""
        wanted = [
            self.territory.code,
            self.territory.name,
            self.territory.within,
            self.period_column,
        ]
        for one in self.indicators:
            wanted += [title for _, title in one.columns]
            wanted += [title for title, _ in one.only]
            wanted += [one.numerator, one.denominator]
        return tuple(dict.fromkeys(title for title in wanted if title and title not in columns))

    def fresh(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Titles of ``columns`` that were not in the file this plan was made for."""
        return tuple(title for title in columns if title not in self.signature)


class Guess(_Model):
    """A plan, with what was left to choose: every indicator seen, even those not taken at first."""

    plan: Plan
    offered: tuple[IndicatorPlan, ...]


def guess(table: LocalTable, known: Gazetteer) -> Guess:
    """The likeliest reading of ``table``; its territory columns are empty when none is found."""
    sample = _sample(table.rows)
    territory = guess_territory(table, sample, known)
    used = {territory.code, territory.name, territory.within}
    numeric = _numeric_columns(sample, used)
    period = _period_column(sample, used)
    numeric = [one for one in numeric if one != period]
    offered = _long(table, sample, used | {period}, numeric) or _wide(table, sample, numeric)
    whole = _period_of_file(table)
    terms = {title for one in offered for title in (one.numerator, one.denominator) if title}
    wanted = [one for one in offered if one.columns[0][1] not in terms]
    taken = wanted if len(wanted) <= MAX_INDICATORS else wanted[:1]
    plan = Plan(
        territory=territory,
        period_column=period,
        period=whole,
        indicators=tuple(taken),
        source=_source_of(table),
        signature=tuple(table.columns),
    )
    return Guess(plan=plan, offered=tuple(offered))


def guess_territory(table: LocalTable, sample: pd.DataFrame, known: Gazetteer) -> TerritoryColumns:
    """The columns of the territory: the code that most rows have, the name beside it."""
    scores: dict[str, tuple[float, str]] = {}
    figures = {one for one in sample.columns if _numbers_share(sample[one]) > 0.9}
    decimals = {one for one in figures if sample[one].str.contains(r"\d[.,]\d").any()}
    for title in sample.columns.difference(decimals, sort=False):
        share, level = _share_located(sample[title], known, coded=True, title=title)
        said = words(title)
        if "postal" in said:
            continue
        bonus = 0.5 if _CODE_TITLES.search(said) else 0.25 if _NAME_TITLES.search(said) else 0.0
        spread = sample[title].nunique() / max(len(sample), 1)
        if share >= RECOGNISED or (bonus and share >= 0.3):
            scores[title] = (
                share + bonus + 0.5 * min(spread, 1.0) - _figures_look(sample[title]),
                level,
            )
    code = max(scores, key=lambda one: scores[one][0], default="")
    level = scores[code][1] if code else ""
    names = {}
    for title in sample.columns:
        if title == code or _SPLIT_TITLES.search(words(title)) or title in figures:
            continue
        share, of = _share_located(sample[title], known, coded=False, title=title)
        if share >= RECOGNISED or (share > 0 and _NAME_TITLES.search(words(title))):
            names[title] = (
                share + (0.5 if of == level else 0.0) + 0.2 * sample[title].nunique() / len(sample),
                of,
            )
    best = max(names, key=lambda one: names[one][0], default="")
    within = next(
        (one for one in sample.columns if (one not in (code, best) and _DEPARTEMENT_TITLES.search(words(one))
         and _share_located(sample[one], known, coded=True, title="departement")[0] >= RECOGNISED)
         or (one not in (code, best) and names.get(one, (0, ""))[1] == "departement")), "",
    )  # fmt: skip
    if not code and best:
        level = names[best][1]
    short = [line for line in table.above if len(line) <= SHORT_LINE]
    if level in ("iris", "qpv_2015"):
        best = ""
    zoning = zoning_of([*short, table.sheet, code, best])
    if zoning:
        text = [one for one in sample.columns if one not in figures]
        code = code or next(iter(text), "")
        return TerritoryColumns(code=code, name=_beside(sample, code, best), zoning=zoning)
    if code and best and {level, names[best][1]} == {"departement", "region"}:
        level = names[best][1]
    return TerritoryColumns(
        code=code,
        name=_beside(sample, code, best),
        within=within if within != best else "",
        level=_fixed(level),
    )


def _beside(sample: pd.DataFrame, code: str, best: str) -> str:
    """The column of names: the best known, else the first text titled as one."""
    if best and best != code:
        return best
    return next(
        (one for one in sample.columns if one != code and re.search(r"\b(libelles?|libgeo|noms?)\b", words(one))
         and not _numbers_share(sample[one]) > 0.5), "",
    )  # fmt: skip


def _fixed(level: str) -> str:
    """The level is left open for communes and EPCI, which a file often mixes with larger ones."""
    return level if level in ("region", "departement", "iris", "qpv", "qpv_2015") else ""


def _figures_look(cells: pd.Series) -> float:
    """Penalty of a column of numbers that are written as numbers: decimals, blanks, spaces."""
    text = cells[cells != ""]
    if text.empty:
        return 1.0
    odd = text.str.contains(r"[.,%]|\d \d", regex=True).mean()
    return float(odd + (1 - len(text) / len(cells)))


def _share_located(
    cells: pd.Series, known: Gazetteer, *, coded: bool, title: str
) -> tuple[float, str]:
    """Share of the distinct cells that name a territory, and the level of most of them."""
    distinct = [one for one in cells.unique() if one][:SAMPLE]
    if not distinct:
        return 0.0, ""
    said = words(title)
    forced = "region" if coded and _REGION_TITLES.search(said) else ""
    rows = [Written(code=one) if coded else Written(name=one) for one in distinct]
    found = locate(rows, known, forced)
    levels = pd.Series([one.level for one in found.values() if one.code], dtype=object)
    # A name shared by several communes is still the name of a commune.
    shared = sum("plusieurs" in one.reason for one in found.values()) if not coded else 0
    if levels.empty and not shared:
        return 0.0, ""
    level = str(levels.mode()[0]) if len(levels) else "commune"
    alone = {"departement", "region"} & {level}
    if (
        coded
        and alone
        and not (
            _CODE_TITLES.search(said)
            or _NAME_TITLES.search(said)
            or forced
            or _DEPARTEMENT_TITLES.search(said)
        )
    ):
        return 0.0, ""
    return (len(levels) + shared) / len(distinct), level


def _sample(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows spread over the whole table: its first ones are often alike."""
    if len(rows) <= SAMPLE:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, SAMPLE).astype(int)]


def _numbers_share(cells: pd.Series) -> float:
    filled = cells[cells != ""]
    if filled.empty:
        return 0.0
    read = read_numbers(filled)
    return float((read["state"] != REFUSED).mean()) if (read["state"] == OK).any() else 0.0


def _numeric_columns(sample: pd.DataFrame, used: set[str]) -> list[str]:
    return [
        one
        for one in sample.columns
        if one not in used
        and _numbers_share(sample[one]) >= RECOGNISED
        and not re.search(
            r"\b(code|siren|siret|insee|postal|note|codgeo|reg|dep|departement|region)\b",
            words(one),
        )
    ]


def _period_column(sample: pd.DataFrame, used: set[str]) -> str:
    for title in sample.columns:
        cells = sample[title][sample[title] != ""]
        if title in used or cells.empty:
            continue
        if cells.str.fullmatch(PERIOD.pattern).all() and (
            _PERIOD_TITLES.search(words(title)) or cells.nunique() < len(cells) / 2
        ):
            return str(title)
    return ""


def _long(
    table: LocalTable, sample: pd.DataFrame, used: set[str], numeric: Sequence[str]
) -> list[IndicatorPlan]:
    """Indicators of a file with a row a territory and indicator; none for another kind of file."""
    value = [one for one in numeric if _VALUE_TITLES.search(words(one))]
    value = value or (list(numeric) if len(numeric) == 1 else [])
    texts = [one for one in table.columns if one not in {*used, *numeric}]
    keys = [
        one
        for one in texts
        if (_INDICATOR_TITLES.search(words(one)) or _SPLIT_TITLES.search(words(one)))
        and 1 <= sample[one].nunique() <= 80
    ]
    if not value or not keys:
        return []
    groups = table.rows[keys].drop_duplicates()
    varying = [one for one in keys if groups[one].nunique() > 1] or keys[:1]
    found = []
    for cells in groups.itertuples(index=False):
        only = tuple(zip(keys, (str(cell) for cell in cells), strict=True))
        label = " – ".join(dict.fromkeys(cell for title, cell in only if title in varying and cell))
        said = " ".join([*(cell for _, cell in only), value[0]])
        if label:
            rows = sample[(sample[keys] == [cell for _, cell in only]).all(axis=1)]
            found.append(_describe(label, said, (("", value[0]),), rows[value[0]], only=only))
    return found[:200]


def _wide(table: LocalTable, sample: pd.DataFrame, numeric: Sequence[str]) -> list[IndicatorPlan]:
    """One indicator a column, or a column a year of the same indicator."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for title in numeric:
        years = YEAR.findall(title)
        base = _without_year(title) if len(years) == 1 else title
        groups.setdefault(base or "Valeur", []).append((years[0] if len(years) == 1 else "", title))
    found = []
    for base, columns in groups.items():
        periods = [period for period, _ in columns]
        if len(set(periods)) < len(columns):
            found += [
                _titled(table, sample, title, ((period, title),)) for period, title in columns
            ]
        else:
            label = base if len(columns) > 1 else columns[0][1]
            found.append(
                _titled(table, sample, _without_year(label) or label, tuple(sorted(columns)))
            )
    return _with_terms(found, sample)


def _titled(
    table: LocalTable, sample: pd.DataFrame, label: str, columns: tuple[tuple[str, str], ...]
) -> IndicatorPlan:
    title = columns[-1][1]
    unit = table.units.get(title, "")
    said = f"{title} {unit}"
    if _shares_look(sample[title]):
        said = f"{said} {table.name}"
    return _describe(label, said, columns, sample[title], unit=unit)


def _shares_look(cells: pd.Series) -> bool:
    """Numbers between 0 and 100 with decimals: what the file is named may tell that they are shares."""
    values = read_numbers(cells[cells != ""])["value"].dropna()
    return bool(len(values)) and values.between(0, 100).all() and (values != values.round()).any()


def _without_year(title: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[\s(\[–_-]*(en )?(19|20)\d\d[\s)\]]*", " ", title)).strip(
        " –-_"
    )


def _describe(
    label: str,
    said: str,
    columns: tuple[tuple[str, str], ...],
    cells: pd.Series,
    *,
    unit: str = "",
    only: tuple[tuple[str, str], ...] = (),
) -> IndicatorPlan:
    """Kind, unit, direction and theme, out of what the titles say and what the cells hold."""
    plain = words(said.replace("%", " pourcentage ").replace("‰", " pour 1000 "))
    values = read_numbers(cells[cells != ""])["value"].dropna()
    whole = bool(len(values)) and bool((values == values.round()).all())
    rate = _RATE.search(plain)
    percent = "pourcentage" in plain or bool(cells.str.contains("%").any())
    small = bool(len(values)) and values.max() <= 1 and values.min() >= 0 and not whole
    kind: Kind
    if _MEDIAN.search(plain):
        kind = "median"
    elif rate or percent or (_RATIO.search(plain) and not _MEAN.search(plain)):
        kind = "ratio"
    elif _ORDINAL.search(plain) and whole and values.nunique() <= 10:
        kind = "ordinal"
    elif not whole or _WHOLE_MEAN.search(plain):
        kind = "mean"
    else:
        kind = "count"
    scale = float(rate[1].replace(" ", "")) if rate else 100.0 if kind == "ratio" else 1.0
    if kind == "ratio":
        unit = f"pour {int(scale):,}".replace(",", " ") if rate else "%"
    direction: Direction = (
        "favorable" if _BETTER.search(plain) and "sans" not in plain.split()
        else "defavorable" if _WORSE.search(plain) else "neutre"
    )  # fmt: skip
    theme = next((name for name, pattern in _THEMES if re.search(pattern, plain)), "etat_sante")
    return IndicatorPlan(
        columns=columns,
        only=only,
        label=label,
        unit=unit[:40]
        or {"count": "unités", "ordinal": "classe", "mean": "indice"}.get(kind, "valeur"),
        decimals=0 if whole and kind in ("count", "ordinal") else 1,
        kind=kind,
        direction=direction if kind != "count" else "neutre",
        theme=theme,
        scale=scale,
        factor=100.0 if kind == "ratio" and not rate and small else 1.0,
        people=kind in ("ratio", "count"),
        aggregate=kind != "median",
    )


def _with_terms(found: list[IndicatorPlan], sample: pd.DataFrame) -> list[IndicatorPlan]:
    """Ratios whose numerator and denominator stand in the file, told by the arithmetic itself."""
    single = [one for one in found if len(one.columns) == 1]
    counts = [one.columns[0][1] for one in single if one.kind in ("count", "mean")][:TERMS]
    few = sample.iloc[: SAMPLE // 4]
    values = {title: read_numbers(few[title])["value"].to_numpy() for title in counts}
    completed = []
    for one in found:
        if one.kind == "ratio" and one in single and len(counts) > 1:
            rate = read_numbers(few[one.columns[0][1]])["value"].to_numpy() * one.factor
            terms = _terms(rate, one.scale, values)
            if terms:
                one = one.model_copy(update={"numerator": terms[0], "denominator": terms[1]})
        completed.append(one)
    # Terms of a ratio are rarely wanted by themselves: they come last.
    used = {title for one in completed for title in (one.numerator, one.denominator) if title}
    return sorted(completed, key=lambda one: one.columns[0][1] in used)


def _terms(
    rate: np.ndarray, scale: float, values: Mapping[str, np.ndarray]
) -> tuple[str, str] | None:
    """The two columns whose quotient, times ``scale``, is ``rate`` to the rounding."""
    titles = list(values)
    table = np.column_stack([values[title] for title in titles])
    high = np.where(table > 0, table, np.nan)
    gap = np.abs(scale * table[:, :, None] / high[:, None, :] - rate[:, None, None])
    both = np.isfinite(gap)
    near = (gap <= 0.0006 * scale) & both
    fit = (both.sum(0) >= 5) & (near.sum(0) > 0.95 * both.sum(0))
    np.fill_diagonal(fit, False)
    if not fit.any():
        return None
    low, big = np.argwhere(fit)[0]
    return titles[low], titles[big]


def _period_of_file(table: LocalTable) -> str:
    """The latest year that the name of the file, its sheet or the lines above speak of."""
    for texts in ((table.sheet, table.name), table.above[:3], table.above):
        years = sorted({year for text in texts for year in YEAR.findall(text)})
        if years:
            return years[-1]
    return ""


def _source_of(table: LocalTable) -> str:
    """What the notes say after « Source : »."""
    for text in (*table.above, *(text for _, text in table.below)):
        found = re.search(r"sources?\s*(?:\(s\))?\s*:\s*(.+)", text, re.I)
        if found:
            return found[1].strip()[:120]
    return ""
