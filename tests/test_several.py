"""several.py: processes side by side, and what comes of them. `make all`, `make sweep`: test_makefile.py."""

import os
import queue
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

import lab
import several
import sweep
from errors import Stopped


@pytest.fixture
def arguments(small, tmp_path):
    return ['--epochs', '1000', '--data', small, '--run', str(tmp_path / 'run'),
            '--samples', str(tmp_path / 'samples')]


def test_what_kills_a_training_is_named(arguments):
    training, events = several.Training('seed 7', 'basic', arguments), queue.Queue()
    training.start(1, events)
    lines = []
    for _, line, is_stdout in iter(lambda: events.get(timeout=60), None):
        lines.append((line, is_stdout))
        if line.startswith('Epoch: 0000'):
            training.signal(signal.SIGKILL)
    assert ('seed: 7', False) in lines
    assert training.status == 128 + 9 and training.reason == 'killed by signal 9'


def test_a_training_that_is_just_being_started_is_stopped_too(arguments):
    class Interrupted(several.Training):
        def start(self, *args):
            os.kill(os.getpid(), signal.SIGINT)
            super().start(*args)

    training = Interrupted('basic', 'basic', arguments)
    waiting = several.Training('later', 'basic', arguments)
    with pytest.raises(Stopped) as end:
        several.train([training, waiting], 1, 1)
    assert end.value.status == 130 and training.status == 130 and waiting.status is None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_progress_is_the_last_line_without_an_end(monkeypatch):
    training, events = several.Training('basic', 'basic', []), queue.Queue()
    pieces = ['seed: 7\n', '\repoch 1/9', '  5/s\repoch 1/9  6/s', '\r' + 11 * ' ' + '\r', 'one\r\ntw', 'o']
    seen = []

    def read(handle, size):
        seen.append(training.progress)
        return pieces.pop(0).encode() if pieces else b''

    monkeypatch.setattr(os, 'read', read)
    training._process = SimpleNamespace(stdout=None)
    training._read(SimpleNamespace(fileno=int, close=lambda: None), events)
    assert seen == ['', '', 'epoch 1/9', 'epoch 1/9  6/s', '', 'tw', 'two']
    assert [events.get_nowait()[1] for _ in range(3)] == ['seed: 7', 'one', 'two']
    assert events.empty() and training.reason == 'two'


def test_a_run_that_cannot_be_judged_leaves_the_others_their_figures(tmp_path, arguments):
    done = subprocess.run([sys.executable, os.path.join(lab.ROOT, 'chapter09', 'gan_basic.py'), *arguments,
                           '--epochs', '1'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (tmp_path / 'bad').mkdir()
    for name in 'losses.csv', 'run.json':
        (tmp_path / 'bad' / name).write_bytes((tmp_path / 'run' / name).read_bytes()[:-20])
    _, good, bad, failed = sweep.report('basic', {
        '4': str(tmp_path / 'run'), '5': str(tmp_path / 'bad'), '6': 'nowhere'}, {'6': 'killed by signal 9'})
    assert good.split()[0] == '4' and len(good.split()) == 3  # its losses: these are other digits
    assert bad.startswith('5           not judged: ') and 'run.json cannot be read' in bad
    assert failed == '6           failed: killed by signal 9'
