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
from uncd_ros.bag_evaluation.output_bag import BagOutput
from uncd_ros.bag_evaluation.timeline import Timeline
from uncd_ros.bags.frames import FrameReader
from uncd_ros.bags.labels import open_labels
from uncd_ros.bags.prefetch import prefetch
from uncd_ros.bags.reader import Bag
from uncd_ros.bags.topics import choose_topic
from uncd_ros.errors import ConfigError
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import StoredModel, load_model
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.progress import shown_progress

TIMING = AlarmParams()
"""As the node's parameters are by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateBagArgs:
    """The command line."""

    bag: Path
    image_topic: str | None
    """None chooses."""
    labels: str | None
    """Topic or folder."""
    void: int
    """Label id that means nothing."""
    events: Path | None
    model: str
    out: Path
    write_bag: Path | None
    every: int
    device: str
    live: float | None
    """Times real time; None leaves the node out."""


class Faults:
    """Frames by kind of camera fault."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.unreadable = 0

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        self.unreadable += result.prediction is None
        if result.fault:
            self.kinds[result.fault.split(':')[0]] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Observers:
    """Who looks at each result; None is who was not asked for."""

    faults: Faults
    timeline: Timeline
    alarms: AlarmLog
    log: FrameLog
    score: EventScore | None
    truth: LabelEvaluator | None
    output: BagOutput | None

    def update(self, result: FrameResult) -> None:
        """Show it to all of them."""
        for field in fields(self):
            observer: Observer | None = getattr(self, field.name)
            if observer is not None:
                observer.update(result)


def evaluate(args: EvaluateBagArgs, console: Console) -> BagEvaluationResult:
    """What can be refused is refused before the first image is read; everything that was found is in `args.out`."""
    keep_freed_memory()  # each image takes what the one before it left: a tenth faster
    model = load_model(args.model)
    predictor = Predictor(model, device=args.device)
    events = read_events(args.events) if args.events else None
    _keep_out(args)
    make_folder(args.out)
    with ExitStack() as stack:
        bag = stack.enter_context(Bag(args.bag))
        topic, choice = choose_topic(bag, args.image_topic, args.labels)
        console.print(f'{bag.name}: {bag.seconds:.1f} s, images of {choice}')
        labels = open_labels(bag, args.labels, topic.name) if args.labels else None
        frames = FrameReader(bag, topic.name, labels, args.every)
        seen = _observers(args, model, predictor, frames, events, stack)
        predictor.warm_up()
        start = time.perf_counter()
        for result in _results(frames, predictor, console, confidence=seen.output is not None):
            seen.update(result)
        seen.log.finish(time.perf_counter() - start, frames.recorded_rate, predictor.device_name)
        seen.alarms.close()
        if seen.output:
            seen.output.finish()
        found = _findings(args, model, frames, seen)
    for notice in found.notices:
        console.print(f'[yellow]warning:[/] {notice}')
    write_report(found, args.out)
    return found


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


def _results(frames: FrameReader, predictor: Predictor, console: Console, *, confidence: bool) -> Iterator[FrameResult]:
    """Reading beside the network; what is made of its answers waits, as a third busy thread would take its turns."""
    answers = predict(prefetch(frames), predictor, confidence=confidence)
    results = decide(answers, predictor.card, TIMING, frames.bag.start)
    return shown_progress(frames.bag.name, results, frames.expected, console)


def _observers(
    args: EvaluateBagArgs,
    model: StoredModel,
    predictor: Predictor,
    frames: FrameReader,
    events: list[Event] | None,
    stack: ExitStack,
) -> Observers:
    card, bag = model.card, frames.bag
    labels = min(frames.labels.count, frames.expected) if frames.labels else 0
    return Observers(
        faults=Faults(),
        timeline=Timeline(bag.seconds, frames.expected, len(card.classes)),
        alarms=AlarmLog(args.out / FIGURES, card, events or (), TIMING.window),
        log=stack.enter_context(FrameLog(args.out, card.classes)),
        score=None if events is None else EventScore(events),
        truth=LabelEvaluator(model, predictor.device, frames=labels, void=args.void) if frames.labels else None,
        output=stack.enter_context(BagOutput(args.write_bag, bag.storage)) if args.write_bag else None,
    )


def _findings(args: EvaluateBagArgs, model: StoredModel, frames: FrameReader, seen: Observers) -> BagEvaluationResult:
    bag, topic, truth = frames.bag, frames.topic, seen.truth
    return BagEvaluationResult(
        card=model.card,
        bag=bag.name,
        topic=topic,
        every=args.every,
        timing=TIMING,
        counts=FrameCounts(
            recorded=bag.recorded(topic),
            evaluated=seen.timeline.frames,
            unreadable=seen.faults.unreadable,
            lost=max(0, bag.recorded(topic) - frames.present),
            skipped=frames.present - seen.timeline.frames,
            labelled=truth.judged if truth else 0,
            labels_rejected=truth.rejected if truth else 0,
        ),
        timeline=seen.timeline,
        faults=dict(sorted(seen.faults.kinds.items())),
        alarms=seen.alarms.alarms,
        events=seen.score.report() if seen.score else None,
        truth=truth.evaluation(bag.name, args.every) if truth and truth.judged else None,
        notices=[*bag.notices, *_notices(seen)],
    )


def _notices(seen: Observers) -> Iterator[str]:
    truth, output = seen.truth, seen.output
    if truth and truth.rejected:
        yield f'{truth.rejected} label images could not be used: {truth.first_reason} (--void names the id of no class)'
    if truth and not truth.judged:
        yield 'no image has labels that fit: nothing could be compared with them'
    yield from (each for each in (seen.log.trouble, output.trouble if output else '') if each)
