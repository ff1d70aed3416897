"""Forgiving search of a territory by name or code, in memory, over the whole country.

Names and queries are reduced to plain lower-case words (accents, hyphens, apostrophes, "st" for
"saint", legal forms such as "CC" or "Métropole"), then ranked: code, exact name, all the words
typed, and last what resembles the query.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

COLUMNS = ["level", "code", "name", "departement", "departement_name", "population"]
MAX_CHARACTERS = 100
MAX_WORDS = 8

# A word must be this close to count as a misspelling: one slip in four letters, two in eight.
WORD_LIMIT = 0.74
SHORT_WORD = 4
NAME_LIMIT = 0.68

_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_ARTICLE_WORDS = "l d le la les de du des en et a au aux"
_LEGAL_WORDS = (
    "cc ca cu communaute communautes communes agglomeration agglo urbaine metropole eurometropole"
    " ept epci petr ville commune departement region"
)
_ARTICLES = frozenset(_ARTICLE_WORDS.split())
_LEGAL = frozenset(_LEGAL_WORDS.split())
_LONG_LEGAL = [word for word in _LEGAL_WORDS.split() if len(word) >= 9]
# Added to log10(population): at equal match an intercommunality weighs as if it had about three
# times its inhabitants, and the commune of Paris comes before the département of Paris.
_LEVEL_BONUS = {"epci": 0.5, "ept": 0.3, "departement": -0.1, "region": -0.2}
_CODE_ORDER = {"departement": 0.9, "commune": 0.8, "arm": 0.7}
_MATCH = np.array(["", "proche", "mots", "exact", "exact", "exact", "code"])


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """Names prepared once (see :meth:`build`), searched many times by :meth:`query`."""

    frame: pd.DataFrame
    codes: npt.NDArray[np.str_]
    full: npt.NDArray[np.str_]
    core: npt.NDArray[np.str_]
    compact: list[str]
    bonus: FloatArray
    code_order: FloatArray
    vocabulary: npt.NDArray[np.str_]
    vocabulary_list: list[str]
    words: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    places: list[frozenset[str]]
    place_of: npt.NDArray[np.intp]

    @classmethod
    def build(cls, frame: pd.DataFrame) -> SearchIndex:
        """Prepare a table of territories, one row each.

        Columns: ``level``, ``code`` (text), ``name``, ``departement``, ``departement_name``,
        ``population`` (the last three may be missing on a row). ValueError if a column is absent
        or the table empty.
        """
        absent = [column for column in COLUMNS if column not in frame.columns]
        if absent or frame.empty:
            raise ValueError(
                "La recherche de territoires demande un tableau non vide avec les colonnes : "
                + ", ".join(absent or COLUMNS)
                + "."
            )
        kept = frame[COLUMNS].reset_index(drop=True)
        names = [normalise(str(name)) for name in kept["name"]]
        cores = [_core(name) for name in names]
        words = [core.split() or [""] for core in cores]
        vocabulary, word_ids = np.unique(np.concatenate(words), return_inverse=True)
        population = pd.to_numeric(kept["population"]).fillna(0).to_numpy(dtype=float)
        level, code_order = (
            np.array([points.get(name, 0.0) for name in kept["level"]])
            for points in (_LEVEL_BONUS, _CODE_ORDER)
        )
        place = kept[["departement", "departement_name"]].astype(object).fillna("")
        place_of, places = pd.factorize(place["departement"] + " " + place["departement_name"])
        return cls(
            frame=kept,
            codes=kept["code"].astype(str).str.lower().to_numpy(dtype=str),
            full=np.array(names),
            core=np.array(cores),
            compact=[core.replace(" ", "") for core in cores],
            bonus=np.log10(population + 1) + level,
            code_order=code_order,
            vocabulary=vocabulary,
            vocabulary_list=vocabulary.tolist(),
            words=word_ids,
            starts=np.cumsum([0] + [len(w) for w in words[:-1]]),
            places=[frozenset(_core(normalise(name)).split()) for name in places],
            place_of=place_of,
        )

    def query(
        self, text: str, limit: int = 8, levels: Collection[str] | None = None
    ) -> pd.DataFrame:
        """Best territories for what was typed, best first; at most ``limit`` rows.

        ``levels``: keep only these. Same columns as the table given to :meth:`build`, plus
        ``match``: "code", "exact", "mots" (begins with, or holds every word typed, a département
        name or number helping to choose between homonyms) or "proche" (misspelt). Empty below two
        characters. The order depends on nothing but the table: ties go to the smallest code.
        """
        full = normalise(text[:MAX_CHARACTERS])
        if len(full.replace(" ", "")) < 2:
            return self.frame.head(0).assign(match="")
        words = _core(_corrected_legal(full)).split()[:MAX_WORDS]
        kept = np.ones(len(self.frame), dtype=bool)
        if levels is not None:
            kept = self.frame["level"].isin(list(levels)).to_numpy()
        likeness, in_place = self._likeness(words), self._in_place(words)
        tier, score = self._sure(full, words, likeness >= 0.9, in_place)
        tier *= kept
        if np.count_nonzero(tier) < limit and any(map(str.isalpha, words)):
            near, whole = self._nearness(words, likeness, in_place)
            score = np.where(tier == 0, near + 0.15 * whole + 0.05 * self.bonus, score)
            tier = np.where(kept & (tier == 0) & (near >= NAME_LIMIT), 1, tier)
        found = np.flatnonzero(tier)
        best = found[np.lexsort((self.codes[found], -score[found], -tier[found]))][:limit]
        return self.frame.iloc[best].reset_index(drop=True).assign(match=_MATCH[tier[best]])

    def _sure(
        self, full: str, words: Sequence[str], named: BoolArray, in_place: BoolArray
    ) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Matches without misspelling: tier of each row (0 none, 2 to 6) and its order within."""
        core = " ".join(words)
        begins = np.strings.startswith(self.core, core)
        worded = begins | named.all(axis=0)
        every = worded.copy()
        placed = np.zeros(len(self.frame), dtype=bool)
        for cut in range(1, len(words)):
            there = in_place[cut:].all(axis=0)
            every |= there & named[:cut].all(axis=0)
            placed |= there & (self.core == " ".join(words[:cut]))
        if _LEGAL.issuperset(words):
            every |= np.strings.find(self.full, full) >= 0
        code = self.codes == full.replace(" ", "")
        tier = np.select(
            [code, self.full == full, self.core == core, placed, every], [6, 5, 4, 3, 2], 0
        )
        order = np.select(
            [code, tier != 2, begins, worded], [100 * self.code_order, 0.0, 10.5, 10.0], 0.0
        )
        return tier, self.bonus + order

    def _nearness(
        self, words: Sequence[str], likeness: FloatArray, in_place: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """How much each name resembles the query, 0 to 1: at best, and as one string."""
        lengths = np.array([len(word) for word in words], dtype=float)
        helped = np.where(in_place & (likeness >= 0.7).any(axis=0), 0.8, 0.0)
        by_word = lengths @ np.maximum(likeness, helped) / lengths.sum()
        whole = process.cdist(
            ["".join(words)],
            self.compact,
            scorer=Indel.normalized_similarity,
            score_cutoff=NAME_LIMIT,
            dtype=np.float32,
        )[0].astype(float)
        return np.maximum(by_word, whole), whole

    def _likeness(self, words: Sequence[str]) -> FloatArray:
        """Likeness of each word typed to the closest word of each name (words x names)."""
        likeness = np.stack([self._word_likeness(word) for word in words])
        closest: FloatArray = np.maximum.reduceat(likeness[:, self.words], self.starts, axis=1)
        return closest

    def _in_place(self, words: Sequence[str]) -> BoolArray:
        """Whether each word typed belongs to the département of each territory."""
        known = np.array([[word in place for place in self.places] for word in words])
        there: BoolArray = known[:, self.place_of]
        return there

    def _word_likeness(self, word: str) -> FloatArray:
        """1 for the same word, 0.95 for a beginning, else the likeness of a misspelling, or 0."""
        likeness = np.zeros(len(self.vocabulary))
        if len(word) >= SHORT_WORD and word.isalpha():
            slips = process.cdist(
                [word],
                self.vocabulary_list,
                scorer=OSA.normalized_similarity,
                score_cutoff=WORD_LIMIT,
                dtype=np.float32,
            )[0]
            likeness = np.minimum(slips.astype(float), 0.89)
        begin, end = np.searchsorted(self.vocabulary, [word, word + "\U0010ffff"])
        likeness[begin:end] = 0.95
        likeness[self.vocabulary == word] = 1.0
        return likeness


def normalise(text: str) -> str:
    """Plain words: lower case, no accent, punctuation as spaces, "st" and "ste" spelt out."""
    lowered = text.lower().replace("œ", "oe").replace("æ", "ae")
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c)
    )
    return " ".join(_ABBREVIATIONS.get(word, word) for word in re.findall(r"[a-z0-9]+", plain))


def _core(normalised: str) -> str:
    """A normalised name without legal form nor articles; itself when nothing else is left."""
    words = normalised.split()
    for dropped in (_LEGAL | _ARTICLES, _ARTICLES):
        kept = [word for word in words if word not in dropped]
        if kept:
            return " ".join(kept)
    return normalised


def _corrected_legal(normalised: str) -> str:
    """The query without its misspelt legal words ("commnauté"), unless nothing else is left."""
    words = normalised.split()
    kept = [
        word
        for word in words
        if len(word) < 8
        or not process.extractOne(
            word, _LONG_LEGAL, scorer=OSA.normalized_similarity, score_cutoff=0.8
        )
    ]
    return " ".join(kept or words)
