"""Command line: ``python -m warehouse build|fetch|status|diff|path|check|sources``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from connectors.cards import load_sources
from connectors.errors import ConnectorError
from connectors.http import Client
from warehouse.build import Report, Step, build, run_checks
from warehouse.diff import Difference, compare, find_build, last_builds
from warehouse.errors import WarehouseError
from warehouse.fetch import MAX_AGE, FetchReport, FetchStep, SourceFetch, age, fetch, scope_of
from warehouse.loading import MISSING_STATE
from warehouse.paths import data_dir, published
from warehouse.read import Warehouse, as_records

PROFILES = ("embarque", "national")
SHOWN_FILES = 3
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def _french(number: float, decimals: int = 0) -> str:
    return f"{number:,.{decimals}f}".replace(",", "\u202f").replace(".", ",")


def _build(arguments: argparse.Namespace) -> int:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=not arguments.verbeux) as bar:
        task = bar.add_task("Construction de l'entrepôt", total=None)

        def show(step: Step) -> None:
            bar.update(task, total=step.total, completed=step.done)
            if arguments.verbeux:
                rows = f", {_french(step.rows)} lignes" if step.rows else ""
                bar.console.print(f"  {step.label}{rows}, {_french(step.seconds, 1)} s")

        report = build(
            arguments.profil,
            progress=show,
            depot=arguments.depot,
            force=arguments.force,
            go_on=arguments.continuer,
        )
    _tell(report)
    return 0


def _tell(report: Report) -> None:
    if report.files.found:
        out.print(f"Fichiers reconnus : {_french(len(report.files.found))}.")
    for unknown in report.files.unknown:
        out.print(f"  laissé de côté : {unknown.path.name} : {unknown.reason}", markup=False)
    for aside in report.aside:
        out.print(f"  écarté, la construction a continué sans : {aside.reason}", markup=False)
    if not report.fresh:
        out.print(f"Entrepôt déjà à jour ({report.published.build_id}).")
        return
    out.print(
        f"Entrepôt construit en {_french(report.seconds, 1)} s : "
        f"{_french(report.rows)} observations ({report.published.build_id})."
    )


def _fetch(arguments: argparse.Namespace) -> int:
    scope = scope_of(arguments.dep, arguments.region)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[size]}"))
    with Client() as client, Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("Téléchargement", total=None, size="")

        def show(step: FetchStep) -> None:
            label = f"{step.position}/{step.sources} {step.source_id} {step.file_name}"
            size = f"{_french(step.done / 1e6, 1)} Mo" if step.done else ""
            bar.update(task, description=label, total=step.total, completed=step.done, size=size)

        report = fetch(
            arguments.sources or None,
            scope,
            data_dir(),
            client,
            show,
            max_age=timedelta(0) if arguments.actualiser else MAX_AGE,
        )
    _tell_fetched(report)
    return 0 if report.complete or any(one.files for one in report.sources) else 1


def _tell_fetched(report: FetchReport) -> None:
    table = Table(Column("Source", overflow="fold"), "Provenance", "Fichiers", "Âge", "Manquants")
    for one in report.sources:
        table.add_row(
            one.source_id,
            one.where,
            _french(len(one.files)),
            age(one.oldest) if one.oldest else "",
            "à déposer à la main" if one.to_drop else _french(len(one.missing)),
        )
    out.print(table)
    remedies: dict[str, list[str]] = {}
    for one in report.sources:
        for sentence in _sentences(one):
            out.print(f"{one.source_id} : {sentence}", markup=False, soft_wrap=True)
        for remedy in dict.fromkeys(missing.remedy for missing in one.missing):
            remedies.setdefault(remedy, []).append(one.source_id)
    for remedy, names in remedies.items():
        if remedy:
            said = f"À faire pour {', '.join(names)} : {remedy}"
            out.print(said, markup=False, soft_wrap=True)


def _sentences(one: SourceFetch) -> list[str]:
    """What is not as wished for a source, and where its files are."""
    said = list(one.told)
    said += [f"{m.file_name} manque. {m.reason}" for m in one.missing[:SHOWN_FILES]]
    if len(one.missing) > SHOWN_FILES:
        said.append(f"et {_french(len(one.missing) - SHOWN_FILES)} autres fichiers manquent.")
    if one.to_drop:
        said.append(f"pas d'adresse connue, à déposer à la main. {one.page} {one.fallback}".strip())
    elif one.missing:
        said.append(f"page de la source : {one.page} {one.fallback}".strip())
    return said


def _diff(arguments: argparse.Namespace) -> int:
    folder = data_dir()
    if arguments.avant and arguments.apres:
        before, after = find_build(folder, arguments.avant), find_build(folder, arguments.apres)
    elif arguments.avant:
        before, after = find_build(folder, arguments.avant), published(folder).path
    else:
        before, after = last_builds(folder)
    _tell_difference(compare(before, after))
    return 0


def _tell_difference(found: Difference) -> None:
    out.print(f"De {found.before.stem} à {found.after.stem}.", soft_wrap=True)
    if found.sources:
        table = Table(Column("Source", overflow="fold"), "", "Millésime", "Lignes")
        for source in found.sources:
            rows = " → ".join(_french(number) for number in source.rows)
            table.add_row(source.id, source.what, " → ".join(source.vintages), rows)
        out.print(table)
    if found.periods:
        table = Table(Column("Indicateur", overflow="fold"), "Période", "", "Valeurs")
        for one in found.periods:
            table.add_row(one.indicator_id, one.period, one.what, _french(one.figures))
        out.print(table)
    out.print(
        f"Valeurs ajoutées : {_french(found.added)}, retirées : {_french(found.removed)}, "
        f"changées : {_french(found.changed)}."
    )


def _path(_: argparse.Namespace) -> int:
    sys.stdout.write(f"{published().path}\n")
    return 0


def _status(_: argparse.Namespace) -> int:
    current = published()
    warehouse = Warehouse(current.path)
    facts = warehouse.facts
    size = current.path.stat().st_size / 1e6
    out.print(
        f"Construction {facts['build_id']}, du {facts['construit_le']}, {_french(size, 1)} Mo."
    )
    built = {str(row["id"]): row for row in as_records(warehouse.mart("sources"))}
    warehouse.close()
    table = Table(Column("Source", overflow="fold"), "Millésime", "Lignes", "État", "Âge")
    for card in load_sources().values():
        row = built.get(card.id, {"vintage": card.vintage, "rows": 0, "state": MISSING_STATE})
        day = row.get("retrieved_at")
        table.add_row(
            card.id,
            str(row["vintage"]),
            _french(int(row["rows"])),
            str(row["state"]),
            age(str(day)) if day else "",
        )
    out.print(table)
    return 0


def _check(_: argparse.Namespace) -> int:
    """Rules that a published file must still meet."""
    with duckdb.connect(str(published().path), read_only=True) as connection:
        run_checks(connection, published_only=True)
    out.print("Contrôles passés.")
    return 0


def _sources(_: argparse.Namespace) -> int:
    table = Table(Column("Source", overflow="fold"), "Producteur", "Titre", "Millésime", "Licence")
    for card in load_sources().values():
        table.add_row(card.id, card.producer, card.title, card.vintage, card.licence)
    out.print(table)
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands, described in French."""
    root = argparse.ArgumentParser(
        prog="python -m warehouse", description="L'entrepôt de données de Gradient."
    )
    commands = root.add_subparsers(dest="commande", required=True)
    one = commands.add_parser("build", help="construit et publie l'entrepôt")
    one.add_argument(
        "--profil", choices=PROFILES, default="embarque", help="jeu de données à construire"
    )
    one.add_argument(
        "--depot", type=Path, help="dossier de fichiers téléchargés, reconnus par leur contenu"
    )
    one.add_argument(
        "--force", action="store_true", help="reconstruit même si l'entrepôt est à jour"
    )
    one.add_argument(
        "--continuer",
        action="store_true",
        help="écarte un fichier au format inattendu et construit le reste",
    )
    one.add_argument("--verbeux", action="store_true", help="détaille chaque étape")
    one.set_defaults(run=_build)
    _fetch_and_diff(commands)
    for name, run, text in (
        ("status", _status, "dit ce qui est publié, source par source"),
        ("path", _path, "affiche le chemin du fichier publié"),
        ("check", _check, "repasse les contrôles sur le fichier publié"),
        ("sources", _sources, "liste les sources connues"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=run)
    return root


def _codes(text: str) -> list[str]:
    return [code.strip() for code in text.split(",") if code.strip()]


def _fetch_and_diff(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = commands.add_parser("fetch", help="télécharge les fichiers des producteurs")
    one.add_argument("sources", nargs="*", metavar="SOURCE", help="toutes si aucune n'est nommée")
    where = one.add_mutually_exclusive_group()
    where.add_argument("--dep", type=_codes, default=[], metavar="CODES", help="par exemple 95,46")
    where.add_argument("--region", type=_codes, default=[], metavar="CODES", help="par exemple 11")
    where.add_argument("--france", action="store_true", help="tout le pays (par défaut)")
    one.add_argument(
        "--actualiser", action="store_true", help="redemande même ce qui a moins d'une semaine"
    )
    one.set_defaults(run=_fetch)
    two = commands.add_parser("diff", help="compare deux constructions")
    two.add_argument("avant", nargs="?", help="identifiant ou chemin ; l'avant-dernière sinon")
    two.add_argument("apres", nargs="?", help="identifiant ou chemin ; celle publiée sinon")
    two.set_defaults(run=_diff)


def _refuse(sentence: str) -> int:
    err.print(sentence, markup=False, soft_wrap=True)
    return 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it went well, 1 with a French sentence otherwise."""
    arguments = parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except (WarehouseError, ConnectorError) as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"Le dossier de l'entrepôt n'est pas utilisable : {error}.")
    except duckdb.IOException as error:
        return _refuse(
            f"L'entrepôt publié ne se lit pas : {error}\n"
            "Relancez « python -m warehouse build --force »."
        )
    except KeyboardInterrupt:
        err.print(
            "Interrompu : l'entrepôt publié n'a pas changé, ce qui est déjà téléchargé est gardé."
        )
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
