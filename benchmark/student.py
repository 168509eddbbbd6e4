# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a student's pass costs beside a plain net and an ensemble of them, whatever uncertainty it serves.

python benchmark/student.py [MODEL] [--device cpu] [--decoder-channels 128]
"""

import argparse
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from uncd_ros.evaluation.cost import PlainNet, measure_cost
from uncd_ros.model.inference import for_inference
from uncd_ros.model.store import load_model
from uncd_ros.model.torch_engine import choose_device
from uncd_ros.network.student import Student
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES


def check(student: Student, x: Tensor) -> None:
    """Parity before timing: folding batch norms, and leaving a head out, must not change what is computed."""
    expected, folded = student(x), for_inference(student)
    torch.testing.assert_close(folded(x).logits, expected.logits, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(PlainNet(folded)(x), expected.logits, rtol=1e-3, atol=1e-3)
    mean = folded(x, std='mean', features=False).std
    torch.testing.assert_close(mean, expected.std.mean(dim=1, keepdim=True), rtol=1e-3, atol=1e-4)


def multiply_adds(network: nn.Module, x: Tensor) -> float:
    """In units of 10^9."""
    with FlopCounterMode(display=False) as counter:
        network(x)
    return counter.get_total_flops() / 2e9


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', nargs='?', default='camvid', help='model folder, or name of a built-in model')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    parser.add_argument('--decoder-channels', type=int, help="with random weights: another width than the model's")
    given = parser.parse_args()
    stored = load_model(given.model)
    config, student = stored.card.student, stored.student
    if given.decoder_channels:
        config = replace(config, decoder_channels=given.decoder_channels)
        student = Student(config).eval()
    student = student.to(choose_device(given.device))
    x = torch.randn(1, 3, config.input_height, config.input_width, device=student.mahalanobis.mean.device)
    check(student, x)
    print(
        f'{config.encoder}, {config.input_width}x{config.input_height}, decoder {config.decoder_channels}, {x.device}, '
        f'{torch.get_num_threads()} threads; {multiply_adds(PlainNet(student), x):.2f} GMAC plain, '
        f'{multiply_adds(student, x):.2f} GMAC with both heads'
    )
    for name in PIXEL_UNCERTAINTIES:
        card = replace(stored.card, student=config, uncertainty=replace(stored.card.uncertainty, name=name))
        cost = measure_cost(student, card)
        print(
            f'serves {name:14} {cost.student_ms:7.1f} ms, {cost.student_over_plain:5.2f} x plain; '
            f'{cost.members} plain nets {cost.members_over_plain:5.2f} x plain'
        )


if __name__ == '__main__':
    main()
