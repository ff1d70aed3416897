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
    (r"\b(date|annee|lieu|commune|ville|pays) (de )?naissance\b|\bnaissance\b|\bnaiss\b", "une naissance"),
    (r"\bnee? le\b|\bne e le\b|\bddn\b", "une date de naissance"),
    (r"\bnir\b|\bnss\b|\bn ss\b|securite sociale|carte vitale|\bsecu\b|\b(n|num|numero) (de )?ss\b", "un numéro de sécurité sociale"),
    (r"\bipp\b|\bins\b|\bmatricule\b|\b(numero|n|id|identifiant) (de )?(dossier|patient|usager|beneficiaire|allocataire)\b", "un identifiant de personne"),
    (r"\be ?mails?\b|\bmails?\b|\bcourriels?\b|\bmel\b|adresse electronique", "une adresse électronique"),
    (r"\btel(ephone)?s?\b|\bportable\b|\bmobile\b|\bgsm\b", "un téléphone"),
    (r"\badresses?\b|\badr\b|\brue\b|\bvoie\b|\bdomicile\b", "une adresse"),
    (r"\bpatronyme\b|\bidentite\b|\binitiales\b|\bnom (et )?prenom", "des noms de personnes"),
)  # fmt: skip
_NAME = re.compile(r"\bnoms?\b")
# After these words a name is not somebody's.
_NOT_PEOPLE = re.compile(
    r"\b(communes?|villes?|territoires?|quartiers?|qpv|epci|intercommunalites?|departements?|regions?"
    r"|actions?|ateliers?|lieux?|structures?|programmes?|dispositifs?|iris)\b"
)
# What is named after people, and holds their first names.
_NAMED_AFTER = re.compile(
    r"\b(ecoles?|colleges?|lycees?|etablissements?|centres?|maisons?|hopita(l|ux)|cliniques?|rues?)\b"
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
# Common first names of France, of every generation: enough to tell a column of them, not one name.
_FIRST_NAMES = frozenset(
    [
        "adam",
        "adele",
        "adrien",
        "agathe",
        "agnes",
        "ahmed",
        "aicha",
        "alain",
        "albert",
        "alexandra",
        "alexandre",
        "alexis",
        "ali",
        "alice",
        "aline",
        "amandine",
        "amelie",
        "amina",
        "anais",
        "andre",
        "andree",
        "anne",
        "annick",
        "annie",
        "anthony",
        "antoine",
        "antoinette",
        "arlette",
        "arthur",
        "audrey",
        "aurelie",
        "axel",
        "baptiste",
        "beatrice",
        "benjamin",
        "benoit",
        "bernadette",
        "bernard",
        "bertrand",
        "brigitte",
        "bruno",
        "camille",
        "carole",
        "caroline",
        "catherine",
        "cecile",
        "cedric",
        "celine",
        "chantal",
        "charles",
        "charlotte",
        "chloe",
        "christian",
        "christiane",
        "christine",
        "christophe",
        "claire",
        "clara",
        "claude",
        "claudine",
        "clement",
        "colette",
        "corinne",
        "damien",
        "daniel",
        "daniele",
        "danielle",
        "david",
        "delphine",
        "denis",
        "denise",
        "didier",
        "dominique",
        "edith",
        "elena",
        "elise",
        "elodie",
        "emile",
        "emilie",
        "emma",
        "enzo",
        "eric",
        "ethan",
        "etienne",
        "eva",
        "fabien",
        "fabrice",
        "fanny",
        "fatima",
        "fatou",
        "fernand",
        "fernande",
        "florence",
        "florian",
        "francis",
        "francois",
        "francoise",
        "franck",
        "frederic",
        "gabriel",
        "gaelle",
        "georges",
        "georgette",
        "gerard",
        "germaine",
        "ghislaine",
        "gilbert",
        "gilles",
        "ginette",
        "gisele",
        "guillaume",
        "guy",
        "helene",
        "henri",
        "hugo",
        "huguette",
        "ibrahim",
        "ines",
        "isabelle",
        "jacqueline",
        "jacques",
        "jade",
        "jean",
        "jeanne",
        "jeannine",
        "jeremy",
        "jerome",
        "jessica",
        "jocelyne",
        "joel",
        "jonathan",
        "jose",
        "joseph",
        "josette",
        "josiane",
        "jules",
        "julia",
        "julie",
        "julien",
        "juliette",
        "karim",
        "karine",
        "kevin",
        "khadija",
        "laetitia",
        "laura",
        "laurence",
        "laurent",
        "lea",
        "leo",
        "leon",
        "liliane",
        "lina",
        "lionel",
        "louane",
        "louis",
        "louise",
        "luc",
        "lucas",
        "lucie",
        "lucien",
        "lucienne",
        "ludovic",
        "madeleine",
        "mael",
        "maelys",
        "manon",
        "marc",
        "marcel",
        "marcelle",
        "margaux",
        "marguerite",
        "maria",
        "marie",
        "marine",
        "marion",
        "martine",
        "mathieu",
        "mathilde",
        "mathis",
        "matthieu",
        "maurice",
        "maxime",
        "maxine",
        "melanie",
        "michel",
        "michele",
        "micheline",
        "mireille",
        "mohamed",
        "monique",
        "morgane",
        "moussa",
        "mustapha",
        "nadia",
        "nadine",
        "nathalie",
        "nathan",
        "nicolas",
        "nicole",
        "noah",
        "noel",
        "noemie",
        "oceane",
        "odette",
        "odile",
        "olivier",
        "pascal",
        "pascale",
        "patrice",
        "patricia",
        "patrick",
        "paul",
        "paule",
        "paulette",
        "pauline",
        "philippe",
        "pierre",
        "pierrette",
        "quentin",
        "rachid",
        "raphael",
        "raymond",
        "raymonde",
        "rayan",
        "rene",
        "renee",
        "regine",
        "robert",
        "roger",
        "roland",
        "romain",
        "romane",
        "rose",
        "sabrina",
        "salome",
        "samir",
        "samuel",
        "sandra",
        "sandrine",
        "sarah",
        "sebastien",
        "serge",
        "severine",
        "simon",
        "simone",
        "solange",
        "sonia",
        "sophie",
        "stephane",
        "stephanie",
        "suzanne",
        "sylvain",
        "sylvie",
        "tanguy",
        "theo",
        "therese",
        "thierry",
        "thomas",
        "tom",
        "valentin",
        "valerie",
        "vanessa",
        "vera",
        "veronique",
        "victor",
        "victoire",
        "vincent",
        "virginie",
        "viviane",
        "xavier",
        "yann",
        "yasmine",
        "yves",
        "yvette",
        "yvonne",
        "zoe",
    ]
)
_SAMPLE_OF_NAMES = 300
_LETTERS = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,3}\.?")
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
_BIRTH_OF_ONE = re.compile(r"\b(date|dt|annee|an|jour|mois|lieu|pays) (de )?naiss(ance)?\b")
_SHORT_NUMBER = r"[<-]?\s?[\d\s]{1,9}([.,]\d+)?\s?%?|[a-zA-Z/. ]{1,6}|N/A.*"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+)?|\d{1,2}[/.-]\d{1,2}[/.-](\d\d|\d{4})")
DATES = "des dates, qui désignent des personnes ou le jour de leur venue"


def words(text: str) -> str:
    """``text`` without accents, case nor punctuation, words apart by one space."""
    if text.isascii() and text.isalnum():
        return text.lower()
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
        reason = by_title or _by_cells(cells) or _by_first_names(str(column), cells, places)
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
    if _BIRTH_OF_ONE.search(said):
        return False
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


def _by_first_names(title: str, cells: pd.Series, places: Collection[str]) -> str:
    """Whether most cells are a first name, alone or beside a family name, and not names of places."""
    said = words(title)
    if _NOT_PEOPLE.search(said) or _NAMED_AFTER.search(said):
        return ""
    seen = cells.iloc[:_SAMPLE_OF_NAMES]
    plain = [words(cell) for cell in seen if _LETTERS.fullmatch(cell)]
    named = [one for one in plain if _FIRST_NAMES & set(one.split())]
    known = sum(one in places for one in named)
    return "des prénoms" if len(named) - known > max(2, 0.6 * len(seen)) else ""


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
