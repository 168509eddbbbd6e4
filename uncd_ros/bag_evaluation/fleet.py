# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several bags, each evaluated as it would be alone, on this machine or on a Ray cluster, and one report of all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from uncd_ros.bag_evaluation.fleet_report import BagSummary, write_fleet_report
from uncd_ros.bag_evaluation.run import EvaluateBagArgs, evaluate, make_folder
from uncd_ros.cluster import check_cluster, run_tasks
from uncd_ros.errors import BagError, ConfigError
from uncd_ros.model.store import load_model


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetArgs:
    """The command line of several bags."""

    bags: tuple[EvaluateBagArgs, ...]
    """Each with a folder of its own for its report, of the bag's name."""
    out: Path
    """Where these folders and the report of the fleet are."""
    ray: str | None
    """Address of a Ray cluster; None evaluates one bag after another."""

    @classmethod
    def of(cls, bags: Sequence[Path], common: EvaluateBagArgs, ray: str | None) -> 'FleetArgs':
        """These bags, all else as in `common`. Raises ConfigError for what only one bag can have."""
        if common.events or common.live:
            option = '--events' if common.events else '--live'
            raise ConfigError(f'{option} is for one bag without --ray, got {len(bags)} bags')
        names = [bag.resolve().name for bag in bags]
        (name, count), *_ = Counter(names).most_common()
        if count > 1:
            raise ConfigError(f"{count} bags have the name '{name}', expected another for each, for their reports")
        each = (
            replace(common, bag=bag, out=common.out / name, write_bag=common.write_bag and common.write_bag / name)
            for bag, name in zip(bags, names, strict=True)
        )
        return cls(bags=tuple(each), out=common.out, ray=ray)


def evaluate_fleet(args: FleetArgs, console: Console) -> int:
    """Evaluate all and write the report of the fleet; gives the exit status, 1 if a bag could not be evaluated."""
    if args.ray:
        check_cluster(args.ray)
    load_model(args.bags[0].node.model)  # what all share is refused once
    make_folder(args.out)
    for folder in {bag.write_bag.parent for bag in args.bags if bag.write_bag}:
        folder.mkdir(parents=True, exist_ok=True)
    if args.ray:
        tasks = {bag.out.name: bag for bag in args.bags}
        problems = run_tasks(args.ray, evaluate_silently, tasks, console, gpu=args.bags[0].device != 'cpu')
    else:
        problems = _one_by_one(args.bags, console)
    done = zip(args.bags, problems, strict=True)
    failed = {bag.out.name: problem for bag, problem in done if problem}
    write_fleet_report([BagSummary.read(bag.out) for bag in args.bags if bag.out.name not in failed], failed, args.out)
    for problem in failed.values():
        console.print(f'[red]not evaluated:[/] {problem}')
    console.print(f'report: {args.out}/fleet.html, fleet.md, fleet.json, and {args.out}/<bag>/report.html')
    return 1 if failed else 0


def _one_by_one(bags: Sequence[EvaluateBagArgs], console: Console) -> list[str]:
    """The problem with each, empty for none. Ctrl-C ends the bag in hand, with its report, and leaves out the rest."""
    problems: list[str] = []
    interrupted = False
    for bag in bags:
        problem = f'{bag.bag}: interrupted before it'
        if not interrupted:
            problem, interrupted = _evaluate(bag, console)
        problems.append(problem)
    return problems


def evaluate_silently(args: EvaluateBagArgs) -> str:
    """In a process of the cluster: write the report of one bag, or say why it cannot be evaluated."""
    return _evaluate(args, Console(quiet=True))[0]


def _evaluate(args: EvaluateBagArgs, console: Console) -> tuple[str, bool]:
    """The problem, empty for none, as one damaged bag is no reason to leave out the others; and whether to stop."""
    try:
        return '', evaluate(args, console).result.interrupted
    except BagError as error:
        return str(error), False
