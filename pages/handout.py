"""One or two pages to hand round: key figures, findings; safe in black and white."""

from __future__ import annotations

from collections.abc import Sequence

from pages.composing import Asked, Builder
from pages.shared import indicators, mart
from pages.standing_out import finding_sentence, spine_row
from pages.territory_chapter import departements, figure_line, spine_alt
from views.livrables import words
from views.livrables.figures import spine_figure
from views.livrables.model import Block, Bullets, Figure, Note, Paragraph, Table
from views.text import joined

# What a territory is first asked about, where it has a figure.
KEY_FIGURES = (
    "part_moins_20_ans",
    "part_65_ans_et_plus",
    "mediane_niveau_vie",
    "taux_pauvrete",
    "part_sans_diplome",
    "taux_chomage_15_64",
    "apl_medecins_generalistes",
    "densite_infirmiers",
    "taux_natalite",
)
MOST_FINDINGS = 8


def opening(asked: Asked) -> Sequence[Block]:
    """Which territory, beside which, and its key figures."""
    found, frame = asked.found, asked.frame
    sentence = words.perimeter_sentence(
        found.label, len(found.codes), found.population, departements(found)
    )
    names = [name for name in KEY_FIGURES if name in frame.index]
    lines = []
    for row in frame.loc[names].itertuples():
        label, own, interval, other, verdict, period = figure_line(
            row, indicators()[str(row.Index)]
        )
        lines.append((label, own, interval, other, verdict, period))
    columns = ("Indicateur", "Ici", "Intervalle à 95\u202f%", "Comparaison", "Lecture", "Période")
    table = Table(
        f"Chiffres clés, par rapport à : {asked.comparator.name}",
        columns,
        tuple(lines),
        frozenset({1, 2, 3}),
        (3.2, 1.4, 1.7, 1.4, 2.3, 1.1),
    )
    return (
        Paragraph(sentence, strong=True),
        Paragraph(words.comparator_sentence(asked.comparator.of, asked.comparator.share)),
        table,
    )


def findings(asked: Asked) -> Sequence[Block]:
    """The findings in sentences, then drawn in greys."""
    frame, out = asked.frame, asked.standing
    if out.table.empty:
        return (Paragraph(words.NO_FINDING),)
    rows = out.table.head(MOST_FINDINGS)
    said = tuple(
        finding_sentence(one, frame.loc[one.indicator_id], out, asked.comparator)
        for one in rows.itertuples()
    )
    names = [name for name in frame.index if name in set(rows["indicator_id"])]
    drawn = [spine_row(frame.loc[name], indicators()[name], None) for name in names]
    figure = Figure(
        spine_figure(drawn, asked.comparator.name, grey=True),
        spine_alt(drawn),
        f"Les constats, par rapport à : {asked.comparator.name}",
    )
    return (Bullets(said), figure)


def closing(asked: Asked) -> Sequence[Block]:
    """How to read, sources."""
    sources = mart("sources").set_index("id")
    used = sources[sources.index.isin(set(asked.frame["source_id"].dropna()))]
    return (
        Note(f"{words.HANDOUT_NOTE} {words.METHOD_READING_SHORT}"),
        Note(
            f"Sources : {joined(sorted(set(used['producer'])))}. {words.LICENCES} {joined(sorted(set(used['licence'])))}."
        ),
    )


PARTS: dict[str, Builder] = {"bref": opening, "constats": findings, "lire": closing}
