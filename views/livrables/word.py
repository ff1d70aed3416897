"""A report as an editable Word document: real styles, captions, repeated headings, alternative texts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Emu, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph as WordParagraph

from views.livrables import office
from views.livrables.model import (
    Block,
    Bullets,
    Facts,
    Figure,
    Heading,
    Note,
    Paragraph,
    Report,
    Table,
)
from views.livrables.package import printable, rezipped
from views.text import NO_BREAK

MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_INK, _BLUE, _GREY = (RGBColor(*colour) for colour in (office.INK, office.BLUE, office.GREY))
TABLE_STYLE = "Gradient tableau"
# Styles that the writer uses: name -> (base, size in points, bold, colour, space before and after).
_STYLES = {
    "Normal": ("", 10.5, False, _INK, 0, 6),
    "Title": ("Normal", 24, True, _BLUE, 0, 6),
    "Subtitle": ("Normal", 13, False, _GREY, 0, 12),
    "Heading 1": ("Normal", 17, True, _BLUE, 20, 8),
    "Heading 2": ("Normal", 12.5, True, _BLUE, 14, 4),
    "Caption": ("Normal", 9, True, _GREY, 8, 4),
    "List Bullet": ("Normal", 10.5, False, _INK, 0, 3),
    "Header": ("Normal", 8, False, _GREY, 0, 0),
    "Footer": ("Normal", 8, False, _GREY, 0, 0),
    "Gradient constat": ("Normal", 11.5, True, _INK, 4, 6),
    "Gradient note": ("Normal", 9.5, False, _GREY, 4, 8),
    "Gradient cellule": ("Normal", 8.5, False, _INK, 0, 0),
}
_TABLE_STYLE_XML = f"""
<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="Gradienttableau">
  <w:name w:val="{TABLE_STYLE}"/><w:basedOn w:val="TableNormal"/><w:uiPriority w:val="59"/><w:qFormat/>
  <w:tblPr><w:tblBorders>
    <w:top w:val="single" w:sz="8" w:color="8792A0"/><w:bottom w:val="single" w:sz="8" w:color="8792A0"/>
    <w:insideH w:val="single" w:sz="4" w:color="D9DEE5"/></w:tblBorders>
    <w:tblCellMar><w:top w:w="40" w:type="dxa"/><w:left w:w="85" w:type="dxa"/>
    <w:bottom w:w="40" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr>
  <w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr>
    <w:shd w:val="clear" w:color="auto" w:fill="EEF1F4"/></w:tcPr></w:tblStylePr>
  <w:tblStylePr w:type="lastRow"><w:rPr><w:b/></w:rPr><w:tcPr>
    <w:shd w:val="clear" w:color="auto" w:fill="F6F8FA"/></w:tcPr></w:tblStylePr>
</w:style>"""


def write(report: Report, template: bytes | None = None, *, cover: bool = True) -> bytes:
    """The report as .docx, with its cover and contents or without.

    ``template``: a document already checked (views.livrables.uploads).
    """
    writer = _Writer(report.facts, template)
    if cover:
        writer.cover([section.title for section in report.sections])
    for position, section in enumerate(report.sections):
        breaks = position > 0 and section.new_page
        writer.section(position, section.title, new_page=breaks or (cover and position == 0))
        for block in section.blocks:
            writer.block(block)
    return writer.content()


def blank_template() -> bytes:
    """A document with every style and no content, to be changed in Word and given back."""
    document = _opened(None)
    document.add_paragraph(
        "Modèle Gradient : changez les styles (titres, légendes, tableaux), l'en-tête et les marges, puis "
        "déposez ce fichier dans la page Livrables. Le texte du modèle n'est pas repris.",
        style="Gradient note",
    )
    return _saved(document)


def _opened(template: bytes | None) -> WordDocument:
    """An empty document with the writer's styles; those that a template has are kept as they are."""
    document = Document(io.BytesIO(template)) if template else Document()
    body = document.element.body
    for child in list(body):
        if child.tag != qn("w:sectPr"):
            body.remove(child)
    if template is None:
        section = document.sections[0]
        section.orientation = WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2)
        section.top_margin, section.bottom_margin = Cm(2.2), Cm(2)
    _styles(document, own=template is None)
    _language(document)
    return document


