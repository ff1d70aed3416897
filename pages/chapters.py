"""The sections of the diagnosis, each from the functions that its page calls."""

from __future__ import annotations

import math

import pandas as pd

from diagnostic.allocation import nominal_ratio, observed_ratio
from diagnostic.mortality import COMMUNE, EPCI, PERIMETER
from pages import deaths, dosing, gaps, targeting
from pages.acting import name_of
from pages.care import distances
from pages.care_told import beyond_table, mark_sentences, professions_table, zoning_text
from pages.composing import Asked, Builder
from pages.maps_drawn import groups_map, indicator_map, perimeter_map
from pages.needs import Reference, commune_needs, need_card, references
from pages.project import current_project
from pages.reading import reading
from pages.shared import Current, indicators, mart, profile
from pages.shared_chapter import shared_blocks
from pages.standing_out import (
    KINDS,
    finding_sentence,
    missing_findings,
    spine_row,
    spine_rows,
)
from pages.targets import ALL, TARGETS
from pages.trends import time_lines, trend_sentence
from pages.weighing import missing_texts
from views import care, cibles, intensite, measures, mortality
from views import inegalites as gap_words
from views.actions import APPROACHES
from views.comparer import interval_text
from views.livrables import words
from views.livrables.figures import (
    WIDTH,
    gradient_figure,
    heads_figure,
    series_figure,
    spine_figure,
)
from views.livrables.model import (
    Block,
    Bullets,
    Figure,
    Heading,
    Note,
    Paragraph,
    Table,
    plain,
    table_of,
)
from views.observation import caution_text, coverage_text, value_text
from views.places import of_place
from views.sentences import comparison_sentence, subject, verdict_text
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

ACCESS_PREFIX = "apl_"
_CARE_SHARES = (2, 1, 1.2, 1.2, 1.8, 2.4)
# Communes listed in the section; past it, in the annex.
MOST_ROWS = 30
# Territories named for an action before the rest is left to the project file.
MOST_PLACES = 8
_OTHER_TERRITORY = 26
_DOSING_SHARES = {
    "Territoire": 2.4,
    intensite.PROPORTIONATE: 1.75,
    "Communes": 1.7,
    intensite.HABITANTS: 1.4,
}


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


def inequality_blocks(asked: Asked) -> list[Block]:
    """The gradient of the indicators that the findings name, then all of them."""
    out = asked.standing
    if out.groups is None or out.figures is None:
        few = len(asked.found.codes) < 3
        return [Paragraph(gap_words.ONE_COMMUNE if few else gap_words.NO_AXIS)]
    named = list(out.table.loc[out.table["type"] == "inegalite", "indicator_id"])
    blocks: list[Block] = [
        Paragraph(
            f"Les communes sont rangées en groupes selon : {gap_words.inside(out.groups.axis.label)}, "
            f"{period_text(out.groups.axis.period)}. {gap_words.BETWEEN_COMMUNES}"
        ),
        Paragraph(gaps.cut_sentence(out.groups)),
    ]
    if not named:
        blocks.append(
            Note(
                "Aucun écart net entre groupes de communes n'est établi dans les données chargées."
            )
        )
    for name in named:
        blocks += gradient_blocks(asked, indicators()[name])
    table = gaps.summary_table(out.figures, out.groups)
    if len(table):
        blocks += [
            Heading("Tous les gradients du périmètre"),
            table_of(
                table,
                "Gradient de chaque indicateur",
                table.columns[2:6],
                (2, 1.1, 1.3, 1.3, 1.3, 1.4, 2.4),
            ),
            Note(measures.MANY),
        ]
    return blocks


def gradient_blocks(asked: Asked, card: IndicatorCard) -> list[Block]:
    """One gradient: the gap in words and in persons, drawn, and its table."""
    out = asked.standing
    assert out.groups is not None and out.figures is not None
    groups = out.groups
    rows = gaps.rows_of(out.figures, groups, card)
    names = gap_words.group_names(list(rows.index), groups.cut == "national")
    period = str(asked.frame.at[card.id, "period"])
    table = gaps.groups_table(asked.found, groups, rows, names, card)
    blocks: list[Block] = [
        Heading(f"{card.label}, {period_text(period)}"),
        Paragraph(gaps.gap_text(rows, card, names)),
        Figure(
            gradient_figure(rows, names, reading(card)),
            gap_words.gradient_alt(rows, names, card.label, reading(card)),
            f"{card.label} ({card.unit}), par groupe de communes, intervalle à 95 %",
        ),
        Paragraph(gaps.persons(rows, card)),
        table_of(table, f"{card.label}, par groupe de communes", table.columns[1:], total=True),
    ]
    caution = gaps.cautions(asked.found, groups, rows, card, names, period)
    return [*blocks, Note(caution)] if caution else blocks


