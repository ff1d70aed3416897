"""A report as a PowerPoint deck: one message a slide, what supports it, speaker notes."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.presentation import Presentation as Deck
from pptx.shapes.base import BaseShape
from pptx.slide import Slide as DeckSlide
from pptx.text.text import TextFrame
from pptx.util import Emu, Inches, Length, Pt

from views.livrables import office
from views.livrables.figures import POINTS as FIGURE_POINTS
from views.livrables.model import (
    Block,
    Bullets,
    Facts,
    Figure,
    Heading,
    Note,
    Paragraph,
    Report,
    Slide,
)
from views.livrables.package import printable, rezipped
from views.qr import qr_png

MIME = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_INK, _BLUE, _GREY = (RGBColor(*colour) for colour in (office.INK, office.BLUE, office.GREY))
_WIDTH, _HEIGHT = Inches(13.333), Inches(7.5)
_MARGIN, _TOP, _BOTTOM = Inches(0.6), Inches(1.75), Inches(6.7)
_GAP = Inches(0.4)
# The code of a slide: a square beside its title, its link below.
_CODE, _CODE_COLUMN, _COVER_CODE = Inches(1.1), Inches(1.6), Inches(1.9)
# Below a figure: two lines of source.
_SOURCE = Inches(0.5)
_COVER, _TITLE_ONLY = 0, 5
# The page that shows the whole story to a telephone.
STORY = "reunion"
# Share of the width that goes to a figure beside texts.
_FIGURE_SHARE = 0.62
# The smallest letters of a slide, in points; those of a figure are enlarged with it.
LEAST = 12
# Sizes of text tried, in points, the largest first; what an average letter and a line take of it.
_SIZES = (26, 24, 22, 20, 18, 16, 14, LEAST)
_LETTER, _LINE, _SPACE = 0.53, 1.22, 10
MORE = "La suite est dans les notes."


def write(report: Report) -> bytes:
    """The slides of the report as .pptx."""
    deck = _opened(report.facts)
    _cover(deck, report.facts)
    for slide in report.slides:
        _slide(deck, slide, report.facts)
    buffer = io.BytesIO()
    deck.save(buffer)
    return rezipped(buffer.getvalue(), report.facts.built)


def _opened(facts: Facts) -> Deck:
    """An empty wide deck: masters and layouts stretched with it, so that new slides fit too."""
    deck = Presentation()
    assert deck.slide_width is not None and deck.slide_height is not None
    across, down = _WIDTH / deck.slide_width, _HEIGHT / deck.slide_height
    deck.slide_width, deck.slide_height = _WIDTH, _HEIGHT
    for holder in (deck.slide_master, *deck.slide_layouts):
        for shape in holder.placeholders:
            if shape.element.spPr.find(qn("a:xfrm")) is not None:
                shape.left, shape.width = (
                    Emu(int(shape.left * across)),
                    Emu(int(shape.width * across)),
                )
                shape.top, shape.height = _emu(shape.top * down), _emu(shape.height * down)
    office.describe(deck.core_properties, facts)
    return deck


def _cover(deck: Deck, facts: Facts) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[_COVER])
    title = slide.shapes.title
    assert title is not None
    _place(title, _MARGIN, Inches(2.0), _WIDTH - 2 * _MARGIN, Inches(1.5))
    _write(title.text_frame, [facts.title], 40, colour=_BLUE, bold=True)
    below = slide.placeholders[1]
    _place(below, _MARGIN, Inches(3.6), _WIDTH - 2 * _MARGIN, Inches(2.2))
    lines = [facts.perimeter, f"Comparé à : {facts.comparator}", facts.authors, facts.footer]
    _write(below.text_frame, [line for line in lines if line], 20, colour=_GREY)
    if facts.logo:
        picture = slide.shapes.add_picture(
            io.BytesIO(facts.logo), _MARGIN, Inches(0.6), height=Inches(1.0)
        )
        _describe(picture, "Logo")
    if facts.reach is not None:
        _code(slide, facts.reach.of(STORY), "Suivre la réunion", _COVER_CODE, Inches(0.4))
    _notes(slide, f"{facts.header}. {facts.footer}.")


def _slide(deck: Deck, content: Slide, facts: Facts) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY])
    title = slide.shapes.title
    assert title is not None
    coded = bool(facts.reach and content.screen)
    across = _WIDTH - 2 * _MARGIN - (_CODE_COLUMN if coded else 0)
    _place(title, _MARGIN, Inches(0.4), across, Inches(1.2))
    if facts.reach is not None and content.screen:
        _code(slide, facts.reach.of(content.screen), "Ouvrir cet écran", _CODE, Inches(0.2))
    size = 30 if len(content.title) <= 75 else 26
    _write(title.text_frame, [content.title], size, colour=_BLUE, bold=True)
    title.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    figures = [block for block in content.blocks if isinstance(block, Figure)]
    texts: list[Block] = [one for one in content.blocks if not isinstance(one, Figure)]
    whole = _WIDTH - 2 * _MARGIN
    drawn = int(whole * _FIGURE_SHARE) if figures and texts else whole
    if figures:
        _picture(slide, figures[0], _WIDTH - _MARGIN - drawn, drawn)
    left = _body(slide, texts, whole - drawn - _GAP if figures else whole)
    _footer(slide, f"{facts.header} · {facts.footer}", len(deck.slides))
    _notes(slide, " ".join((content.notes, *left)))


def legible(png: bytes) -> bool:
    """Whether the letters of a chart beside texts are large enough once it fills its box."""
    with Image.open(io.BytesIO(png)) as image:
        across, down = (
            pixels / dots for pixels, dots in zip(image.size, image.info["dpi"], strict=True)
        )
    box = (_WIDTH - 2 * _MARGIN) * _FIGURE_SHARE / Inches(1), (_BOTTOM - _TOP) / Inches(1)
    return FIGURE_POINTS * min(box[0] / across, box[1] / down) >= LEAST


def _picture(slide: DeckSlide, figure: Figure, left: int, width: int) -> None:
    """The figure in its box, its proportions kept, centred; its source below it."""
    height = _BOTTOM - _TOP - (_SOURCE if figure.source else 0)
    if figure.source:
        box = slide.shapes.add_textbox(_emu(left), _emu(_TOP + height), _emu(width), _SOURCE)
        box.text_frame.word_wrap = True
        _write(box.text_frame, [figure.source], LEAST, colour=_GREY)
    picture = slide.shapes.add_picture(io.BytesIO(figure.png), _emu(left), _TOP)
    ratio = min(width / picture.width, height / picture.height)
    picture.width, picture.height = (
        Emu(int(picture.width * ratio)),
        Emu(int(picture.height * ratio)),
    )
    picture.left = _emu(left + (width - picture.width) / 2)
    picture.top = _emu(_TOP + (height - picture.height) / 2)
    _describe(picture, figure.alt)


def _body(slide: DeckSlide, blocks: list[Block], width: int) -> list[str]:
    """Texts, as large as their length allows; notes smaller. Those that do not hold are returned."""
    across, down = width / Inches(1), (_BOTTOM - _TOP) / Inches(1)
    lines = [(text, note) for block in blocks for text, note in _lines(block)]
    kept = len(lines)
    while kept > 1 and not holds([text for text, _ in with_more(lines, kept)], LEAST, across, down):
        kept -= 1
    left = [text for text, _ in lines[kept:]]
    lines = with_more(lines, kept)
    if not lines:
        return left
    box = slide.shapes.add_textbox(_MARGIN, _TOP, _emu(width), _emu(_BOTTOM - _TOP))
    box.text_frame.word_wrap = True
    size = fitting([text for text, _ in lines], across, down)
    _write(box.text_frame, [text for text, _ in lines], size, colour=_INK, space=_SPACE)
    for paragraph, (_, note) in zip(box.text_frame.paragraphs, lines, strict=True):
        for run in paragraph.runs if note else ():
            run.font.size, run.font.color.rgb = Pt(min(14, size)), _GREY
    return left


def with_more(lines: list[tuple[str, bool]], kept: int) -> list[tuple[str, bool]]:
    """The first ``kept`` lines, then that there are more."""
    return lines[:kept] + ([(MORE, True)] if kept < len(lines) else [])


def fitting(texts: Sequence[str], width: float, height: float) -> int:
    """Largest size, in points, at which the texts should hold in a box of these inches."""
    return next((size for size in _SIZES if holds(texts, size, width, height)), LEAST)


def holds(texts: Sequence[str], size: int, width: float, height: float) -> bool:
    """Whether the texts should hold at this size in a box of these inches."""
    letters = max(1, int((width - 0.2) * 72 / (_LETTER * size)))
    lines = sum(math.ceil(len(text) / letters) for text in texts)
    return lines * size * _LINE + len(texts) * _SPACE <= (height - 0.1) * 72


def _lines(block: Block) -> list[tuple[str, bool]]:
    match block:
        case Paragraph() | Heading():
            return [(block.text, False)]
        case Note():
            return [(block.text, True)]
        case Bullets():
            return [(f"• {item}", False) for item in block.items]
        case _:
            return []


def _footer(slide: DeckSlide, text: str, number: int) -> None:
    box = slide.shapes.add_textbox(_MARGIN, Inches(6.75), _emu(_WIDTH - 2 * _MARGIN), Inches(0.6))
    box.text_frame.word_wrap = True
    _write(box.text_frame, [f"{text} · {number}"], LEAST, colour=_GREY)


def _code(slide: DeckSlide, url: str, said: str, side: Length, top: Length) -> None:
    """The code that opens ``url`` at the right of the slide, and the same as a link below it."""
    right = _WIDTH - _MARGIN
    picture = slide.shapes.add_picture(io.BytesIO(qr_png(url)), _emu(right - side), top, side, side)
    _describe(picture, f"Code à scanner : {said.lower()}")
    width = _emu(max(side, _CODE_COLUMN))
    box = slide.shapes.add_textbox(_emu(right - width), _emu(top + side), width, Inches(0.3))
    frame = box.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.word_wrap = True
    _write(frame, [said], LEAST, colour=_BLUE)
    paragraph = frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT
    paragraph.runs[0].hyperlink.address = url


def _notes(slide: DeckSlide, text: str) -> None:
    frame = slide.notes_slide.notes_text_frame
    assert frame is not None
    frame.text = printable(text)
    _speak_french(frame)


def _write(
    frame: TextFrame,
    lines: list[str],
    size: float,
    *,
    colour: RGBColor,
    bold: bool = False,
    space: float = 4,
) -> None:
    for position, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if position == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(space)
        paragraph.alignment = PP_ALIGN.LEFT
        run = paragraph.add_run()
        run.text = printable(line)
        run.font.name, run.font.size, run.font.bold = office.FONT, Pt(size), bold
        run.font.color.rgb = colour
    _speak_french(frame)


def _speak_french(frame: TextFrame) -> None:
    for run in frame._txBody.iter(qn("a:rPr"), qn("a:endParaRPr")):
        run.set("lang", "fr-FR")


def _emu(length: float) -> Length:
    return Emu(int(length))


def _place(shape: BaseShape, left: float, top: float, width: float, height: float) -> None:
    shape.left, shape.top = _emu(left), _emu(top)
    shape.width, shape.height = _emu(width), _emu(height)


def _describe(shape: BaseShape, alt: str) -> None:
    """Alternative text of a picture or a table."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", printable(alt))
