"""The project file: read back, recovered, migrated, merged; hostile content refused or kept as text."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from diagnostic.merging import merge
from diagnostic.perimeter import Part, Perimeter
from diagnostic.project import (
    LISTS,
    VERSION,
    Action,
    Entry,
    ImportMapping,
    Project,
    ProjectFileError,
    Vote,
    dump,
    json_schema,
    load,
)
from diagnostic.records import (
    MAX_FIGURES_SIZE,
    Crossing,
    ImportedColumn,
    LocalData,
    Placement,
    Priority,
    Record,
    clean_line,
)
from diagnostic.swot import placement_id
from diagnostic.triangulation import Subject, crossing_id
from tests.conftest import ROOT
from views.project import conflict_title, side_texts, summary_text

CERGY = Perimeter((Part("epci", "249500109"),), "CLS d'Éragny")
BUS = Action(
    id="260309-bus",
    written=date(2026, 3, 9),
    title="Bus dentaire",
    description="Première ligne\nseconde ligne",
    approach="proportionnee",
    territories=("com:95127", "qpv:QN09501M"),
    intensity={"com:95127": 3.5, "com:95500": None},
    indicators=("apl_medecins_generalistes",),
)
SAID = Entry(
    id="260310-dit", written=date(2026, 3, 10), source="habitants", text="Trop loin", theme="offre"
)
VOTE = Vote(id="260311-vote", written=date(2026, 3, 11), priorities=(("Accès", 12), ("Air", 0)))
MAPPING = ImportMapping(
    id="260312-imp",
    written=date(2026, 3, 12),
    name="extraction.xlsx",
    columns=(ImportedColumn(column="Taux", unit="%"),),
)
LOCAL = LocalData(
    id="local_0123456789",
    written=date(2026, 3, 12),
    name="extraction.xlsx",
    source="ARS",
    rows=3,
    used=2,
    figures={
        "local_0123456789": (
            "commune;95127;2024;12.5;25;200;ok;",
            "commune;95500;2024;;;;secret;seuil",
        )
    },
)
FULL = Project(
    CERGY,
    choices={"base": "40", "force": "5", "poids_revenu": "30"},
    comparator="departement:95",
    build_id="2026-03-01",
    actions=(BUS,),
    entries=(SAID,),
    votes=(VOTE,),
    imports=(MAPPING,),
    local_data=(LOCAL,),
    notes="Réunion du 9 mars",
)
TEXT = dump(FULL, date(2026, 3, 12))
# Exactly what the first version of Gradient wrote.
FIRST_VERSION = """{
  "gradient": 1,
  "type": "perimetre",
  "nom": "CLS d'Éragny",
  "perimetre": "epci:249500109",
  "construction_donnees": "2026-03-01",
  "date": "2026-03-09"
}
"""

LINES = st.text(max_size=60)
TERRITORIES = st.sampled_from(["com:95127", "com:2A004", "epci:249500109", "qpv:QN09501M"])
IDS = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)
DAYS = st.dates()
ACTIONS = st.builds(
    lambda **fields: Action(**fields),  # the names of the file would be drawn too
    id=IDS,
    written=DAYS,
    author=LINES,
    title=st.text(min_size=1, max_size=30).filter(clean_line),
    description=LINES,
    approach=st.sampled_from(["universelle", "ciblee", "proportionnee"]),
    territories=st.lists(TERRITORIES, max_size=4).map(tuple),
    intensity=st.dictionaries(
        TERRITORIES, st.none() | st.floats(0, 1e9, allow_nan=False), max_size=3
    ),
)
ENTRIES = st.builds(Entry, id=IDS, written=DAYS, text=LINES, said_on=st.none() | DAYS)
VOTES = st.builds(
    Vote,
    id=IDS,
    written=DAYS,
    priorities=st.lists(st.tuples(LINES, st.integers(0, 500)), max_size=3).map(tuple),
)
CROSSINGS = st.builds(
    lambda **fields: Crossing(**fields),
    id=IDS,
    written=DAYS,
    reading=st.sampled_from(["convergent", "divergent", "non_mesure"]),
)
PRIORITIES = st.builds(
    lambda **fields: Priority(**fields), id=IDS, written=DAYS, title=st.just("Soins"), reason=LINES
)
PLACEMENTS = st.builds(lambda **fields: Placement(**fields), id=IDS, written=DAYS, item=IDS)
MAPPINGS = st.builds(ImportMapping, id=IDS, written=DAYS, headings=st.lists(LINES).map(tuple))
LINES_OF_FIGURES = st.lists(
    st.builds("commune;95{:03d};2024;{!r};;;ok;".format, st.integers(0, 999), st.floats(0, 1e6)),
    max_size=3,
).map(tuple)
LOCALS = st.builds(
    LocalData,
    id=IDS,
    written=DAYS,
    rows=st.integers(0, 99),
    figures=st.dictionaries(st.just("local_a"), LINES_OF_FIGURES, max_size=1),
)


def project_of(drawn: tuple[Sequence[Record], dict[str, str]]) -> Project:
    records, choices = drawn
    unique = {one.id: one for one in records}
    project = Project(CERGY, choices=choices)
    for name, kind in LISTS.items():
        project = project.with_list(name, (one for one in unique.values() if type(one) is kind))
    return project


PROJECTS = st.tuples(
    st.lists(
        st.one_of(ACTIONS, ENTRIES, CROSSINGS, PLACEMENTS, PRIORITIES, VOTES, MAPPINGS, LOCALS),
        max_size=6,
    ),
    st.dictionaries(st.from_regex(r"[a-z_-]{1,12}", fullmatch=True), LINES, max_size=4),
).map(project_of)


# Read back


@settings(deadline=None)
@given(PROJECTS)
def test_round_trip(project: Project) -> None:
    assert load(dump(project).encode()) == (project, [])


def test_the_file_is_readable_and_stable() -> None:
    assert load(TEXT, "2026-03-01") == (FULL, [])
    assert "Éragny" in TEXT
    assert json.loads(TEXT)["actions"][0]["titre"] == "Bus dentaire"
    shuffled = dataclasses.replace(
        FULL, choices={key: FULL.choices[key] for key in sorted(FULL.choices, reverse=True)}
    )
    assert dump(shuffled, date(2026, 3, 12)) == TEXT
    more = Action(id="260301-avant", written=date(2026, 3, 1), title="Avant")
    after = dump(FULL.with_list("actions", (BUS, more)), date(2026, 3, 12))
    kept = set(TEXT.splitlines())
    assert kept <= set(after.splitlines())  # adding a record moves no other line
    _, (warning,) = load(TEXT, "2027-01-01")
    assert "autre version des données (« 2026-03-01 »)" in warning
    with pytest.raises(ValueError, match="vide"):
        dump(Project(Perimeter(())))


def test_the_published_schema_is_that_of_the_models() -> None:
    assert (ROOT / "docs" / "projet.schema.json").read_text("utf-8") == json_schema()
    schema = json.loads(json_schema())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    validator.validate(json.loads(TEXT))
    validator.validate(json.loads(FIRST_VERSION))
    bad = json.loads(TEXT)
    bad["actions"][0]["approche"] = "autre"
    assert list(validator.iter_errors(bad))


@settings(max_examples=50, deadline=None)
@given(PROJECTS)
def test_what_is_written_follows_the_schema(project: Project) -> None:
    Draft202012Validator(json.loads(json_schema())).validate(json.loads(dump(project)))


# Older and newer versions


def test_the_first_version_opens() -> None:
    project, notes = load(FIRST_VERSION)
    assert notes == []
    assert project == Project(CERGY, build_id="2026-03-01", version=1)
    again = json.loads(dump(project))
    assert again["version"] == VERSION


def test_the_second_version_opens_and_knows_no_local_figure() -> None:
    """What it wrote: everything of today but the figures of local files."""
    second = {key: value for key, value in json.loads(TEXT).items() if key != "donnees_locales"}
    project, notes = load(json.dumps(second | {"version": 2}))
    assert notes == []
    assert project == dataclasses.replace(FULL, local_data=(), version=2)
    assert json.loads(dump(project))["version"] == VERSION


def test_local_figures_past_the_size_are_refused() -> None:
    line = "commune;95127;2024;12.5;25;200;ok;" + "x" * 100
    many = (line,) * (MAX_FIGURES_SIZE // len(line) + 1)
    with pytest.raises(ValidationError, match="trop de chiffres"):
        LocalData(figures={"local_a": many})


@pytest.mark.parametrize(
    "line",
    [
        "commune;95127;2024;12.5;25;200;ok",
        "commune;95127;2024;=1+1;25;200;ok;",
        "commune;95127;2024;nan;25;200;ok;",
        "commune;95127;demain;1;25;200;ok;",
        "commune;<b>;2024;1;25;200;ok;",
        "commune;95127;2024;1;25;200;certain;",
        "commune;95127;2024;1;25;200;ok;a;b",
    ],
)
def test_a_figure_that_is_not_one_is_kept_aside(line: str) -> None:
    bad = json.loads(TEXT)
    bad["donnees_locales"][0]["chiffres"]["local_0123456789"] = [line]
    project, (note,) = load(json.dumps(bad))
    assert project.local_data == ()
    assert "mis de côté" in note


def test_the_first_version_would_open_a_file_of_today() -> None:
    """What its reader asked for: this type, version 1, four headings of text."""
    headings = json.loads(TEXT)
    assert (headings["gradient"], headings["type"]) == (1, "perimetre")
    named = ("nom", "perimetre", "construction_donnees", "date")
    assert all(isinstance(headings[key], str) for key in named)


def test_a_later_version_loses_nothing() -> None:
    later = json.loads(TEXT)
    later |= {"gradient": VERSION + 1, "version": VERSION + 1, "budget": {"total": 12}}
    later["actions"][0]["cout"] = [1, 2]
    later["paroles"].append({"id": "x", "nature": "chanson", "texte": "la"})
    project, notes = load(json.dumps(later))
    assert len(notes) == 3
    assert "version plus récente" in notes[0]
    assert "mis de côté" in notes[1]
    assert "« budget »" in notes[2]
    assert project.entries == (SAID,)
    again = json.loads(dump(project))
    assert again["version"] == VERSION + 1
    assert again["budget"] == {"total": 12}
    assert again["actions"][0]["cout"] == [1, 2]
    assert again["paroles"][1] == {"id": "x", "nature": "chanson", "texte": "la"}
    assert load(json.dumps(again))[0] == project


# Cut files


def test_a_cut_file_gives_back_its_whole_records() -> None:
    """Cut anywhere after the perimeter: a start of what was there, said, never a half record."""
    whole = TEXT.encode()
    last = 0
    opened = 0
    for end in range(0, len(whole), 3):
        try:
            project, notes = load(whole[:end])
        except ProjectFileError:
            assert not opened, "un fichier plus long s'ouvre moins bien"
            continue
        opened += 1
        assert project.perimeter.parts == CERGY.parts
        assert all(record in FULL.records for record in project.records)
        assert len(project.records) >= last
        last = len(project.records)
        if end < len(whole) - 1:  # without its last end of line, a file is whole
            assert "coupé ou abîmé" in notes[0]
    assert last >= len(FULL.records) - 1
    assert opened > len(whole) / 6


def test_what_follows_a_damage_is_lost_and_said() -> None:
    project, (note,) = load(TEXT.replace('"paroles": [', '"paroles": [ oops'))
    assert (project.actions, project.entries) == ((BUS,), ())
    assert "la suite est perdue" in note


# Merging


def test_two_colleagues() -> None:
    mine = FULL.with_list("actions", (BUS, Action(id="a-moi", title="La mienne")))
    changed = BUS.model_copy(update={"title": "Bus dentaire et vue"})
    theirs = dataclasses.replace(FULL.with_list("actions", (changed,)), notes="", entries=())
    merged, conflicts = merge(mine, theirs, FULL)
    assert conflicts == []
    assert {one.title for one in merged.actions} == {"La mienne", "Bus dentaire et vue"}
    assert (merged.entries, merged.notes) == ((), "")
    # without the common start: nothing is removed, what differs is asked
    merged, (conflict,) = merge(mine, theirs)
    assert conflict.place == ("actions", BUS.id)
    assert merged.entries == FULL.entries
    assert BUS in merged.actions
    chosen, _ = merge(mine, theirs, picked={conflict.place: "theirs"})
    assert changed in chosen.actions
    assert conflict_title(conflict) == "Action « Bus dentaire »"
    assert side_texts(conflict) == ("titre : Bus dentaire", "titre : Bus dentaire et vue")


def test_removed_here_and_changed_there_is_asked() -> None:
    mine = FULL.with_list("actions", ())
    changed = BUS.model_copy(update={"pilot": "CCAS"})
    merged, (conflict,) = merge(mine, FULL.with_list("actions", (changed,)), FULL)
    assert merged.actions == (changed,)  # never lost in silence
    assert side_texts(conflict) == ("supprimé", "gardé")
    merged, _ = merge(
        mine, FULL.with_list("actions", (changed,)), FULL, {conflict.place: conflict.kept}
    )
    assert merged.actions == (changed,)
    merged, _ = merge(mine, FULL.with_list("actions", (changed,)), FULL, {conflict.place: "ours"})
    assert merged.actions == ()


def test_both_sides_are_told_in_words_without_codes() -> None:
    changed = BUS.model_copy(update={"approach": "ciblee", "territories": ("com:95500",)})
    _, (conflict,) = merge(FULL, FULL.with_list("actions", (changed,)))
    names = {"com:95127": "Cergy", "com:95500": "Pontoise", "qpv:QN09501M": "Axe majeur"}
    assert side_texts(conflict, names) == (
        "approche : proportionnée au besoin ; territoires : Cergy, Axe majeur",
        "approche : ciblée ; territoires : Pontoise",
    )
    voted = VOTE.model_copy(update={"priorities": (("Accès", 14), ("Air", 0))})
    _, (conflict,) = merge(FULL, FULL.with_list("votes", (voted,)))
    assert side_texts(conflict) == ("voix : Accès : 12, Air : 0", "voix : Accès : 14, Air : 0")
    other = LOCAL.model_copy(
        update={"figures": {"local_0123456789": ("commune;95127;2024;13;26;200;ok;",)}}
    )
    _, (conflict,) = merge(FULL, FULL.with_list("local_data", (other,)))
    assert conflict_title(conflict) == "Données locales « extraction.xlsx »"
    mine, theirs = side_texts(conflict)
    assert mine.replace("\xa0", " ") == "chiffres : 2 chiffres, lus le 12/03/2026"
    assert theirs.replace("\xa0", " ") == "chiffres : 1 chiffre, lu le 12/03/2026"


def test_weights_are_taken_together() -> None:
    theirs = dataclasses.replace(FULL, choices={**FULL.choices, "base": "60"})
    merged, (conflict,) = merge(FULL, theirs)
    assert merged.choices == FULL.choices
    assert side_texts(conflict) == ("base : 40", "base : 60")
    merged, _ = merge(FULL, theirs, picked={("choices", ""): "theirs"})
    assert merged.choices == theirs.choices


@settings(deadline=None)
@given(PROJECTS, PROJECTS)
def test_merging_loses_nothing(ours: Project, theirs: Project) -> None:
    merged, conflicts = merge(ours, theirs)
    asked = {conflict.place[1] for conflict in conflicts}
    ids = {one.id for one in merged.records}
    assert ids == {one.id for one in (*ours.records, *theirs.records)}
    for record in (*ours.records, *theirs.records):
        assert record in merged.records or record.id in asked or record.id in same_id(ours, theirs)
    for conflict in conflicts:
        assert conflict_title(conflict)
        assert all(side_texts(conflict))


def same_id(ours: Project, theirs: Project) -> set[str]:
    return {one.id for one in ours.records} & {one.id for one in theirs.records}


@settings(deadline=None)
@given(PROJECTS, PROJECTS)
def test_merging_with_oneself_and_from_the_start(ours: Project, theirs: Project) -> None:
    assert merge(ours, ours) == (ours, [])
    assert merge(ours, theirs, ours) == (theirs, [])
    assert merge(ours, theirs, theirs) == (ours, [])


# Hostile or foolish files

GOOD = json.loads(TEXT)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "abîmé"),
        ("{", "abîmé|n'est pas un projet"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("[1]", "n'est pas un projet"),
        ("null", "n'est pas un projet"),
        ("{}", "n'est pas un projet"),
        (json.dumps({**GOOD, "type": "diagnostic"}), "n'est pas un projet"),
        (json.dumps({**GOOD, "type": ["perimetre"]}), "n'est pas un projet"),
        (json.dumps({**GOOD, "gradient": "1"}), "version de ce fichier est illisible"),
        (json.dumps({**GOOD, "gradient": True}), "version de ce fichier est illisible"),
        (json.dumps({**GOOD, "version": 0}), "version de ce fichier est illisible"),
        (json.dumps({**GOOD, "nom": 3}), "« nom »"),
        (json.dumps({**GOOD, "date": 3}), "« date »"),
        (json.dumps({**GOOD, "construction_donnees": []}), "« construction_donnees »"),
        (json.dumps({**GOOD, "perimetre": None}), "« perimetre »"),
        (json.dumps({**GOOD, "perimetre": {"a": 1}}), "« perimetre »"),
        (json.dumps({**GOOD, "perimetre": "junk"}), "aucun territoire"),
        ('{"gradient": 1, "gradient": 1}', "deux fois"),
        ('{"a": {"b": 1, "b": 2}}', "deux fois"),
        ('{"gradient": NaN}', "NaN"),
        ("[" * 100_000, "abîmé"),
        ('{"a":' * 100_000, "abîmé"),
        ('{"gradient": 1' + "0" * 5000 + "}", "abîmé|n'est pas un projet"),
        (json.dumps({**GOOD, "x": "[" * 9}).replace('"[[[[[[[[["', "[" * 40 + "]" * 40), "emboîte"),
        (b" " * 20_000_001, "20 Mo"),
        (b"\x00" * 20_000_001, "20 Mo"),
    ],
    ids=lambda value: repr(value[:12]),
)
def test_bad_files_say_what_is_wrong(content: str | bytes, words: str) -> None:
    with pytest.raises(ProjectFileError, match=words) as refusal:
        load(content)
    assert str(refusal.value).endswith(".")


@settings(max_examples=300, deadline=None)
@given(st.binary() | st.text())
def test_random_content_raises_nothing_else(content: str | bytes) -> None:
    with pytest.raises(ProjectFileError):
        load(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON))
def test_random_headings_raise_nothing_else(change: dict[str, object]) -> None:
    try:
        project, notes = load(json.dumps({**GOOD, **change}))
    except ProjectFileError as error:
        assert str(error).endswith(".")
    else:
        assert project.perimeter.parts
        assert all(isinstance(one, str) for one in notes)
        assert load(dump(project).encode())[0] == project


def test_invisible_characters_and_half_letters_are_taken_out() -> None:
    hostile = json.loads(TEXT)
    hostile["actions"][0]["titre"] = "a\u202eb\u0000\ud800 <script>\nc"
    hostile["notes"] = "x\ud800\u0007y"
    hostile["inconnue"] = {"\ud800": ["\ud800z"]}
    project, _ = load(json.dumps(hostile))
    assert project.actions[0].title == "ab <script> c"
    assert project.notes == "xy"
    assert dump(project).encode("utf-8")


@pytest.mark.parametrize(
    "change",
    [
        {"titre": ""},
        {"titre": "x" * 201},
        {"description": "x" * 5001},
        {"territoires": ["95127"]},
        {"territoires": ["com:95127'); DROP"]},
        {"intensite": {"com:95127": -1}},
        {"intensite": {"com:95127": "beaucoup"}},
        {"approche": "autre"},
        {"ecrit_le": "hier"},
        {"id": "a b"},
    ],
    ids=str,
)
def test_a_record_that_cannot_be_read_is_kept_aside(change: dict[str, object]) -> None:
    bad = json.loads(TEXT)
    bad["actions"][0] |= change
    project, (note,) = load(json.dumps(bad))
    assert project.actions == ()
    assert "mis de côté" in note
    assert json.loads(dump(project))["actions"] == bad["actions"]


def test_a_double_and_bad_choices_are_said() -> None:
    bad = json.loads(TEXT)
    bad["actions"].append(bad["actions"][0])
    bad["choix"] |= {"a b": "1", "c": 3}
    project, notes = load(json.dumps(bad))
    assert project.actions == (BUS,)
    assert project.choices == FULL.choices
    assert any("en double" in one for one in notes)
    assert any("2 choix illisible" in one for one in notes)


def test_records_are_checked_when_written() -> None:
    with pytest.raises(ValidationError):
        Action(title=" \n ")
    with pytest.raises(ValidationError):
        Action(title="x", intensity={"com:95127": float("nan")})
    assert len({Action(title="x").id for _ in range(50)}) == 50


def test_summary() -> None:
    assert summary_text(Project(CERGY)).startswith("Rien n'est encore noté")
    assert (
        summary_text(FULL)
        .replace("\xa0", " ")
        .endswith(
            "et 1 action, 1 parole ou observation, 1 vote, 1 lecture de fichier et 1 fichier de "
            "données locales."
        )
    )


# The shared diagnosis


def test_the_shared_diagnosis_is_in_the_file_and_two_readings_are_asked() -> None:
    care = Subject("offre")
    placement = Placement(id=placement_id("parole:a"), item="parole:a", quadrant="menace")
    mine = Crossing(id=crossing_id(care), theme="offre", reading="divergent", reason="Loin")
    first = Priority(id="p", title="Dentistes", findings=("constat:x:fragilite",), entries=("a",))
    ours = dataclasses.replace(
        FULL, crossings=(mine,), placements=(placement,), priorities=(first,)
    )
    text = dump(ours)
    assert load(text)[0] == ours
    assert {"lectures", "afom", "priorites"} <= set(json.loads(text))
    Draft202012Validator(json.loads(json_schema())).validate(json.loads(text))
    theirs = dataclasses.replace(
        FULL, crossings=(mine.model_copy(update={"reading": "convergent"}),)
    )
    merged, conflicts = merge(ours, theirs)
    (conflict,) = conflicts
    assert "Offre et accès aux soins" in conflict_title(conflict)
    assert side_texts(conflict) == ("lecture : divergent", "lecture : convergent")
    assert merged.priorities == (first,)
    assert "1\u00a0priorité" in summary_text(ours)
