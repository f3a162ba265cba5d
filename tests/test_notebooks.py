"""In a notebook a listing leaves what it has made to play with, and all else as it was. In real kernels."""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time

import jupytext
import page
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from lab import listings

STATE = '''
import fcntl, matplotlib, os, signal
def state():
    return (matplotlib.get_backend(), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM),
            {name: value for name, value in os.environ.items() if name not in of_tensorflow})
def is_free(path):
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
before = state()
'''


class Kernel:
    """A notebook that is run cell by cell."""

    def __init__(self):
        self.notebook = new_notebook()
        self.client = NotebookClient(self.notebook, timeout=200, allow_errors=True,
                                     resources={'metadata': {'path': listings.ROOT}})

    def __call__(self, source):
        """Runs a cell; returns its result, what it printed, and what ended it, as texts."""
        cell = new_code_cell(source)
        self.notebook.cells.append(cell)
        self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        found = {'result': '', 'printed': '', 'error': ''}
        for output in cell.outputs:
            if output.output_type == 'execute_result':
                found['result'] = output.data['text/plain']
            elif output.output_type == 'stream':
                found['printed'] += output.text
            elif output.output_type == 'error':
                found['error'] = '\n'.join(output.traceback)
            elif 'image/png' in output.get('data', ()):
                found['printed'] += '<picture>'
        return found

    def interrupted(self, source, path):
        """Runs a cell, as above, which the notebook's button for it interrupts as soon as there is such a file."""
        ended = threading.Event()

        def press():
            while not path.exists() and not ended.is_set():
                time.sleep(0.005)
            if not ended.is_set():
                asyncio.run(self.client.km.interrupt_kernel())

        button = threading.Thread(target=press)
        button.start()
        try:
            return self(source)
        finally:
            ended.set()
            button.join()


@pytest.fixture(scope='module')
def kernel():
    kernel = Kernel()
    with kernel.client.setup_kernel():
        kernel('import sys; sys.path.insert(0, %r)' % listings.CHAPTER09)
        kernel('%matplotlib inline\nimport matplotlib.pyplot as plt')
        # TensorFlow sets some environment variables by itself, whoever imports it.
        program = 'import os; before = set(os.environ); import tensorflow; print(*set(os.environ) - before)'
        added = subprocess.check_output([sys.executable, '-c', program], encoding='utf-8')
        kernel('of_tensorflow = %r' % added.split())
        kernel(STATE)
        yield kernel



def test_run_leaves_names_to_play_with_and_all_else_as_it_was(kernel, small, tmp_path):
    words = '--data %s --run %s/run --samples %s/s' % (small, tmp_path, tmp_path)
    ended = kernel('%run chapter09/gan_basic.py --epochs 1 ' + words)
    assert '최적화 완료!' in ended['printed'] and not ended['error'], ended
    assert "eager mode is off" in ended['printed']
    assert kernel('sess.run(G, {Z: get_noise(3, n_noise)}).shape')['result'] == '(3, 784)'
    assert kernel('before == state()')['result'] == 'True'
    assert kernel("is_free('%s/run.lock'), is_free('%s/s/.strips')" % (tmp_path, tmp_path))['result'] == '(True, True)'
    assert '<picture>' in kernel('plt.plot([1, 2]);')['printed'], 'pictures are shown as before'

    refused = kernel('%run chapter09/gan_basic.py --resume --n-hidden 64 ' + words)
    assert 'was begun with --n-hidden 256' in refused['error'] and 'Traceback' not in refused['error']
    assert kernel("is_free('%s/run.lock')" % tmp_path)['result'] == 'True'
    ended = kernel('%run chapter09/gan_basic.py --resume --epochs 2 ' + words)
    assert 'going on after epoch 0' in ended['printed'] and not ended['error']
    assert 'eager mode' not in ended['printed'], 'it is said once'
    assert kernel('before == state()')['result'] == 'True'


