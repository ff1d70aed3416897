"""The few rules of style that Streamlit's theme does not cover."""

STYLE = """
<style>
[data-testid="stMainBlockContainer"] { padding-top: 3.2rem; }
[data-testid="stCaptionContainer"] { opacity: .88; }
[data-testid="InputInstructions"] { display: none; }
[data-testid="stFileUploaderDropzoneInstructions"] { display: none; }
@media print {
  section[data-testid="stSidebar"], header, .stButton, .stDownloadButton,
  [data-testid="stToolbar"] { display: none !important; }
}
</style>
"""

# Streamlit declares its pages in English: a screen reader would read French with English sounds.
LANGUAGE = "<script>document.documentElement.lang = 'fr';</script>"
