# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a bag to a report: the main path of evaluate_bag."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path

from rich.console import Console

from uncd_ros.allocator import keep_freed_memory
from uncd_ros.bag_evaluation.alarm_log import AlarmLog
from uncd_ros.bag_evaluation.bag_report import FIGURES, write_report
from uncd_ros.bag_evaluation.bag_result import BagEvaluationResult, FrameCounts
from uncd_ros.bag_evaluation.event_file import Event, read_events
from uncd_ros.bag_evaluation.event_metrics import EventScore
from uncd_ros.bag_evaluation.frame_log import FrameLog
from uncd_ros.bag_evaluation.frame_results import FrameResult, Observer, decide, predict
from uncd_ros.bag_evaluation.label_evaluator import LabelEvaluator
from uncd_ros.bag_evaluation.mismatch_log import MismatchLog
from uncd_ros.bag_evaluation.node_settings import NodeSettings
from uncd_ros.bag_evaluation.output_bag import BagOutput
from uncd_ros.bag_evaluation.timeline import Timeline
from uncd_ros.bags.frames import FrameReader
from uncd_ros.bags.labels import open_labels
from uncd_ros.bags.prefetch import prefetch
from uncd_ros.bags.reader import Bag
from uncd_ros.bags.topics import COMPRESSED_IMAGE, IMAGE, KINDS, choose_topic
from uncd_ros.errors import ConfigError
from uncd_ros.model.engine_choice import choose_engine
from uncd_ros.model.engine_wish import TORCH, EngineWish
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import StoredModel, load_model
from uncd_ros.progress import shown_progress

KINDS_OF_TRANSPORT = {None: KINDS, 'raw': (IMAGE,), 'compressed': (COMPRESSED_IMAGE,)}
"""The node's image_transport -> kinds of the topics it may listen to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateBagArgs:
    """The command line."""

    bag: Path
    image_topic: str | None
    """None chooses."""
    labels: str | None
    """Topic or folder."""
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


class FaultCounts:
    """Images by kind of camera fault."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.unreadable = 0

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        self.unreadable += result.prediction is None
        if result.decision.fault:
            self.kinds[result.decision.fault.split(':')[0]] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Observers:
    """All that follow the results, image by image; None is one that was not asked for."""

    faults: FaultCounts
    mismatches: MismatchLog
    timeline: Timeline
    alarms: AlarmLog
    log: FrameLog
    events: EventScore | None
    labels: LabelEvaluator | None
    output: BagOutput | None

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        for field in fields(self):
            observer: Observer | None = getattr(self, field.name)
            if observer is not None:
                observer.update(result)


def evaluate(args: EvaluateBagArgs, console: Console) -> BagEvaluationResult:
    """The main path. What can be refused is refused before the first image is read; the report is in `args.out`."""
    keep_freed_memory()  # each image takes what the one before it left: a tenth faster
    model = load_model(args.node.model)
    # Metrics of labels need the network's own maps, which only torch gives.
    wish = EngineWish(engine=TORCH) if args.labels else args.node.wish
    chosen = choose_engine(model, args.device, wish, check=lambda: None)
    predictor = Predictor(model, device=args.device, fit=args.node.fit, engine=chosen.engine)
    console.print('; '.join(filter(None, [chosen.summary, chosen.warning])))
    events = read_events(args.events) if args.events else None
    _keep_out(args)
    make_folder(args.out)
    with ExitStack() as stack:
        bag = stack.enter_context(Bag(args.bag))
        kinds = KINDS_OF_TRANSPORT[args.node.image_transport]
        topic, choice = choose_topic(bag, args.image_topic, args.labels, kinds)
        console.print(f'{bag.name}: {bag.seconds:.1f} s, images of {choice}')
        labels = open_labels(bag, args.labels, topic.name) if args.labels else None
        frames = FrameReader(bag, topic.name, labels, every=args.every, max_rate=args.node.max_rate)
        observers = _observers(args, predictor, frames, events, stack)
        predictor.warm_up()
        start = time.perf_counter()
        for result in _results(args, frames, predictor, console):
            observers.update(result)
        observers.log.finish(time.perf_counter() - start, frames.recorded_rate, predictor.device_name)
        observers.alarms.close()
        if observers.output:
            observers.output.finish()
        evaluated = _evaluation_result(args, model, frames, observers)
    for notice in evaluated.notices:
        console.print(f'[yellow]warning:[/] {notice}')
    write_report(evaluated, args.out)
    return evaluated


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
        predictions, predictor.card, args.node.alarm, frames.bag.start, silent_after=args.node.silent_after
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
        log=stack.enter_context(FrameLog(args.out, card.classes)),
        events=None if events is None else EventScore(events),
        labels=labels,
        output=stack.enter_context(BagOutput(args.write_bag, bag.storage)) if args.write_bag else None,
    )


def _evaluation_result(
    args: EvaluateBagArgs, model: StoredModel, frames: FrameReader, observers: Observers
) -> BagEvaluationResult:
    bag, topic, labels = frames.bag, frames.topic, observers.labels
    return BagEvaluationResult(
        card=model.card,
        bag=bag.name,
        topic=topic,
        every=args.every,
        alarm_params=args.node.alarm,
        fit=args.node.fit,
        counts=FrameCounts(
            recorded=bag.recorded(topic),
            evaluated=observers.timeline.frames,
            unreadable=observers.faults.unreadable,
            lost=max(0, bag.recorded(topic) - frames.present),
            skipped=frames.present - observers.timeline.frames,
            labelled=labels.evaluated if labels else 0,
            labels_rejected=labels.rejected if labels else 0,
        ),
        timeline=observers.timeline,
        faults=dict(sorted(observers.faults.kinds.items())),
        alarms=observers.alarms.alarms,
        events=observers.events.report() if observers.events else None,
        labels=labels.evaluation(bag.name, args.every) if labels and labels.evaluated else None,
        notices=[*bag.notices, *observers.mismatches.sentences, *_notices(observers)],
    )


def _notices(observers: Observers) -> Iterator[str]:
    labels, output = observers.labels, observers.output
    if labels and labels.rejected:
        yield (
            f'{labels.rejected} label images could not be used: {labels.first_reason} '
            '(--ignore-index names the label id of no class)'
        )
    if labels and not labels.evaluated:
        yield 'no image has labels that fit: nothing could be compared with them'
    yield from (error for error in (observers.log.write_error, output.write_error if output else '') if error)
