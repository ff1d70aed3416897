"""Gradient: entry point. Page configuration, navigation, and nothing else."""

from __future__ import annotations

import streamlit as st

from pages.shared import perimeter_from_url
from warehouse.errors import NotBuilt
from warehouse.paths import ROOT, published

st.set_page_config(
    page_title="Gradient, diagnostic territorial de santé",
    page_icon=str(ROOT / "static" / "gradient.png"),
    layout="wide",
    initial_sidebar_state="expanded",
)

try:
    published()
except NotBuilt as error:
    st.error(str(error), icon=":material/database_off:")
    st.stop()

perimeter_from_url()

st.navigation(
    {
        "Mon territoire": [
            st.Page("pages/accueil.py", title="Accueil", icon=":material/home:", default=True),
            st.Page(
                "pages/perimetre.py",
                title="Périmètre",
                icon=":material/location_on:",
                url_path="perimetre",
            ),
            st.Page(
                "pages/portrait.py",
                title="Portrait",
                icon=":material/list_alt:",
                url_path="portrait",
            ),
            st.Page("pages/carte.py", title="Carte", icon=":material/map:", url_path="carte"),
        ],
        "Décider": [
            st.Page(
                "pages/cibles.py", title="Cibles", icon=":material/balance:", url_path="cibles"
            ),
        ],
        "Vérifier": [
            st.Page(
                "pages/donnees.py", title="Données", icon=":material/database:", url_path="donnees"
            ),
        ],
    }
).run()
