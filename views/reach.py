"""Words and figures of « Qui touche-t-on ? »: who is reached beside who needs, without a verdict on places."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from diagnostic.reach import (
    LEAST_EXPECTED,
    NEAR,
    OVER,
    TOO_FEW,
    UNDER,
    Concentration,
    Followed,
    Neediest,
)
from views.style import FONT
from views.text import NO_BREAK, alphabetical, count_of, escape_html, joined, number, percent

INK, BLUE, ORANGE, GREY = "#0d151e", "#123f78", "#c05a00", "#5b6673"
CHART_ROWS = 45
NAMES_SHOWN = 6
UNKNOWN = "sans nombre : inconnu n'est pas zéro"
UNSCORED = "besoin inconnu"
EMPTY = "aucun habitant visé"
EXAMPLE = "Exemple fictif"
_COUNTS = {2: "deux", 3: "trois"}
EXAMPLE_BANNER = (
    "**Exemple fictif.** Ces nombres sont inventés pour montrer la lecture : ils ne disent rien de ce "
    "territoire. Retirez l'exemple avant de déposer votre fichier."
)

INTRODUCTION = (
    "Une action ouverte à tous touche-t-elle d'abord ceux qui en ont le plus besoin ? Déposez un simple "
    "**compte de personnes par commune**\u00a0: la page met en regard les personnes touchées, les habitants "
    "et le besoin. Toucher plus que la part de besoin n'est jamais un défaut."
)
PREPARE = (
    "**Ce qu'il faut préparer** : une ligne par commune (ou par quartier prioritaire), avec son code "
    "Insee ou son nom, un nombre de personnes et, si vous voulez, le nom de l'action.\n\n"
    "- Pas de nom, de date de naissance ni d'adresse : un fichier qui désigne des personnes est refusé en entier.\n"
    "- Un nombre de 1 à 4 est refusé : regroupez plusieurs actions ou plusieurs années. Zéro est permis.\n"
    "- Vos nombres restent dans cette visite : ni enregistrés, ni écrits dans l'adresse, ni joints aux données publiques."
)
PREPARE_RESOURCES = (
    "Après un an, déposez ce qui a réellement été engagé par commune : séances, ETP, euros. La page dit "
    "si l'intensité a suivi le besoin, et la compare à la règle annoncée."
)
METHOD = (
    "**Part de besoin.** Chaque habitant compte de 1 (besoin le moins élevé de France) à {ratio} (besoin "
    "le plus élevé), sans marche d'escalier : c'est la règle de la page Intensité, sans sa base égale. Ce "
    "rapport est un choix politique. Poids des domaines : {weights}.\n\n"
    "**Attendues.** Le même nombre total de personnes touchées, réparti selon la part de besoin.\n\n"
    "**Intervalles.** Loi de Poisson, à 95 % (exact sous 10 personnes, Byar au-delà). La lecture tient "
    "compte du nombre de territoires comparés à la fois (Benjamini et Hochberg) : un écart n'est dit que "
    "s'il reste établi. Sous {least} personnes attendues, un territoire seul ne permet pas de conclure. "
    "Une grande commune pèse dans le total : son intervalle est prudent. Des venues en famille ou en classe ne sont pas indépendantes : les vrais intervalles sont plus larges.\n\n"
    "**Indice de concentration.** De −1 à 1, sur les personnes touchées par habitant, communes rangées du "
    "besoin le plus élevé au moins élevé : négatif quand l'action va davantage là où le besoin est plus "
    "élevé. Intervalle par régression pondérée par les habitants (loi de Student, nombre de communes moins deux)."
)
LEGEND = {
    UNDER: "moins que la part de besoin",
    OVER: "plus que la part de besoin",
    NEAR: "pas d'écart établi",
    TOO_FEW: "trop peu pour conclure",
}
_SIGNS = {UNDER: "▼", OVER: "▲", NEAR: "●", TOO_FEW: "○"}
_MARKS = {
    UNDER: (ORANGE, "triangle-down"),
    OVER: (BLUE, "triangle-up"),
    NEAR: (BLUE, "circle"),
    TOO_FEW: (GREY, "circle-open"),
}


def rows_sentence(rows: int, used: int) -> str:
    """« 15 lignes lues : 13 utilisées, 2 refusées. »"""
    refused = rows - used
    return (
        f"**{count_of(rows, 'ligne')} {'lue' if rows < 2 else 'lues'}** : {number(used)} "
        f"{'utilisée' if used < 2 else 'utilisées'}, {number(refused)} "
        f"{'refusée' if refused < 2 else 'refusées'}."
    )


def left_out_sentence(aside: Mapping[str, Sequence[str]], share: float) -> str:
    """Communes that the comparison leaves out, by reason, and the share of people they hold."""
    parts = [f"{_named(names)} ({why})" for why, names in aside.items() if names]
    if not parts:
        return ""
    what_to_do = (
        " Pour le besoin, chargez les données nationales (page Données)."
        if aside.get(UNSCORED)
        else ""
    )
    return (
        f"Hors de la comparaison : {' ; '.join(parts)}, soit {percent(share)} des habitants visés."
        f"{what_to_do}"
    )


def nothing_to_compare(communes: int, comparable: int, total: float, least: int) -> str:
    """Why there is no split to read; empty when there is one."""
    if communes < least:
        return (
            f"Une répartition se lit entre au moins {_COUNTS[least]} communes, et ce périmètre n'en a "
            f"que {number(communes)} : choisissez-en un plus grand."
        )
    if comparable < least:
        return (
            f"Il faut au moins {_COUNTS[least]} communes dont le nombre et le besoin sont connus pour "
            f"lire une répartition ; il y en a {number(comparable)}."
        )
    return "" if total else "Le total est zéro : rien à répartir."


def partial_sentence(names: Sequence[str]) -> str:
    """Communes whose number is a minimum, because some of their rows were refused."""
    listed = joined(list(names)) if len(names) <= NAMES_SHOWN else count_of(len(names), "commune")
    return (
        f"Nombre minimal pour {listed} : une partie de ses lignes a été refusée." if names else ""
    )


def _named(names: Sequence[str]) -> str:
    shown = sorted(names, key=alphabetical)
    return joined(shown) if len(shown) <= NAMES_SHOWN else count_of(len(shown), "commune")


def neediest_sentence(found: Neediest, names: Mapping[str, str], target: str) -> str:
    """« Les 21 % d'habitants vivant dans … forment 34 % du besoin et 18 % des personnes touchées. »"""
    listed = [names[code] for code in found.codes]
    where = "la commune" if len(listed) == 1 else "les communes"
    # A single commune is not named: that would be saying which has the most need.
    named = 2 <= len(listed) <= NAMES_SHOWN
    who = f" ({joined(sorted(listed, key=alphabetical))})" if named else ""
    reached = found.reached
    low, high = float(reached.low), float(reached.high)
    decimals = 0 if percent(low, 0) != percent(high, 0) else 1
    interval = f" (entre {percent(low, decimals)} et {percent(high, decimals)}, intervalle à 95{NO_BREAK}%)"
    return (
        f"Les {percent(found.population, 0)} {target} vivant dans {where} au besoin le plus élevé{who} "
        f"forment {percent(found.need, 0)} du besoin et {percent(float(reached.value), decimals)} des personnes "
        f"touchées{interval}."
    )