def access_blocks(asked: Asked) -> list[Block]:
    """Access to professionals beside the comparator, on a map, crossed with need; distances."""
    frame, found = asked.frame, asked.found
    rows = frame[frame.index.str.startswith(ACCESS_PREFIX) & frame["value"].notna()]
    if rows.empty:
        return [Paragraph(words.NO_ACCESS), *distance_blocks(found)]
    said = [
        comparison_sentence(row, subject(card.label), reading(card), asked.comparator.of)
        for (_, row), card in zip(rows.iterrows(), map(card_of, rows.index), strict=True)
    ]
    table = professions_table(found, asked.comparator, frame)
    blocks: list[Block] = [
        Paragraph(words.ACCESS),
        Bullets(tuple(said)),
        table_of(table, "Accessibilité aux cinq professions", table.columns[2:4], _CARE_SHARES),
    ]
    card = card_of(rows.index[0])
    drawn = indicator_map(found, card, str(rows.at[card.id, "period"]))
    if drawn is not None:
        blocks.append(drawn)
    if card.id == care.PROFESSIONS["generalistes"].apl:
        below, older = (plain(one) for one in mark_sentences(found, frame))
        blocks += [Heading(care.UNDER_TITLE), Paragraph(below), Note(care.MARK_RULE)]
        if older:
            blocks += [Paragraph(older), Note(care.OLDER_RULE)]
    crossing = crossing_text(asked)
    if crossing:
        blocks += [Heading("Le besoin et l'accès aux soins, croisés"), Paragraph(crossing)]
    blocks += series_blocks(asked, card)
    blocks.append(Note(" ".join(card.caveats)))
    return [*blocks, *distance_blocks(found)]


def distance_blocks(found: Current) -> list[Block]:
    """How far care is, and the official zoning, where they are loaded."""
    measured = distances(found)
    zoning = zoning_text(found)
    blocks: list[Block] = [Heading("Zonage officiel"), Paragraph(plain(zoning))] if zoning else []
    if not measured.kinds:
        return blocks
    table = beyond_table(found, measured)
    title = "Habitants selon la distance au plus proche"
    shares = (1.8, 1.4) + (1.3,) * (len(table.columns) - 2)
    return [
        *blocks,
        Heading("À quelle distance ?"),
        Paragraph(plain(care.STRAIGHT_LINE)),
        table_of(table, title, table.columns[2:], shares),
        Note(plain(care.SITES_NOT_SUPPLY)),
    ]


def card_of(name: object) -> IndicatorCard:
    """Card of an indicator of a frame."""
    return indicators()[str(name)]


def crossing_text(asked: Asked) -> str:
    """Communes with more need and less access, as the page Cibler says it; empty without both."""
    if asked.need is None or asked.need.purpose.mixed:
        return ""
    purpose = asked.need.purpose.id
    table = groups_of(asked)[["name", "population", "need", "access"]].dropna(
        subset=["need", "access"]
    )
    if table.empty:
        return ""
    mean = float(references(purpose).loc[need_card(purpose).access.id, "mean"])
    return cibles.crossing_sentence(table, mean)


def series_blocks(asked: Asked, card: IndicatorCard) -> list[Block]:
    """The indicator over time beside the comparator; nothing with a single period."""
    own = time_lines(profile(asked.found), card)
    if len(own) < 2:
        return []
    others = time_lines(asked.comparator.values, card)
    others = others[others["period"].isin(own["period"])]
    how = reading(card)
    texts = [f"{period_text(str(row.period))} : {value_text(row, how)}" for row in own.itertuples()]
    lines = [(asked.found.label, own), (asked.comparator.name, others)]
    return [
        Heading("Dans le temps"),
        Figure(
            series_figure(lines, how),
            f"{card.label}, {asked.found.label}. {' ; '.join(texts)}.",
            f"{card.label} ({card.unit}), {asked.found.label} et {asked.comparator.name}",
        ),
        Paragraph(trend_sentence(own, card)),
    ]


