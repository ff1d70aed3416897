"""Gradient: entry point. Page configuration, navigation, and nothing else."""

from __future__ import annotations

import logging

import streamlit as st

from pages.menu import PAGES
from pages.shared import perimeter_from_url
from views.style import LANGUAGE, STYLE
from warehouse.errors import NotBuilt
from warehouse.paths import ROOT, published

st.set_page_config(
    page_title="Gradient, diagnostic territorial de santé",
    page_icon=str(ROOT / "static" / "gradient.png"),
    layout="wide",
)
st.html(STYLE + LANGUAGE, unsafe_allow_javascript=True)
try:
    published()
except NotBuilt as error:
    st.error(str(error), icon=":material/database_off:")
    st.stop()
perimeter_from_url()

home = st.Page("pages/accueil.py", title="Accueil", icon=":material/home:", default=True)
sections = {
    section: [
        st.Page(
            f"pages/{name}.py",
            title=title,
            icon=f":material/{icon}:",
            url_path=name.replace("_", "-"),
        )
        for name, title, icon in entries
    ]
    for section, entries in PAGES.items()
}
page = st.navigation({"": [home], **sections})
try:
    page.run()
except Exception:
    logging.getLogger("gradient").exception("page %s", page.url_path)
    st.error(
        "Cette page n'a pas pu s'afficher. Vos choix sont gardés dans l'adresse : rechargez-la, "
        "ou revenez à l'accueil. Le détail est dans le terminal qui a lancé Gradient.",
        icon=":material/error:",
    )