def index_sentence(found: Concentration) -> str:
    """The concentration index in words: against the inhabitants, then against need."""
    if math.isnan(found.index):
        return "Il faut au moins trois communes de besoins différents pour calculer un indice de concentration."
    needed = f"dont l'indice serait {number(found.needed, 2, signed=True)}"
    if found.low <= min(0.0, found.needed) and found.high >= max(0.0, found.needed):
        return (
            "Ces nombres ne permettent pas de conclure : l'intervalle contient zéro, et aussi l'indice "
            f"d'une action qui suivrait exactement le besoin ({number(found.needed, 2, signed=True)})."
        )
    if found.low > 0:
        said = "L'action va davantage là où le besoin est moins élevé."
    elif found.high < 0:
        said = "L'action va davantage là où le besoin est plus élevé."
    else:
        said = "L'action va à peu près autant partout, par habitant : l'intervalle contient zéro."
    if found.low > found.needed:
        beside = f"Elle va moins vers le besoin qu'une action qui le suivrait exactement, {needed}."
    elif found.high < found.needed:
        beside = (
            f"Elle va vers le besoin davantage qu'une action qui le suivrait exactement, {needed} : "
            "ce n'est pas un défaut."
        )
    else:
        beside = f"C'est compatible avec une action qui suivrait exactement le besoin, {needed}."
    return f"{said} {beside}"


