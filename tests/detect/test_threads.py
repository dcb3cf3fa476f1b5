"""Threads of model calls do not fight, and limits of the machine are seen."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.detect.threads import cpu_quota, group_folders, threads_for, threads_for_one, usable_cores


@given(st.integers(0, 500), st.integers(0, 256))
def test_processes_times_threads_stay_within_the_cores(workers: int, cores: int) -> None:
    threads = threads_for(workers, cores)
    assert threads >= 1
    if 1 <= workers <= cores:
        assert workers * threads <= cores
        # Not a thread fewer than there is room for.
        assert workers * (threads + 1) > cores
    elif workers > cores:
        assert threads == 1


def test_the_cores_that_may_be_used_are_no_more_than_the_machine_has() -> None:
    assert 1 <= usable_cores() <= 4096


def _own(tmp_path: Path, text: str) -> Path:
    own = tmp_path / "own"
    own.write_text(text)
    return own


@pytest.mark.parametrize(
    ("content", "quota"), [("150000 100000\n", 1.5), ("max 100000\n", None), ("", None), ("nonsense", None), ("50000 0", None)]
)
def test_a_quota_of_version_2_is_seen(tmp_path: Path, content: str, quota: float | None) -> None:
    group = tmp_path / "a" / "b"
    group.mkdir(parents=True)
    (group / "cpu.max").write_text(content)
    assert cpu_quota(groups=tmp_path, own=_own(tmp_path, "0::/a/b\n")) == quota


def test_the_tightest_quota_above_counts(tmp_path: Path) -> None:
    group = tmp_path / "a" / "b"
    group.mkdir(parents=True)
    (group / "cpu.max").write_text("400000 100000")
    (tmp_path / "a" / "cpu.max").write_text("200000 100000")
    assert cpu_quota(groups=tmp_path, own=_own(tmp_path, "0::/a/b\n")) == 2.0


def test_a_quota_of_version_1_is_seen(tmp_path: Path) -> None:
    # Within a container the own group's path is the host's, and what limits it lies at the root of what is shown.
    group = tmp_path / "cpu"
    group.mkdir()
    (group / "cpu.cfs_quota_us").write_text("300000\n")
    (group / "cpu.cfs_period_us").write_text("100000\n")
    own = _own(tmp_path, "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n")
    assert cpu_quota(groups=tmp_path, own=own) == 3.0
    (group / "cpu.cfs_quota_us").write_text("-1\n")
    assert cpu_quota(groups=tmp_path, own=own) is None


def test_without_control_groups_there_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(groups=tmp_path / "absent", own=tmp_path / "absent") is None
    assert list(group_folders("cpu", own=tmp_path / "absent")) == []


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (8, 2)])
def test_one_camera_has_no_more_threads_than_cores(cores: int, threads: int) -> None:
    assert threads_for_one(cores) == threads
