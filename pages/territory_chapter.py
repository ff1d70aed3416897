"""The territory in the chapter: which one it is, what stands out, its portrait by theme."""

from __future__ import annotations

import pandas as pd

from pages import dosing
from pages.composing import Asked
from pages.maps_drawn import perimeter_map
from pages.reading import reading
from pages.shared import Current, indicators
from pages.standing_out import (
    KINDS,
    finding_sentence,
    missing_findings,
    spine_row,
    spine_rows,
)
from views.comparer import interval_text
from views.livrables import words
from views.livrables.figures import spine_figure
from views.livrables.model import (
    Block,
    Bullets,
    Figure,
    Heading,
    Note,
    Paragraph,
    Table,
    table_of,
)
from views.observation import caution_text, value_text
from views.sentences import verdict_text
from views.text import (
    NARROW,
    THEMES,
    alphabetical,
    departement_text,
    joined,
    number,
    period_text,
    quantity,
)
from warehouse.indicators import IndicatorCard

# Communes listed in the section; past it, in the annex.
MOST_ROWS = 30
_OTHER_TERRITORY = 26


def perimeter_blocks(asked: Asked) -> list[Block]:
    """Which territory, beside which, and its intercommunalités."""
    found = asked.found
    blocks: list[Block] = [
        Paragraph(
            words.perimeter_sentence(
                found.label, len(found.codes), found.population, departements(found)
            ),
            strong=True,
        ),
        Paragraph(words.comparator_sentence(asked.comparator.of, asked.comparator.share)),
    ]
    if found.warnings:
        blocks.append(Bullets(found.warnings))
    drawn = perimeter_map(found)
    if drawn is not None:
        blocks.append(drawn)
    bodies = found.communes.assign(epci_name=found.communes["epci_name"].fillna(dosing.ALONE))
    table = bodies.groupby("epci_name")["population"].agg(["size", "sum"]).reset_index()
    table = table.sort_values("epci_name", key=lambda names: names.map(alphabetical))
    texts = pd.DataFrame(
        {
            "Intercommunalité": table["epci_name"],
            "Communes du périmètre": table["size"].map(number),
            "Habitants du périmètre": table["sum"].map(number),
        }
    )
    blocks.append(
        table_of(texts, "Le périmètre par intercommunalité", texts.columns[1:], (3, 1, 1))
    )
    if len(found.codes) <= MOST_ROWS:
        blocks.append(communes_table(found))
    return blocks


def departements(found: Current) -> list[str]:
    """« Lot (46) » for each département that the perimeter touches."""
    pairs = found.communes[["departement_code", "departement_name"]].drop_duplicates()
    return [departement_text(name, code) for code, name in pairs.itertuples(index=False)]


def communes_table(found: Current) -> Table:
    """Communes of the perimeter by alphabetical order."""
    ordered = found.communes.sort_values("name", key=lambda names: names.map(alphabetical))
    texts = pd.DataFrame(
        {
            "Commune": ordered["name"],
            "Code": ordered["code"],
            "Intercommunalité": ordered["epci_name"].fillna("–"),
            "Habitants": ordered["population"].map(number),
        }
    )
    return table_of(texts, "Communes du périmètre", ["Habitants"], (3, 1, 4, 1.4))


def findings_blocks(asked: Asked) -> list[Block]:
    """The findings by kind, in sentences, then drawn together."""
    frame, out = asked.frame, asked.standing
    if out.table.empty:
        return [Paragraph(words.NO_FINDING)]
    blocks: list[Block] = []
    for kind in KINDS:
        rows = out.table[out.table["type"] == kind]
        if len(rows):
            blocks.append(Heading(words.FINDING_HEADINGS[kind]))
            said = [
                finding_sentence(one, frame.loc[one.indicator_id], out, asked.comparator)
                for one in rows.itertuples()
            ]
            blocks.append(Bullets(tuple(said)))
    names = [name for name in frame.index if name in set(out.table["indicator_id"])]
    drawn = [spine_row(frame.loc[name], indicators()[name], None) for name in names]
    blocks.append(
        Figure(
            spine_figure(drawn, asked.comparator.name),
            spine_alt(drawn),
            f"Les constats, par rapport à : {asked.comparator.name} ; {words.SPINE_CAPTION}",
        )
    )
    missing = missing_findings(out.table)
    if missing:
        blocks.append(
            Note(
                f"Les données chargées ne permettent pas d'établir {joined(missing)} face à ce territoire."
            )
        )
    blocks.append(Note(words.STANDS_OUT))
    return blocks


def spine_alt(rows) -> str:
    """The spine in words: each indicator, its value, that of the comparator, the verdict."""
    return " ; ".join(f"{row.label} : {row.own}, contre {row.other}, {row.said}" for row in rows)


def portrait_blocks(asked: Asked) -> list[Block]:
    """A table and a drawing a theme."""
    frame = asked.frame
    drawn = {row.label: row for row in spine_rows(asked.found, frame)}
    blocks: list[Block] = [Paragraph(words.PORTRAIT)]
    for theme, title in THEMES.items():
        rows = frame[frame["theme"] == theme]
        if rows.empty:
            continue
        blocks += [Heading(title), theme_table(asked, rows, title)]
        spine = [drawn[label] for label in labels_of(rows) if label in drawn]
        if spine:
            caption = f"{title}, par rapport à : {asked.comparator.name} ; {words.SPINE_CAPTION}"
            figure = spine_figure(spine, asked.comparator.name)
            blocks.append(Figure(figure, spine_alt(spine), caption))
    return blocks


def labels_of(rows: pd.DataFrame) -> list[str]:
    """Label of each indicator of a frame."""
    return [indicators()[name].label for name in rows.index]


def theme_table(asked: Asked, rows: pd.DataFrame, title: str) -> Table:
    """Figures of the perimeter and of the comparator, as the screens write them."""
    lines = [figure_line(row, indicators()[str(row.Index)]) for row in rows.itertuples()]
    other = asked.comparator.name
    columns = (
        "Indicateur",
        "Ici",
        f"Intervalle à 95{NARROW}%",
        other if len(other) <= _OTHER_TERRITORY else "Comparaison",
        "Lecture",
        "Période",
    )
    return Table(
        f"{title}, par rapport à : {other}",
        columns,
        tuple(lines),
        frozenset({1, 2, 3}),
        (3.4, 1.5, 1.6, 1.5, 2, 1.2),
    )


def figure_line(row, card: IndicatorCard) -> tuple[str, ...]:
    """One indicator: label with its unit, value, interval, comparator, verdict, period."""
    how = reading(card)
    said = card.unit == "%" or card.kind in ("count", "sample", "ordinal")
    compared = row.significance is not None and pd.notna(row.significance)
    caution = caution_text(row)
    verdict = verdict_text(row) if compared else "non comparé"
    return (
        card.label if said else f"{card.label} ({card.unit})",
        value_text(row, how),
        interval_text(row.low, row.high, how) if pd.notna(row.value) else "–",
        quantity(row.other, card.unit, card.decimals, signed=card.signed, short=True),
        f"{verdict} ; {caution}" if caution and pd.isna(row.value) else verdict,
        period_text(str(row.period)),
    )
