# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fog, night, rain and the sensor. Each takes and returns an (H, W, 3) RGB image; strength 0 changes nothing."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

FOG_COLOUR = (203, 206, 209)
FOG_EXTINCTION = 0.075
"""1 / metre at strength 1: one can see about 50 m."""
_NOISE_MARGIN = 64


def add_fog(image: Image, depth: NDArray[np.float32], strength: float) -> Image:
    """Koschmieder's law over (H, W) depth in metres, and a little scattering."""
    if strength <= 0:
        return image
    clear = np.exp(-FOG_EXTINCTION * strength * depth)[..., None]
    soft = cv2.GaussianBlur(image, (0, 0), 0.3 + 0.9 * strength)
    return np.asarray(soft * clear + np.array(FOG_COLOUR, np.float32) * (1 - clear), np.uint8)


def add_night(image: Image, depth: NDArray[np.float32], emission: Image, strength: float) -> Image:
    """Dark but for the headlights of this car and what gives light: (H, W, 3) emission, which also blooms."""
    if strength <= 0:
        return image
    height, width = depth.shape
    across = np.linspace(-1, 1, width, dtype=np.float32)[None] * 1.6
    headlight = 1.0 * np.exp(-((depth / 24.0) ** 2)) * np.exp(-(across**2))
    light = (1 - strength) + strength * (0.12 + headlight[..., None]) * np.array((0.95, 0.97, 1.08), np.float32)
    small = cv2.resize(emission, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    bloom = cv2.GaussianBlur(small, (0, 0), width / 110) * 0.5 + cv2.GaussianBlur(small, (0, 0), width / 30) * 0.6
    glow = cv2.resize(bloom.astype(np.float32), (width, height)) + 0.9 * emission
    return np.asarray(np.minimum(image * light + strength * glow, 255), np.uint8)


def add_rain(image: Image, ground: NDArray[np.bool_], strength: float, seed: int, frame: int) -> Image:
    """Dull light, mirrors on the wet (H, W) ground, streaks in the air and drops on the windscreen."""
    if strength <= 0:
        return image
    height, width = ground.shape
    rng = np.random.default_rng((seed, frame, 31))
    wet = image * np.float32(1 - 0.25 * strength) + np.float32(22 * strength)
    first = int(np.argmax(ground.any(1)))
    mirror = cv2.resize(image[:first][::-1], (width, height - first))
    mirror = cv2.GaussianBlur(mirror, (0, 0), width / 160, sigmaY=width / 25)
    shine = 0.4 * strength * ground[first:, :, None]
    wet[first:] += (mirror - wet[first:]) * shine
    air = np.zeros((height, width), np.uint8)
    for x, y, length in rng.uniform((0, -0.1, 0.03), (1.1, 1, 0.1), (int(160 * strength), 3)):
        end = (int((x - 0.18 * length) * width), int((y + length) * height))
        cv2.line(air, (int(x * width), int(y * height)), end, 70, 1, cv2.LINE_AA)
    wet += cv2.GaussianBlur(air, (0, 0), 0.6)[..., None] * np.float32(0.9)
    return _add_drops(np.asarray(np.minimum(wet, 255), np.uint8), strength, seed, frame)


def _add_drops(image: Image, strength: float, seed: int, frame: int) -> Image:
    """Each drop stays on the glass for two seconds, slides a little, and shows the scene upside down."""
    height, width = image.shape[:2]
    glass = cv2.GaussianBlur(cv2.flip(image, 0), (0, 0), width / 60)
    mask = np.zeros((height, width), np.uint8)
    for slot in range(int(28 * strength)):
        age, life = (frame + 7 * slot) % 40, (frame + 7 * slot) // 40
        x, y, size = np.random.default_rng((seed, slot, life, 32)).uniform((0, 0, 0.006), (1, 0.95, 0.022))
        centre = (int(x * width), int((y + 0.0012 * age) * height))
        cv2.ellipse(mask, centre, (int(size * width), int(1.25 * size * width)), 0, 0, 360, 215, -1, cv2.LINE_AA)
    weight = cv2.GaussianBlur(mask, (0, 0), 1.2)[..., None] * np.float32(1 / 255)
    return np.asarray(image + (glass.astype(np.float32) - image) * weight, np.uint8)


def expose(image: Image, gain: tuple[float, float, float], deviation: float, seed: int, frame: int) -> Image:
    """The sensor: colour gain by the light of the day, lens falloff, a soft lens, grain of the given deviation."""
    height, width = image.shape[:2]
    soft = cv2.GaussianBlur(image, (3, 3), 0.45)
    lit = cv2.multiply(soft, _falloff(height, width) * np.array(gain, np.float32), dtype=cv2.CV_8U)
    row, column = np.random.default_rng((seed, frame, 33)).integers(0, _NOISE_MARGIN, 2)
    grain = _grain(height, width)[row : row + height, column : column + width]
    return np.asarray(cv2.addWeighted(lit, 1.0, grain, deviation, 0.0, dtype=cv2.CV_8U), np.uint8)


@lru_cache(maxsize=4)
def _falloff(height: int, width: int) -> NDArray[np.float32]:
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.asarray(1.0 - 0.11 * (rows**2 + columns**2), np.float32)[..., None].repeat(3, -1)


@lru_cache(maxsize=4)
def _grain(height: int, width: int) -> NDArray[np.float32]:
    shape = (height + _NOISE_MARGIN, width + _NOISE_MARGIN, 3)
    return np.random.default_rng(34).standard_normal(shape, np.float32)
