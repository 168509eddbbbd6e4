# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a bag to a report: the main path of evaluate_bag."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from uncd_ros.allocator import keep_freed_memory
from uncd_ros.bag_evaluation.alarm_log import AlarmLog
from uncd_ros.bag_evaluation.bag_report import FIGURES, write_report
from uncd_ros.bag_evaluation.bag_result import BagEvaluationResult, FrameCounts
from uncd_ros.bag_evaluation.event_file import Event, read_events
from uncd_ros.bag_evaluation.event_metrics import EventScore
from uncd_ros.bag_evaluation.frame_log import FrameLog
from uncd_ros.bag_evaluation.frame_results import FrameResult, decide, predict
from uncd_ros.bag_evaluation.label_evaluator import LabelEvaluator
from uncd_ros.bag_evaluation.mismatch_log import MismatchLog
from uncd_ros.bag_evaluation.node_settings import NodeSettings
from uncd_ros.bag_evaluation.observers import FaultCounts, Observers
from uncd_ros.bag_evaluation.obstacle_log import ObstacleLog
from uncd_ros.bag_evaluation.output_bag import BagOutput
from uncd_ros.bag_evaluation.run_info import RunInfo
from uncd_ros.bag_evaluation.timeline import Timeline
from uncd_ros.bags.frames import FrameReader
from uncd_ros.bags.labels import Labels, find_label_topic, open_labels
from uncd_ros.bags.prefetch import prefetch
from uncd_ros.bags.reader import Bag
from uncd_ros.bags.topics import COMPRESSED_IMAGE, IMAGE, KINDS, choose_topic
from uncd_ros.errors import ConfigError
from uncd_ros.interrupt import Interrupt
from uncd_ros.model.card import ModelCard
from uncd_ros.model.engine_choice import choose_engine
from uncd_ros.model.engine_wish import F32, TORCH, EngineWish
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model
from uncd_ros.progress import shown_progress

KINDS_OF_TRANSPORT = {None: KINDS, 'raw': (IMAGE,), 'compressed': (COMPRESSED_IMAGE,)}
"""The node's image_transport -> kinds of the topics it may listen to."""
NO_LABELS = 'none'
"""In place of labels: none, whatever the bag seems to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateBagArgs:
    """The command line."""

    bag: Path
    image_topic: str | None
    """None chooses."""
    labels: str | None
    """Topic, folder or NO_LABELS; None looks for a topic of the bag."""
    ignore_index: int
    """Label id of no class."""
    events: Path | None
    node: NodeSettings
    """The node that is reproduced: its model and what decides about an image."""
    out: Path
    write_bag: Path | None
    every: int
    device: str
    live: float | None
    """Times real time; None leaves the real node out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What was found, and how."""

    result: BagEvaluationResult
    run: RunInfo


def evaluate(args: EvaluateBagArgs, console: Console) -> Evaluated:
    """The main path. What can be refused is refused before the first image is read; the report is in `args.out`.

    Ctrl-C ends it after the image in hand, with a report of all images so far.
    """
    keep_freed_memory()  # each image takes what the one before it left: a tenth faster
    model = load_model(args.node.model)
    events = read_events(args.events) if args.events else None
    _keep_out(args)
    make_folder(args.out)
    with ExitStack() as stack:
        bag = stack.enter_context(Bag(args.bag))
        kinds = KINDS_OF_TRANSPORT[args.node.image_transport]
        topic, choice = choose_topic(bag, args.image_topic, args.labels, kinds)
        console.print(f'{bag.name}: {bag.seconds:.1f} s, images of {choice}')
        labels = _labels(args, bag, topic.name, console)
        # Metrics of labels need the network's own maps, which only torch gives.
        wish = EngineWish(engine=TORCH, precision=F32) if labels else args.node.wish
        chosen = choose_engine(model, args.device, wish, check=lambda: None)
        predictor = Predictor(model, device=args.device, fit=args.node.fit, engine=chosen.engine)
        console.print('; '.join(filter(None, [chosen.summary, chosen.warning])))
        frames = FrameReader(bag, topic.name, labels, every=args.every, max_rate=args.node.max_rate)
        observers = _observers(args, predictor, frames, events, stack)
        predictor.warm_up()
        start, interrupt = time.perf_counter(), stack.enter_context(Interrupt())
        for result in _results(args, frames, predictor, console):
            observers.update(result)
            if interrupt.requested:
                break
        seconds = time.perf_counter() - start
        observers.log.finish(seconds, frames.recorded_rate, predictor.device_name)
        observers.finish()
        evaluated = Evaluated(
            result=_evaluation_result(args, predictor.card, frames, observers, interrupted=interrupt.requested),
            run=RunInfo.of_now(
                engine=f'{chosen.summary}, on {predictor.device_name}',
                model=model.folder,
                bag=args.bag.resolve(),
                fps=observers.timeline.frames / seconds,
                recorded_fps=frames.recorded_rate,
            ),
        )
    for notice in evaluated.result.warnings:
        console.print(f'[yellow]warning:[/] {notice}')
    write_report(evaluated.result, evaluated.run, args.out)
    return evaluated


def _labels(args: EvaluateBagArgs, bag: Bag, topic: str, console: Console) -> Labels | None:
    """Those that were asked for, or else those that the bag seems to hold."""
    if args.labels == NO_LABELS:
        return None
    spec = args.labels
    if spec is None and (spec := find_label_topic(bag, topic)):
        console.print(f'{bag.name}: labels of {spec}; --labels names others, --labels {NO_LABELS} takes none')
    return open_labels(bag, spec, topic) if spec else None


def _keep_out(args: EvaluateBagArgs) -> None:
    bag = args.bag.resolve()
    for option, path in (('--out', args.out), ('--write-bag', args.write_bag)):
        if path and bag in (path.resolve(), *path.resolve().parents):
            raise ConfigError(f'{option} {path}: lies in the bag, which is left as it is; expected another place')


def make_folder(folder: Path) -> None:
    """The report's; figures of an evaluation before go. Raises ConfigError where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in (folder / FIGURES).glob('*'):
            old.unlink()
    except OSError as error:
        raise ConfigError(f'--out {folder}: no folder can be made there ({error.strerror})') from None


