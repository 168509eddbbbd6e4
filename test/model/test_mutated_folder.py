# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder changed at random is refused in one sentence, or predicts and decides as before."""

import json
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from support.model_folder import edit_card
from uncd_ros.errors import ModelError
from uncd_ros.model.inference import infer
from uncd_ros.model.store import load_model
from uncd_ros.monitor.ood_rule import OodRule

MUTATIONS = 1000
SEED = 2026
FILES = ('model.json', 'student.safetensors', 'MODEL_CARD.md')
RATES = (0.001, 0.01, 0.1, 0.5)
"""False-alarm rates whose thresholds are compared."""
HUGE = (math.nan, math.inf, -math.inf, 1e308, -1e308, 1e39, -1e12, 10**30)
OTHER_TYPES = (None, True, False, '', 'two\nlines', '\ud800', [], {}, [[]], {'a': 1})
POSITIVE = ('num_classes', 'width', 'decoder_channels', 'input_height', 'input_width', 'std', 'color', 'upper')
POSITIVE += ('effective_n', 'false_alarm_rate', 'value', 'ece_before', 'ece_after', 'log_odds', 'table', 'images')
"""Keys of model.json below which a negative number makes no sense."""


@dataclass(frozen=True)
class Behaviour:
    """All by which two models can be told apart on a robot."""

    maps: tuple[torch.Tensor, ...]
    """Labels, uncertainty, confidence and image score of a fixed image."""
    thresholds: tuple[tuple[float, bool], ...]
    upper: float
    class_names: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]

    def assert_equal(self, other: 'Behaviour') -> None:
        assert all(map(torch.equal, self.maps, other.maps))
        assert (self.thresholds, self.upper) == (other.thresholds, other.upper)
        assert (self.class_names, self.colors) == (other.class_names, other.colors)


@torch.inference_mode()
def behaviour(folder: Path, image: torch.Tensor) -> Behaviour:
    model = load_model(folder)
    # As Predictor does, less the folding of batch norms, which takes ten times as long as the pass.
    output = infer(model.student, model.card, model.student.preprocess(image[None]))
    confidence = model.card.confidence.confidence(output.output.others, output.uncertainty)
    rule: OodRule = model.card.ood
    return Behaviour(
        maps=tuple(
            filter(torch.is_tensor, (output.labels, output.uncertainty, confidence, output.score_map, output.distance))
        ),
        thresholds=tuple((rule.threshold(rate), rule.guaranteed(rate)) for rate in (rule.false_alarm_rate, *RATES)),
        upper=model.card.uncertainty.upper,
        class_names=tuple(info.name for info in model.card.classes),
        colors=tuple(info.color for info in model.card.classes),
    )


