# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a student's pass costs: both heads against one, dense heads against separable, five networks against one.

python benchmark/student.py [--device cpu]
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from uncd_ros.backbone import fuse_batch_norms
from uncd_ros.predictor import choose_device
from uncd_ros.student import Student, StudentConfig, upsample

ROUNDS = 7


class SingleNet(nn.Module):
    """The student without its uncertainty head: the plain network it is compared with."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(self, x: Tensor) -> Tensor:
        return upsample(self.student.prediction_head(self.student.trunk(x)), x.shape[-2:])


def build(head: str, device: torch.device) -> Student:
    torch.manual_seed(0)
    student = Student(StudentConfig(num_classes=11, head=head)).eval().to(device, memory_format=torch.channels_last)
    x = torch.randn(1, 3, 360, 480, device=device)
    expected = student(x)
    fuse_batch_norms(student)
    # Parity before timing: folding batch norms, and leaving a head out, must not change what is computed.
    torch.testing.assert_close(student(x).logits, expected.logits, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(SingleNet(student)(x), expected.logits, rtol=1e-3, atol=1e-4)
    return student


def multiply_adds(network: Callable[[Tensor], object], x: Tensor) -> float:
    """In units of 10^9."""
    with FlopCounterMode(display=False) as counter:
        network(x)
    return counter.get_total_flops() / 2e9


def interleaved(networks: dict[str, Callable[[Tensor], object]], x: Tensor) -> dict[str, float]:
    """Median milliseconds of each, timed in turns, so that a busy moment hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in networks}
    for turn in range(ROUNDS + 1):
        for name, network in networks.items():
            start = time.perf_counter()
            network(x)
            if x.is_cuda:
                torch.cuda.synchronize()
            if turn:  # the first turn warms up
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: sorted(values)[ROUNDS // 2] for name, values in times.items()}


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    device = choose_device(parser.parse_args().device)
    networks: dict[str, Callable[[Tensor], object]] = {}
    for head in ('separable', 'dense'):
        student = build(head, device)
        single = SingleNet(student)
        networks |= {
            f'{head}: plain net': single,
            f'{head}: student': student,
            f'{head}: 5 plain nets': lambda x, net=single: [net(x) for _ in range(5)],
        }
    x = torch.randn(1, 3, 360, 480, device=device).contiguous(memory_format=torch.channels_last)
    times = interleaved(networks, x)
    print(f'EfficientNet-Lite0, 480x360, {device}, {torch.get_num_threads()} threads, median of {ROUNDS}')
    for name, milliseconds in times.items():
        ratio = milliseconds / times[f'{name.split(":")[0]}: plain net']
        print(f'{name:24} {milliseconds:8.1f} ms  {ratio:5.2f} x plain  {multiply_adds(networks[name], x):6.2f} GMAC')


if __name__ == '__main__':
    main()
