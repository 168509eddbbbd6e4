# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What things are called where a person reads."""

MODEL_NAMES = {
    'student': 'student',
    'teacher': 'teacher',
    'baseline': 'single net',
    'baseline_scaled': 'single net, T-scaled',
}
"""Evaluated models, for a person."""
UNCERTAINTY_NAMES = {
    'mean_std': 'mean std over the classes',
    'predicted_std': 'std of the predicted class',
    'entropy': 'entropy',
    'msp': '1 - max softmax',
    'neg_max_logit': 'negated max logit',
}
"""Pixel uncertainties, for a person."""
ANOMALY_NAMES = {
    'served': 'served',
    'without_energy': 'served, no energy',
    'without_log_std': 'served, no std',
    'without_feature_distance': 'served, no distance',
    **UNCERTAINTY_NAMES,
    'energy': 'energy',
    'log_std': 'log of the mean std',
    'feature_distance': 'feature distance',
}
"""Anomaly scores of a pixel, for a person."""
SCORE_NAMES = {
    'mean': 'mean',
    'median': 'median',
    'median_min_over_max': '(median + min) / max',
    'upper_quantile': '95 % quantile',
    'worst_patch': 'worst patch',
    'neg_max_logit': 'negated mean max logit',
    'energy': 'energy',
    'mahalanobis': 'Mahalanobis distance',
    'energy_mahalanobis': 'energy + Mahalanobis',
    'min': 'min',
    'max': 'max',
}
"""Image scores, for a person."""