def index_text(found: Concentration) -> str:
    """« −0,12 (intervalle à 95 % : de −0,25 à 0,01) »."""
    if math.isnan(found.index):
        return "–"
    low, high = (number(one, 2, signed=True) for one in (found.low, found.high))
    return f"{number(found.index, 2, signed=True)} (intervalle à 95{NO_BREAK}% : de {low} à {high})"


def under_sentences(table: pd.DataFrame) -> list[str]:
    """One sentence a territory that is reached less than its need, by alphabetical order.

    ``table``: name, reached, expected, low, high, verdict.
    """
    under = table[table["verdict"] == UNDER].sort_values("name", key=lambda s: s.map(alphabetical))
    return [
        f"{row.name_} : {count_of(int(row.reached), 'personne touchée', 'personnes touchées')}, environ "
        f"{number(row.expected)} attendues selon la part de besoin, soit {percent(row.low, 0)} à "
        f"{percent(row.high, 0)} de l'attendu (intervalle à 95{NO_BREAK}%)."
        for row in under.rename(columns={"name": "name_"}).itertuples()
    ]


def under_heading(table: pd.DataFrame) -> str:
    """What the list of under-reached territories says, when there is one and when there is none."""
    counts = table["verdict"].value_counts()
    under, few = int(counts.get(UNDER, 0)), int(counts.get(TOO_FEW, 0))
    alone = f" Pour {count_of(few, 'autre')}, trop peu de personnes attendues pour conclure."
    if few == len(table):
        return "Trop peu de personnes touchées pour conclure, territoire par territoire."
    if under == 0:
        said = "Aucun territoire n'est touché nettement moins que sa part de besoin, au-delà du hasard."
    else:
        said = (
            f"{count_of(under, 'territoire est touché', 'territoires sont touchés')} nettement moins "
            "que la part de besoin ne le laisse attendre, au-delà du hasard."
        )
    return said + (alone if few else "")


def few_sentence(few: pd.DataFrame, count: int) -> str:
    """The territories of few expected people, read together."""
    if few.empty:
        return ""
    row = few.iloc[0]
    said = LEGEND[row["verdict"]]
    return (
        f"Ensemble, {_les(count)} aux effectifs trop petits pour conclure seuls : "
        f"{count_of(int(row['reached']), 'personne touchée', 'personnes touchées')} pour environ "
        f"{number(row['expected'])} attendues, {said}."
    )


def _les(count: int) -> str:
    return f"les {count_of(count, 'territoire')}"


def reach_texts(table: pd.DataFrame, target: str) -> pd.DataFrame:
    """The comparison as it is read, by alphabetical order, with its total."""
    shown = table.sort_values("name", key=lambda names: names.map(alphabetical))
    rows = pd.DataFrame(
        {
            "Territoire": shown["name"],
            target: shown["population"].map(number),
            "% habitants": shown["population_share"].map(percent),
            "% besoin": shown["need_share"].map(percent),
            "% touchées": shown["reached_share"].map(percent),
            "Touchées": shown["reached"].map(number),
            "Attendues": shown["expected"].map(lambda one: number(one, 1)),
            "Touchées / attendues, et intervalle": [
                f"{number(row.ratio, 2)} (de {number(row.low, 2)} à {number(row.high, 2)})"
                for row in shown.itertuples()
            ],
            "Lecture": shown["verdict"].map(lambda one: f"{_SIGNS[one]} {LEGEND[one]}"),
        }
    )
    total = {
        "Territoire": "Total",
        target: number(shown["population"].sum()),
        **dict.fromkeys(("% habitants", "% besoin", "% touchées"), percent(1.0)),
        "Touchées": number(shown["reached"].sum()),
        "Attendues": number(shown["expected"].sum(), 1),
        "Touchées / attendues, et intervalle": "",
        "Lecture": "",
    }
    return pd.concat([rows, pd.DataFrame([total])], ignore_index=True)


