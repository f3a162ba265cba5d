"""The lab's small parts by themselves: files, errors, checkpoints, trace, noise, state, iterations, machine."""

import errno
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
from conftest import snapshot
from processes import CONTEXT, kill_at_step
from test_checkpoints import write_model

from lab import checkpoints, errors, files, listings, machine, noise, records, savefig, state
from lab.errors import BadInput
from lab.trace import Trace

# --- files


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / 'file'
    path.write_text('old')
    with files.whole(str(path)) as part:
        with open(part, 'w') as file:
            file.write('new')
        assert path.read_text() == 'old'
    assert path.read_text() == 'new' and os.listdir(str(tmp_path)) == ['file']
    mask = os.umask(0o027)
    files.write(str(path), 'newer')
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize('error, seen', [
    (KeyError('a bug'), KeyError), (KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, 'full'), BadInput)])
def test_a_file_that_is_not_finished_leaves_the_old_one(tmp_path, error, seen):
    path = tmp_path / 'file'
    path.write_text('old')
    with pytest.raises(seen), files.whole(str(path)) as part:
        with open(part, 'w') as file:
            file.write('half')
        raise error
    assert path.read_text() == 'old' and os.listdir(str(tmp_path)) == ['file']


@pytest.mark.parametrize('name', ['a' * 246 + '.csv', '그' * 80 + '.png', 'a' + '그' * 80],
                         ids=['ASCII', 'Korean', 'cut within a letter'])
@pytest.mark.parametrize('tag', [None, '01234567'])
def test_a_name_as_long_as_one_can_be(tmp_path, name, tag):
    path = tmp_path / name
    with files.whole(str(path), tag) as part:
        assert os.path.dirname(part) == str(tmp_path)
    assert path.exists() and os.listdir(str(tmp_path)) == [name]


def test_a_link_is_replaced_and_not_written_through(tmp_path):
    (tmp_path / 'precious').write_text('precious')
    (tmp_path / 'link').symlink_to(tmp_path / 'precious')
    files.write(str(tmp_path / 'link'), 'mine')
    assert (tmp_path / 'precious').read_text() == 'precious' and (tmp_path / 'link').read_text() == 'mine'


def test_a_refusal_names_the_place_and_the_reason(tmp_path):
    path = str(tmp_path / 'missing' / 'file')
    with pytest.raises(BadInput) as end, files.whole(path):
        pass
    assert path in str(end.value) and 'No such file or directory' in str(end.value)


def test_a_lock_holds_against_another_and_ends_with_its_file(tmp_path):
    path = str(tmp_path / 'lock')
    first = files.lock(path, 'this folder')
    with pytest.raises(BadInput, match='^this folder is in use by another run'):
        files.lock(path, 'this folder')
    first.close()
    files.lock(path, 'this folder').close()


def test_the_title_of_a_listing_is_no_line_for_python():
    for text in '# -*- coding: utf-8 -*-\n# GAN\n', '# vim: set fileencoding=utf-8 :\n\n"""GAN"""', '# %% GAN\n':
        assert listings.title(text) == 'GAN'


def test_python_warns_of_a_listing_when_it_is_run_and_not_when_it_is_read():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert listings.tree_of(r"'\l'") is not None and listings.Numbers("n = 3\n'\\l'").written == {'n': 3}


def test_a_locale_that_writes_korean_otherwise_than_tensorflow_reads_it(monkeypatch):
    assert files.not_for_tensorflow('/한글') is None
    monkeypatch.setattr(os, 'fsencode', lambda path: path.encode('euc-kr'))
    assert files.not_for_tensorflow('/latin') is None and 'is not in UTF-8' in files.not_for_tensorflow('/한글')


def test_what_a_system_cannot_write_through_is_left_to_it():
    path = '/proc/self/status'  # fsync of it is EINVAL, as that of a folder on some shared disks
    with open(path) as file, pytest.raises(OSError, match='Invalid argument'):
        os.fsync(file.fileno())
    files.sync(path)


