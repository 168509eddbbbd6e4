# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors that a user can cause; each message names the thing, what was found and what was expected."""


class UncdError(Exception):
    """Base of every error that is a user's to mend; entry points print it as one line and exit 1."""


class ModelError(UncdError):
    """A model folder that cannot be trusted: missing, damaged, or of another format version."""


class EngineError(ModelError):
    """An engine of a model that cannot be used here, though the model can."""


class UnsuitableEngineError(EngineError):
    """An engine that is whole and yet not for this machine, or not for the flag."""


class ImageError(UncdError):
    """An image or label that cannot be read or does not fit."""


class TruncatedImageError(ImageError):
    """An image of which a part is missing."""


class SourceError(UncdError):
    """A camera source (video, folder, street) that cannot be opened or played."""


class ConfigError(UncdError):
    """A setting with an unknown name or a value out of range."""


class BagError(UncdError):
    """A bag that cannot be read or written, or does not hold what is asked of it."""