def reach_file(table: pd.DataFrame, target: str, *, example: bool) -> pd.DataFrame:
    """The comparison as numbers, for a spreadsheet; an example says so on every row."""
    shown = table.sort_values("name", key=lambda names: names.map(alphabetical))
    frame = pd.DataFrame(
        {
            "Territoire": shown["name"],
            target: shown["population"].astype(int),
            "Part des habitants (%)": (100 * shown["population_share"]).round(2),
            "Part du besoin (%)": (100 * shown["need_share"]).round(2),
            "Personnes touchées": shown["reached"].astype(int),
            "Part des personnes touchées (%)": (100 * shown["reached_share"]).round(2),
            "Attendues selon le besoin": shown["expected"].round(1),
            "Touchées / attendues": shown["ratio"].round(3),
            "Borne basse (95 %)": shown["low"].round(3),
            "Borne haute (95 %)": shown["high"].round(3),
            "Lecture": shown["verdict"].map(LEGEND),
        }
    )
    return frame.assign(Nature=EXAMPLE.lower()) if example else frame


def shares_chart(table: pd.DataFrame, title: str = "") -> go.Figure:
    """Share of need (hollow diamond) and of people reached (filled mark) of each territory."""
    shown = table.sort_values("name", key=lambda names: names.map(alphabetical))
    names = [escape_html(name) for name in shown["name"]]
    figure = go.Figure()
    for name, row in zip(names, shown.itertuples(), strict=True):
        figure.add_scatter(
            x=[100 * row.need_share, 100 * row.reached_share], y=[name, name], mode="lines",
            line={"color": "#b8c0ca", "width": 3}, showlegend=False, hoverinfo="skip",
        )  # fmt: skip
    figure.add_scatter(
        x=100 * shown["need_share"],
        y=names,
        mode="markers",
        name="part du besoin",
        marker={"symbol": "diamond-open", "size": 12, "color": INK, "line": {"width": 2}},
        cliponaxis=False,
        text=[percent(share) for share in shown["need_share"]],
        hovertemplate="%{y} : %{text} du besoin<extra></extra>",
    )
    for verdict, (colour, symbol) in _MARKS.items():
        part = shown[shown["verdict"] == verdict]
        if part.empty:
            continue
        figure.add_scatter(
            x=100 * part["reached_share"],
            y=[escape_html(name) for name in part["name"]],
            mode="markers",
            name=f"part des personnes touchées, {LEGEND[verdict]}",
            marker={"symbol": symbol, "size": 13, "color": colour, "line": {"width": 2}},
            cliponaxis=False,
            text=[percent(share) for share in part["reached_share"]],
            hovertemplate="%{y} : %{text} des personnes touchées<extra></extra>",
        )
    _layout(figure, 150 + 27 * len(shown), title)
    figure.update_xaxes(
        title="Part du total du périmètre (%)", rangemode="tozero", tickformat=",.0f"
    )
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    return figure


def curve_chart(
    curve: pd.DataFrame, title: str = "", label: str = "personnes touchées"
) -> go.Figure:
    """Concentration curves of the amount (``label``) and of need, beside the equal split."""
    x = 100 * curve["population_share"]
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name="répartition égale par habitant",
        line={"color": GREY, "width": 1.5, "dash": "dot"}, hoverinfo="skip",
    )  # fmt: skip
    for name, said, colour, dash, symbol in (
        ("need_share", "besoin", INK, "dash", "diamond-open"),
        ("reached_share", label, BLUE, "solid", "circle"),
    ):
        figure.add_scatter(
            x=x,
            y=100 * curve[name],
            mode="lines+markers",
            name=said,
            line={"color": colour, "dash": dash, "width": 2.5},
            marker={"symbol": symbol, "size": 8 if len(curve) <= CHART_ROWS else 3},
            customdata=[percent(share, 0) for share in curve["population_share"]],
            text=[percent(share, 0) for share in curve[name]],
            hovertemplate="%{customdata} des habitants : %{text}<extra>" + said + "</extra>",
        )
    _layout(figure, 440, title)
    ends = {"range": [0, 101], "tickformat": ",.0f"}
    figure.update_xaxes(title="Habitants cumulés, du plus au moins de besoin (%)", **ends)
    figure.update_yaxes(title="Part cumulée (%)", **ends)
    return figure