@pytest.mark.parametrize('number', [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_a_disk_knows_no_locks_there_are_none(tmp_path, monkeypatch, number):
    def flock(*words):  # as some shared disks answer, of which there is none here
        raise OSError(number, os.strerror(number))
    monkeypatch.setattr(files.fcntl, 'flock', flock)
    files.lock(str(tmp_path / 'lock'), 'this folder').close()


@pytest.mark.parametrize('make', [os.mkdir, os.mkfifo, lambda path: os.symlink('elsewhere', path),
                                  lambda path: os.symlink(os.path.dirname(path), path)],
                         ids=['folder', 'FIFO', 'dangling link', 'link'])
def test_a_lock_is_a_file_of_its_own(tmp_path, make):
    path = str(tmp_path / 'run.lock')
    make(path)
    with pytest.raises(BadInput, match='run.lock is no file: move it away$'):
        files.lock(path, 'run')
    assert os.listdir(str(tmp_path)) == ['run.lock']


@pytest.mark.parametrize('make', [os.mkfifo, os.mkdir, lambda path: os.symlink('/dev/zero', path),
                                  lambda path: os.symlink(path, path), lambda path: None])
def test_only_regular_files_are_read(tmp_path, make):
    make(str(tmp_path / 'it'))
    for read in files.digest, lambda path: files.read(path, 1000):
        with pytest.raises(OSError):
            read(str(tmp_path / 'it'))


def test_a_file_is_read_up_to_its_size_at_most(tmp_path):
    (tmp_path / 'it').write_bytes(b'0123456789')
    assert files.read(str(tmp_path / 'it'), 10) == b'0123456789'
    with pytest.raises(OSError, match='larger than 9 bytes'):
        files.read(str(tmp_path / 'it'), 9)


# --- errors

@pytest.mark.parametrize('message, line', [
    ('a\nb', 'a\\nb'), ('a\x1b[2Jb\r', 'a\\x1b[2Jb'), ('\u2028\x85', '\\u2028\\x85'), ('한글 é', '한글 é'),
    ('a\udcffb', 'a\\udcffb')])
def test_a_message_is_one_line(message, line):
    assert errors.one_line('.' + message + '.') in ('.' + line + '.', '.' + line + '\\r.')


def test_a_reason_is_what_says_something():
    assert errors.reason(OSError(28, 'No space left on device')) == 'No space left on device'
    of_tensorflow = ("Graph execution error:\n\nDetected at node 'save/SaveV2' defined at (most recent call last):\n"
                     "    File \"my_gan.py\", line 8, in <module>\nNode: 'save/SaveV2'\na/model.ckpt; File too large\n"
                     "\t [[{{node save/SaveV2}}]]")
    assert errors.reason(ValueError(of_tensorflow)) == 'a/model.ckpt; File too large'
    assert errors.reason(ValueError(of_tensorflow.split('save/SaveV2\'\n')[-1])) == 'a/model.ckpt; File too large'
    assert errors.reason(ValueError('Graph execution error:\n\nDetected at …\nmore')) == 'Detected at …'
    assert errors.reason(KeyError()) == 'KeyError'


ENDS = [
    ('import threading\nraise RuntimeError("can\'t start new thread")', 2, 'p.py: error: the system gives no more '
     'threads: end other programs, or raise the limit (ulimit -u)\n'),
    ('import os\nwhile True:\n    os.open("p.py", 0)', 2, 'p.py: error: the system opens no more files: end other '
     'programs, or raise the limit (ulimit -n)\n'),
    ('open("matplotlibrc", "wb").write(b"timezone: \\xff")\nimport matplotlib', 2, "Cannot decode configuration file "
     "'matplotlibrc' as utf-8.\np.py: error: matplotlibrc is not in UTF-8: mend it, or move it away\n"),
    ('raise errors.BadInput("name another")', 2, 'p.py: error: name another\n'),
    ('raise errors.Stopped("stopped", status=143)', 143, 'p.py: stopped\n'),
    ('import input_data\nraise ValueError("a bug")', 1, None), ('raise KeyboardInterrupt', 130, ''),
    *(('import errno\nraise OSError(errno.%s, "full")' % name, 2, 'p.py: error: no room left for the output\n')
      for name in ('ENOSPC', 'EDQUOT', 'EFBIG')),
    ('import errno\nraise BrokenPipeError(errno.EPIPE, "gone")', 1, ''), ('sys.exit(7)', 7, '')]


@pytest.mark.parametrize('ending, status, said', ENDS)
def test_how_a_program_ends(tmp_path, ending, status, said):
    (tmp_path / 'p.py').write_text('import sys\nsys.path.insert(0, %r)\nfrom lab import errors\n%s\n' % (
        listings.CHAPTER09, ending.replace('import input_data\n', '')))
    ended = subprocess.run([sys.executable, 'p.py'], cwd=str(tmp_path), stderr=subprocess.PIPE, encoding='utf-8')
    assert ended.returncode == status
    assert ended.stderr == said if said is not None else 'Traceback' in ended.stderr and 'a bug' in ended.stderr


@pytest.mark.parametrize('module', ['lab.errors', 'lab.quiet'])
def test_ctrl_c_while_the_lab_is_imported(tmp_path, module):
    (tmp_path / 'p.py').write_text(
        'import sys\nsys.path.insert(0, %r)\n'
        'class Interrupted:\n    def find_spec(self, name, *_):\n'
        '        if name == %r:\n            raise KeyboardInterrupt\n'
        'sys.meta_path.insert(0, Interrupted())\nimport lab\n' % (listings.CHAPTER09, module))
    ended = subprocess.run([sys.executable, 'p.py'], cwd=str(tmp_path), stderr=subprocess.PIPE, encoding='utf-8')
    assert (ended.returncode, ended.stderr) == (130, '')


@pytest.mark.parametrize('program, module', [
    ('reference/matrix.py', 'glob'), ('reference/record.py', 'hashlib'), ('bench/bench.py', 'statistics'),
    ('notebooks/make.py', 'nbformat'), ('bench/lost.py', 'matplotlib'), ('chapter09/tools/environment.py', 'pathlib')])
def test_ctrl_c_while_another_program_imports(tmp_path, program, module):
    (tmp_path / 'sitecustomize.py').write_text(
        'import os, signal, sys\nclass Interrupted:\n    def find_spec(self, name, *_):\n'
        '        if name == %r:\n            os.kill(os.getpid(), signal.SIGINT)\n'
        'sys.meta_path.insert(0, Interrupted())\n' % module)
    ended = subprocess.run([sys.executable, os.path.join(listings.ROOT, program), '--help'], encoding='utf-8',
                           env=dict(os.environ, PYTHONPATH=str(tmp_path)), stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (130, '')


# --- checkpoints

def three_epochs(folder, kill_at):
    """Goes on, in a process of its own, to the third epoch; kills itself before the so-manyth change to a file."""
    if kill_at:
        kill_at_step(kill_at)
    done = (checkpoints.epochs(folder) or [-1])[0]
    checkpoints.clean(folder, done)
    for epoch in range(done + 1, 4):
        checkpoints.save(folder, epoch, write_model, {'epoch': np.array(epoch)})


def test_a_kill_before_any_change_leaves_whole_checkpoints_only(tmp_path):
    for step in range(1, 200):
        folder = str(tmp_path / str(step) / 'checkpoints')
        process = CONTEXT.Process(target=three_epochs, args=(folder, step))
        process.start()
        process.join()
        for epoch in checkpoints.epochs(folder):
            checkpoints.check(folder, epoch)
            assert checkpoints.read_state(folder, epoch)['epoch'] == epoch
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        if step % 5 == 0:  # and going on from there comes to the same
            again = CONTEXT.Process(target=three_epochs, args=(folder, None))
            again.start()
            again.join()
            assert sorted(os.listdir(folder)) == ['0002', '0003']
    assert step > 30 and sorted(os.listdir(folder)) == ['0002', '0003']


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04', b'no zip at all' * 99])
def test_arrays_that_are_none_are_refused_with_a_reason(tmp_path, content):
    (tmp_path / 'it.npz').write_bytes(content)
    with pytest.raises((OSError, ValueError)):
        checkpoints.read_arrays(str(tmp_path / 'it.npz'))


def test_arrays_that_would_fill_the_memory_are_not_unpacked(tmp_path):
    np.savez_compressed(str(tmp_path / 'it.npz'), many=np.zeros(checkpoints.LARGEST // 8 + 1))
    assert os.path.getsize(str(tmp_path / 'it.npz')) < 2e7
    with pytest.raises(ValueError, match='holds more than'):
        checkpoints.read_arrays(str(tmp_path / 'it.npz'))


# --- trace

def test_a_file_of_others_is_no_trace_however_large(tmp_path):
    with open(str(tmp_path / 'large.csv'), 'wb') as file:
        file.truncate(2 ** 31)  # takes no room, but would take memory
    tracemalloc.start()
    with pytest.raises(BadInput, match='is no trace, and is there already'):
        Trace(str(tmp_path / 'large.csv')).check([], [])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 ** 20


def test_a_trace_is_checked_cut_back_and_gone_on_with(tmp_path):
    path = tmp_path / 'trace.csv'
    trace = Trace(str(path))
    trace.check([], [])
    trace.begin([], 'a')
    trace.append([[1, 2], [3, 4]])
    trace.append([[5, math.nan]])
    assert path.read_text() == 'iteration,D loss,G loss\n0,1,2\n1,3,4\n2,5,nan\n'
    later = Trace(str(path))
    later.check([(3, 4)], [2])
    later.check([(3, 4), (5, 6)], [2, 1])  # the last of an epoch that was broken off lacks one
    later.begin([2], 'a')
    later.append([[7, 8]])
    assert path.read_text().splitlines()[1:] == ['0,1,2', '1,3,4', '2,7,8']
    for losses, iterations in ([(3, 5)], [2]), ([(3, 4)], [3]), ([(3, 4)], [9]):
        with pytest.raises(BadInput, match='of another run'):
            Trace(str(path)).check(losses, iterations)
    for content in 'my notes\n', '':
        path.write_text(content)
        with pytest.raises(BadInput, match='is no trace'):
            Trace(str(path)).check([(3, 4)], [2])


# --- noise and state

def test_the_chapters_noise_is_known_and_other_is_kept(tmp_path):
    known = noise.describe(lambda n, m: np.random.normal(size=(n, m)), [5])
    assert known == ({'draw': 'normal', 'shape': [5]}, None)
    uniform, _ = noise.describe(lambda n, m: np.random.uniform(-1., 1., size=[n, m]), [5])
    assert uniform['draw'] == 'uniform'
    for described in known[0], uniform:
        drawn = noise.Noise(str(tmp_path), {'noise': described}).draw(20, 3)
        expected = noise.CHAPTERS[described['draw']](np.random.RandomState(3), (20, 5))
        np.testing.assert_array_equal(drawn, expected)
    described, kept = noise.describe(lambda n, m: np.random.normal(size=(n, m)) * 2, [5])
    assert described['draw'] == 'kept' and kept.shape == (10000, 5) and 1.9 < kept.std() < 2.1
    noise.keep(str(tmp_path), kept)
    read = noise.Noise(str(tmp_path), {'noise': described})
    np.testing.assert_array_equal(read.draw(10000, 7), kept)
    assert {tuple(row) for row in read.draw(20, 3)} <= {tuple(row) for row in kept}
    np.testing.assert_array_equal(read.draw(20, 3), read.draw(20, 3))


@pytest.mark.parametrize('get_noise, said', [
    (lambda n: np.zeros(n), 'fails'), (lambda n, m: np.zeros((n, m + 1)), 'gives an array of shape'),
    (lambda n, m: 'noise', 'fails')])
def test_a_get_noise_that_gives_something_else(get_noise, said):
    with pytest.raises(ValueError, match=said):
        noise.drawn(get_noise, [5], 20, 1)


def test_a_state_is_of_all_that_draws():
    names = {'rng': np.random.default_rng(3), 'old': np.random.RandomState(4), 'mt': np.random.Generator(
        np.random.MT19937(5)), 'n': 3, 'np': np, '_hidden': np.random.default_rng(1)}

    def draw():
        return [*(names[name].normal() for name in ('rng', 'old', 'mt')), np.random.normal(), random.gauss(0, 1)]

    of_all = state.State(names)
    draw()
    kept = {name: np.array(value) for name, value in of_all.get().items()}
    first = draw()
    of_all.set(kept)
    assert draw() == first
    with of_all.untouched():
        second = draw()
    assert draw() == second
    assert of_all.data() is None


# --- a listing's own savefig

def test_strips_that_a_listing_saves_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'samples').mkdir()
    (tmp_path / 'kept').mkdir()
    text = "plt.savefig('samples/{}.png'.format(str(epoch).zfill(3)), bbox_inches='tight')"
    saved = savefig.Folders(text)
    saved.begin_epoch(9)
    (tmp_path / 'samples' / '000.png').write_text('of another epoch')
    assert saved.take(str(tmp_path / 'kept')) == []
    (tmp_path / 'samples' / '009.png').write_text('mine')
    assert saved.take(str(tmp_path / 'kept')) == ['009.png'] and (tmp_path / 'kept' / '009.png').read_text() == 'mine'
    saved.begin_epoch(9)
    assert saved.take(str(tmp_path / 'kept')) == [], 'it was there before'
    assert snapshot(tmp_path / 'kept') == {str(tmp_path / 'kept' / '009.png'): b'mine'}


# --- machine

def test_a_machine_has_cores_and_a_processor():
    assert 1 <= machine.cores() <= os.cpu_count() and machine.processor()


@pytest.mark.parametrize('given', ['3', 'two', '', '0', '-1', '²'])
def test_what_is_no_number_of_threads_is_passed_over(monkeypatch, given):
    monkeypatch.setenv(machine.THREADS, given)
    assert machine.threads() == (3 if given == '3' else machine.cores())


def test_what_may_be_none_may_be_left_out_of_a_record(tmp_path):
    shutil.copy(os.path.join(listings.ROOT, 'reference', 'basic', 'run.json'), str(tmp_path))
    record = json.loads((tmp_path / 'run.json').read_text(encoding='utf-8'))
    record.pop('lost', None)
    (tmp_path / 'run.json').write_text(json.dumps(record))
    assert records.read(str(tmp_path))['lost'] is None


def test_a_record_is_json(tmp_path):
    records.write(str(tmp_path), {'format': records.FORMAT, 'title': '§9.1 한글'})
    assert json.loads((tmp_path / 'run.json').read_text(encoding='utf-8'))['title'] == '§9.1 한글'
    with pytest.raises(BadInput, match='its id is missing'):
        records.read(str(tmp_path))


# --- a Python without the packages

@pytest.mark.parametrize('python', [sys.executable, os.path.realpath(sys.executable)], ids=['own', 'another'])
def test_packages_that_are_missing_are_said_in_a_line(python):
    take = '' if python.endswith('/.venv/bin/python') else 'take .venv/bin/python, or '  # which is no advice to itself
    of_users, of_developers = '(numpy|tensorflow): ' + take + 'install requirements.txt$', \
        '%s: ' + take + 'install requirements-%s.txt$'
    for words, missing in [
            (['chapter09', 'diff'], of_users), (['chapter09', 'basic', '--epochs', '1'], of_users),
            (['bench/bench.py'], of_users), (['bench/lost.py'], of_users),
            (['bench/scheduling.py'], of_developers % ('distributed', 'cluster')),
            (['notebooks/make.py'], of_developers % ('nbformat', 'dev')),
            (['tests/make_strips.py'], of_users.replace('numpy', 'matplotlib'))]:
        ended = subprocess.run([python, '-S', *words], cwd=listings.ROOT, encoding='utf-8', capture_output=True)
        assert ended.returncode == 2 and ended.stdout == '', ended
        line, = ended.stderr.splitlines()
        assert re.search('has no ' + missing, line), line


def test_a_lock_whose_file_was_removed_is_taken_where_the_file_stands(tmp_path):
    path = str(tmp_path / 'run.lock')
    with files.lock(path, 'run'):
        os.remove(path)
        with files.lock(path, 'run'), pytest.raises(BadInput, match='run is in use'):
            files.lock(path, 'run')
