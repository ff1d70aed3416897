"""Perimeter: link codec, resolution into communes and names."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostic.perimeter import (
    MAX_PARTS,
    Part,
    Perimeter,
    city_of,
    clean_name,
    decode,
    encode,
    file_name,
    resolve,
)

PARTS = st.builds(
    lambda pair, removed: Part(pair[0], pair[1], removed),
    st.one_of(
        st.tuples(st.just("commune"), st.from_regex(r"[0-9][0-9AB][0-9]{3}", fullmatch=True)),
        st.tuples(
            st.sampled_from(["epci", "ept", "petr"]), st.from_regex(r"[0-9]{9}", fullmatch=True)
        ),
        st.tuples(st.just("departement"), st.sampled_from(["95", "2A", "974"])),
        st.tuples(st.just("region"), st.sampled_from(["11", "04"])),
        st.tuples(st.just("arm"), st.sampled_from(["75101", "13216", "69389"])),
        st.just(("france", "FR")),
    ),
    st.booleans(),
)
PERIMETERS = st.builds(
    lambda parts, name: Perimeter(tuple(parts), name), st.lists(PARTS, max_size=60), st.text()
)


@given(PERIMETERS)
def test_link_round_trip(perimeter: Perimeter) -> None:
    text = encode(perimeter)
    back, warnings = decode(text)
    assert back.parts == perimeter.parts
    assert warnings == []
    assert encode(back) == text
    assert "+" not in text


@given(PERIMETERS, st.randoms())
def test_the_order_of_the_parts_means_nothing(perimeter: Perimeter, random: object) -> None:
    mixed = list(perimeter.parts) * 2
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert Perimeter(tuple(mixed), perimeter.name) == perimeter


@pytest.mark.parametrize(
    "link",
    [
        "epci:249500109",
        "epci:200023737,epci:200035327",
        "epci:249500109,-com:95127,com:46042",
        "com:95127",
        "petr:200049211",
        "dep:95",
        "france:FR",
        "ept:200057867,arm:75101",
        "",
    ],
)
def test_documented_links_are_canonical(link: str) -> None:
    perimeter, warnings = decode(link)
    assert warnings == []
    assert encode(perimeter) == link


def test_an_arrondissement_given_as_a_commune_is_one() -> None:
    perimeter, warnings = decode("com:75120,com:69123,arm:75120")
    assert encode(perimeter) == "com:69123,arm:75120"
    assert warnings == ["« arm:75120 » figure deux fois : compté une fois."]


def test_spaces_and_case_are_forgiven() -> None:
    perimeter, warnings = decode(" DEP:2a , -Com: 2a004 ,, ")
    assert encode(perimeter) == "dep:2A,-com:2A004"
    assert warnings == []


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("canton:9501", "niveau inconnu"),
        ("95127", "un niveau et un code"),
        ("com:1001", "pas un code pour la commune"),
        ("com:٩٥١٢٧", "pas un code pour la commune"),
        ("epci:24950010", "pas un code pour l'intercommunalité"),
        ("arm:75121", "pas un code pour l'arrondissement"),
        ("france:DE", "pas un code pour la France"),
        ("com:95127'); DROP", "pas un code"),
        ("+com:95127", "niveau inconnu"),
        ("--com:95127", "niveau inconnu"),
    ],
)
def test_junk_is_named_and_ignored(token: str, words: str) -> None:
    perimeter, warnings = decode(f"{token},dep:95")
    assert encode(perimeter) == "dep:95"
    assert len(warnings) == 1
    assert words in warnings[0]
    assert warnings[0].endswith(".")


def test_what_was_typed_is_quoted_harmlessly() -> None:
    _, (warning,) = decode("<script>alert(1)</script>_**[x](https://evil.example)`" + "a" * 200)
    quoted = re.search("« (.*) »", warning)
    assert quoted
    assert len(quoted[1]) <= 40
    assert not set("<>*_[]()`/.&") & set(quoted[1])


def test_duplicates_are_said_once() -> None:
    perimeter, warnings = decode("com:95127,com:95127,-com:95127")
    assert len(perimeter.parts) == 2
    assert warnings == ["« com:95127 » figure deux fois : compté une fois."]


def test_too_many_parts_and_too_long() -> None:
    codes = [f"com:{i:05d}" for i in range(MAX_PARTS + 20)]
    perimeter, (warning,) = decode(",".join(codes))
    assert len(perimeter.parts) == MAX_PARTS
    assert f"com:{MAX_PARTS:05d}" in warning
    perimeter, warnings = decode("com:95127," + "x" * 5000)
    assert encode(perimeter) == "com:95127"
    assert "trop long" in warnings[0]
    assert decode("x" * 5000)[0].parts == ()
    assert len(decode("x," * 1999)[1]) == 21
    with pytest.raises(ValueError, match="au plus 200"):
        Perimeter(tuple(Part("commune", f"{i:05d}") for i in range(MAX_PARTS + 1)))


def test_the_longest_perimeter_fits_in_a_link() -> None:
    longest = Perimeter(tuple(Part("petr", f"{i:09d}", removed=True) for i in range(MAX_PARTS)))
    assert decode(encode(longest)) == (longest, [])


@given(st.text(max_size=300) | st.text(alphabet="comdepi:,-0123456789 AB", max_size=300))
def test_decode_never_raises(text: str) -> None:
    perimeter, warnings = decode(text)
    assert decode(encode(perimeter)) == (perimeter, [])
    assert all(w.endswith(".") and len(w) < 250 for w in warnings)


@pytest.mark.parametrize(("level", "code"), [("canton", "1"), ("commune", "1001"), ("epci", "x,y")])
def test_a_part_cannot_be_malformed(level: str, code: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Part(level, code)


MEMBERS = {
    ("epci", "249500109"): ("95127", "95500", "95218"),
    ("epci", "200023737"): ("46042", "46001"),
    ("epci", "200000001"): ("95500", "95282", "99999"),
    ("departement", "95"): ("95127", "95500", "95218", "95169"),
}
KNOWN = {"95127", "95500", "95218", "95169", "46042", "46001", "75101"}
PASSAGE = {"95282": "95169", "95999": "12345"}


def communes(link: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    resolution = resolve(decode(link)[0], MEMBERS, KNOWN, PASSAGE)
    return resolution.communes, resolution.warnings


def test_resolution_adds_then_removes() -> None:
    assert communes("epci:249500109,-com:95127,com:46042") == (("46042", "95218", "95500"), ())
    assert communes("-com:95127,dep:95,epci:249500109") == (("95169", "95218", "95500"), ())
    assert communes("dep:95,-epci:249500109") == (("95169",), ())
    assert communes("arm:75101") == (("75101",), ())
    assert communes("") == ((), ())


def test_an_arrondissement_is_never_counted_beside_its_city() -> None:
    known = {"75056", "75101", "75118", "69383"}
    members = {("departement", "75"): ("75056",)}

    def asked(link: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        found = resolve(decode(link)[0], members, known, {})
        return found.communes, found.warnings

    assert asked("arm:75118,arm:69383") == (("69383", "75118"), ())
    for link in ("com:75056,arm:75118", "dep:75,arm:75118"):
        found, (warning,) = asked(link)
        assert found == ("75056",)
        assert "compteraient deux fois" in warning
    found, (warning,) = asked("com:75056,-arm:75118")
    assert found == ("75056",)
    assert "ne se retire pas d'une ville entière" in warning
    assert asked("arm:75118,arm:75101,-arm:75101")[0] == ("75118",)
    assert asked("arm:75118,com:75056,-com:75056")[0] == ()


def test_the_city_of_an_arrondissement() -> None:
    asked = ("75101", "75120", "13216", "69389")
    assert [city_of(code) for code in asked] == ["75056", "75056", "13055", "69123"]
    assert [city_of(code) for code in ("75056", "13217", "95127", "69380")] == [None] * 4


def test_a_merged_commune_is_carried_and_said() -> None:
    assert communes("com:95282") == (
        ("95169",),
        ("La commune 95282 a rejoint 95169 : c'est 95169 qui est prise en compte.",),
    )
    found, (warning,) = communes("dep:95,-com:95282")
    assert "95169" not in found
    assert warning.endswith("c'est 95169 qui est retirée.")


def test_unknown_codes_are_said_and_the_rest_works() -> None:
    found, warnings = communes("epci:123456789,com:99999,com:95999,arm:75102,com:95127")
    assert found == ("95127",)
    assert len(warnings) == 4
    assert all("ne figure pas dans les données chargées" in w for w in warnings)
    found, (warning,) = communes("epci:200000001")
    assert found == ("95169", "95500")
    assert "1 commune(s) absente(s)" in warning
    assert "99999" in warning


def test_removals_for_nothing_and_contradictions() -> None:
    found, (warning,) = communes("epci:249500109,-com:46042")
    assert found == ("95127", "95218", "95500")
    assert "La commune 46042" in warning
    assert "rien n'est retiré" in warning
    found, warnings = communes("com:95127,-com:95127")
    assert found == ()
    assert "le retrait l'emporte" in warnings[0]
    assert "aucune commune" in warnings[1]
    found, warnings = communes("com:95500,-com:99999")
    assert found == ("95500",)
    assert len(warnings) == 1


def test_members_may_be_a_function() -> None:
    def members(level: str, code: str) -> Iterable[str] | None:
        return MEMBERS.get((level, code))

    perimeter = decode("epci:249500109,epci:000000000")[0]
    assert resolve(perimeter, members, KNOWN, PASSAGE) == resolve(
        perimeter, MEMBERS, KNOWN, PASSAGE
    )


@given(st.lists(PARTS, max_size=20))
def test_resolution_never_raises(parts: list[Part]) -> None:
    resolution = resolve(Perimeter(tuple(parts)), MEMBERS, KNOWN, PASSAGE)
    assert set(resolution.communes) <= KNOWN
    assert list(resolution.communes) == sorted(set(resolution.communes))


def test_clean_name() -> None:
    assert clean_name("  CLS \t Haut-Allier\n\x00\u202e ") == "CLS Haut-Allier"
    assert clean_name("a\u200b b") == "a b"
    assert clean_name("e\u0301te\u0301") == "été"
    assert len(clean_name("x" * 200)) == 80
    assert clean_name("\ud800") == ""


@given(st.text())
def test_clean_name_is_stable(text: str) -> None:
    cleaned = clean_name(text)
    assert clean_name(cleaned) == cleaned
    assert len(cleaned) <= 80
    assert cleaned.isprintable()


@pytest.mark.parametrize(
    ("name", "suffix", "expected"),
    [
        ("CLS Cœur d’Oise – été", "portrait.pdf", "gradient-cls-coeur-d-oise-ete-portrait.pdf"),
        ("", ".json", "gradient-com-95127.json"),
        ("../../etc/passwd", ".json", "gradient-etc-passwd.json"),
        ("CON", "xlsx", "gradient-con-xlsx"),
        ("日本", "données.csv", "gradient-com-95127-donnees.csv"),
    ],
)
def test_file_name(name: str, suffix: str, expected: str) -> None:
    assert file_name(Perimeter((Part("commune", "95127"),), name), suffix) == expected


@given(PERIMETERS, st.text())
def test_file_name_is_always_safe(perimeter: Perimeter, suffix: str) -> None:
    assert re.fullmatch(r"gradient-[a-z0-9.-]+", file_name(perimeter, suffix[:20]))
