"""The few rules of style that Streamlit's theme does not cover."""

# Of charts and pictures: on every machine, one of these has every sign used.
FONT = "DejaVu Sans, Segoe UI, Helvetica, Arial, sans-serif"

STYLE = """
<style>
[data-testid="stMainBlockContainer"] { padding-top: 3.2rem; }
[data-testid="stCaptionContainer"] { opacity: .88; }
[data-testid="InputInstructions"] { display: none; }
@media print {
  section[data-testid="stSidebar"], header, .stButton, .stDownloadButton, .stFileUploader,
  [data-testid="stToolbar"], [data-testid="stPageLink"], [data-testid="stLinkButton"],
  [data-testid="stStatusWidget"], .open-story { display: none !important; }
  .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"], [data-testid="stMainBlockContainer"] {
    position: static !important; height: auto !important; overflow: visible !important;
    max-width: none !important; padding: 0 !important; }
  h1, h2, h3, [data-testid="stHeading"] { break-after: avoid; }
  table tr, svg, img, canvas, iframe, figure, [data-testid="stPlotlyChart"], .stPlotlyChart,
  [data-testid="stMetric"], [data-testid="stAlert"] { break-inside: avoid; }
  thead { display: table-header-group; }
  a { color: inherit; }
  * { print-color-adjust: exact; }
}
</style>
"""

# Streamlit declares its pages in English: a screen reader would read French with English sounds.
# Its box for files too speaks English, refusals included, and so do the names that it gives to its
# menu, lists and maps for those who do not see them: its few sentences are said in French, on the
# node where Streamlit wrote them.
LANGUAGE = r"""
<script>
document.documentElement.lang = 'fr';
if (!window.gradientSpeaksFrench) {
  window.gradientSpeaksFrench = true;
  const UNITS = {B: 'octets', KB: 'ko', MB: 'Mo', GB: 'Go'};
  const size = (number, unit) => number.replace(/\.0$/, '').replace('.', ',') + '\u00a0'
    + (unit === 'B' && Number(number) < 2 ? 'octet' : UNITS[unit]);
  const SENTENCES = [
    [/^Upload$/, () => 'Choisir un fichier'],
    [/^Add files$/, () => 'Ajouter des fichiers'],
    [/^Drag and drop (a file|files) here$/, () => 'Déposez ici'],
    [/^([\d.]+)\s?([KMG]?B) per file$/, (_, n, unit) => size(n, unit) + ' au plus par fichier'],
    [/^([\d.]+)\s?([KMG]?B)$/, (_, n, unit) => size(n, unit)],
    [/^(.*), ([\d.]+)\s?([KMG]?B)$/, (_, name, n, unit) => name + ', ' + size(n, unit)],
    [/^(Error: )?File must be ([\d.]+)\s?([KMG]?B) or smaller\.$/,
      (_, start, n, unit) => 'Fichier trop gros : ' + size(n, unit) + ' au plus.'],
    [/^(Error: )?.* files are not allowed\.$/, () => "Ce type de fichier n'est pas pris ici."],
    [/^(Error: )?Only one file is allowed\.$/, () => 'Un seul fichier à la fois.'],
    [/^(Error: )?File size is too small\.$/, () => 'Fichier vide.'],
    [/^(Error: )?(Unexpected error\. Please try again\.|Upload failed|.*status code \d+.*)$/,
      () => "Le fichier n'a pas pu être reçu : réessayez."],
    [/^Error: $/, () => 'Refusé : '],
    [/^Remove (.+)$/, (_, name) => 'Retirer ' + name],
    [/^Clear all$/, () => 'Tout retirer'],
    [/^Cancel upload of (.+)$/, (_, name) => "Annuler l'envoi de " + name],
    [/^Click to retry upload$/, () => 'Cliquez pour réessayer'],
  ];
  const NAMES = {
    'Sidebar': 'Menu', 'Collapse sidebar': 'Replier le menu', 'Expand sidebar': 'Déplier le menu',
    'App pages': 'Pages', 'Open': 'Ouvrir la liste', 'Clear value': 'Effacer le choix',
    'Increment': 'Plus', 'Decrement': 'Moins', 'Copy to clipboard': 'Copier',
  };
  const name = () => {
    document.querySelectorAll('[aria-label]').forEach((node) => {
      const text = node.getAttribute('aria-label');
      const said = NAMES[text] || text.replace(/^Help for (.+)$/, 'Aide : $1');
      if (said !== text) node.setAttribute('aria-label', said);
    });
    document.querySelectorAll('iframe[title^="streamlit_folium"]:not([aria-label])')
      .forEach((frame) => frame.setAttribute('aria-label', 'Carte'));
    // Under the title (h1), Streamlit's subheaders are h3: nothing is missing between them.
    document.querySelectorAll('[data-testid="stMain"] [data-testid="stHeading"] h3:not([aria-level])')
      .forEach((heading) => heading.setAttribute('aria-level', '2'));
    const skip = document.querySelector('[data-testid="stSkipToContent"]');
    if (skip && skip.textContent !== 'Aller au contenu') skip.textContent = 'Aller au contenu';
  };
  const french = (text) => {
    const found = SENTENCES.find(([english]) => english.test(text));
    return found ? text.replace(found[0], found[1]) : text;
  };
  const PLACES = '[data-testid="stFileUploader"], [data-testid="stMultiSelect"], [data-testid="stTooltipErrorContent"],'
    + ' [data-testid="stTooltipContent"], [role="tooltip"]';
  const speak = () => document.querySelectorAll(PLACES).forEach((place) => {
    const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const said = french(node.nodeValue);
      if (said !== node.nodeValue) node.nodeValue = said;
    }
    place.querySelectorAll('[aria-label], [title]').forEach((node) =>
      ['aria-label', 'title'].forEach((name) => {
        const text = node.getAttribute(name);
        if (text && french(text) !== text) node.setAttribute(name, french(text));
      }));
  });
  let planned = false;
  new MutationObserver(() => {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => { planned = false; speak(); name(); });
  }).observe(document.body, {childList: true, subtree: true, characterData: true});
  speak();
  name();
}
</script>
"""
