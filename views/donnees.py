"""Wording of the page Données: ages, where files come from, what is missing, what changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import pandas as pd

from views.text import NARROW, NO_BREAK, count_of, escape_markdown, joined, number, period_text

KINDS = {
    "ratio": "somme des numérateurs / somme des dénominateurs",
    "count": "somme",
    "mean": "moyenne pondérée",
    "median": "valeur publiée, sinon moyenne pondérée (approchée)",
    "ordinal": "communes dans la catégorie la plus haute",
    "sample": "communes avec au moins un prélèvement non conforme",
    "list": "liste, jamais de moyenne",
}
WHERE = {"rien": "manquant"}
WHERE_HELP = (
    "Direct : demandé au producteur à l'instant. Cache : gardé d'un téléchargement précédent. "
    "Déposé : apporté à la main. Embarqué : rien n'a été obtenu, les chiffres livrés avec Gradient "
    "restent. Écarté : obtenu, mais illisible. Manquant : rien n'a été obtenu."
)
TABLES = {
    "observation": "Tous les chiffres",
    "indicator": "Les indicateurs",
    "source": "Les sources",
    "territory": "Les territoires",
    "territory_member": "Les communes de chaque territoire",
    "territory_geometry": "Les contours des communes",
    "passage": "Les anciennes communes",
    "list_item": "Écoles, collèges et quartiers prioritaires",
    "reference": "Les références nationales",
    "commune_event": "Les événements des communes depuis 1943",
    "zone": "Les zonages au-dessus des communes",
    "zone_member": "Les communes de chaque zonage",
    "zone_figure": "Les chiffres publiés par zonage",
    "site": "Les établissements de santé",
    "caf_iris_commune": "Les allocataires, des IRIS aux communes",
    "cardio_epci": "Les maladies cardio-neurovasculaires par intercommunalité",
    "insee_mortalite_age": "Les décès et les taux de mortalité par âge",
    "mortality_cause": "La mortalité par cause et département",
    "qpv_2015_observation": "Les chiffres des quartiers prioritaires de 2015",
    "refused_row": "Les lignes non reprises, et pourquoi",
    "population_age": "Les habitants par sexe et âge",
    "civil_event": "Les naissances et les décès",
    "layer_feature": "Les objets des couches d'Atlasanté",
    "build_info": "L'identité de cette construction",
}
SHOWN_NAMES = 8


class Gap(Protocol):
    """A file that could not be had or read."""

    @property
    def file_name(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def missing(self) -> Sequence[str]: ...
    @property
    def extra(self) -> Sequence[str]: ...


class Result(Protocol):
    """What became of one source."""

    @property
    def where(self) -> str: ...
    @property
    def files(self) -> int: ...
    @property
    def gaps(self) -> Sequence[Gap]: ...
    @property
    def told(self) -> Sequence[str]: ...
    @property
    def aside(self) -> Sequence[Gap]: ...


class SourceChange(Protocol):
    """A source that two builds do not hold alike."""

    @property
    def id(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def vintages(self) -> tuple[str, str]: ...


class PeriodChange(Protocol):
    """A period that one of two builds has."""

    @property
    def indicator_id(self) -> str: ...
    @property
    def period(self) -> str: ...
    @property
    def what(self) -> str: ...


class Difference(Protocol):
    """What changed from a build to another."""

    @property
    def sources(self) -> Sequence[SourceChange]: ...
    @property
    def periods(self) -> Sequence[PeriodChange]: ...
    @property
    def gained(self) -> Sequence[str]: ...
    @property
    def lost(self) -> Sequence[str]: ...
    @property
    def added(self) -> int: ...
    @property
    def removed(self) -> int: ...
    @property
    def changed(self) -> int: ...


def size_text(size: float) -> str:
    """Bytes as « 2,3 Mo »."""
    for unit, factor, decimals in (("Go", 1e9, 1), ("Mo", 1e6, 1), ("ko", 1e3, 0)):
        if size >= factor:
            return f"{number(size / factor, decimals)}{NO_BREAK}{unit}"
    return count_of(int(size), "octet")


def duration_text(seconds: float) -> str:
    """« 12 s », « 2 min 05 s »."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{NO_BREAK}s"
    return f"{whole // 60}{NO_BREAK}min {whole % 60:02d}{NO_BREAK}s"


