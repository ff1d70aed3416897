"""Words of the actions noted: what each approach means, what a coverage shows, what an élu can say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from diagnostic.coverage import Coverage
from diagnostic.records import Action
from views.cibles import NAMES_SHOWN
from views.text import alphabetical, count_of, joined, number, percent

APPROACHES = {
    "universelle": "Universelle",
    "ciblee": "Ciblée",
    "proportionnee": "Proportionnée",
}
APPROACH_MEANING = {
    "universelle": "pour tous, partout, de la même façon",
    "ciblee": "pour certains territoires ou un public seulement",
    "proportionnee": "pour tous, avec plus de moyens là où le besoin est plus élevé",
}
INTRODUCTION = (
    "Notez les actions prévues ou menées. Pour chacune, Gradient regarde **qui elle couvre** : quelles "
    "communes, quelle part de la population et du besoin. L'approche annoncée est comparée à cette "
    "couverture. Rien n'est jugé : une action ciblée peut être le bon choix, si sa raison est dite."
)
NONE_YET = (
    "Aucune action notée. La première se note ci-dessous ; Intensité peut aussi en créer une."
)
NEED_SHARE = (
    "Part du besoin : chaque habitant de la population visée compte davantage là où le besoin est plus "
    "élevé, comme sur la page Intensité (rapport K de cette page, sans base égale). Une couverture de "
    "commune ne dit pas qui vient : la page « Qui touche-t-on ? » le compare aux personnes touchées."
)
POOLED_ACTION = (
    "Les communes regroupées reçoivent une quantité commune ; elle est notée ici au prorata de leurs "
    "habitants."
)
QUARTERS_ONLY = (
    "Action menée dans des quartiers prioritaires : les habitants d'un quartier ne sont pas comptés à part "
    "ici, ni leur part du besoin."
)
_KINDS = {
    "universelle": "D'après sa couverture : partout, sans différence d'intensité connue.",
    "ciblee": "D'après sa couverture : une action ciblée.",
    "proportionnee": "D'après sa couverture : partout, avec une intensité qui suit le besoin.",
    "inegale": "D'après sa couverture : partout, avec une intensité qui varie sans suivre le besoin.",
    "nulle": "Aucune commune habitée de ce périmètre n'est couverte.",
}


def names_text(codes: Sequence[str], names: Mapping[str, str]) -> str:
    """Names in alphabetical order, the first ones then how many more."""
    listed = sorted((names.get(code, code) for code in codes), key=alphabetical)
    if len(listed) <= NAMES_SHOWN:
        return joined(listed)
    more = len(listed) - NAMES_SHOWN
    return f"{', '.join(listed[:NAMES_SHOWN])} et {count_of(more, 'autre')}"


def covered_text(found: Coverage) -> str:
    """« 9 communes sur 13, 82,1 % de la population visée et 85,0 % de son besoin. »"""
    total = len(found.served) + len(found.left_out)
    return (
        f"{count_of(len(found.served), 'commune')} sur {number(total)}, {percent(found.people)} de la "
        f"population visée et {percent(found.need)} de son besoin."
    )


def checks(action: Action, found: Coverage, names: Mapping[str, str]) -> list[str]:
    """What the coverage says of the approach that was announced; empty when nothing is missing."""
    if not found.served:
        return [_KINDS["nulle"]]
    said = {"universelle": _universal, "ciblee": _targeted, "proportionnee": _proportionate}[
        action.approach
    ](found, names)
    if found.unread:
        said.append(f"Besoin inconnu pour {names_text(found.unread, names)}.")
    return said


def kind_text(found: Coverage) -> str:
    """What the coverage is, whatever the action is called."""
    return _KINDS[found.kind]


def _left_out(found: Coverage, names: Mapping[str, str]) -> str:
    some = len(found.left_out) < 2
    return (
        f"{count_of(len(found.left_out), 'commune')} {'reste' if some else 'restent'} sans l'action : "
        f"{names_text(found.left_out, names)}"
    )


def _universal(found: Coverage, names: Mapping[str, str]) -> list[str]:
    said = []
    if found.left_out:
        said.append(
            f"Annoncée universelle, mais {_left_out(found, names)} "
            f"({percent(1 - found.people)} de la population visée)."
        )
    if found.intensity.grading in ("suit", "sans lien", "inverse"):
        said.append(
            f"L'intensité varie d'un territoire à l'autre ({_times(found.intensity.ratio)}) : elle n'est "
            "pas la même pour tous."
        )
    return said


def _targeted(found: Coverage, names: Mapping[str, str]) -> list[str]:
    said = []
    if not found.left_out:
        said.append("Annoncée ciblée, mais elle couvre toutes les communes habitées d'ici.")
    if found.missed:
        said.append(
            f"Du groupe intensif, {names_text(found.missed, names)} "
            f"{'reste' if len(found.missed) < 2 else 'restent'} hors de la cible."
        )
    if found.beyond and found.left_out:
        said.append(
            f"Dans la cible sans être d'un groupe renforcé ou intensif : {names_text(found.beyond, names)}. "
            "La raison est peut-être ailleurs que dans ces chiffres : dites-la."
        )
    return said


def _proportionate(found: Coverage, names: Mapping[str, str]) -> list[str]:
    said = []
    if found.left_out:
        said.append(
            f"Une action proportionnée part d'une base pour tous : {_left_out(found, names)}."
        )
    grading = found.intensity.grading
    if grading == "inconnue":
        said.append(
            "Aucune quantité notée pour deux territoires au moins : rien ne dit que l'intensité suit le "
            "besoin."
        )
    elif grading == "egale":
        said.append("La quantité par habitant est la même partout : elle ne suit pas le besoin.")
    elif grading != "suit":
        said.append(
            "L'intensité ne suit pas le besoin"
            + (
                " : il y a moins par habitant là où il est plus élevé."
                if grading == "inverse"
                else f" ({_times(found.intensity.ratio)} sans lien net avec lui)."
            )
        )
    if found.intensity.short:
        said.append(
            "Moins que la moyenne par habitant, avec des communes du groupe intensif : "
            f"{names_text(found.intensity.short, names)}."
        )
    return said


def _times(ratio: float) -> str:
    if math.isinf(ratio):
        return "de rien à quelque chose"
    return f"jusqu'à {number(ratio, 1)} fois plus par habitant"


def sentence_to_say(
    action: Action, found: Coverage, names: Mapping[str, str], reasons: Sequence[str]
) -> str:
    """One sentence that an élu can say, with its reason.

    ``reasons``: domains in which the served communes stand above the national mean, « ressources ».
    """
    if not found.served:
        return ""
    total = len(found.served) + len(found.left_out)
    here = "notre commune" if total == 1 else f"nos {number(total)} communes"
    why = joined([one.lower() for one in reasons])
    if action.approach == "ciblee" or found.kind == "ciblee":
        where = names_text(found.served, names)
        if not why:
            return (
                f"« Nous commençons par {where}. » La raison reste à écrire : aucun domaine du besoin n'y "
                "est au-dessus de la moyenne nationale. Un public, une demande ou une offre absente sont "
                "des raisons, si elles sont dites."
            )
        return (
            f"« Nous commençons par {where}, parce que les conditions y demandent plus de soutien "
            f"({why}) : c'est donner à chacun les mêmes chances d'être en bonne santé, où qu'il vive. »"
        )
    if action.approach == "proportionnee":
        more = (
            f", jusqu'à {number(found.intensity.ratio, 1)} fois plus par habitant"
            if found.intensity.grading == "suit" and math.isfinite(found.intensity.ratio)
            else ""
        )
        because = f" ({why})" if why else ""
        return (
            f"« Dans {here}, chacun y a droit, et nous mettons plus de "
            f"moyens là où les conditions de vie demandent plus de soutien{because}{more}. »"
        )
    return (
        f"« Cette action est pour tous les habitants de {here}, de la même façon : vivre ici ou là n'y "
        "change rien. »"
    )


def actions_table(rows: Sequence[tuple[Action, Coverage, list[str]]]) -> pd.DataFrame:
    """One row an action, in the order it was noted."""
    return pd.DataFrame(
        {
            "Action": [action.title for action, _, _ in rows],
            "Approche annoncée": [APPROACHES[action.approach] for action, _, _ in rows],
            "Communes couvertes": [
                f"{number(len(found.served))} sur {number(len(found.served) + len(found.left_out))}"
                for _, found, _ in rows
            ],
            "Part de la population visée": [percent(found.people) for _, found, _ in rows],
            "Part du besoin": [percent(found.need) for _, found, _ in rows],
            "À regarder": [" ".join(said) or "rien à signaler" for _, _, said in rows],
        }
    )


def details_of(action: Action) -> dict[str, str]:
    """What was filled in, in words."""
    facts = {
        "Public": action.public,
        "Pilote": action.pilot,
        "Calendrier": action.calendar,
        "Financement": action.funding,
        "Notée par": action.author,
        "Notée le": f"{action.written:%d/%m/%Y}",
    }
    return {label: text for label, text in facts.items() if text}
