#!/usr/bin/env bash
# Writes the two hashed locks anew. Needs `uv` (pip install uv). PySide6 and VTK are left out: jupedsim's wheel asks for
# them (1.2 GB) and never imports them when it only simulates, so the development lock is installed with --no-deps.
set -euo pipefail
cd "$(dirname "$0")/.."
options=(--quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate)
uv pip compile "${options[@]}" pyproject.toml lock/build.in --output-file lock/runtime.txt "$@"
left_out=()
for package in pyside6 pyside6-addons pyside6-essentials pyside6-pdf pyside6-webengine shiboken6 vtk; do left_out+=(--no-emit-package "$package"); done
uv pip compile "${options[@]}" pyproject.toml lock/build.in lock/dev.in --constraints lock/runtime.txt "${left_out[@]}" --output-file lock/dev.txt "$@"
# Each peer of the benchmarks has an environment of its own; OpenVINO's sends no statistics to its makers.
for peer in trackers norfair seeing openvino; do uv pip compile "${options[@]}" --no-emit-package openvino-telemetry "bench/peers/$peer.in" --output-file "bench/peers/$peer.txt" "$@"; done
