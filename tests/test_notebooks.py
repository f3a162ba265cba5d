"""In a notebook a listing leaves what it has made to play with, and all else as it was. In real kernels.

And the chapter's own notebooks: they are what is made of the listings now, and they run, wherever they are.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import jupytext
import nbformat
import page
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from lab import files, languages, listings, records
from tools import handins, marking

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
    """A notebook in a folder that is run cell by cell."""

    def __init__(self, folder=listings.ROOT):
        self.notebook = new_notebook()
        self.client = NotebookClient(self.notebook, timeout=200,
                                     resources={'metadata': {'path': str(folder)}})

    def __call__(self, source):
        """Runs a cell; returns its result, what it printed, and what ended it, as texts, and whether the rest waits."""
        cell = new_code_cell(source)
        self.notebook.cells.append(cell)
        found = {'result': '', 'printed': '', 'error': '', 'is_error': False}
        try:
            self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        except CellExecutionError:
            found['is_error'] = True
        for output in cell.outputs:
            if output.output_type == 'execute_result':
                found['result'] = output.data.get('text/markdown', output.data['text/plain'])
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
    assert 'with graphs and sessions' in ended['printed']
    assert kernel('sess.run(G, {Z: get_noise(3, n_noise)}).shape')['result'] == '(3, 784)'
    assert kernel('before == state()')['result'] == 'True'
    assert kernel("is_free('%s/run.lock'), is_free('%s/s/.strips')" % (tmp_path, tmp_path))['result'] == '(True, True)'
    assert '<picture>' in kernel('plt.plot([1, 2]);')['printed'], 'pictures are shown as before'

    refused = kernel('%run chapter09/gan_basic.py --resume --n-hidden 64 ' + words)
    assert 'was begun with --n-hidden 256' in refused['error'] and 'Traceback' not in refused['error']
    assert kernel("is_free('%s/run.lock')" % tmp_path)['result'] == 'True'
    ended = kernel('%run chapter09/gan_basic.py --resume --epochs 2 ' + words)
    assert 'going on after epoch 0' in ended['printed'] and not ended['error']
    assert 'with graphs' not in ended['printed'], 'it is said once'
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
    written = (tmp_path / 'run' / 'listing.py').read_text(encoding='utf-8')
    first = next(n for n, source in enumerate(sources) if 'lab.Run(globals(), epochs=1' in source)
    assert written == '\n\n'.join(sources[first:]), 'from lab.Run on to the training'

    # The training's cell again trains anew, of other draws, with the same listing, whatever has looked at the run.
    looks = 'noise = get_noise(10, n_noise)\nfor epoch in range(2):\n    print(sess.graph, noise.mean())'
    assert not kernel(looks)['error']
    ended = kernel(sources[-1])
    assert not ended['error'] and (tmp_path / 'run.1').exists()
    assert (tmp_path / 'run' / 'listing.py').read_text(encoding='utf-8') == written
    for run, is_again in ('run.1', False), ('run', True):
        said = [note for note in records.read(str(tmp_path / run))['notes'] if 'the random draws go on' in note]
        assert len(said) == is_again and (not said or said[0] in ended['printed'])
    for source in sources[first:]:
        ended = kernel(source.replace('epochs=1', 'epochs=2, resume=True'))
        for looks in '!echo "of the system"\nlen("and what it has made")', '%ls', '%%bash\ntrue', 'tf.matmul?', '# X', \
                'mnist.train.images.shape', 'print(n_noise)':
            assert not kernel(looks)['error']
    assert 'going on after epoch 0' in ended['printed'] and 'has changed' not in ended['printed'], ended
    silent = 'def get_noise(batch_size, n_noise):\n    return np.zeros((batch_size, n_noise))'
    kernel(silent)
    assert not kernel(sources[-1])['error']
    *before, last = sources[first:]
    before[0] = before[0].replace('epochs=1', 'epochs=2, resume=True')
    assert (tmp_path / 'run' / 'listing.py').read_text(encoding='utf-8') == '\n\n'.join([*before, silent, last])

    assert '--epochs' in kernel(sources[first].replace('epochs=1', 'epochs=0'))['error']
    assert 'lab.Run was called once more since' in kernel(last)['error'], 'and not the earlier run trained on'


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


# --- the chapter's notebooks

NOTEBOOKS = os.path.join(listings.ROOT, 'notebooks')


def notebook(language):
    return nbformat.read(os.path.join(NOTEBOOKS, 'chapter09.%s.ipynb' % language), nbformat.NO_CONVERT)


def texts(language):
    return '\n'.join(cell.source for cell in notebook(language).cells if cell.cell_type == 'markdown')


def codes(language, *edits):
    """{id: source} of the code cells, with each of the pairs replaced."""
    found = {cell.id: cell.source for cell in notebook(language).cells if cell.cell_type == 'code'}
    for old, new in edits:
        assert any(old in source for source in found.values()), old
        found = {name: source.replace(old, new) for name, source in found.items()}
    return found


def test_the_notebooks_are_what_make_notebook_makes_now(tmp_path):
    subprocess.run([sys.executable, os.path.join(NOTEBOOKS, 'make.py'), str(tmp_path)], check=True)
    for name in os.listdir(str(tmp_path)):
        assert (tmp_path / name).read_bytes() == files.read(os.path.join(NOTEBOOKS, name), 2 ** 20), 'make notebook'
    assert len(os.listdir(str(tmp_path))) == len(languages.KNOWN)


@pytest.mark.parametrize('language', languages.KNOWN)
def test_nothing_is_assigned_what_a_command_of_the_shell_prints(language):
    """Which IPython 7, Colab's, takes for a mistake in Python 3.12."""
    for title, source in codes(language).items():
        assert not re.search(r'(?m)^\s*\w+\s*=\s*!', source), title