def _results(
    args: EvaluateBagArgs, frames: FrameReader, predictor: Predictor, console: Console
) -> Iterator[FrameResult]:
    """Reading beside the network; the observers wait, as a third busy thread would slow both."""
    predictions = predict(prefetch(frames), predictor, confidence=args.write_bag is not None)
    results = decide(
        predictions,
        predictor.card,
        args.node.alarm,
        frames.bag.start,
        silent_after=args.node.silent_after,
        obstacles=args.node.obstacles,
    )
    return shown_progress(frames.bag.name, results, frames.expected, console)


def _observers(
    args: EvaluateBagArgs,
    predictor: Predictor,
    frames: FrameReader,
    events: list[Event] | None,
    stack: ExitStack,
) -> Observers:
    card, bag = predictor.card, frames.bag
    labels = None
    if frames.labels:
        count = min(frames.labels.count, frames.expected)
        labels = LabelEvaluator(predictor, frames=count, ignore_index=args.ignore_index)
    return Observers(
        faults=FaultCounts(),
        mismatches=MismatchLog(predictor),
        timeline=Timeline(bag.seconds, frames.expected, len(card.classes)),
        alarms=AlarmLog(args.out / FIGURES, card, events or (), args.node.alarm.window),
        obstacles=ObstacleLog(args.out / FIGURES, card) if card.anomaly else None,
        log=stack.enter_context(FrameLog(args.out, card.classes)),
        events=None if events is None else EventScore(events),
        labels=labels,
        output=stack.enter_context(BagOutput(args.write_bag, bag.storage, card)) if args.write_bag else None,
    )


def _evaluation_result(
    args: EvaluateBagArgs, card: ModelCard, frames: FrameReader, observers: Observers, *, interrupted: bool
) -> BagEvaluationResult:
    bag, topic, labels = frames.bag, frames.topic, observers.labels
    return BagEvaluationResult(
        card=card,
        bag=bag.name,
        topic=topic,
        every=args.every,
        alarm_params=args.node.alarm,
        fit=args.node.fit,
        counts=FrameCounts(
            recorded=bag.recorded(topic),
            expected=frames.expected,
            evaluated=observers.timeline.frames,
            unreadable=observers.faults.unreadable,
            lost=0 if interrupted else max(0, bag.recorded(topic) - frames.present),
            skipped=0 if interrupted else frames.present - observers.timeline.frames,
            labelled=labels.evaluated if labels else 0,
            labels_rejected=labels.rejected if labels else 0,
        ),
        timeline=observers.timeline,
        faults=dict(sorted(observers.faults.kinds.items())),
        alarms=observers.alarms.alarms,
        obstacles=[*observers.obstacles.obstacles.values()] if observers.obstacles else None,
        events=observers.events.report() if observers.events else None,
        labels=labels.evaluation(bag.name, args.every) if labels and labels.evaluated else None,
        mismatches=observers.mismatches.mismatches,
        notices=[*bag.notices, *observers.notices()],
        interrupted=interrupted,
    )
