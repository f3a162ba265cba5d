"""What a program finds around it: TensorFlow's chatter, streams that are missing or go, a terminal, early signals."""

import fcntl
import functools
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios

import pytest
from processes import PAGE, TINY, script, start

from lab import listings


@pytest.fixture
def words(small, tmp_path):
    return ['--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's', '--epochs', 1]


def test_from_another_folder_in_a_c_locale_without_a_display(words, tmp_path):
    environment = {'PATH': os.environ['PATH'], 'LC_ALL': 'C', 'PYTHONIOENCODING': 'ascii', 'MPLBACKEND': 'TkAgg',
                   'HOME': str(tmp_path)}
    ended = script(PAGE['conditional'], *words, cwd=str(tmp_path), env=environment)
    assert ended.status == 0 and ended.err == ['seed: 7'], 'TensorFlow is to keep quiet'
    assert re.fullmatch(r'Epoch: 0000 D loss: \S+ G loss: \S+', ended.out[0]) and ended.out[1:] == ['??? ??!']


def test_a_path_that_the_locale_has_no_letters_for_is_not_called_wrong(words):
    environment = {'PATH': os.environ['PATH'], 'LC_ALL': 'C', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0'}
    ended = script(PAGE['basic'], *words, '--run', '한글', env=environment)
    assert ended.status == 2 and len(ended.err) == 1, ended
    assert 'this locale' in ended.err[0] and 'PYTHONUTF8=1' in ended.err[0]


def test_tensorflow_may_be_heard(words):
    ended = script(PAGE['basic'], *words, env=dict(os.environ, TF_CPP_MIN_LOG_LEVEL='0'))
    assert ended.status == 0 and len(ended.err) > 1 and ended.err[-1] == 'seed: 7'


def test_a_failing_import_of_tensorflow_is_not_hushed_up(words, tmp_path):
    (tmp_path / 'tensorflow').mkdir()
    (tmp_path / 'tensorflow' / '__init__.py').write_text(
        'import os\nos.write(2, b"no such instruction\\n")\nraise ImportError("a library is missing")\n')
    ended = script(PAGE['basic'], *words, env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    assert ended.status == 1 and 'no such instruction' in ended.err and 'a library is missing' in ended.err[-1]


def test_neither_keras_nor_jax_is_loaded_be_they_installed(tmp_path):
    for name in 'tf_keras', 'jax':
        (tmp_path / name).mkdir()
        (tmp_path / name / '__init__.py').write_text('version = 2\n')
    program = tmp_path / 'program.py'
    program.write_text('import sys\nsys.path.insert(0, %r)\nimport lab\nlab.Run\nimport tensorflow\n'
                       "print([name for name in sys.modules if 'keras' in name.split('.')[0] or name == 'jax'])\n"
                       'import jax, tf_keras\nprint(jax.version, tf_keras.version)\n' % listings.CHAPTER09)
    ended = script(program, env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    assert ended == (0, ['[]', '2 2'], [])


@pytest.mark.parametrize('closed', ['2>&-', '>&-', '>&- 2>&- <&-'])
def test_a_run_without_streams_goes_on(words, tmp_path, closed):
    command = ' '.join("'%s'" % word for word in [sys.executable, TINY, *words])
    ended = subprocess.run(['sh', '-c', command + ' ' + closed], capture_output=True, encoding='utf-8')
    assert ended.returncode == 0, ended
    assert sorted(os.listdir(str(tmp_path / 'run' / 'checkpoints'))) == ['0000']


def streams_to(**places):
    """For `before`: has stdout or stderr be what has that name."""
    for number, name in (1, 'stdout'), (2, 'stderr'):
        if name in places:
            os.dup2(os.open(places[name], os.O_WRONLY), number)
            setattr(sys, name, open(number, 'w', closefd=False))


def test_lines_come_as_they_are_printed_and_a_closed_pipe_is_no_bug(words, tmp_path):
    words[-1] = 100000
    os.mkfifo(str(tmp_path / 'pipe'))
    pipe = os.open(str(tmp_path / 'pipe'), os.O_RDONLY | os.O_NONBLOCK)
    process = start(TINY, *words, output=tmp_path,
                    before=functools.partial(streams_to, stdout=str(tmp_path / 'pipe')))
    assert select.select([pipe], [], [], 60)[0] and os.read(pipe, 1000).startswith(b'Epoch: 0000')
    os.close(pipe)
    process.join(60)
    assert process.exitcode == 1 and (tmp_path / 'stderr').read_text() == 'seed: 7\n'


def test_ctrl_c_while_tensorflow_is_imported_is_no_bug(words):
    """Stopped when the process has mapped TensorFlow's library, which is long before it has imported it."""
    with subprocess.Popen([sys.executable, PAGE['basic'], *map(str, words)], encoding='utf-8', stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as process:
        while process.poll() is None:
            with open('/proc/%d/maps' % process.pid) as file:
                if 'tensorflow' in file.read():
                    break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == '' and 'Traceback' not in err, err


@pytest.mark.parametrize('columns', [100, 40])
def test_progress_shows_on_a_terminal_and_leaves_the_books_lines_alone(words, tmp_path, columns):
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    words[-1] = 100000
    process = start(TINY, *words, output=tmp_path, before=functools.partial(streams_to, stderr=os.ttyname(slave)))
    shown = b''
    while shown.count(b'left' if columns == 100 else b'\rep') < 5:
        assert select.select([master], [], [], 60)[0], shown
        shown += os.read(master, 1000)
    process.terminate()
    process.join(60)
    assert process.exitcode == 143
    os.close(slave)
    out = (tmp_path / 'stdout').read_text(encoding='utf-8').splitlines()
    lines = [line.strip() for line in shown.decode().split('\r') if line.strip() and 'seed' not in line]
    assert out and all(re.fullmatch(r'Epoch: \d{4} D loss: \S+ G loss: \S+', line) for line in out)
    for line in lines[:-1]:
        assert len(line) < columns
        if columns == 100:
            assert re.fullmatch(r'epoch \d+/100000  \d+/s  D loss \S+  G loss \S+  \d+:\d\d:\d\d left', line), line
    assert len(lines) > 2


def ignore_hangups_on(terminal):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    streams_to(stdout=terminal, stderr=terminal)


def test_a_run_that_ignores_hangups_goes_on_when_its_terminal_has_gone(words, tmp_path):
    master, slave = os.openpty()
    words[-1] = 60
    process = start(TINY, *words, output=tmp_path, before=functools.partial(ignore_hangups_on, os.ttyname(slave)))
    shown = b''
    while b'Epoch: 0001' not in shown:
        assert select.select([master], [], [], 60)[0], shown
        shown += os.read(master, 1000)
    os.close(slave)
    os.close(master)
    process.join(60)
    assert process.exitcode == 0 and len((tmp_path / 'run' / 'losses.csv').read_text().splitlines()) == 61


def test_listings_are_named_by_their_files():
    assert listings.find('/a/gan_basic.py').name == 'basic' and listings.find('b/my_gan.py').name == 'my_gan'
    assert listings.find('my_gan.py').samples is None


@pytest.mark.parametrize('backend', ['module://not_there.backend_inline', 'Qt4Agg', 'no such'])
def test_a_backend_that_is_not_there_does_not_matter(small, tmp_path, backend):
    """A notebook's `!python …` has that of the notebook; Qt4Agg is what matplotlib had until 3.4."""
    backend = dict(os.environ, MPLBACKEND=backend)
    ended = script(TINY, '--data', small, '--run', tmp_path / 'run', '--epochs', 1, env=backend)
    assert ended.status == 0 and os.listdir(str(tmp_path / 'run' / 'samples')) == ['000.png'], ended.err


@pytest.mark.parametrize('options, told', [(['--epochs', '0'], 'argument --epochs'), (['--help'], 'usage: ')])
def test_at_a_prompt_an_option_has_its_lines_and_no_traceback(options, told):
    ended = subprocess.run([sys.executable, '-i', TINY, *options], input='print("alive", total_epoch)\n',
                           encoding='utf-8', capture_output=True, timeout=300)
    assert ended.returncode == 0 and 'alive 100' in ended.stdout and told in ended.stdout + ended.stderr
    assert 'Traceback' not in ended.stderr


def test_at_a_prompt_nothing_ends_the_process(small, tmp_path):
    """python -i: what the lab refuses, and Ctrl-C, leave X, G and sess to go on with."""
    script = subprocess.run(
        [sys.executable, '-i', TINY, '--data', small, '--run', str(tmp_path / 'run'), '--epochs', '1'],
        input='run.epochs(0)\nlab.Run(globals(), epochs="x")\n'
              'import signal\nsignal.raise_signal(signal.SIGINT)\n1 / 0\n'
              'print("alive", sess.run(G, {Z: get_noise(2, 4)}).shape)\n',
        encoding='utf-8', capture_output=True, timeout=300)
    assert script.returncode == 0 and 'alive (2, 784)' in script.stdout, script.stderr
    for said in 'error: run.epochs(total_epoch) takes a whole', 'argument --epochs', 'KeyboardInterrupt', 'ZeroDiv':
        assert said in script.stderr, script.stderr