def scope_sentence(profile: str, loaded: int, departements: Collection[str], all_of: int) -> str:
    """What a build holds: only what ships with Gradient, or producers' files, and for where."""
    if profile != "national":
        return (
            "Elle tient les chiffres livrés avec Gradient : toute la France pour les populations, "
            "l'âge et le logement ; le Val-d'Oise et le Lot pour le reste."
        )
    held = f"Construction **nationale** : {count_of(loaded, 'source')} de producteurs"
    if not departements:
        return f"{held}, en plus des chiffres livrés avec Gradient ; aucun chiffre communal."
    if len(departements) >= all_of:
        where = "toute la France"
    elif len(departements) <= SHOWN_NAMES:
        where = joined([escape_markdown(name) for name in departements])
    else:
        where = f"{number(len(departements))} départements sur {number(all_of)}"
    return (
        f"{held}, en plus des chiffres livrés avec Gradient. Leurs chiffres communaux couvrent "
        f"{where}."
    )


def state_text(state: str, age: str) -> str:
    """State of a source and, when it was loaded, how long ago its files were had."""
    if state == "chargé":
        return f"chargée, obtenue {age}" if age else "chargée"
    if state == "local":
        return "importée dans cette visite"
    return "livrée avec Gradient" if state == "embarqué" else "non chargée"


def source_link(title: str, page: str) -> str:
    """A source's title, leading to its producer's page, in Markdown."""
    return f"[{escape_markdown(title)}]({page})"


def where_text(result: Result) -> str:
    """Where what is shown of a source comes from, in one word or two."""
    if result.aside and len(result.aside) >= result.files:
        return "écarté"
    word = WHERE.get(result.where, result.where)
    incomplete = result.files and (result.gaps or result.aside)
    return f"{word}, incomplet" if incomplete else word


def to_know(result: Result) -> str:
    """What is not as wished for a source and what to do, in plain French; empty when all is well."""
    said = [plain(sentence) for sentence in result.told]
    said += _grouped(result.gaps)
    said += [format_sentence(one) for one in result.aside]
    remedies = (plain(one.remedy) for one in (*result.gaps, *result.aside) if one.remedy)
    said += dict.fromkeys(remedies)
    return " ".join(dict.fromkeys(said))


def _grouped(gaps: Sequence[Gap]) -> list[str]:
    """One sentence a reason, however many files it is that of."""
    files: dict[str, list[str]] = {}
    for one in gaps:
        files.setdefault(plain(one.reason), []).append(one.file_name)
    return [
        reason if len(names) == 1 else f"{count_of(len(names), 'fichier')} : {reason}"
        for reason, names in files.items()
    ]


def format_sentence(gap: Gap) -> str:
    """Why a file that was had is not used."""
    if not gap.missing and not gap.extra:
        return f"Fichier écarté : {plain(gap.reason)}"
    parts = []
    if gap.missing:
        parts.append(f"{_columns(gap.missing, 'absente')}")
    if gap.extra:
        parts.append(f"{_columns(gap.extra, 'nouvelle')}")
    return (
        f"Le producteur a changé le format de ce fichier ({', '.join(parts)}) : il est écarté, pour "
        "ne rien afficher de faux. Signalez-le à l'équipe qui suit Gradient."
    )


def _columns(names: Sequence[str], word: str) -> str:
    shown = joined([f"«{NO_BREAK}{name}{NO_BREAK}»" for name in names[:4]])
    more = f" et {len(names) - 4} autres" if len(names) > 4 else ""
    return f"colonne {word} {shown}{more}" if len(names) == 1 else f"colonnes {word}s {shown}{more}"