def groups_of(asked: Asked) -> pd.DataFrame:
    """The table of the page Cibler with its groups (index code)."""
    assert asked.need is not None
    scored = commune_needs(asked.need.weights, asked.need.purpose.id)
    table = targeting.commune_table(asked.found, scored, asked.people)
    return targeting.with_groups(table, asked.need, asked.cut, scored.reference)


def reference_of(asked: Asked) -> Reference:
    """National landmarks of the need chosen."""
    assert asked.need is not None
    return commune_needs(asked.need.weights, asked.need.purpose.id).reference


def targeting_blocks(asked: Asked) -> list[Block]:
    """Purpose, weights, three groups with their stability, every commune with its reasons."""
    if asked.need is None:
        return [Paragraph(words.NO_NEED)]
    chosen, table = asked.need, groups_of(asked)
    labels = {chosen.labels[name]: share for name, share in chosen.weights.items()}
    blocks: list[Block] = [
        Paragraph(cibles.group_sentence(table["group"], table["population"]), strong=True),
        Paragraph(
            f"Finalité : {chosen.purpose.label}. {cibles.weights_text(labels)}. {asked.cut_text}"
        ),
        Paragraph(plain(chosen.purpose.reason)),
    ]
    if asked.target != ALL:
        people = cibles.group_sentence(table["group"], table["people"]).replace(
            "des habitants", "de la population visée"
        )
        blocks.append(Paragraph(f"{TARGETS[asked.target].label} : {people}"))
    drawn = groups_map(asked.found, table)
    if drawn is not None:
        blocks.append(drawn)
    stable = cibles.frontier_sentences(table) if table["p_socle"].notna().any() else []
    moved = targeting.changes(table, chosen, asked.cut)
    stable += [] if moved == targeting.ALREADY_EQUAL else [moved]
    if stable:
        blocks.append(Bullets(tuple(plain(one) for one in stable)))
    crossing = crossing_text(asked)
    if crossing:
        blocks.append(Paragraph(crossing))
    if len(table) <= MOST_ROWS:
        blocks.append(groups_table(asked))
    else:
        blocks.append(Paragraph("Le groupe de chaque commune est en annexe."))
    blocks += [Note(one) for one in missing_texts(chosen.purpose)]
    return blocks


def groups_table(asked: Asked) -> Table:
    """Group of each commune, how firm, what carries it."""
    assert asked.need is not None
    listing = targeting.listing_of(groups_of(asked), asked.need)
    kept = listing[["Commune", "Groupe", "Sur 1 000 calculs", "Pourquoi", "Habitants"]]
    caption = "Groupe de chaque commune, par ordre alphabétique"
    return table_of(kept, caption, ["Habitants"], (2, 2, 2.2, 3.6, 1.2))


def split_of(asked: Asked) -> tuple[pd.DataFrame, str]:
    """The split of the page Intensité, and what was pooled. Raises ValueError, in French."""
    assert asked.need is not None and asked.settings is not None
    scored = commune_needs(asked.need.weights, asked.need.purpose.id)
    table = dosing.commune_table(asked.found, scored.scores, asked.people)
    return dosing.split(asked.found, table, asked.settings, asked.mesh)


