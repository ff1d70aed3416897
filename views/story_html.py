"""The screens of a meeting as HTML: the wall, the presenter's notes, the file to carry.

The browser only hides, shows and colours (views/story.js): every word comes from here, escaped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from views.classification import HATCH_COLOUR
from views.qr import LOCAL_ONLY, opens_elsewhere, qr_svg
from views.story import Ballot, Bar, Bars, Columns, Extra, Figure, Map, Screen, Story, View
from views.text import count_of, escape_html

_HERE = Path(__file__).parent
STORY_CSS = (_HERE / "story.css").read_text("utf-8")
STORY_JS = (_HERE / "story.js").read_text("utf-8")
NOTES_CSS = (_HERE / "story_notes.css").read_text("utf-8")
NOTES_JS = (_HERE / "story_notes.js").read_text("utf-8")
BALLOT_LINES = 6
COMMUNE_BUTTON = "Et ma commune ?"
NO_ADDRESS = "L'adresse de cet écran est celle de la barre du navigateur."
FILE_ONLY = "Ce fichier n'est relié à rien : reportez le vote dans Gradient, ou imprimez cet écran."
KEYS = (
    ("→, espace", "écran suivant"),
    ("←", "écran précédent"),
    ("Début, Fin, 1 à 8", "aller à un écran"),
    ("A", "c'est pareil ailleurs ?"),
    ("M", "et ma commune ?"),
    ("X", "croiser deux indicateurs"),
    ("D", "et si des généralistes partent ?"),
    ("S", "sources de l'écran"),
    ("P", "partager"),
    ("N", "notes du présentateur"),
    ("L", "dernier écran : une page à distribuer"),
    ("F", "plein écran"),
    ("Échap", "fermer, puis quitter"),
)


def story_data(story: Story, saved: Sequence[str] = (), *, linked: bool = True) -> dict[str, Any]:
    """What the browser needs, all at once: after that, nothing is asked of the server.

    ``saved``: identifiers of the votes already in the project. ``linked``: False in a file, where a
    vote goes nowhere.
    """
    shapes = story.shapes
    return {
        "html": story_html(story, linked=linked),
        "notes": notes_document(story),
        "saved": list(saved),
        "linked": linked,
        "label": story.label,
        "paths": list(shapes.paths) if shapes else [],
        "codes": list(shapes.codes) if shapes else [],
        "size": [shapes.width, shapes.height] if shapes else [0, 0],
        "communes": [
            {"code": one.code, "name": one.name, "where": one.where, "said": one.said}
            for one in story.answers
        ],
    }


def story_html(story: Story, *, linked: bool = True) -> str:
    """Every screen, the bar of buttons and the panels."""
    screens = "".join(
        _screen(screen, place, story, linked) for place, screen in enumerate(story.screens, start=1)
    )
    return (
        f'<div class="stage"><header><span class="where">{escape_html(story.label)}</span>'
        f'<span class="place"></span></header><div class="screens">{screens}</div>{_bar(len(story.screens))}'
        f'<p class="live" role="status" aria-live="polite"></p>{_share(story, linked)}'
        f"{_panel('touches', 'Le clavier', _keys())}</div>"
    )


def story_document(story: Story) -> str:
    """The whole story as one file that opens in any browser, without Gradient and without network."""
    data = json.dumps(story_data(story, linked=False), ensure_ascii=False).replace("</", "<\\/")
    return _document(
        f"Réunion, {story.label}",
        STORY_CSS,
        '<main id="story"></main>',
        f"{STORY_JS}\nmountStory(document.getElementById('story'), {data}, null);",
    )


def notes_document(story: Story) -> str:
    """The presenter's notes, screen by screen: a window that follows the wall, or pages to print."""
    return _document(
        f"Notes, {story.label}", NOTES_CSS, notes_html(story), f"{NOTES_JS}\nfollowStory();"
    )


def notes_html(story: Story) -> str:
    """The same, to be put in a page."""
    sections = "".join(
        f'<section data-screen="{place}"><h2>{place}. {escape_html(screen.view.title)}</h2>'
        f'<p class="wall">{escape_html(screen.view.said)}</p>{_figure_text(screen.view.figure)}'
        f"{_list(screen.notes)}{_questions(screen.extras)}"
        f"{_list(screen.sources, 'sources')}</section>"
        for place, screen in enumerate(story.screens, start=1)
    )
    absent = (
        f"<section><h2>Écrans absents</h2>{_list(story.dropped)}</section>" if story.dropped else ""
    )
    return (
        f'<div class="notes"><h1>Notes du présentateur</h1><p class="facts">'
        f"{escape_html(' · '.join(story.facts))}</p>{_list(story.warnings)}"
        f"{sections}{absent}<section><h2>Le clavier</h2>{_keys()}</section></div>"
    )


