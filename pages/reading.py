"""What pages say of figures beside a benchmark: one frame, assessed once, for every screen."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from diagnostic.assessment import assess
from diagnostic.comparison import side_by_side
from pages.comparator import Comparator
from pages.local_data import remembered
from pages.shared import Current, breaks, build_path, fingerprint, indicators, mart, profile
from views.observation import Reading
from warehouse.indicators import IndicatorCard


def reading(card: IndicatorCard) -> Reading:
    """How the figures of ``card`` are written."""
    return Reading(card.unit, card.decimals, card.kind, card.signed)


def assessed(found: Current, comparator: Comparator) -> pd.DataFrame:
    """Every indicator of the perimeter beside the comparator, one row each (index indicator_id).

    Columns of the profile at the period both have, plus ``other`` and ``other_state``, those of the
    card that assess() needs, and what it adds. Remembered by build, perimeter and comparator.
    """
    key = fingerprint([found.codes, found.whole, comparator.key])
    return _assessed(build_path(), key, found, comparator)


@remembered(max_entries=200)
def _assessed(path: str, key: str, _found: Current, _comparator: Comparator) -> pd.DataFrame:
    others = _comparator.values.assign(place=_comparator.key)
    own, theirs = side_by_side(profile(_found), others, breaks())
    theirs = theirs.drop_duplicates("indicator_id").set_index("indicator_id")
    frame = own.join(
        theirs[["value", "state", "ci_low"]].rename(
            columns={"value": "other", "state": "other_state", "ci_low": "other_low"}
        )
    )
    return assess(with_cards(frame)).reindex(_display_order(frame.index))


def territories(
    levels: Sequence[str], codes: Sequence[str], periods: pd.Series, benchmark: pd.Series
) -> pd.DataFrame:
    """Figures of several territories at ``periods`` (by indicator), against the same ``benchmark``.

    One row a (level, code, indicator_id), assessed.
    """
    rows = mart("level_values", levels=list(levels), codes=list(codes))
    rows = rows[rows["period"] == rows["indicator_id"].map(periods)]
    frame = rows.set_index("indicator_id")
    return assess(with_cards(frame.assign(other=frame.index.map(benchmark)))).reset_index()


def with_cards(frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` (index indicator_id, column period) with what assess() takes from the cards."""
    cards = indicators()
    known = frame[frame.index.isin(list(cards))]
    references = mart("references_of", indicators=sorted(set(known.index)))
    spread = references.set_index(["indicator_id", "period"])["sd"]
    keys = pd.MultiIndex.from_arrays([known.index, known["period"]])
    chosen = [cards[name] for name in known.index]
    return known.assign(
        kind=[card.kind for card in chosen],
        direction=[card.direction for card in chosen],
        interval_rule=[card.interval_rule for card in chosen],
        scale=[card.scale for card in chosen],
        theme=[card.theme for card in chosen],
        spread=spread.reindex(keys).to_numpy(float),
    )


def _display_order(names: pd.Index) -> list[str]:
    return [name for name in indicators() if name in names]