def test_a_folder_that_cannot_be_made_is_one_line():
    ended = subprocess.run([sys.executable, os.path.join(NOTEBOOKS, 'make.py'), '/proc/notebooks'],
                           stderr=subprocess.PIPE, encoding='utf-8')
    assert ended.returncode == 2 and ended.stderr.count('\n') == 1 and '/proc/notebooks cannot be' in ended.stderr


def test_a_notebook_that_somebody_has_worked_in_is_put_by(tmp_path):
    def make():
        return subprocess.run([sys.executable, os.path.join(NOTEBOOKS, 'make.py'), str(tmp_path)], check=True,
                              stderr=subprocess.PIPE, encoding='utf-8').stderr
    mine = tmp_path / 'chapter09.ko.ipynb'
    assert make() == make() == '' and len(os.listdir(str(tmp_path))) == 2
    made = mine.read_text(encoding='utf-8')
    changes = [('"outputs": []', '"outputs": [{"name": "stdout", "output_type": "stream", "text": ["7"]}]'),
               ('n_hidden = 256', 'n_hidden = 1024'), ('"cells"', '"cell"'),
               ('"cells": [', '"cells": [{"cell_type": "markdown", "id": "my", "metadata": {}, "source": "7"},')]
    for number, (old, new) in enumerate(changes, 1):
        mine.write_text(made.replace(old, new, 1), encoding='utf-8')
        assert 'is now in ' in make() and mine.read_text(encoding='utf-8') == made
        assert new in (tmp_path / ('chapter09.ko.ipynb.%d' % number)).read_text(encoding='utf-8')


@pytest.mark.parametrize('language', languages.KNOWN)
def test_the_listings_stand_in_them_to_the_letter(language):
    found = notebook(language)
    nbformat.validate(found)
    for before, cell in zip(found.cells, found.cells[1:]):
        assert {before.cell_type, cell.cell_type} != {'code'}, 'before each cell something is said'
    assert not any(cell.outputs or cell.execution_count for cell in found.cells if cell.cell_type == 'code')
    for name, number in ('basic', 1), ('conditional', 2):
        there = [source for title, source in codes(language).items() if title.startswith('code-9-%d-' % number)]
        run = re.compile(r'(?m)^run = lab.Run.*')
        _, due = re.split(r'(?m)(?=^# %%%% 9\.%d-1 )' % number, page.text(name))
        assert run.sub('', '\n'.join(there)).replace('\n', '') == run.sub(
            '', due.replace('# %% ', '# ')).replace('\n', '')
        assert "run = lab.Run(globals(), epochs=10, run='runs/notebook_%s')" % name in '\n'.join(there)


