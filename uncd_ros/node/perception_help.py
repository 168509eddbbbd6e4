# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `perception_node --help` prints."""

from uncd_ros.node.node_help import NodeHelp, Topic
from uncd_ros.node.params import PERCEPTION

PERCEPTION_HELP = NodeHelp(
    program='perception_node',
    purpose='Labels, uncertainty and an out-of-distribution flag for every camera image. The node is `segmentation`.',
    example='image_raw:=/camera/image_raw',
    parameters=PERCEPTION,
    subscribed=(
        Topic(name='image_raw', type='Image', text='The camera; with cameras, below the name of each.'),
        Topic(name='image_raw/compressed', type='CompressedImage', text='Instead, if image_transport is compressed.'),
        Topic(name='camera_info', type='CameraInfo', text='Of the camera; needed only for the check of the size.'),
    ),
    published=(
        Topic(name='~/mask', type='Image, mono8', text='Label ids at camera size; 255 where the node abstains.'),
        Topic(name='~/mask/compressed', type='CompressedImage', text='The same as PNG.'),
        Topic(name='~/label_info', type='LabelInfo', text='Names of the label ids, where vision_msgs is installed.'),
        Topic(name='~/uncertainty', type='Image, 32FC1', text='Uncertainty at camera size; 0 is certain.'),
        Topic(name='~/confidence', type='Image, mono8', text='255 x the probability that the label is correct.'),
        Topic(
            name='~/overlay',
            type='Image, rgb8',
            text='Colours over the image, boxes around obstacles; red frame: the flag is up.',
        ),
        Topic(name='~/overlay_preview', type='Image, rgb8', text='The same, at most 10 times per second.'),
        Topic(name='~/anomaly', type='Image, mono8', text='255 x the share of nominal pixels that are less anomalous.'),
        Topic(name='~/obstacles', type='Detection2DArray', text='Unknown things on the road, with vision_msgs.'),
        Topic(name='~/camera_info', type='CameraInfo', text="The camera's own, with the header of each image."),
        Topic(name='~/ood', type='Bool', text='The flag: out of distribution, or the camera is faulty.'),
        Topic(name='~/ood_score', type='Float32', text='Score of the image; a higher one is more anomalous.'),
        Topic(name='~/ood_status', type='DiagnosticArray', text='Score, threshold, alarms, reason, camera fault.'),
        Topic(name='/diagnostics', type='DiagnosticArray', text='Once per second: counts, latency, camera, model.'),
    ),
)
