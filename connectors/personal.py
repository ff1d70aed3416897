"""Columns and sentences that designate people, known by a title or by what they look like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# Title (no accent, lower case, words apart) -> what the column holds.
_TITLES: tuple[tuple[str, str], ...] = (
    (r"\bprenoms?\b", "des prénoms"),
    (r"\b(date|annee|lieu|commune|ville|pays) (de )?naissance\b|\bnaissance\b", "une naissance"),
    (r"\bnee? le\b|\bne e le\b|\bddn\b", "une date de naissance"),
    (r"\bnir\b|\bnss\b|\bn ss\b|securite sociale|carte vitale|\bnumero secu\b", "un numéro de sécurité sociale"),
    (r"\bipp\b|\bins\b|\bmatricule\b|\b(numero|n|id|identifiant) (de )?(dossier|patient|usager|beneficiaire|allocataire)\b", "un identifiant de personne"),
    (r"\be ?mails?\b|\bmails?\b|\bcourriels?\b|\bmel\b|adresse electronique", "une adresse électronique"),
    (r"\btel(ephone)?s?\b|\bportable\b|\bmobile\b|\bgsm\b", "un téléphone"),
    (r"\badresses?\b|\brue\b|\bvoie\b|\bdomicile\b", "une adresse"),
    (r"\bpatronyme\b|\bidentite\b|\bnom (et )?prenom", "des noms de personnes"),
)  # fmt: skip
_NAME = re.compile(r"\bnoms?\b")
# After these words a name is not somebody's.
_NOT_PEOPLE = re.compile(
    r"\b(communes?|villes?|territoires?|quartiers?|qpv|epci|intercommunalites?|departements?|regions?"
    r"|actions?|ateliers?|lieux?|structures?|programmes?|dispositifs?|iris)\b"
)
_CELLS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\S+@\S+\.\w+"), "une adresse électronique"),
    (re.compile(r"(?<!\d)(?<!\d[.,])(?:\+33|0033|0)[ .-]?[1-9](?:[ .-]?\d\d){4}(?!\d)"), "un téléphone"),
    (
        re.compile(
            r"(?<!\d)(?<!\d[.,])[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3}(?: ?\d\d)?(?!\d)"
        ),
        "un numéro de sécurité sociale",
    ),
    (
        re.compile(
            r"(?<!\d)\d{1,4} ?(?:bis|ter)?,? (?:rue|avenue|av\.?|boulevard|bd|all[ée]e|place|impasse|chemin"
            r"|route|square|cit[ée]|r[ée]sidence|quai|cours)\b",
            re.I,
        ),
        "une adresse",
    ),
    (re.compile(r"^(?:m\.|mr\.?|mme|mlle|monsieur|madame|mademoiselle) \w", re.I), "des noms de personnes"),
)  # fmt: skip
# In a sentence, a title and a name, unless they name a place (« rue du Docteur Calmette »).
_TITLE = re.compile(
    r"(?P<before>(?:\S+\s+){0,2})"
    r"\b(?P<title>M\.|MM\.|Mr|Monsieur|Mme|Mmes|Madame|Mlle|Mademoiselle|Dr|Docteur|Docteure|Pr|Professeur"
    r"|Professeure)\.?\s+(?P<name>(?:(?:de|du|des|van|von|ben|el|le|la)\s+|d['’])*[^\W\d_][\w'’-]*)",
    re.IGNORECASE,
)
_NAMED_PLACE = re.compile(
    r"\b(rue|avenue|av|boulevard|bd|allee|place|impasse|chemin|route|square|quai|cours|hopital|clinique"
    r"|centre|ecole|college|lycee|maison|espace|cite|residence|stade|gymnase|square|parc|saint|sainte)\b"
)
# After « Mme », what is not a name: a function, or the next word of the sentence.
_NOT_NAMES = frozenset(
    [
        "maire",
        "presidente",
        "president",
        "prefete",
        "prefet",
        "ministre",
        "directrice",
        "directeur",
        "deputee",
        "depute",
        "adjointe",
        "adjoint",
        "conseillere",
        "conseiller",
        "inspectrice",
        "inspecteur",
        "proviseure",
        "proviseur",
        "principale",
        "principal",
        "et",
        "ou",
        "qui",
        "que",
        "de",
        "du",
        "des",
        "la",
        "le",
        "les",
        "a",
        "est",
        "dit",
        "nous",
        "vous",
        "m",
        "x",
        "y",
        "z",
    ]
)
_SHORT_TITLES = frozenset({"mme", "mmes", "mlle", "dr", "pr", "mr"})
_BIRTH = re.compile(
    r"\bn[ée](?:\(?e\)?)?\s+le\s+\d{1,2}(?:er)?(?:[/.-]|\s)\s*\S+(?:[/.-]|\s)\s*\d{2,4}",
    re.IGNORECASE,
)
_CERTAIN = frozenset({"une adresse électronique", "un téléphone", "un numéro de sécurité sociale"})
# What every pattern above needs, in one pass that a million cells can stand.
_SUSPECT = (
    r"(?i)@|\d([ .-]?\d){8}|\d ?(bis|ter)?,? (rue|av|boulevard|bd|all[ée]e|place|impasse|chemin|route|square"
    r"|cit[ée]|r[ée]sidence|quai|cours)|^(m\.|mr|mme|mlle|monsieur|madame|mademoiselle) ?"
)
_COUNTED = re.compile(
    r"\b(nombre|nb|taux|parts?|pourcentage|effectifs?|poids|places?|equipes?|visites?|deces|naissances?"
    r"|indice|prevalence|incidence|maintien|aides?|soins?|services?)\b"
)
_ABOUT_CARE = re.compile(r"\b(domicile|mobiles?|voie)\b")
_COMMUNES = re.compile(r"\b(communes?|ville|epci|departement|code insee)\b")
_PEOPLE_TOO = re.compile(r"\b(prenoms?|patients?|naissance)\b")
_SHORT_NUMBER = r"[<-]?\s?[\d\s]{1,9}([.,]\d+)?\s?%?|[a-zA-Z/. ]{1,6}|N/A.*"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+)?|\d{1,2}[/.-]\d{1,2}[/.-](\d\d|\d{4})")
DATES = "des dates, qui désignent des personnes ou le jour de leur venue"


def words(text: str) -> str:
    """``text`` without accents, case nor punctuation, words apart by one space."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", bare.lower()))


