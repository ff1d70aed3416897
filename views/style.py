"""The few rules of style that Streamlit's theme does not cover."""

STYLE = """
<style>
[data-testid="stMainBlockContainer"] { padding-top: 3.2rem; }
[data-testid="stCaptionContainer"] { opacity: .88; }
@media print {
  section[data-testid="stSidebar"], header, .stButton, .stDownloadButton,
  [data-testid="stToolbar"] { display: none !important; }
}
</style>
"""
