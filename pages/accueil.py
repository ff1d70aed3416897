"""Accueil: what Gradient is for, the search, the examples."""

from __future__ import annotations

import streamlit as st

from pages.choosing import go_on_once_chosen, show_examples, show_search
from pages.filing import show_file_box
from pages.shared import LANDING_PAGE, current
from views.text import escape_markdown

go_on_once_chosen()

st.title("Gradient", anchor=False)
st.markdown(
    "**Le diagnostic de santé d'un territoire, de la recherche d'une commune à la répartition des "
    "moyens.** Des chiffres publics, leur source et leurs limites toujours visibles. Tout fonctionne "
    "sans réseau."
)
found = current()
if found is not None:
    st.page_link(
        LANDING_PAGE,
        label=f"Reprendre : {escape_markdown(found.label)}",
        icon=":material/arrow_forward:",
    )
for note in (*st.session_state.pop("unresolved", ()),):
    st.warning(escape_markdown(note), icon=":material/info:")
show_search(None)
st.subheader("Ou commencez par un exemple", anchor=False)
show_examples()
st.caption(
    "Sont embarqués : les communes, intercommunalités et populations de toute la France, trois âges "
    "et les logements de chaque commune ; et, pour le Val-d'Oise et le Lot, l'accès aux médecins, les "
    "revenus, les diplômes, les âges, les déplacements, les prestations, les équipements de santé, "
    "l'eau et le radon."
)
show_file_box()
