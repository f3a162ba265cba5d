"""machine.py: fewer threads where they change nothing."""

import os

import pytest
from conftest import run_script

import machine


def test_a_machine_has_cores_and_a_processor():
    assert 1 <= machine.cores() <= os.cpu_count() and machine.processor()


@pytest.mark.parametrize('sizes', [(201, 256, 128), (200, 257, 128), (200, 256, 129)])
def test_larger_sizes_keep_their_threads(monkeypatch, sizes):
    monkeypatch.delenv(machine.THREADS, raising=False)
    machine.spare_threads(*sizes)
    assert machine.THREADS not in os.environ


def test_what_the_user_has_set_stays(monkeypatch):
    monkeypatch.setenv(machine.THREADS, '3')
    machine.spare_threads(100, 256, 128)
    assert machine.threads() == 3


@pytest.mark.parametrize('script', ['gan_basic.py', 'gan_conditional.py'])
@pytest.mark.parametrize('n_hidden', [256, 512])  # of 512, Intel's bytes differ
def test_sparing_threads_changes_no_loss(tmp_path, script, n_hidden):
    unset = {name: value for name, value in os.environ.items() if name != machine.THREADS}
    traces = []
    every = dict(unset, **{machine.THREADS: str(machine.cores())})
    for name, environment in ('spared', unset), ('every', every):
        trace = tmp_path / (name + '.csv')
        done = run_script(script, '--epochs', 1, '--run', tmp_path / name, '--samples', tmp_path / 'samples',
                          '--trace', trace, '--n-hidden', n_hidden, env=environment)
        assert done.returncode == 0, done.stderr
        traces.append(trace.read_bytes())
    assert traces[0] == traces[1]