@pytest.mark.parametrize('language, docs', [('en', 'exercises.md'), ('ko', 'exercises.ko.md')])
def test_the_exercises_are_those_of_the_docs_and_what_is_linked_is_there(language, docs):
    with open(os.path.join(listings.ROOT, 'docs', docs), encoding='utf-8') as file:
        due = re.findall(r'(?m)^## (\d+)\. (.*)$', file.read())
    found = texts(language)
    assert re.findall(r'(?m)^(\d+)\. \*\*(.*?)\*\*', found) == due and len(due) == 10
    links = re.findall(r'\]\((.*?)\)', found)
    assert '../docs/' + docs in links
    for link in links:
        assert os.path.isfile(os.path.join(NOTEBOOKS, link)), link


@pytest.fixture(scope='module')
def project(tmp_path_factory):
    """A copy of the project, in which git has what a clone is to have."""
    folder = tmp_path_factory.mktemp('notebooks') / '내 프로젝트'
    for name in 'chapter09', 'docs', 'notebooks', os.path.join('mnist', 'data'):
        shutil.copytree(os.path.join(listings.ROOT, name), str(folder / name),
                        ignore=shutil.ignore_patterns('__pycache__', '.ipynb_checkpoints'))
    for words in (['init', '-q'], ['add', 'chapter09', 'docs', 'mnist'],
                  ['-c', 'user.name=a', '-c', 'user.email=a', 'commit', '-q', '-m', 'a']):
        subprocess.run(['git', '-C', str(folder), *words], check=True)
    return folder


def test_they_run_alike_in_both_languages():
    ko, en = (codes(language, ('--lang ' + language, '--lang'), (docs, 'exercises'))
              for language, docs in (('ko', 'exercises.ko.md'), ('en', 'exercises.md')))
    for found in ko, en:  # which speaks
        found['code-start'] = re.sub(r"(?<=UsageError\().*|\nos.environ\[.* = 'ko'", '', found['code-start'])
    assert ko == en


def test_a_notebook_that_is_alone_fetches_the_project_and_runs_from_top_to_bottom(project, small, the_judge, tmp_path):
    kernel, ended = Kernel(tmp_path), {}
    edits = ("PROJECT = ''", 'PROJECT = %r' % ('file://' + str(project))), ('epochs=10', 'epochs=2, data=%r' % small)
    with kernel.client.setup_kernel():
        for name, source in codes('ko', *edits).items():
            ended[name] = kernel(source)
            assert not ended[name]['error'], ended[name]
    for name, listing in ('code-9-1-12', 'basic'), ('code-9-2-9', 'conditional'):
        assert re.search(r'Epoch: 0001 D loss: \S+ G loss: \S+\n최적화 완료!', ended[name]['printed'])
        assert ended['code-%s-strips' % listing]['printed'] == '000.png\n<picture>'
        run = tmp_path / 'gan' / 'runs' / ('notebook_' + listing)
        assert records.read(str(run))['state'] == 'finished' and (run / 'samples' / '000.png').exists()
    assert re.fullmatch(r'0\.\d+ 0\.\d+\n', ended['code-basic-D']['printed'])
    assert '<picture>' in ended['code-conditional-digits']['printed']
    assert re.findall(r'(?m)^## (\d+)\.', ended['code-exercises']['result']) == list(map(str, range(1, 11)))
    assert graded(the_judge, tmp_path) == [('notebook_basic', 'no'), ('notebook_conditional', 'no')]
    run = tmp_path / 'gan' / 'runs' / 'notebook_conditional'
    text = (run / 'listing.py').read_text(encoding='utf-8')
    assert text.count('tf.nn.relu') == 2
    (run / 'listing.py').write_text(text.replace('tf.nn.relu', 'tf.nn.tanh', 1), encoding='utf-8')
    shutil.copytree(str(run), str(run) + '.1')  # the run before that
    line = text[:text.index('tf.nn.relu')].count('\n') + 1
    assert graded(the_judge, tmp_path)[1:] == [('notebook_conditional', '%d (gan_conditional.py)' % line)]
    # Nothing has been changed, so exercise 1 has not been done.
    assert re.search(r'(?m)^!!  아직 갖추지 못한 조건: 구분자에 레이블이 들어가지 않는다\r?$',
                     ended['code-check']['printed'])
    assert re.search(r'(?m)^OK  9.2절의 예제를 고친 것이다\r?$', ended['code-check']['printed'])