def _styles(document: WordDocument, *, own: bool) -> None:
    names = {style.name for style in document.styles}
    for name, (base, size, bold, colour, before, after) in _STYLES.items():
        if name in names and not own:
            continue
        style = (
            document.styles[name]
            if name in names
            else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        )
        assert isinstance(style, ParagraphStyle)
        if base and name not in names:
            style.base_style = document.styles[base]
        _set_font(style, size, bold, colour)
        style.paragraph_format.space_before = Pt(before)
        style.paragraph_format.space_after = Pt(after)
        if name.startswith("Heading") or name == "Caption":
            style.paragraph_format.keep_with_next = True
    if TABLE_STYLE not in names:
        document.styles.element.append(parse_xml(_TABLE_STYLE_XML))


def _set_font(style: ParagraphStyle, size: float, bold: bool, colour: RGBColor) -> None:
    style.font.name, style.font.size, style.font.bold = office.FONT, Pt(size), bold
    style.font.italic = False
    style.font.color.rgb = colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{kind}"), None)
    for kind in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{kind}"), office.FONT)


def _language(document: WordDocument) -> None:
    """French for every run, whatever the template said."""
    defaults = document.styles.element.find(qn("w:docDefaults"))
    if defaults is None:
        return
    for language in defaults.iter(qn("w:lang")):
        for kind in ("val", "eastAsia", "bidi"):
            language.set(qn(f"w:{kind}"), "fr-FR")


def _saved(document: WordDocument) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


class _Writer:
    """The document being written; counts its tables and figures."""

    def __init__(self, facts: Facts, template: bytes | None) -> None:
        self._facts = facts
        self._document = _opened(template)
        self._counts = {"Tableau": 0, "Figure": 0}
        self._pictures = 0
        page = self._document.sections[0]
        assert page.page_width is not None and page.page_height is not None
        assert page.left_margin is not None and page.right_margin is not None
        self._width = int(page.page_width - page.left_margin - page.right_margin)
        self._tallest = int(page.page_height * 0.62)
        office.describe(self._document.core_properties, facts)
        self._running()

    def _running(self) -> None:
        """Header and footer of every page, beside what a template has there."""
        for section in self._document.sections:
            top = section.header.add_paragraph(style="Header")
            top.add_run(printable(self._facts.header))
            bottom = section.footer.add_paragraph(style="Footer")
            bottom.add_run(printable(self._facts.footer) + f" · page{NO_BREAK}")
            _field(bottom, "PAGE", "1")
            for part in (section.header, section.footer):
                first = part.paragraphs[0]
                if not first.text and len(part.paragraphs) > 1:
                    first._element.getparent().remove(first._element)

    def cover(self, titles: list[str]) -> None:
        """Title, facts, table of contents."""
        document, facts = self._document, self._facts
        if facts.logo:
            document.add_picture(io.BytesIO(facts.logo), height=Cm(2))
            self._describe(document.paragraphs[-1], "Logo")
        document.add_paragraph(printable(facts.title), style="Title")
        document.add_paragraph(printable(facts.perimeter), style="Subtitle")
        for line in (facts.header, facts.footer, facts.authors):
            if line:
                document.add_paragraph(printable(line), style="Gradient note")
        contents = document.add_paragraph(style="Gradient constat")
        contents.add_run("Sommaire")
        self._contents(titles)

    def _contents(self, titles: list[str]) -> None:
        """A table of contents with its links already written; Word can update it."""
        for position, title in enumerate(titles):
            paragraph = self._document.add_paragraph(style="Normal")
            if position == 0:
                _begin_field(paragraph, r'TOC \o "1-1" \h \n')
            link = parse_xml(
                f'<w:hyperlink {nsdecls("w")} w:anchor="partie{position + 1}" w:history="1"><w:r><w:t '
                f'xml:space="preserve">{escape(printable(title))}</w:t></w:r></w:hyperlink>'
            )
            paragraph._element.append(link)
            if position == len(titles) - 1:
                _end_field(paragraph)

    def section(self, position: int, title: str, *, new_page: bool) -> None:
        """A heading of the first level, that the table of contents points to."""
        heading = self._document.add_paragraph(printable(title), style="Heading 1")
        heading.paragraph_format.page_break_before = new_page
        number = position + 1
        start = f'<w:bookmarkStart {nsdecls("w")} w:id="{number}" w:name="partie{number}"/>'
        end = f'<w:bookmarkEnd {nsdecls("w")} w:id="{number}"/>'
        runs = heading._element.findall(qn("w:r"))
        runs[0].addprevious(parse_xml(start))
        runs[-1].addnext(parse_xml(end))

    def block(self, block: Block) -> None:
        """One block, in its style."""
        match block:
            case Paragraph():
                self._document.add_paragraph(
                    printable(block.text), style="Gradient constat" if block.strong else "Normal"
                )
            case Note():
                self._document.add_paragraph(printable(block.text), style="Gradient note")
            case Heading():
                self._document.add_paragraph(printable(block.text), style="Heading 2")
            case Bullets():
                for item in block.items:
                    self._document.add_paragraph(printable(item), style="List Bullet")
            case Table():
                self._caption("Tableau", block.caption)
                self._table(block)
            case Figure():
                self._figure(block)

    def _caption(self, kind: str, text: str) -> WordParagraph:
        """« Tableau 3. … », its number a field that Word updates."""
        self._counts[kind] += 1
        paragraph = self._document.add_paragraph(style="Caption")
        paragraph.add_run(f"{kind}{NO_BREAK}")
        _field(paragraph, f"SEQ {kind} \\* ARABIC", str(self._counts[kind]))
        paragraph.add_run(f". {printable(text)}")
        return paragraph

    def _figure(self, figure: Figure) -> None:
        picture = self._document.add_paragraph(style="Normal")
        picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
        picture.paragraph_format.keep_with_next = True
        picture.paragraph_format.space_before = Pt(6)
        shape = picture.add_run().add_picture(io.BytesIO(figure.png), width=Emu(self._width))
        if shape.height > self._tallest:
            shape.width = Emu(int(shape.width * self._tallest / shape.height))
            shape.height = Emu(self._tallest)
        self._describe(picture, figure.alt)
        caption = self._caption("Figure", figure.caption)
        caption.paragraph_format.keep_with_next = False
        caption.paragraph_format.space_after = Pt(10)

    def _describe(self, paragraph: WordParagraph, alt: str) -> None:
        """Alternative text and a name of its own for the picture of ``paragraph``."""
        self._pictures += 1
        for properties in paragraph._element.iter(qn("wp:docPr")):
            properties.set("descr", printable(alt))
            properties.set("name", f"Image {self._pictures}")
            properties.set("id", str(self._pictures))

    def _table(self, table: Table) -> None:
        """Written as one piece of XML: cell by cell takes seconds on the longest."""
        widths = [
            round(self._width * share / 635) for share in table.widths
        ]  # twentieths of a point
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        rows = "".join(_rows(table, widths))
        look = f'w:firstRow="1" w:lastRow="{int(table.total)}" w:firstColumn="0" w:lastColumn="0"'
        xml = (
            f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="{self._table_style()}"/>'
            f'<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
            f'<w:tblLook {look} w:noHBand="1" w:noVBand="1"/>'
            f"<w:tblCaption w:val={quoteattr(printable(table.caption))}/>"
            f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
        )
        anchor = self._document.add_paragraph(style="Gradient note")
        anchor._element.addprevious(parse_xml(xml))
        spacing = anchor.paragraph_format
        spacing.space_before = spacing.space_after = Pt(0)
        spacing.line_spacing = Pt(8)

    def _table_style(self) -> str:
        return str(self._document.styles[TABLE_STYLE].style_id)

    def content(self) -> bytes:
        """The whole file."""
        return rezipped(_saved(self._document), self._facts.built)