def _document(title: str, css: str, body: str, script: str) -> str:
    """A whole page of HTML that loads nothing."""
    return (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape_html(title)}</title><style>{css}</style></head>"
        f"<body>{body}<script>{script}</script></body></html>"
    )


def _screen(screen: Screen, place: int, story: Story, linked: bool) -> str:
    """One screen: its view, the views of its questions, and what asks for them."""
    views = _view(screen, screen.view, "", place)
    views += "".join(
        _view(screen, view, f"{extra.name}/{rank}", place)
        for extra in screen.extras
        for rank, (_, view) in enumerate(extra.views)
    )
    tools = "".join(_opener(extra) for extra in screen.extras)
    if isinstance(screen.view.figure, Map):
        tools += _commune_box(place)
    elif any(isinstance(one.view.figure, Map) for one in story.screens):
        tools += f'<button type="button" data-commune title="Touche M">{COMMUNE_BUTTON}</button>'
    if linked and isinstance(screen.view.figure, Ballot):
        tools += '<button type="button" data-act="handout" title="Touche L">Une page à distribuer</button>'
    sources = _panel(f"sources-{place}", "D'où viennent ces chiffres ?", _list(screen.sources))
    code = _small_code(story) if isinstance(screen.view.figure, Ballot) else ""
    return (
        f'<section class="screen" data-name="{screen.name}" data-title="{escape_html(screen.title)}" '
        f'aria-labelledby="titre-{place}" hidden>{views}<div class="tools">{tools}</div>{code}'
        f"{sources}</section>"
    )


def _view(screen: Screen, view: View, name: str, place: int) -> str:
    """Title, sentence and figure; ``name`` is empty for what the screen opens on."""
    heading = f' id="titre-{place}"' if not name else ""
    hidden = " hidden" if name else ""
    return (
        f'<div class="view" data-view="{name}"{hidden}><div class="message">'
        f'<h2 tabindex="-1"{heading}>{escape_html(view.title)}</h2>'
        f'<p class="said">{escape_html(view.said)}</p></div>{_figure(view.figure)}</div>'
    )


def _figure(figure: Figure) -> str:
    if isinstance(figure, Bars):
        return _bars(figure)
    if isinstance(figure, Columns):
        return _columns(figure)
    if isinstance(figure, Map):
        return _map(figure)
    return _ballot(figure)


def _bars(figure: Bars) -> str:
    """A table whose cells hold the bars that they say; each line has a scale of its own."""
    compared = any(row.other is not None for row in figure.rows)
    other = f'<th scope="col">{escape_html(figure.other_name)}</th>' if compared else ""
    key = (
        f'<p class="key" aria-hidden="true"><span><i class="bar own"></i> '
        f'{escape_html(figure.own_name)}</span><span><i class="bar other"></i> '
        f"{escape_html(figure.other_name)}</span></p>"
        if compared
        else ""
    )
    rows = "".join(
        _bar_row(row, _full(figure.rows if figure.one_scale else [row]), compared)
        for row in figure.rows
    )
    return (
        f'<figure class="bars">{key}<table><caption>{escape_html(figure.caption)}</caption>'
        f'<thead><tr><th scope="col">Indicateur</th><th scope="col">'
        f"{escape_html(figure.own_name)}</th>{other}</tr></thead><tbody>{rows}</tbody></table></figure>"
    )


def _full(rows: Sequence[Bar]) -> float:
    """The value of a full bar among these lines."""
    return max(max(abs(row.own), abs(row.other or 0.0)) for row in rows) or 1.0


def _bar_row(row: Bar, full: float, compared: bool) -> str:
    def cell(value: float, text: str, kind: str) -> str:
        part = abs(value) / full
        return (
            f'<td><span class="line"><i class="bar {kind}" style="--part:{part:.3f}" '
            f'aria-hidden="true"></i><b>{escape_html(text)}</b></span></td>'
        )

    other = ""
    if compared:
        other = (
            f'<td><span class="line"><b>{escape_html(row.other_text)}</b></span></td>'
            if row.other is None
            else cell(row.other, row.other_text, "other")
        )
    mark = f'<span class="verdict {row.kind}"><i></i> {escape_html(row.said)}</span>'
    label = escape_html(row.label) + (f" {mark}" if row.said else "")
    return f'<tr><th scope="row">{label}</th>{cell(row.own, row.own_text, f"own {row.kind}")}{other}</tr>'