class Mutator:
    """Changes a model folder at random; what it did is its return value, for the message of a failure."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def mutate(self, folder: Path) -> str:
        kinds = (self.flip_bytes, self.cut, self.swap, self.edit_content, self.forge_content, self.forge_weights)
        weights = (0.2, 0.07, 0.03, 0.2, 0.4, 0.1)
        kind = kinds[self._rng.choice(len(kinds), p=weights)]
        return f'{kind.__name__}: {kind(folder)}'

    def flip_bytes(self, folder: Path) -> str:
        """One to four bytes of one file become others."""
        path = folder / self._pick(FILES)
        data = bytearray(path.read_bytes())
        # The header of the weights is where a reader may stumble; it would seldom be hit.
        end = 4000 if path.suffix == '.safetensors' and self._rng.random() < 0.5 else len(data)
        places = [int(place) for place in self._rng.integers(0, end, self._rng.integers(1, 5))]
        for place in places:
            data[place] = int(self._rng.integers(0, 256))
        path.write_bytes(data)
        return f'{path.name} at {places}'

    def cut(self, folder: Path) -> str:
        """A file is missing, or ends early."""
        path = folder / self._pick(FILES)
        if self._rng.random() < 0.3:
            path.unlink()
            return f'{path.name} removed'
        size = int(self._rng.integers(0, path.stat().st_size))
        path.write_bytes(path.read_bytes()[:size])
        return f'{path.name} of {size} bytes'

    def swap(self, folder: Path) -> str:
        """Two files exchange their names."""
        one, other = (folder / name for name in self._rng.permutation(FILES)[:2])
        data = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(data)
        return f'{one.name} and {other.name}'

    def edit_content(self, folder: Path) -> str:
        """A value or key of model.json changes, and its checksum does not."""
        path = folder / 'model.json'
        content = json.loads(path.read_text())
        change = self._change(content)
        path.write_text(json.dumps(content))
        return change

    def forge_content(self, folder: Path) -> str:
        """The same, and the checksum fits: only the values can give it away."""
        changes: list[str] = []
        try:
            edit_card(folder, lambda content: changes.append(self._change(content)))
        except ValueError:  # NaN and infinity have no checksum
            return self.edit_content(folder)
        return changes[0]

    def forge_weights(self, folder: Path) -> str:
        """A tensor becomes nonsense, and the checksums fit."""
        path = folder / 'student.safetensors'
        tensors = load_file(path)
        name = self._pick(sorted(name for name, tensor in tensors.items() if tensor.is_floating_point()))
        value = tensors[name]
        flat = value.view(-1)
        actions: dict[str, Callable[[], object]] = {
            'nan': lambda: flat[int(self._rng.integers(len(flat)))].fill_(math.nan),
            'infinity': lambda: flat[int(self._rng.integers(len(flat)))].fill_(math.inf),
            'missing': lambda: tensors.pop(name),
            'renamed': lambda: tensors.update({f'{name}.old': tensors.pop(name)}),
            'double': lambda: tensors.update({name: value.double()}),
            'integer': lambda: tensors.update({name: value.to(torch.int32)}),
            'longer': lambda: tensors.update({name: torch.cat([value, value])}),
        }
        action = self._pick(sorted(actions))
        actions[action]()
        save_file(tensors, path)
        edit_card(folder, lambda _: None)
        return f'{name} {action}'

    def _change(self, content: dict[str, Any]) -> str:
        """Change one value or key, anywhere in model.json."""
        spots = list(_spots(content, ()))
        container, key, path = spots[self._rng.integers(len(spots))]
        action = self._pick(('value', 'value', 'value', 'type', 'drop', 'rename', 'add', 'negative'))
        if action == 'value':
            container[key] = HUGE[self._rng.integers(len(HUGE))]
        elif action == 'type':
            container[key] = OTHER_TYPES[self._rng.integers(len(OTHER_TYPES))]
        elif action == 'drop' and 'table' not in path[:-1]:  # with a point less it is another curve, and a valid one
            del container[key]
        elif isinstance(container, dict) and action in ('rename', 'add'):
            container[f'{key} of old'] = container[key] if action == 'add' else container.pop(key)
        elif action == 'negative' and isinstance(container[key], int | float) and set(POSITIVE) & set(path):
            container[key] = -1 - container[key]
        return f'{action} at {".".join(map(str, path))}'

    def _pick(self, choices: Any) -> str:
        return str(choices[self._rng.integers(len(choices))])


def _spots(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, Any, tuple[Any, ...]]]:
    """Every key and index below a value of JSON: its container, itself, and the way to it."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield value, key, (*path, key)
        yield from _spots(inner, (*path, key))


def test_a_folder_mutated_at_random_is_refused_or_behaves_as_before(tiny_model: Path, tmp_path: Path) -> None:
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    before, mutator, refused = behaviour(tiny_model, image), Mutator(SEED), 0
    folder = tmp_path / 'model'
    for number in range(MUTATIONS):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tiny_model, folder)
        change = mutator.mutate(folder)
        try:
            behaviour(folder, image).assert_equal(before)
        except ModelError as error:
            refused += 1
            text = str(error)
            assert '\n' not in text and len(text) < 600, (number, change, text)
            assert str(folder) in text or 'expected a folder' in text, (number, change, text)
        except Exception as error:
            raise AssertionError(f'mutation {number}, {change}') from error
    assert MUTATIONS / 2 < refused < MUTATIONS