def dosing_blocks(asked: Asked) -> list[Block]:
    """What is shared, how, to whom, and the whole recipe."""
    if asked.need is None or asked.settings is None:
        return [Paragraph(words.NO_NEED if asked.need is None else words.NOBODY)]
    settings, rule = asked.settings, asked.settings.rule
    try:
        shared, pooled = split_of(asked)
    except ValueError as error:
        return [Note(str(error))]
    observed = observed_ratio(shared) if settings.shared else math.nan
    people = intensite.HABITANTS if asked.target == ALL else intensite.TARGETED
    result = intensite.dosing_table(shared, people)
    texts = intensite.dosing_texts(result, people, settings.resource.decimals)
    said = intensite.split_sentence(
        settings.shared, settings.kept, settings.resource, rule.base_share, rule.ratio, observed
    )
    choices = intensite.choices_text(
        rule.base_share, rule.ratio, nominal_ratio(rule.base_share, rule.ratio)
    )
    blocks: list[Block] = [Paragraph(plain(said), strong=True), Paragraph(plain(choices))]
    if pooled:
        blocks.append(Note(pooled))
    caption = (
        f"Répartition de {intensite.amount(settings.shared, settings.resource.decimals)} "
        f"{settings.resource.label} par territoire"
    )
    shares = tuple(_DOSING_SHARES.get(name, 1.2) for name in texts.columns)
    blocks.append(table_of(texts, caption, texts.columns[1:], shares, total=True))
    if len(result) <= intensite.CHART_ROWS and settings.shared:
        blocks.append(heads_block(result))
    members = intensite.members_texts(result)
    if len(members):
        blocks.append(table_of(members, "Communes de chaque regroupement", (), (2, 5)))
    recipe = dosing.recipe_of(asked.found, settings, asked.need, asked.target, reference_of(asked))
    rows = intensite.recipe_rows({k: v for k, v in recipe.items() if k != dosing.ADDRESS})
    blocks += [
        Heading("Comment ce résultat a été obtenu"),
        table_of(rows, "Les choix de la répartition", (), (2, 5)),
    ]
    return blocks


def heads_block(result: pd.DataFrame, width: float = WIDTH) -> Figure:
    """Quantity per 1 000 people, drawn."""
    values = list(result[intensite.HEAD])
    decimals = 2 if max(values) < 10 else 1
    equal = float(result[intensite.EQUAL_HEAD].iloc[0])
    names = [str(name) for name in result["Territoire"]]
    alt = " ; ".join(
        f"{name} : {number(value, decimals)}" for name, value in zip(names, values, strict=True)
    )
    return Figure(
        heads_figure(names, values, equal, decimals, width),
        f"Pour 1 000 personnes visées : {alt}. À parts égales : {number(equal, decimals)}.",
        "Quantité pour 1 000 personnes visées, par territoire",
    )


def mortality_blocks(asked: Asked) -> list[Block]:
    """Deaths beside those expected, or what has to be loaded to say it."""
    found = asked.found
    plan, lacking, _ = deaths.plan_of(found)
    if plan is None:
        return [Paragraph(mortality.missing_sentence(False)), Bullets(tuple(lacking))]
    study = deaths.study_of(plan)
    basis = mortality.Basis(plan.first, plan.census, plan.zone)
    rows = deaths.rows_of(found, study.communes)
    row = rows.loc[PERIMETER]
    opening, *others = mortality.ratio_sentences(row, of_place(*found.whole, found.label), basis)
    weight = mortality.weight_sentence(row.observed / plan.rates["deaths"].sum(), basis)
    notes = [one for one in (*others, weight, mortality.coverage_sentence(row)) if one]
    blocks: list[Block] = [Paragraph(opening, strong=True), Paragraph(" ".join(notes))]
    for level, title in ((EPCI, "par intercommunalité"), (COMMUNE, "par commune")):
        some = mortality.by_name(rows[rows["level"] == level])
        if len(some):
            table = mortality.communes_table(some, basis)
            table = table.rename(columns={"Commune": "Territoire"})
            caption = f"Décès observés et attendus, {basis.years}, {title}"
            numeric = [name for name in table.columns if name not in ("Territoire", "Lecture")]
            blocks.append(table_of(table, caption, numeric))
    blocks += [
        Note(mortality.HIDDEN_NOTE),
        Heading(mortality.LIMITS),
        Bullets(tuple(plain(one) for one in mortality.limits(plan.rates, basis))),
    ]
    return blocks


