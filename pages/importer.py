"""Importer: a file of any layout becomes figures that every page shows, for this visit alone."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from pydantic import ValidationError

from connectors.errors import ImportRejected
from connectors.fichier_local import TABLES, LocalTable, read_tables
from connectors.local_import import Import, check_nobody, read_import
from connectors.local_plan import PERIOD, Guess, IndicatorPlan, Plan, TerritoryColumns, guess
from connectors.personal import words
from diagnostic.records import MAX_LINE, MAX_MEMBERS, MAX_PLAN, ImportedColumn, ImportMapping
from pages.importing import gazetteer, imported, place_names
from pages.keeping import choose_to_keep
from pages.local_data import Imported, imports, share
from pages.project import add, current_project, let_go, save_button, take_in
from pages.project import replace as replace_record
from pages.shared import current, header, show_table
from views.importing import (
    DIRECTIONS,
    FORMATS,
    INTRODUCTION,
    KINDS,
    LEVEL_CHOICES,
    NO_TERRITORY,
    PERIOD_FORM,
    PRIVACY,
    TOO_LONG_READING,
    account_sentence,
    drift_sentences,
    levels_sentence,
    plain_label,
    reasons_table,
    recognised_sentence,
    source_title,
)
from views.tables import csv_file
from views.text import THEMES, count_of, escape_markdown, joined, number

HELD, SAID, TURN, READ = "import_tenu", "import_dit", "import_tour", "import_lu"
MEGABYTES = TABLES.size // 1024**2
PREVIEW_ROWS, PREVIEW_COLUMNS, LISTED = 5, 8, 200
SCALES = {100.0: "%", 1000.0: "pour 1 000", 10000.0: "pour 10 000", 100000.0: "pour 100 000"}


def receive() -> None:
    """The box: a table, or a reading kept from another year."""
    turn = st.session_state.setdefault(TURN, 0)
    file = st.file_uploader(
        f"Votre fichier ({FORMATS}, {MEGABYTES} Mo au plus)",
        max_upload_size=MEGABYTES,
        key=f"import_fichier_{turn}",
    )
    with st.expander("Reprendre une lecture enregistrée", icon=":material/history:"):
        kept = st.file_uploader(
            "Lecture enregistrée l'an dernier (JSON)", type="json", key=f"import_lecture_{turn}"
        )
        st.caption("Elle dit quelles colonnes lire ; elle ne contient aucun chiffre.")
    if file is not None:
        _hold(file.getvalue(), file.name)
    if kept is not None:
        _keep_reading(kept.getvalue())
    if file is not None or kept is not None:
        st.session_state[TURN] = turn + 1
        st.rerun()
    for said in st.session_state.pop(SAID, ()):
        st.error(escape_markdown(said), icon=":material/block:")


def _hold(content: bytes, name: str) -> None:
    with st.spinner("Lecture du fichier…"):
        try:
            tables = read_tables(content, name, TABLES)
            for table in tables:
                check_nobody(table, place_names())
            st.session_state[HELD] = tables
        except ImportRejected as refusal:
            st.session_state[HELD] = None
            st.session_state[SAID] = (str(refusal),)
    st.session_state.pop(READ, None)


def _keep_reading(content: bytes) -> None:
    try:
        plan = Plan.model_validate_json(content)
    except ValidationError:
        st.session_state[SAID] = ("Ce fichier n'est pas une lecture enregistrée par Gradient.",)
        return
    keep_reading(plan, "Lecture reprise")


def keep_reading(plan: Plan, name: str, sheet: str = "") -> None:
    """Note in the project how a file was read: without a single figure, to read the next one alike."""
    where = plan.territory
    written = plan.model_dump_json()
    if len(written) > MAX_PLAN:
        st.session_state[SAID] = (TOO_LONG_READING,)
        return
    mapping = ImportMapping(
        name=plain_label(name),
        source=plan.source[:MAX_LINE],
        layout=(where.zoning or LEVEL_CHOICES.get(where.level, where.level))[:MAX_LINE],
        sheet=sheet[:MAX_LINE],
        headings=tuple(title[:MAX_LINE] for title in plan.signature[:MAX_MEMBERS]),
        territory_column=(where.code or where.name)[:MAX_LINE],
        territory_level=where.level,
        columns=tuple(
            ImportedColumn(
                column=title[:MAX_LINE],
                label=one.label[:MAX_LINE],
                unit=one.unit[:MAX_LINE],
                direction=one.direction,
                kind=one.kind,
                denominator=one.denominator[:MAX_LINE],
                period=period[:MAX_LINE],
            )
            for one in plan.indicators
            for period, title in one.columns
        )[:MAX_MEMBERS],
        plan=written,
    )
    same = [one for one in current_project().imports if one.headings == mapping.headings]
    if same:
        replace_record(mapping.model_copy(update={"id": same[0].id}))
    else:
        add(mapping)


def kept_readings() -> list[Plan]:
    """The readings of the project, the last one first; one that this version cannot read is left."""
    found = []
    for mapping in reversed(current_project().imports):
        try:
            found.append(Plan.model_validate_json(mapping.plan))
        except ValidationError:
            continue
    return found


def guesses(tables: Sequence[LocalTable]) -> list[Guess]:
    """The likeliest reading of each sheet, once a file."""
    key = "import_devine"
    made = st.session_state.get(key)
    if made is None or made[0] is not tables:
        with st.spinner("Reconnaissance des colonnes…"):
            made = (tables, [guess(table, gazetteer()) for table in tables])
        st.session_state[key] = made
    found: list[Guess] = made[1]
    return found


def readable(one: Guess) -> bool:
    where = one.plan.territory
    return bool((where.code or where.name) and one.offered)


def choose_table(tables: Sequence[LocalTable], found: list[Guess]) -> int:
    """Position of the sheet to read: the first one that names territories and holds figures."""
    if len(tables) == 1:
        return 0
    start = next((at for at, one in enumerate(found) if readable(one)), 0)
    return int(
        st.selectbox(
            "Feuille du classeur",
            range(len(tables)),
            index=start,
            format_func=lambda at: plain_label(tables[at].sheet) or f"Feuille {at + 1}",
            key=_key("feuille"),
        )
    )


def show_recognised(table: LocalTable) -> None:
    rows = table.rows
    st.markdown(
        f"**{escape_markdown(plain_label(table.name))}** : "
        + recognised_sentence(
            len(rows), len(rows.columns), table.header_rows, len(table.above), len(table.below)
        )
    )
    for remark in table.remarks:
        st.info(remark, icon=":material/info:")
    if table.repeated:
        st.info("Des titres reviennent deux fois : le second est numéroté.", icon=":material/info:")
    with st.expander("Aperçu des premières lignes", icon=":material/table:"):
        head = rows.iloc[:PREVIEW_ROWS, :PREVIEW_COLUMNS]
        show_table(head.rename(columns=plain_label).map(plain_label), "Premières lignes du fichier")
        around = [*table.above, *(text for _, text in table.below)]
        if around:
            st.markdown("**Autour du tableau**, gardé à part :")
            st.markdown(
                "\n".join(f"- {escape_markdown(plain_label(one, 200))}" for one in around[:20])
            )


def choose_territory(table: LocalTable, start: TerritoryColumns) -> TerritoryColumns:
    columns = table.columns
    first, second, third, fourth = st.columns(4)
    code = _column(first, "Code du territoire", columns, start.code)
    name = _column(second, "Nom du territoire", columns, start.name)
    within = _column(third, "Département, pour les homonymes", columns, start.within)
    if start.zoning:
        fourth.text_input("Niveau", start.zoning, disabled=True, key=_key("zonage"))
        keep = fourth.checkbox(
            "Ce zonage n'est pas connu de Gradient", value=True, key=_key("garder-zonage")
        )
        if keep:
            st.info(
                f"Ces territoires sont des zones d'un autre découpage ({start.zoning}) : leurs chiffres "
                "restent à ce niveau, ils ne sont jamais ramenés aux communes.",
                icon=":material/info:",
            )
            return TerritoryColumns(code=code, name=name, zoning=start.zoning)
    level = fourth.selectbox(
        "Niveau",
        list(LEVEL_CHOICES),
        index=list(LEVEL_CHOICES).index(start.level),
        format_func=LEVEL_CHOICES.__getitem__,
        key=_key("niveau"),
    )
    return TerritoryColumns(code=code, name=name, within=within, level=level)


def _column(where, label: str, columns: list[str], start: str, key: str = "") -> str:
    choices = ["", *columns]
    return str(
        where.selectbox(
            label,
            choices,
            index=choices.index(start) if start in choices else 0,
            format_func=lambda one: plain_label(one) if one else "Aucune",
            key=_key(key or label),
        )
    )


def choose_indicators(table: LocalTable, one: Guess, plan: Plan) -> Plan:
    offered = {each.id: each for each in (*plan.indicators, *one.offered)}
    chosen = st.multiselect(
        "Indicateurs à reprendre",
        list(offered),
        default=[each.id for each in plan.indicators],
        format_func=lambda name: plain_label(offered[name].label),
        placeholder="Choisir un ou plusieurs indicateurs",
        key=_key("indicateurs"),
    )
    left, middle, right = st.columns([3, 1, 1])
    source = left.text_input(
        "Source à nommer sous chaque chiffre",
        plan.source[:120],
        max_chars=120,
        placeholder="ARS Île-de-France, extrait SNDS 2024",
        key=_key("source"),
    )
    period = plan.period
    own_period = all(period for each in chosen for period, _ in offered[each].columns)
    if not plan.period_column and not own_period:
        period = middle.text_input(
            "Millésime (année)", plan.period[:9], max_chars=9, key=_key("annee")
        )
    threshold = right.number_input(
        "Seuil du secret",
        1,
        1000,
        plan.threshold,
        key=_key("seuil"),
        help="Un effectif de personnes plus petit est masqué, et ceux qu'une soustraction rendrait.",
    )
    described = [describe(offered[name], table) for name in chosen]
    return plan.model_copy(
        update={
            "indicators": tuple(described),
            "source": source.strip(),
            "period": period.strip(),
            "threshold": int(threshold),
            "signature": tuple(table.columns),
        }
    )


def describe(one: IndicatorPlan, table: LocalTable) -> IndicatorPlan:
    """What is known of an indicator, which the visitor may correct."""
    said = [KINDS[one.kind], one.unit, DIRECTIONS[one.direction]]
    with st.expander(
        f"{escape_markdown(plain_label(one.label))} : {escape_markdown(', '.join(said).lower())}",
        icon=":material/tune:",
    ):
        first, second, third = st.columns(3)
        label = first.text_input(
            "Nom", plain_label(one.label), max_chars=90, key=_key(f"nom-{one.id}")
        )
        kind = _pick(second, "Nature", KINDS, one.kind, one)
        direction = _pick(third, "Sens", DIRECTIONS, one.direction, one)
        first, second, third = st.columns(3)
        theme = _pick(first, "Thème", THEMES, one.theme, one)
        scale, unit = one.scale, one.unit
        numerator = denominator = ""
        if kind == "ratio":
            scale = second.selectbox(
                "Unité",
                list(SCALES),
                index=list(SCALES).index(one.scale) if one.scale in SCALES else 0,
                format_func=SCALES.__getitem__,
                key=_key(f"echelle-{one.id}"),
            )
            unit = SCALES[scale]
            hundred = third.checkbox(
                "Écrit de 0 à 1, à multiplier par 100",
                value=one.factor == 100,
                key=_key(f"facteur-{one.id}"),
            )
            factor = 100.0 if hundred else 1.0
            first, second, _ = st.columns(3)
            numerator = _column(first, "Numérateur", table.columns, one.numerator, f"num-{one.id}")
            denominator = _column(
                second, "Dénominateur", table.columns, one.denominator, f"den-{one.id}"
            )
        else:
            factor = 1.0
            unit = second.text_input(
                "Unité", plain_label(one.unit), max_chars=40, key=_key(f"unite-{one.id}")
            )
        people = aggregate = False
        if kind in ("count", "ratio"):
            people = st.checkbox(
                "Compte des personnes : le seuil du secret s'applique",
                value=one.people,
                key=_key(f"personnes-{one.id}"),
            )
        if kind in ("mean", "median") or (kind == "ratio" and not denominator):
            aggregate = st.checkbox(
                "Calculer une valeur approchée pour un territoire plus grand (moyenne pondérée par la population)",
                value=one.aggregate,
                key=_key(f"agrege-{one.id}"),
            )
    return one.model_copy(
        update={
            "label": label.strip() or one.label,
            "kind": kind,
            "direction": direction,
            "theme": theme,
            "scale": float(scale),
            "unit": unit or "valeur",
            "factor": factor,
            "numerator": numerator,
            "denominator": denominator,
            "people": people,
            "aggregate": aggregate,
        }
    )


def _pick(where, label: str, options: dict[str, str], start: str, one: IndicatorPlan) -> str:
    return str(
        where.selectbox(
            label,
            list(options),
            index=list(options).index(start),
            format_func=options.__getitem__,
            key=_key(f"{label}-{one.id}"),
        )
    )


def read_once(table: LocalTable, plan: Plan) -> Import:
    """The reading, kept until the file or the plan changes."""
    key = (id(table), plan.model_dump_json())
    made = st.session_state.get(READ)
    if made is None or made[0] != key:
        with st.spinner("Lecture des chiffres…"):
            made = (key, read_import(table, plan, gazetteer()))
        st.session_state[READ] = made
    found: Import = made[1]
    return found


def show_account(table: LocalTable, plan: Plan, read: Import) -> None:
    st.markdown(account_sentence(read.rows, read.used))
    levels = pd.concat([read.figures, read.kept]).drop_duplicates(["level", "code"])["level"]
    if len(levels):
        told = levels_sentence(levels.value_counts().to_dict(), plan.territory.zoning)
        st.markdown(f"Territoires reconnus : {escape_markdown(told)}.")
    if len(read.refused):
        title = (
            f"Pourquoi {count_of(len(read.refused), 'ligne est refusée', 'lignes sont refusées')}"
        )
        with st.expander(title, icon=":material/block:", expanded=True):
            reasons = reasons_table(read.refused)
            show_table(reasons, "Motifs des lignes refusées", ["Lignes"])
            listing = read.refused.set_axis(["Ligne", "Territoire, comme écrit", "Motif"], axis=1)
            _download("Télécharger les lignes refusées (CSV)", listing, "refus")
            st.caption("Corrigez-les dans votre fichier et déposez-le de nouveau : tout est relu.")
    if len(read.cells):
        title = f"{count_of(len(read.cells), 'case illisible', 'cases illisibles')} dans des lignes utilisées"
        with st.expander(title, icon=":material/report:"):
            listing = read.cells.set_axis(["Ligne", "Colonne", "Comme écrit", "Motif"], axis=1)
            shown = listing.head(LISTED).astype(str).map(plain_label)
            show_table(shown, "Cases illisibles")
            _download("Télécharger les cases illisibles (CSV)", listing, "cases")
    if len(read.repaired):
        title = count_of(len(read.repaired), "territoire réparé", "territoires réparés")
        with st.expander(title, icon=":material/build:"):
            how = read.repaired.rename(columns={"what": "reason"})
            show_table(
                reasons_table(how).rename(columns={"Motif": "Réparation"}),
                "Réparations",
                ["Lignes"],
            )
            listing = read.repaired.set_axis(
                ["Ligne", "Territoire, comme écrit", "Code utilisé", "Réparation"], axis=1
            )
            _download("Télécharger les réparations (CSV)", listing, "reparations")
    if len(read.kept):
        show_kept(plan, read)


def show_kept(plan: Plan, read: Import) -> None:
    """Figures at a level that no page brings to communes: read here, and in their file."""
    labels = {one.id: plain_label(one.label) for one in plan.indicators}
    frame = pd.DataFrame(
        {
            "Code": read.kept["code"],
            "Territoire": read.kept["name"].map(plain_label),
            "Indicateur": read.kept["indicator"].map(labels),
            "Période": read.kept["period"],
            "Valeur": read.kept["value"],
            "État": read.kept["reason"],
        }
    )
    many = frame["Code"].nunique()
    name = plan.territory.zoning or "autres niveaux"
    with st.expander(
        f"Chiffres gardés à leur niveau ({escape_markdown(name)}, {count_of(many, 'territoire')})",
        icon=":material/layers:",
    ):
        st.markdown(
            "Aucune page ne ramène ces chiffres aux communes : ce serait inventer. Ils se lisent ici, et "
            "dans leur fichier."
        )
        texts = frame.head(LISTED).assign(Valeur=frame["Valeur"].map(lambda one: number(one, 1)))
        show_table(texts.fillna("").astype(str), "Chiffres gardés à leur niveau", ["Valeur"])
        _download("Télécharger ces chiffres (CSV)", frame, "autre-niveau")


def _download(label: str, frame: pd.DataFrame, what: str) -> None:
    st.download_button(
        label,
        csv_file(frame),
        file_name=f"gradient-import-{what}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=_key(f"fichier-{what}"),
    )


def use(table: LocalTable, plan: Plan, read: Import) -> None:
    """The last step: name the source, then every page has the figures."""
    missing = []
    if not plan.source:
        missing.append("la source")
    if read.figures["period"].eq("").any():
        missing.append("le millésime")
    if missing:
        st.warning(
            f"Il manque {joined(missing)} : ce chiffre ne se lit pas sans.", icon=":material/edit:"
        )
    if read.figures.empty:
        st.info("Aucun chiffre à un niveau que les pages montrent.", icon=":material/info:")
    odd = sorted({*read.figures["period"]} - {""})
    odd = [one for one in odd if not PERIOD.fullmatch(one)]
    if odd:
        st.warning(
            f"{PERIOD_FORM} Ici : {escape_markdown(joined(odd[:3]))}.", icon=":material/edit:"
        )
    ready = not missing and not odd and not read.figures.empty
    with st.container(horizontal=True):
        if st.button(
            "Utiliser ces chiffres", type="primary", icon=":material/check:", disabled=not ready
        ):
            with st.spinner("Calcul des territoires…"):
                take_in(imported(table.name, plan, read))
            keep_reading(plan, table.name, table.sheet)
            _let_go()
            st.rerun()
        st.button("Retirer ce fichier", icon=":material/delete:", on_click=_let_go)


def _let_go() -> None:
    for key in (HELD, READ, "import_devine"):
        st.session_state.pop(key, None)


def show_imports() -> None:
    """What this visit already took in."""
    if not imports():
        return
    st.subheader("Les données locales de cette visite", anchor=False)
    for one in imports().values():
        with st.container(border=True):
            _show_import(one)
    st.caption(
        "Leur lecture (colonnes, unités, source) est notée dans le projet, pour relire le fichier de "
        "l'an prochain. Leurs chiffres n'y sont que si vous le demandez ci-dessus."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        save_button(key="importer_projet", told=False)
        st.page_link(
            "pages/portrait.py", label="Les lire dans le portrait", icon=":material/list_alt:"
        )
        st.page_link(
            "pages/indicateur.py", label="La fiche d'un indicateur", icon=":material/description:"
        )
        st.page_link("pages/carte.py", label="La carte", icon=":material/map:")


def _show_import(one: Imported) -> None:
    labels = joined([card.label for card in one.cards.values()][:6])
    st.markdown(
        f"**{escape_markdown(plain_label(one.name))}**, {escape_markdown(source_title(one.plan.source))}  \n"
        f"{escape_markdown(labels)}  \n{account_sentence(one.rows, one.used)}"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            "Joindre aux fichiers téléchargés",
            value=one.shared,
            key=f"import_partage_{one.id}",
            on_change=_share,
            args=(one.id,),
            help="Éteint, ses chiffres restent à l'écran et n'entrent dans aucun fichier.",
        )
        st.download_button(
            "Enregistrer la lecture (JSON)",
            one.plan.model_dump_json(indent=1),
            file_name="gradient-lecture.json",
            mime="application/json",
            icon=":material/save:",
            on_click="ignore",
            key=f"import_lecture_{one.id}",
        )
        st.button(
            "Retirer ces chiffres",
            icon=":material/delete:",
            on_click=let_go,
            args=(one.id,),
            key=f"import_retirer_{one.id}",
        )
    choose_to_keep([one], "importer", named=False)


def _share(name: str) -> None:
    share(name, bool(st.session_state[f"import_partage_{name}"]))


def _key(what: str) -> str:
    """Key of a widget: a new file asks everything again."""
    return f"import_{words(what).replace(' ', '_')}_{st.session_state.get(TURN, 0)}_{st.session_state.get('import_feuille_lue', 0)}"


def start_plan(table: LocalTable, one: Guess) -> Plan:
    """The reading to begin with: one kept from another year where it fits, else the guess."""
    for kept in kept_readings():
        missing = kept.missing(table.columns)
        wanted = len([title for each in kept.indicators for _, title in each.columns]) + 1
        if len(missing) * 2 > wanted:
            continue
        told = drift_sentences(missing, kept.fresh(table.columns))
        if not told:
            st.success("La lecture enregistrée convient à ce fichier.", icon=":material/history:")
        for sentence in told:
            st.warning(escape_markdown(sentence), icon=":material/history:")
        return _adapted(kept, one, set(missing))
    return one.plan


def _adapted(kept: Plan, one: Guess, missing: set[str]) -> Plan:
    """The kept reading on a file of today: what is missing is left out, the vintage is this file's."""
    known = tuple(
        each
        for each in kept.indicators
        if not missing & {*(title for _, title in each.columns), each.numerator, each.denominator}
    )
    where = kept.territory
    lost = missing & {where.code, where.name, where.within}
    return kept.model_copy(
        update={
            "indicators": known or one.plan.indicators,
            "territory": one.plan.territory if lost else where,
            "period": one.plan.period or kept.period,
            "period_column": one.plan.period_column
            if kept.period_column in missing
            else kept.period_column,
        }
    )