def _columns(figure: Columns) -> str:
    top = max(map(abs, figure.values)) or 1.0
    items = "".join(
        f'<li><b>{escape_html(text)}</b><i style="--part:{abs(value) / top:.3f}" '
        f'aria-hidden="true"></i><span>{escape_html(name)}</span></li>'
        for name, value, text in zip(figure.names, figure.values, figure.texts, strict=True)
    )
    return (
        f'<figure class="columns"><ol style="--count:{len(figure.values)}">{items}</ol>'
        f"<figcaption>{escape_html(figure.caption)}</figcaption></figure>"
    )


def _map(figure: Map) -> str:
    fills = {
        character: [swatch.colour, swatch.pattern]
        for swatch in figure.key
        for character in swatch.characters
    }
    grid = _grid(figure, fills)
    items = "".join(
        f'<li><i class="swatch {swatch.pattern}" style="--colour:{swatch.colour};'
        f'--hatch:{HATCH_COLOUR}"></i> {escape_html(swatch.label)}</li>'
        for swatch in figure.key
        if swatch.label
    )
    return (
        f'<figure class="map"><svg role="img" aria-label="{escape_html(figure.caption)}" '
        f'data-classes="{figure.characters}" data-fills="{escape_html(json.dumps(fills))}"></svg>'
        f'<div class="legend"><p>{escape_html(figure.heading)}</p>{grid}<ul>{items}</ul></div></figure>'
    )


def _grid(figure: Map, fills: dict[str, list[str]]) -> str:
    """The nine cells of a crossing, read from the bottom left; hidden from readers, who have the caption."""
    if figure.grid is None:
        return ""
    colours = figure.grid.colours
    for rank, colour in enumerate(colours):
        fills[str(rank)] = [colour, ""]
        fills["ABCDEFGHI"[rank]] = [colour, "dots"]
    order = [3 * row + column for row in (2, 1, 0) for column in range(3)]
    cells = "".join(f'<i style="--colour:{colours[rank]}"></i>' for rank in order)
    return (
        f'<div class="grid" aria-hidden="true"><span class="up">{escape_html(figure.grid.up)} →</span>'
        f'<div class="cells">{cells}</div><span class="across">{escape_html(figure.grid.across)} →'
        "</span></div>"
    )


def _ballot(figure: Ballot) -> str:
    lines = "".join(
        f'<li data-option="{escape_html(option)}"><span>{escape_html(option)}</span>'
        f"{_counter(option)}</li>"
        for option in figure.options
    )
    free = "".join(
        f'<li class="free"><input type="text" maxlength="80" aria-label="Une autre priorité" '
        f'placeholder="Une autre priorité">{_counter("cette priorité")}</li>'
        for _ in range(max(1, BALLOT_LINES - len(figure.options)))
    )
    return (
        f'<figure class="ballot"><form><ol>{lines}{free}</ol><button type="submit" class="record">'
        'Enregistrer le vote</button><p class="state" role="status"></p></form></figure>'
    )


def _counter(option: str) -> str:
    return (
        f'<span class="count"><button type="button" data-step="-1" '
        f'aria-label="Retirer une voix : {escape_html(option)}">\u2212</button><output>0</output>'
        f'<button type="button" data-step="1" aria-label="Ajouter une voix : {escape_html(option)}">+'
        "</button></span>"
    )


def _opener(extra: Extra) -> str:
    """The button of a question, and the choice of its answers when there are several."""
    choice = ""
    if len(extra.views) > 1:
        options = "".join(
            f'<option value="{rank}"{" selected" if rank == extra.start else ""}>'
            f"{escape_html(label)}</option>"
            for rank, (label, _) in enumerate(extra.views)
        )
        choice = (
            f'<label class="choice" data-of="{extra.name}" hidden>{escape_html(extra.choice)} '
            f"<select>{options}</select></label>"
        )
    return (
        f'<button type="button" data-opens="{extra.name}" data-key="{extra.key}" '
        f'data-start="{extra.start}" aria-pressed="false" title="Touche {extra.key.upper()}">'
        f"{escape_html(extra.button)}</button>{choice}"
    )


