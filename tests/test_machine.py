"""machine.py: fewer threads where they change nothing."""

import os

import pytest
from conftest import run_script

import machine


def test_a_machine_has_cores_and_a_processor():
    assert 1 <= machine.cores() <= os.cpu_count() and machine.processor()


@pytest.fixture
def threads(monkeypatch):
    """A function that gives (threads of an operation, operations at once); None where TensorFlow chooses."""
    def threads(sizes, processor, onednn=True, **environment):
        for name in machine.THREADS, machine.OPERATIONS, machine.CORES:
            monkeypatch.setenv(name, '')  # so that what is set below is taken back
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(machine, 'processor', lambda: processor)
        monkeypatch.setattr(machine, '_products_are_onednns', lambda: onednn)
        machine.spare_threads(*sizes)
        return os.environ.get(machine.THREADS), os.environ.get(machine.OPERATIONS)
    return threads


INTEL, AMD, CHAPTER = 'Intel(R) Xeon(R) Processor', 'AMD EPYC', (100, 256, 128)


def test_threads_are_spared_where_that_changes_nothing(threads):
    assert threads(CHAPTER, INTEL) == threads((200, 256, 128), INTEL) == ('1', None)
    for sizes in (201, 256, 128), (200, 257, 128), (200, 256, 129):
        assert threads(sizes, INTEL) == (None, None)
    assert threads(CHAPTER, AMD) == threads(CHAPTER, INTEL, onednn=False) == (None, None)


def test_a_share_of_the_cores_is_kept_to(threads):
    share = {machine.CORES: '2'}
    assert threads(CHAPTER, INTEL, **share) == ('1', '2')
    assert threads(CHAPTER, AMD, **share) == threads((400, 256, 128), INTEL, **share) == ('2', '2')
    assert machine.cores() == 2


def test_what_the_user_has_set_stays(threads):
    assert threads(CHAPTER, INTEL, **{machine.THREADS: '3', machine.CORES: '2'}) == ('3', '2')
    assert machine.threads() == 3


@pytest.mark.parametrize('nonsense', ['two', '', '0', '-1', '²'])
def test_what_is_no_number_of_threads_is_passed_over(threads, nonsense):
    threads(CHAPTER, AMD, **{machine.THREADS: nonsense})
    assert machine.threads() == machine.cores()


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