def test_a_later_run_gives_what_it_gives_alone(kernel, small, tmp_path):
    from processes import PAGE, run
    words = ['--data', small, '--epochs', 1, '--n-hidden', 384, '--trace']
    assert run(PAGE['basic'], *words, tmp_path / 'alone.csv', '--run', tmp_path / 'alone', '--samples',
               tmp_path / 'alone' / 'samples', output=tmp_path).status == 0
    kernel('%%run chapter09/gan_basic.py %s %s --run %s --samples %s' % (
        ' '.join(map(str, words)), tmp_path / 'here.csv', tmp_path / 'here', tmp_path / 'here' / 'samples'))
    assert (tmp_path / 'here.csv').read_text() == (tmp_path / 'alone.csv').read_text()


def cells(name, **options):
    """The cells of a listing as jupytext makes them, with options given by keyword."""
    found = jupytext.reads(page.text(name), fmt='py:percent').cells
    said = ', '.join('%s=%r' % option for option in options.items())
    return [cell.source.replace('lab.Run(globals())', 'lab.Run(globals(), %s)' % said)
            for cell in found if cell.cell_type == 'code']


@pytest.mark.parametrize('name', ['basic', 'conditional'])
def test_cell_by_cell(kernel, small, tmp_path, name):
    sources = cells(name, epochs=1, data=small, run=str(tmp_path / 'run'))
    assert len(sources) == {'basic': 12, 'conditional': 9}[name], 'a cell for each step, the strip is within the last'
    printed = ''
    for source in sources:
        ended = kernel(source)
        assert not ended['error'], ended
        printed += ended['printed']
    assert re.search(r'seed: 7\nEpoch: 0000 D loss: \S+ G loss: \S+\n최적화 완료!', printed), printed
    assert os.listdir(str(tmp_path / 'run' / 'samples')) == ['000.png']
    assert 'lab.Run(globals(), epochs=1' in (tmp_path / 'run' / 'listing.py').read_text(encoding='utf-8')

    # The training's cell again trains anew.
    assert not kernel(sources[-1])['error']
    assert (tmp_path / 'run.1').exists()


@pytest.mark.parametrize('how', ['an error', 'an error in a loop that has a name', 'an interrupt'])
def test_cells_that_were_ended_half_way_can_be_run_again(kernel, small, tmp_path, how):
    sources = cells('basic', epochs=3, data=small, run=str(tmp_path / 'run'))
    for source in sources[:-1]:
        assert not kernel(source)['error']
    if how != 'an interrupt':
        broken = sources[-1].replace("    print('Epoch:'", "    1 / (1 - epoch)\n    print('Epoch:'")
        if 'name' in how:  # which keeps it from being closed by the error
            broken = broken.replace('for epoch in run.epochs(total_epoch):',
                                    'epochs = run.epochs(total_epoch)\nfor epoch in epochs:')
        assert 'ZeroDivisionError' in kernel(broken)['error']
    else:
        endless = sources[-1].replace('run.epochs(total_epoch)', 'run.epochs(10 ** 6)')
        ended = kernel.interrupted(endless, tmp_path / 'run' / 'checkpoints' / '0000')
        assert 'KeyboardInterrupt' in ended['error'] and '최적화 완료!' not in ended['printed']
    for source in sources:
        ended = kernel(source)
        assert not ended['error'], ended
    assert '최적화 완료!' in ended['printed']
    assert kernel('before == state()')['result'] == 'True'


@pytest.mark.parametrize('words, said', [
    ('epochs=0', "argument --epochs: '0' is not a whole number"), ('n_hiden=3', 'unrecognized arguments: --n-hiden=3'),
    ('data="nowhere"', 'is no folder')])
def test_bad_options_by_keyword(kernel, words, said):
    error = kernel('import lab\nn_hidden = 256\ntotal_epoch = 3\nlab.Run(globals(), %s)' % words)['error']
    assert error.startswith('error: ') and said in error and 'Traceback' not in error