def curve_texts(curve: pd.DataFrame) -> pd.DataFrame:
    """Points of the curves, as they are read."""
    return pd.DataFrame(
        {
            "Habitants": curve["population_share"].map(percent),
            "Besoin": curve["need_share"].map(percent),
            "Touchées": curve["reached_share"].map(percent),
        }
    )


def _layout(figure: go.Figure, height: int, title: str) -> None:
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 20, "t": 90 if title else 60, "b": 10},
        font={"family": FONT, "size": 14, "color": INK},
        plot_bgcolor="white",
        separators=",\u202f",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        **({"title": {"text": title, "font": {"size": 15}, "x": 0, "y": 0.98}} if title else {}),
    )
    axis = {
        "tickfont": {"color": INK},
        "gridcolor": "#e3e7ec",
        "fixedrange": True,
        "zeroline": False,
    }
    figure.update_xaxes(automargin=True, **axis)
    figure.update_yaxes(automargin=True, **axis)


def quarter_sentence(reached: float, inside: float | None) -> str:
    """People reached in priority neighbourhoods, and their share of those of the same communes."""
    said = (
        f"{count_of(int(reached), 'personne touchée vit', 'personnes touchées vivent')} dans un quartier "
        "prioritaire, d'après les lignes de quartiers."
    )
    if inside is not None:
        said += f" C'est {percent(inside, 0)} des personnes touchées dans les communes de ces quartiers."
    return said


def followed_sentences(found: Followed, base: float, ratio: float) -> list[str]:
    """Whether resources followed need, in words, beside the announced rule."""
    index, out = found.concentration, found.readout
    rule = f"base égale de {percent(base, 0)}, rapport {number(ratio)}"
    if math.isnan(index.index):
        return [index_sentence(index)]
    planned = number(found.planned_index, 2, signed=True)
    if index.high < 0:
        said = "Les moyens par habitant ont été plus élevés là où le besoin est plus élevé."
    elif index.low > 0:
        said = "Les moyens par habitant ont été plus élevés là où le besoin est moins élevé."
    else:
        said = (
            "Il n'est pas établi que les moyens par habitant aient suivi le besoin, dans un sens ou "
            "dans l'autre : l'intervalle contient zéro."
        )
    if index.low > found.planned_index:
        beside = f"C'est moins que la règle annoncée ({rule}), dont l'indice serait {planned}."
    elif index.high < found.planned_index:
        beside = f"C'est davantage que la règle annoncée ({rule}), dont l'indice serait {planned}."
    else:
        beside = (
            f"C'est compatible avec la règle annoncée ({rule}), dont l'indice serait {planned}."
        )
    sentences = [f"{said} {beside}"]
    if not math.isnan(out.slope):
        sentences.append(
            "Pour un point de besoin en plus (0 est la moyenne de France), les moyens par habitant changent d'environ "
            f"{_change(out.slope)} ; la règle annoncée prévoyait {_change(out.planned_slope)}."
        )
    if out.without > 0:
        sentences.append(
            f"Rien n'est allé là où vivent {percent(out.without)} des habitants comparés."
        )
    return sentences


def _change(slope: float) -> str:
    return f"{number(100 * math.expm1(slope), 0, signed=True)}{NO_BREAK}%"


def method_text(ratio: float, weights: Mapping[str, float]) -> str:
    """The method, with the choices of the screen."""
    listed = joined([f"{label.lower()} {percent(share, 0)}" for label, share in weights.items()])
    return METHOD.format(ratio=number(ratio), weights=listed, least=number(LEAST_EXPECTED))