def graded(judge, tmp_path):
    """What the grades say of the runs of the project there: [(listing, changed)]."""
    target = tmp_path / 'copy'
    target.mkdir()
    rows = marking.mark(judge, handins.Handin('김민수', str(tmp_path / 'gan' / 'runs')), str(target))
    shutil.rmtree(str(target))
    return [(row.listing, row.changed) for row in rows]


def test_a_notebook_that_is_stopped_goes_on_by_resume(project, small):
    def cells(*words):
        said = ', '.join(('data=%r' % small, *words))
        found = codes('en', ('epochs=10', said))
        return found.pop('code-start'), found.pop('code-9-1-1'), [
            found[name] for name in found if name.startswith('code-9-1-')]

    def losses(name):
        return [row[:3] for row in records.losses(str(project / 'runs' / name))]

    kernel, run = Kernel(project / 'notebooks'), project / 'runs' / 'notebook_basic'
    shutil.rmtree(str(project / 'runs'), ignore_errors=True)
    with kernel.client.setup_kernel():
        start, libraries, sources = cells('epochs=10 ** 6')
        for source in [start, libraries, *sources[:-1]]:
            assert not kernel(source)['error']
        ended = kernel.interrupted(sources[-1], run / 'checkpoints' / '0000')
        assert 'KeyboardInterrupt' in ended['error']
        epochs = len(losses('notebook_basic')) + 5

        for words in (['epochs=%d' % epochs, 'resume=True'], ['epochs=%d' % epochs]):
            ended = [kernel(source) for source in cells(*words)[-1]]
            assert not any(each['error'] for each in ended), ended
            assert '최적화 완료!' in ended[-1]['printed']
            assert ('going on after epoch' in ended[-1]['printed']) == ('resume=True' in words)
            assert 'the listing has changed' not in ended[-1]['printed']
        assert len(losses('notebook_basic')) == epochs
        assert losses('notebook_basic') == losses('notebook_basic.1'), 'as if it had never been stopped'

        *_, sources = cells('epochs=%d' % (epochs + 1), 'resume=True')
        ended = [kernel(source.replace('relu(tf.matmul(noise_z', 'tanh(tf.matmul(noise_z')) for source in sources]
        assert 'the listing has changed since (line' in ended[-1]['printed']


def test_where_the_project_is(project, tmp_path):
    kernel = Kernel(tmp_path)
    with kernel.client.setup_kernel():
        kernel('import os, sys')
        for folder, filled_in in (project / 'notebooks', ''), (project, ''), (tmp_path, ' %s ' % project):
            kernel('os.chdir(%r)\nsys.path[0] = ""' % str(folder))
            for _ in range(2):  # once more does no harm
                assert not kernel(codes('ko', ("PROJECT = ''", 'PROJECT = %r' % filled_in))['code-start'])['error']
                assert kernel('os.getcwd()')['result'] == repr(str(project))
                assert kernel('from lab import languages; languages.of_environment()')['result'] == "'ko'"
                assert kernel('sys.path[0]')['result'] == repr(str(project / 'chapter09'))
        for filled_in in ('', 'file:///nowhere', str(project / 'notebooks'), '$(touch pwned)', '"; touch pwned; "',
                          "{open('pwned', 'w')}", '--upload-pack=touch pwned', 'a\0b'):
            reason = ' (fatal: |embedded null)' if filled_in else ''
            kernel('os.chdir(%r)' % str(tmp_path))
            ended = kernel(codes('ko', ("PROJECT = ''", 'PROJECT = %r' % filled_in))['code-start'])
            assert re.fullmatch('UsageError: 프로젝트가 아직 없다. .* 다시 실행한다.%s.*\n' % reason, ended['printed'])
            assert ended['is_error'] and not ended['error']
    assert os.listdir(str(tmp_path)) == []