def noted_blocks(asked: Asked) -> list[Block]:
    """Actions and votes noted in the project."""
    noted = current_project()
    if not noted.actions and not noted.votes:
        return [Paragraph(words.NOTHING_NOTED)]
    blocks: list[Block] = []
    if noted.votes:
        said = tuple(words.vote_sentence(one) for one in noted.votes)
        blocks += [Heading("Priorités votées"), Bullets(said)]
    if noted.actions:
        lines = [
            {
                "Action": one.title,
                "Approche": APPROACHES[one.approach],
                "Public": one.public or "–",
                "Territoires": joined([name_of(place) for place in one.territories[:MOST_PLACES]])
                + ("…" if len(one.territories) > MOST_PLACES else ""),
                "Pilote": one.pilot or "–",
                "Calendrier": one.calendar or "–",
            }
            for one in noted.actions
        ]
        blocks += [
            Heading("Actions"),
            table_of(pd.DataFrame(lines), "Actions notées", (), (2.4, 1.4, 1.5, 2.4, 1.3, 1.3)),
        ]
    return blocks


def method_blocks(asked: Asked) -> list[Block]:
    """How figures are made, compared, grouped and shared."""
    blocks: list[Block] = [
        Heading("Les chiffres"),
        Bullets((words.METHOD_SUM, words.METHOD_PERIOD, words.METHOD_STATES)),
        Heading("Les comparaisons"),
        Bullets((words.METHOD_READING, words.METHOD_PLACES)),
    ]
    if asked.need is not None:
        domains = need_card(asked.need.purpose.id).domains
        said = [
            cibles.method_text([domain.label for domain in domains]),
            cibles.STABILITY,
            cibles.MISSING_RULES,
            cibles.ERRORS_UNKNOWN,
        ]
        said += (
            [cibles.SAMPLED_STABILITY]
            if reference_of(asked).exact
            else [cibles.APPROXIMATE_REFERENCE, cibles.APPROXIMATE_STABILITY]
        )
        blocks += [Heading("Le besoin"), *(Paragraph(plain(one)) for one in said)]
    return [*blocks, Heading("Ce document"), Paragraph(words.METHOD_AGAIN)]


def sources_blocks(asked: Asked) -> list[Block]:
    """Every source that a figure of the document comes from."""
    sources = mart("sources").set_index("id")
    used = sources[sources.index.isin(set(asked.frame["source_id"].dropna()))]
    texts = pd.DataFrame(
        {
            "Source": [f"{row.producer}, {row.title}" for row in used.itertuples()],
            "Millésime": used["vintage"].map(str).to_list(),
            "Licence": used["licence"].to_list(),
        }
    ).sort_values("Source", key=lambda names: names.map(alphabetical))
    return [table_of(texts, "Sources des chiffres", (), (4, 1.6, 1.6))]


def annex_blocks(asked: Asked) -> list[Block]:
    """Every indicator with its coverage, source and licence; the communes when they are many."""
    sources = mart("sources").set_index("id")
    lines = []
    for row in asked.frame.itertuples():
        card, source = indicators()[str(row.Index)], sources.loc[row.source_id]
        lines.append(
            (
                card.label,
                period_text(str(row.period)),
                coverage_text(row, len(asked.found.codes)),
                f"{source['producer']}, {source['title']}",
                str(source["licence"]),
            )
        )
    columns = ("Indicateur", "Période", "Population couverte", "Source", "Licence")
    blocks: list[Block] = [
        Table(
            "Indicateurs, sources et licences",
            columns,
            tuple(lines),
            shares=(2.8, 1.2, 1.6, 3.2, 1.5),
        )
    ]
    cautions = [
        f"{indicators()[str(row.Index)].label} : {caution_text(row)}."
        for row in asked.frame.itertuples()
        if caution_text(row)
    ]
    if cautions:
        blocks += [Heading("Valeurs approchées, secrètes ou absentes"), Bullets(tuple(cautions))]
    if len(asked.found.codes) > MOST_ROWS:
        blocks += [Heading("Les communes"), communes_table(asked.found)]
        if asked.need is not None:
            blocks.append(groups_table(asked))
    return blocks


BUILDERS: dict[str, Builder] = {
    "perimetre": perimeter_blocks,
    "ressort": findings_blocks,
    "portrait": portrait_blocks,
    "inegalites": inequality_blocks,
    "soins": access_blocks,
    "mortalite": mortality_blocks,
    "partage": shared_blocks,
    "cibles": targeting_blocks,
    "intensite": dosing_blocks,
    "notes": noted_blocks,
    "methode": method_blocks,
    "sources": sources_blocks,
    "annexe": annex_blocks,
}