def _rows(table: Table, widths: list[int]) -> Iterator[str]:
    style = "Gradientcellule"
    for position, row in enumerate((table.columns, *table.rows)):
        head = "<w:tblHeader/>" if position == 0 else ""
        bold = position == 0 or (table.total and position == len(table.rows))
        cells = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr><w:p><w:pPr>'
            f'<w:pStyle w:val="{style}"/>'
            + ("<w:keepNext/>" if position == 0 else "")
            + ('<w:jc w:val="right"/>' if column in table.numeric else "")
            + "</w:pPr><w:r>"
            + ("<w:rPr><w:b/></w:rPr>" if bold else "")
            + f'<w:t xml:space="preserve">{escape(printable(text))}</w:t></w:r></w:p></w:tc>'
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>{cells}</w:tr>"


def _field(paragraph: WordParagraph, instruction: str, shown: str) -> None:
    """A field of Word with the text shown until it is updated."""
    _begin_field(paragraph, instruction)
    paragraph.add_run(shown)
    _end_field(paragraph)


def _begin_field(paragraph: WordParagraph, instruction: str) -> None:
    for xml in (
        '<w:fldChar w:fldCharType="begin"/>',
        f'<w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
    ):
        tag = xml.replace(" ", f" {nsdecls('w')} ", 1)
        paragraph.add_run()._element.append(parse_xml(tag))


def _end_field(paragraph: WordParagraph) -> None:
    paragraph.add_run()._element.append(
        parse_xml(f'<w:fldChar {nsdecls("w")} w:fldCharType="end"/>')
    )