_ADDRESS = re.compile(r"https?://([^/\s:]+)[^\s»]*")
_FOR_DEVELOPERS = re.compile(
    r"corrigez data/\S+, ou |Corrigez data/columns/ ou le connecteur, [^.]*\."
    r"|(À corriger|Corrigez) : data/\S+"
)


def plain(text: str) -> str:
    """A sentence of a connector without addresses' tails or advice for developers."""
    said = _FOR_DEVELOPERS.sub("", _ADDRESS.sub(r"\1", text)).strip()
    return said.replace("posez-le dans le dossier de dépôt", "déposez-le ci-dessous")


def difference_lines(
    found: Difference, titles: Mapping[str, str], labels: Mapping[str, str]
) -> list[str]:
    """What changed, one Markdown sentence a kind of change; a single one when nothing did."""

    def names(ids: Sequence[str], among: Mapping[str, str]) -> str:
        shown = [escape_markdown(among.get(one, one)) for one in ids[:SHOWN_NAMES]]
        more = len(ids) - len(shown)
        return f"{NARROW}; ".join([*shown, f"et {number(more)} de plus"] if more else shown)

    lines = []
    for what, heading in (
        ("ajoutée", "Sources nouvelles"),
        ("modifiée", "Sources mises à jour"),
        ("retirée", "Sources retirées"),
    ):
        ids = [_with_vintage(one, titles) for one in found.sources if one.what == what]
        if ids:
            lines.append(f"**{heading}** : {names(ids, {})}.")
    if found.gained:
        lines.append(f"**Indicateurs gagnés** : {names(found.gained, labels)}.")
    if found.lost:
        lines.append(f"**Indicateurs perdus** : {names(found.lost, labels)}.")
    for what, heading in (("ajoutée", "Périodes ajoutées"), ("retirée", "Périodes retirées")):
        periods = _periods(found, what, labels)
        if periods:
            lines.append(f"**{heading}** : {names(periods, {})}.")
    if found.added or found.removed or found.changed:
        lines.append(
            f"**Chiffres** : {number(found.added)} ajoutés, {number(found.removed)} retirés, "
            f"{number(found.changed)} changés."
        )
    return lines or ["Rien n'a changé : mêmes sources, mêmes chiffres."]


def _with_vintage(change: SourceChange, titles: Mapping[str, str]) -> str:
    title = titles.get(change.id, change.id)
    before, after = change.vintages
    if change.what == "ajoutée":
        return f"{title} ({after})" if after else title
    return f"{title} ({before} → {after})" if after and before != after else title


def _periods(found: Difference, what: str, labels: Mapping[str, str]) -> list[str]:
    """« Indicateur (2023, 2024) » for indicators that both builds have."""
    only = {*found.gained, *found.lost}
    by_indicator: dict[str, list[str]] = {}
    for one in found.periods:
        if one.what == what and one.indicator_id not in only:
            by_indicator.setdefault(one.indicator_id, []).append(period_text(one.period))
    return [f"{labels.get(name, name)} ({', '.join(p)})" for name, p in by_indicator.items()]


def table_label(name: str, sentence: str) -> str:
    """A table's name in French; failing that, the beginning of what the documentation says of it."""
    return TABLES.get(name) or re.split(r"[.,;:(]", sentence, maxsplit=1)[0].strip()


def documented_tables(markdown: str) -> dict[str, tuple[str, pd.DataFrame]]:
    """Tables of docs/entrepot.md, by name: what they hold, and their columns."""
    found = {}
    section = markdown.partition("\n## Les tables\n")[2].partition("\n## ")[0]
    parts = re.split(r"^### `(\w+)`\n", section, flags=re.MULTILINE)
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        sentence, _, table = text.strip().partition("\n\n|")
        rows = [
            [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
            for line in f"|{table}".splitlines()[2:]
            if line.startswith("|")
        ]
        columns = pd.DataFrame(
            [row for row in rows if len(row) == 3], columns=["Colonne", "Type", "Sens"]
        )
        found[name] = (" ".join(sentence.replace("`", "").split()), columns)
    return found