def _commune_box(place: int) -> str:
    return (
        f'<form class="commune" autocomplete="off"><label>{COMMUNE_BUTTON} '
        f'<input type="text" maxlength="80" role="combobox" aria-expanded="false" '
        f'aria-controls="liste-{place}" aria-autocomplete="list" placeholder="Son nom"></label>'
        f'<ul id="liste-{place}" role="listbox" aria-label="Communes" hidden></ul>'
        '<p class="answer" role="status"></p></form>'
    )


def _bar(count: int) -> str:
    numbers = "".join(
        f'<button type="button" data-goto="{place}" aria-label="Écran {place}">{place}</button>'
        for place in range(1, count + 1)
    )
    return (
        '<nav aria-label="Présentation"><button type="button" data-act="leave" title="Touche Échap">'
        'Quitter</button><button type="button" data-act="sources" title="Touche S">Sources</button>'
        '<button type="button" data-act="share" title="Touche P">Partager</button>'
        '<button type="button" data-act="notes" title="Touche N">Notes</button>'
        '<button type="button" data-act="keys">Clavier</button>'
        f'<span class="steps">{numbers}</span>'
        '<button type="button" data-act="previous" aria-label="Écran précédent">←</button>'
        '<button type="button" data-act="next" aria-label="Écran suivant">→</button></nav>'
    )


def _share(story: Story, linked: bool) -> str:
    """The address, its code when another machine can open it, and the page to hand out."""
    if not linked:
        body = f"<p>{escape_html(FILE_ONLY)}</p>"
    elif not story.address:
        body = f"<p>{escape_html(NO_ADDRESS)}</p>"
    elif not opens_elsewhere(story.address):
        body = f"<p>{escape_html(LOCAL_ONLY)}</p>"
    else:
        body = f'<div class="code">{qr_svg(story.address)}</div><p class="address">{escape_html(story.address)}</p>'
    if linked:
        body += (
            "<p>Une page à distribuer ? Le dernier écran ouvre la page Livrables, qui la prépare avec les mêmes "
            "nombres. Chaque écran a son adresse : elle le rouvre tel quel.</p>"
        )
    return _panel("partager", "Retrouver cette présentation", body)


def _small_code(story: Story) -> str:
    if not opens_elsewhere(story.address):
        return ""
    return f'<div class="code small">{qr_svg(story.address)}</div>'


def _panel(name: str, title: str, body: str) -> str:
    return (
        f'<dialog class="panel" data-panel="{name}" aria-label="{escape_html(title)}"><h3>'
        f'{escape_html(title)}</h3>{body}<form method="dialog"><button>Fermer</button></form></dialog>'
    )


def _keys() -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape_html(key)}</th><td>{escape_html(what)}</td></tr>'
        for key, what in KEYS
    )
    return f'<table class="keys">{rows}</table>'


def _list(lines: Sequence[str], kind: str = "") -> str:
    if not lines:
        return ""
    items = "".join(f"<li>{escape_html(line)}</li>" for line in lines)
    return f'<ul class="{kind}">{items}</ul>'


def _questions(extras: Sequence[Extra]) -> str:
    """What the room may ask, with the answers."""
    lines = [
        f"{extra.button} {f'{label} : ' if len(extra.views) > 1 else ''}{view.said}"
        for extra in extras
        for label, view in extra.views
    ]
    return f'<p class="asked">Si la salle demande :</p>{_list(lines)}' if lines else ""


def _figure_text(figure: Figure) -> str:
    """The figure as the presenter reads it: its numbers."""
    if isinstance(figure, Map):
        return f"<p>{escape_html(figure.caption)}</p>"
    if isinstance(figure, Ballot):
        return _list(figure.options)
    if isinstance(figure, Columns):
        pairs = zip(figure.names, figure.texts, strict=True)
        return _list([f"{name} : {text}" for name, text in pairs])
    return _list(
        [
            f"{row.label} : {row.own_text}"
            + (f", contre {row.other_text}" if row.other is not None else "")
            + (f" ({row.said})" if row.said else "")
            for row in figure.rows
        ]
    )


def summary(story: Story) -> str:
    """What the story holds, in one sentence."""
    named = " ; ".join(screen.title for screen in story.screens)
    return f"{count_of(len(story.screens), 'écran')} : {named}."