def personal_columns(
    rows: pd.DataFrame, places: Collection[str] = (), *, figures: bool = False
) -> dict[str, str]:
    """Title of each column that designates people -> what it seems to hold, in French.

    ``places``: names of territories, as :func:`words` writes them: a column « Nom » that holds
    mostly those names communes, not people. One suspect cell is enough; dates must be most cells.
    ``figures``: the table holds figures of territories, where « Poids de naissance (%) » or
    « Commune de domicile » speak of nobody.
    """
    found = {}
    for column in rows.columns:
        cells = pd.Series(rows[column][rows[column] != ""].unique(), dtype=str)
        by_title = _by_title(str(column), cells, places)
        if by_title and figures and _of_territories(str(column), cells):
            by_title = ""
        reason = by_title or _by_cells(cells)
        if reason:
            found[str(column)] = reason
    return found


def _by_title(title: str, cells: pd.Series, places: Collection[str]) -> str:
    said = words(title)
    for pattern, what in _TITLES:
        if re.search(pattern, said):
            return what
    if _NAME.search(said) and not _NOT_PEOPLE.search(said):
        named = cells.map(words).isin(set(places))
        return "" if len(cells) and named.mean() >= 0.5 else "des noms de personnes"
    return ""


def _of_territories(title: str, cells: pd.Series) -> bool:
    """A title of places or of counts over short numbers; or one that says commune, over codes or names."""
    said = words(title.replace("%", " pourcentage "))
    if _COMMUNES.search(said):
        return not _PEOPLE_TOO.search(said)
    speaks = bool(_COUNTED.search(said) or _ABOUT_CARE.search(said))
    return speaks and bool(cells.str.fullmatch(_SHORT_NUMBER).all())


def _by_cells(cells: pd.Series) -> str:
    suspect = cells[
        pc.match_substring_regex(pa.array(cells, pa.string()), _SUSPECT).to_numpy(False)
    ]
    for pattern, what in _CELLS:
        if suspect.str.contains(pattern).any():
            return what
    if len(cells) and cells.map(lambda cell: bool(_DATE.fullmatch(cell))).mean() >= 0.5:
        return DATES
    return ""


@dataclass(frozen=True)
class Suspicion:
    """What seems to designate somebody in a sentence: what it is, in French, and where.

    ``certain``: nothing else is written that way; otherwise it may be the name of a place.
    """

    what: str
    excerpt: str
    certain: bool


def personal_in_text(text: str) -> list[Suspicion]:
    """What seems to designate people in a sentence, in order: certain things first.

    Known by their form alone: e-mail, telephone, social security number, date of birth, postal
    address, a title before a name. A first name alone, a rare illness or an age are not seen.
    """
    found = [
        Suspicion(what, one.group().strip(), what in _CERTAIN)
        for pattern, what in _CELLS
        if not pattern.pattern.startswith("^")
        for one in pattern.finditer(text)
    ]
    found += [
        Suspicion("une date de naissance", one.group(), True) for one in _BIRTH.finditer(text)
    ]
    found += [
        Suspicion("un nom de personne", f"{one['title']} {one['name']}", False)
        for one in _TITLE.finditer(text)
        if _names_somebody(one)
    ]
    return sorted(found, key=lambda one: not one.certain)


def _names_somebody(found: re.Match[str]) -> bool:
    """Whether a title stands before a name (« Mme Dupont ») and not a function (« Mme la maire »)."""
    name = re.split(r"[\s'’]", found["name"])[-1]
    if _NAMED_PLACE.search(words(found["before"])) or words(name) in _NOT_NAMES:
        return False
    return name[:1].isupper() or found["title"].lower() in _SHORT_TITLES