def guide(tables: Sequence[LocalTable]) -> None:
    """The four steps."""
    found = guesses(tables)
    st.subheader("1. Ce qui a été reconnu", anchor=False)
    st.session_state["import_feuille_lue"] = 0
    at = choose_table(tables, found)
    st.session_state["import_feuille_lue"] = at
    table, one = tables[at], found[at]
    show_recognised(table)
    plan = start_plan(table, one)
    st.subheader("2. Le territoire", anchor=False)
    if not (plan.territory.code or plan.territory.name):
        st.warning(NO_TERRITORY, icon=":material/help:")
    territory = choose_territory(table, plan.territory)
    st.subheader("3. Les indicateurs", anchor=False)
    if not one.offered:
        st.warning("Aucune colonne de nombres n'a été reconnue.", icon=":material/help:")
        return
    plan = choose_indicators(table, one, plan.model_copy(update={"territory": territory}))
    st.subheader("4. Ce qui est réparé ou refusé", anchor=False)
    if not (territory.code or territory.name) or not plan.indicators:
        st.info("Choisissez un territoire et au moins un indicateur.", icon=":material/info:")
        return
    read = read_once(table, plan)
    show_account(table, plan, read)
    use(table, plan, read)


found = current()
if found is None:
    st.title("Importer", anchor=False)
else:
    header(found, "Importer")
st.markdown(INTRODUCTION)
st.markdown(PRIVACY)
show_imports()
held = st.session_state.get(HELD)
if held:
    guide(held)
else:
    receive()
