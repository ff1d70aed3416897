"""Actions: what is planned or led, its approach, and whom it really covers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from diagnostic.perimeter import file_name
from diagnostic.records import MAX_LINE, MAX_TEXT, Action
from pages import project
from pages.acting import (
    Assessed,
    assess,
    communes_of,
    everywhere,
    name_of,
    places_to_choose,
)
from pages.dosing import RATIOS
from pages.linked import linked_selectbox
from pages.needs import commune_needs
from pages.shared import Current, header, indicators, require_perimeter, show_table
from pages.targeting import choose_cut, commune_table, cut_groups
from pages.targets import choose_target
from pages.weighing import choose_need
from views.actions import (
    APPROACH_MEANING,
    APPROACHES,
    INTRODUCTION,
    NEED_SHARE,
    NONE_YET,
    QUARTERS_ONLY,
    actions_table,
    covered_text,
    details_of,
    kind_text,
    sentence_to_say,
)
from views.intensite import RATIO_HELP, amount
from views.project import KEPT_HERE
from views.tables import csv_file
from views.text import escape_markdown, joined, number

EDITED, TURN = "action_modifiee", "action_tour"
WHOLE, SOME = "partout", "certains"
AREAS = {WHOLE: "Dans tout le périmètre", SOME: "Dans certains territoires"}


def edited(actions: tuple[Action, ...]) -> Action | None:
    """The action being changed, if it is still there."""
    wanted = st.session_state.get(EDITED)
    return next((one for one in actions if one.id == wanted), None)


def start_editing(action: Action) -> None:
    st.session_state[EDITED] = action.id


def stop_editing() -> None:
    st.session_state.pop(EDITED, None)
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def show_form(found: Current, old: Action | None) -> None:
    """Write an action, or change one."""
    slot = old.id if old else f"nouvelle-{st.session_state.get(TURN, 0)}"
    title = st.text_input(
        "Nom de l'action", old.title if old else "", max_chars=MAX_LINE, key=f"titre-{slot}",
        placeholder="Par exemple : bus dentaire, atelier nutrition, médiation en santé",
    )  # fmt: skip
    approach = st.radio(
        "Approche annoncée",
        list(APPROACHES),
        index=list(APPROACHES).index(old.approach) if old else 0,
        format_func=APPROACHES.__getitem__,
        captions=[APPROACH_MEANING[key] for key in APPROACHES],
        key=f"approche-{slot}",
    )
    territories = choose_places(found, old, slot)
    intensity, unit = choose_intensity(found, old, slot, territories)
    with st.expander(
        "Public, pilote, calendrier, financement, indicateurs", icon=":material/edit:"
    ):
        more = choose_details(old, slot)
    with st.container(horizontal=True):
        if st.button(
            "Enregistrer les changements" if old else "Noter cette action",
            type="primary",
            icon=":material/check:",
            key=f"noter-{slot}",
        ):
            if not title.strip():
                st.error("Donnez un nom à l'action.", icon=":material/error:")
                return
            if not territories:
                st.error("Choisissez au moins un territoire.", icon=":material/error:")
                return
            fields = {
                "title": title, "approach": approach, "territories": territories,
                "intensity": intensity, "unit": unit, **more,
            }  # fmt: skip
            keep(old, fields)
            st.rerun()
        if old:
            st.button("Annuler", on_click=stop_editing, key=f"annuler-{slot}")


def keep(old: Action | None, fields: dict[str, object]) -> None:
    """Note the action in the project; what this screen does not show of it is kept."""
    if old is None:
        project.add(Action.model_validate(fields))
    else:
        kept = {**old.model_dump(by_alias=False), **fields}
        project.replace(Action.model_validate(kept))
    stop_editing()


def choose_places(found: Current, old: Action | None, slot: str) -> tuple[str, ...]:
    """Territories the action goes to."""
    whole = everywhere(found)
    partly = old is not None and set(old.territories) != set(whole)
    area = st.radio(
        "Où ?",
        list(AREAS),
        index=int(partly),
        format_func=AREAS.__getitem__,
        horizontal=True,
        key=f"ou-{slot}",
    )
    if area == WHOLE:
        return whole
    options = places_to_choose(found)
    kept = old.territories if old and partly else ()
    labels = options | {one: f"{name_of(one)} (hors liste)" for one in kept if one not in options}
    return tuple(
        st.multiselect(
            "Communes, intercommunalités ou quartiers",
            list(labels),
            default=list(kept),
            format_func=labels.__getitem__,
            key=f"lieux-{slot}",
            placeholder="Choisir un ou plusieurs territoires",
        )
    )


def choose_intensity(
    found: Current, old: Action | None, slot: str, territories: tuple[str, ...]
) -> tuple[dict[str, float | None], str]:
    """Quantity of each territory, where it is known, and what it counts."""
    asked = st.toggle(
        "Noter une quantité par territoire",
        value=bool(old and old.intensity),
        key=f"doser-{slot}",
        help="Séances, heures, places, euros : pour lire si l'intensité suit le besoin.",
    )
    if not asked:
        return {}, ""
    before = old.intensity if old else {}
    rows = list(dict.fromkeys((*before, *detailed(found, territories))))
    if not rows:
        st.caption("Choisissez d'abord les territoires.")
        return {}, ""
    unit = st.text_input(
        "Que compte-t-on ?", old.unit if old else "", max_chars=MAX_LINE, key=f"unite-{slot}",
        placeholder="Par exemple : consultations par an", width=340,
    )  # fmt: skip
    table = st.data_editor(
        pd.DataFrame(
            {
                "Territoire": [name_of(one) for one in rows],
                "Quantité": pd.Series([before.get(one) for one in rows], dtype=float),
            }
        ),
        column_config={"Quantité": st.column_config.NumberColumn(min_value=0.0)},
        disabled=["Territoire"],
        hide_index=True,
        key=f"quantites-{slot}-{len(rows)}",
    )
    given = {
        one: None if pd.isna(value) else float(value)
        for one, value in zip(rows, table["Quantité"], strict=True)
    }
    return {one: value for one, value in given.items() if value is not None}, unit


def detailed(found: Current, territories: tuple[str, ...]) -> list[str]:
    """Territories to give a quantity to: those chosen, or the communes of the only one."""
    if len(territories) > 1:
        return list(territories)
    return [f"com:{code}" for one in territories for code in sorted(communes_of(found, one))]


def choose_details(old: Action | None, slot: str) -> dict[str, object]:
    """The rest of a fiche-action."""
    labels = {key: card.label for key, card in indicators().items()}
    fields: dict[str, object] = {
        "description": st.text_area(
            "Description", old.description if old else "", max_chars=MAX_TEXT, key=f"dire-{slot}"
        )
    }
    for name, label in (
        ("public", "Public"),
        ("pilot", "Pilote"),
        ("calendar", "Calendrier"),
        ("funding", "Financement"),
        ("author", "Noté par (facultatif)"),
    ):
        start = getattr(old, name) if old else ""
        fields[name] = st.text_input(label, start, max_chars=MAX_LINE, key=f"{name}-{slot}")
    fields["indicators"] = tuple(
        st.multiselect(
            "Indicateurs qu'elle espère faire bouger",
            list(labels),
            default=[one for one in (old.indicators if old else ()) if one in labels],
            format_func=labels.__getitem__,
            key=f"indicateurs-{slot}",
            placeholder="Choisir un ou plusieurs indicateurs",
        )
    )
    return fields


def show_action(one: Assessed, names: dict[str, str]) -> None:
    """An action, what it covers, what to look at, the sentence to say."""
    action = one.action
    with st.container(border=True):
        st.markdown(
            f"#### {escape_markdown(action.title)}\n"
            f"**{APPROACHES[action.approach]}** : {APPROACH_MEANING[action.approach]}."
        )
        if action.description:
            st.markdown(escape_markdown(action.description))
        if one.coverage.served:
            st.markdown(f"**Couverture** : {escape_markdown(covered_text(one.coverage))}")
            st.markdown(kind_text(one.coverage))
        if one.quarters:
            st.markdown(
                f"Quartiers : {escape_markdown(joined([name_of(code) for code in one.quarters]))}."
            )
            st.caption(QUARTERS_ONLY)
        if one.elsewhere:
            places = joined([name_of(code) for code in one.elsewhere])
            st.caption(escape_markdown(f"Hors de ce périmètre, non compté : {places}."))
        for sentence in one.said if one.coverage.served or not one.quarters else ():
            st.markdown(f":material/visibility: {escape_markdown(sentence)}")
        say = sentence_to_say(action, one.coverage, names, one.reasons)
        if say:
            st.info(escape_markdown(say), icon=":material/record_voice_over:")
        show_intensity(one)
        details = details_of(action)
        st.caption(escape_markdown(" · ".join(f"{key} : {text}" for key, text in details.items())))
        with st.container(horizontal=True):
            st.button(
                "Modifier", key=f"modifier-{action.id}", icon=":material/edit:",
                on_click=start_editing, args=(action,),
            )  # fmt: skip
            st.button(
                "Supprimer", key=f"supprimer-{action.id}", icon=":material/delete:",
                on_click=project.remove, args=(action.id,),
            )  # fmt: skip


def show_intensity(one: Assessed) -> None:
    """Quantity of each territory per head, beside its need."""
    table = one.coverage.intensity.table
    if table.empty:
        return
    with st.expander(f"Quantités par territoire ({len(table)})", icon=":material/table:"):
        texts = pd.DataFrame(
            {
                "Territoire": [name_of(code) for code in table.index],
                "Population visée": table["people"].map(number),
                "Besoin": table["need"].map(lambda value: number(value, 2, signed=True)),
                "Quantité": table["quantity"].map(lambda value: amount(value, 2)),
                "Pour 1 000": (1000 * table["per_head"]).map(lambda value: number(value, 2)),
            }
        ).sort_values("Territoire")
        show_table(texts, "Quantités de l'action par territoire", list(texts.columns[1:]))
        if one.action.unit:
            st.caption(escape_markdown(f"Quantité : {one.action.unit}."))


def show_together(found: Current, assessed: list[Assessed]) -> None:
    """Every action in one table, and as a file."""
    texts = actions_table([(one.action, one.coverage, one.said) for one in assessed])
    show_table(texts, "Actions notées et leur couverture", list(texts.columns[2:5]))
    st.caption(NEED_SHARE)
    with st.container(horizontal=True):
        st.download_button(
            "Télécharger les actions (CSV)",
            csv_file(texts),
            file_name=file_name(found.perimeter, "-actions.csv"),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        project.save_button()


found = require_perimeter()
header(found, "Actions")
st.markdown(INTRODUCTION)
chosen = choose_need("Le besoin auquel la couverture est comparée")
scored = commune_needs(chosen.weights, chosen.purpose.id)
with st.container(horizontal=True):
    target, people = choose_target(found, chosen.purpose.target)
    ratio = float(
        linked_selectbox(
            st.container(width=340), "Force du besoin (rapport K)", RATIOS, "3", "force",
            help=RATIO_HELP,
        )
    )  # fmt: skip
cut, cut_text = choose_cut(scored.reference)
st.caption(cut_text)
table = commune_table(found, scored, people)
table["people"] = table["people"].fillna(0.0)
table["group"] = cut_groups(table, cut, scored.reference)
if not table["people"].sum():
    st.info("Personne dans la population visée ici : rien à couvrir.", icon=":material/info:")
    st.stop()
noted = project.current_project().actions
assessed = [assess(found, one, table, chosen, scored.reference.bounds, ratio) for one in noted]
changing = edited(noted)
if changing:
    st.subheader("Modifier l'action", anchor=False)
    show_form(found, changing)
if assessed:
    show_together(found, assessed)
    for item in assessed:
        show_action(item, table["name"].to_dict())
else:
    st.info(NONE_YET, icon=":material/checklist:")
if not changing:
    st.subheader("Noter une action", anchor=False)
    show_form(found, None)
st.caption(KEPT_HERE)
