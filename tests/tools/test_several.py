"""Several trainings side by side, and what comes of them. Their progress and Ctrl-C: test_makefile.py."""

import csv
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

import numpy as np
import pytest
from matplotlib import image
from made import record_of, rewrite
from make_strips import REFERENCE
from processes import PAGE, TESTS

from lab import frames, listings, machine, records
from lab.errors import Stopped
from tools import jobs, several, sweep

# A listing that takes no time, of which it is seen what it was given; it knows the options of `tools.several`.
TELLS = '''
import os, sys, time
print('given', *sys.argv[1:])
print('threads', *(os.environ.get(name, '-') for name in ('TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS')))
print('others:', *sorted(name for name in os.environ if name.startswith(('LAB', 'GAN', 'CHAPTER'))))
sys.stderr.write('\\repoch 1/9'); sys.stderr.flush()
sys.stderr.write('\\repoch 1/9  6/s\\r' + 11 * ' ' + '\\r'); sys.stderr.flush()
print('ende\\u0301d', file=sys.stderr)
sys.exit(int(sys.argv[1]) if sys.argv[1:] else 0)
'''


@pytest.fixture
def tells(tmp_path):
    path = tmp_path / 'tells.py'
    path.write_text(TELLS, encoding='utf-8')
    return str(path)


def train(*trainings, at_once=4, cores=1):
    several.train(trainings, several.Here(at_once, cores))


@pytest.mark.parametrize('rows, columns', [(24, 80), (0, 0)], ids=['of a size', 'that tells none'])
def test_progress_stands_in_the_order_of_the_trainings_whoever_tells_first(monkeypatch, rows, columns):
    terminal, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    with open(slave, 'w') as stderr:
        monkeypatch.setattr(sys, 'stderr', stderr)
        screen = several.Screen(['basic', 'conditional'])
        screen.show([jobs.Progress('conditional', 'epoch 1'), jobs.Progress('basic', 'epoch 2')])
        monkeypatch.undo()
        assert os.read(terminal, 1000).decode().split() == ['basic', 'epoch', '2', 'conditional', 'epoch', '1']
    os.close(terminal)


def read_to(terminal, end):
    read = b''
    while not read.endswith(end):
        read += os.read(terminal, 1000)
    return read.replace(b'\a', b'')


def rendered(written):
    """The lines that a terminal shows after what was written to it."""
    lines, row, column = [''], 0, 0
    for up, below, letter in re.findall('\x1b\\[(\\d+)A|\x1b\\[(J)|(.)', written, re.DOTALL):
        if up:
            row -= int(up)
        elif below:
            lines[row:] = [lines[row][:column]]
        elif letter in '\r\n':
            row, column = row + (letter == '\n'), 0
            lines += [''] * (row + 1 - len(lines))
        else:
            lines[row] = lines[row][:column].ljust(column) + letter + lines[row][column + 1:]
            column += 1
    return lines


@pytest.mark.parametrize('columns', [20, 40, 80])
def test_nothing_of_the_progress_stays_where_ctrl_c_was_echoed(monkeypatch, columns):
    terminal, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    running = [jobs.Progress('seed %d' % n, 'epoch 3/4  500/s  D loss -1.21  G loss 0.5') for n in (1, 2)]
    with open(slave, 'w') as stderr:
        monkeypatch.setattr(sys, 'stderr', stderr)
        screen = several.Screen(['seed 1', 'seed 2'])
        written = b''
        for _ in range(3):
            os.write(terminal, b'\x03')
            written += read_to(terminal, b'^C')
            screen.show(running)
            stderr.write('\a')  # which shows that all has come
            stderr.flush()
            written += read_to(terminal, b'\a')
        assert [line[:6] for line in rendered(written.decode())] == ['seed 1', 'seed 2', '']
        os.write(terminal, b'\x03')
        written += read_to(terminal, b'^C')
        screen.clear()
        stderr.write('\a')
        stderr.flush()
        monkeypatch.undo()
        written += read_to(terminal, b'\a')
    os.close(terminal)
    assert rendered(written.decode()) == ['']


def test_lines_have_names_in_front_and_progress_is_none_of_them(tells, capfd):
    trainings = [several.Training(name, tells, words) for name, words in (('a', ['0']), ('longer', ['3']))]
    train(*trainings)
    out, err = capfd.readouterr()
    assert [each.ended for each in trainings] == [(0, 'ende\u0301d'), (3, 'ende\u0301d')]
    assert sorted(err.splitlines()) == ['a       ende\u0301d', 'longer  ende\u0301d']
    assert [line for line in out.splitlines() if line.startswith('longer')] == [
        'longer  given 3', 'longer  threads 1 1', 'longer  others:']


def test_no_line_is_lost_though_another_training_ends_first(tmp_path, capfd):
    script = tmp_path / 'many.py'
    script.write_text('print(*range(10000), sep="\\n")\n')
    train(*(several.Training(name, str(script), []) for name in 'abcd'))
    lines = capfd.readouterr().out.splitlines()
    assert sorted(lines) == sorted('%s  %d' % (name, number) for name in 'abcd' for number in range(10000))


def test_each_training_gets_its_share_of_the_cores_by_tensorflows_own_variables(tells, capfd, monkeypatch):
    for name in machine.THREADS, machine.OPERATIONS:
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    train(several.Training('a', tells, []), cores=3)
    monkeypatch.setenv(machine.THREADS, '5')  # whoever has set it knows better
    train(several.Training('a', tells, []), cores=3)
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if 'threads' in line] == ['a  threads 3 3', 'a  threads 5 3']
    assert [line for line in lines if 'others' in line] == ['a  others:'] * 2
    assert dict(os.environ, **{machine.THREADS: '5'}) == dict(before, **{machine.THREADS: '5'})


def test_what_kills_a_training_is_named(tmp_path, capfd):
    script = tmp_path / 'killed.py'
    script.write_text('import os, signal\nprint("begun", flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n')
    training = several.Training('seed 7', str(script), [])
    train(training)
    assert training.ended == (128 + 9, 'killed by signal 9') and training.failed
    assert capfd.readouterr().out == 'seed 7  begun\n'


def test_no_more_are_begun_at_once_than_are_to_be(tmp_path):
    script = tmp_path / 'counts.py'
    script.write_text('import os, sys, time\nmine = os.path.join(sys.argv[1], str(os.getpid()))\n'
                      'open(mine, "w").close()\n'
                      'assert len(os.listdir(sys.argv[1])) <= 2\ntime.sleep(0.05)\nos.remove(mine)\n')
    (tmp_path / 'running').mkdir()
    trainings = [several.Training(str(n), str(script), [str(tmp_path / 'running')]) for n in range(7)]
    train(*trainings, at_once=2)
    assert [training.ended.status for training in trainings] == [0] * 7


def test_a_training_goes_on_without_its_streams(tmp_path):
    script = tmp_path / 'closes.py'
    script.write_text('import os, sys, time\nos.close(1)\nos.close(2)\ntime.sleep(1)\nopen(sys.argv[1], "w").close()\n'
                      'os._exit(5)\n')
    training = several.Training('a', str(script), [str(tmp_path / 'done')])
    train(training)
    assert training.ended.status == 5 and (tmp_path / 'done').exists()


STOPS = 'os.kill(os.getppid(), signal.SIGINT)\n'


def test_a_training_that_is_just_being_started_is_stopped_too(tmp_path):
    """Ctrl-C just then: it ends, however it likes, the next is not begun, and the program knows that it was stopped."""
    script = tmp_path / 'waits.py'
    script.write_text('import os, signal\nsignal.alarm(60)\n' + STOPS + 'signal.pause()\n')
    training, waiting = (several.Training(name, str(script), []) for name in ('basic', 'other'))
    with pytest.raises(Stopped) as end:
        train(training, waiting, at_once=1)
    assert end.value.status == 130 and training.failed and waiting.ended is None and not waiting.failed
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize('ignored, by', [(['SIGINT'], signal.SIGTERM), (['SIGINT', 'SIGTERM'], signal.SIGKILL)])
def test_a_training_that_ctrl_c_was_lost_on_is_stopped_too(tmp_path, monkeypatch, ignored, by):
    monkeypatch.setattr(jobs, 'PATIENCE', 0.5)
    script = tmp_path / 'waits.py'
    script.write_text('import os, signal\nsignal.alarm(60)\n'
                      + ''.join('signal.signal(signal.%s, signal.SIG_IGN)\n' % name for name in ignored) + STOPS
                      + 'while True:\n    signal.pause()\n')
    training = several.Training('basic', str(script), [])
    with pytest.raises(Stopped, match='stopped by SIGINT') as end:
        train(training)
    assert end.value.status == 130 and training.ended.reason == 'killed by signal %d' % by


def test_a_training_that_cannot_be_started_ends_no_other(tmp_path):
    script = tmp_path / 'ends.py'
    script.write_text('')
    refused, other = several.Training('basic', str(script), ['x' * 2 ** 22]), several.Training('other', str(script), [])
    train(refused, other)
    assert refused.failed and refused.ended.status == 2 and refused.ended.reason == (
        'it cannot be started: Argument list too long')
    assert other.ended.status == 0


def test_a_listing_finds_what_lies_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv('PYTHONSAFEPATH', '1')
    (tmp_path / 'beside.py').write_text('')
    (tmp_path / 'listing.py').write_text('import beside\n')
    training = several.Training('basic', str(tmp_path / 'listing.py'), [])
    train(training)
    assert training.ended.status == 0


def test_trainings_end_with_the_program_that_was_killed(tmp_path):
    script, told = tmp_path / 'waits.py', tmp_path / 'told'
    script.write_text('import os, signal, sys\nsignal.alarm(60)\nwith open(sys.argv[1] + ".part", "w") as file:\n'
                      '    print(os.getpid(), file=file)\nos.rename(sys.argv[1] + ".part", sys.argv[1])\n'
                      'signal.pause()\n')
    program = ('import sys\nsys.path.insert(0, %r)\nfrom tools import several\n'
               'several.train([several.Training("a", *%r)], several.Here(1, 1))\n'
               % (listings.CHAPTER09, (str(script), [str(told)])))
    process = subprocess.Popen([sys.executable, '-c', program])
    while not told.exists():
        time.sleep(0.01)
    training = int(told.read_text())
    process.kill()
    process.wait()
    for _ in range(1000):
        if not is_running(training):
            return
        time.sleep(0.01)
    os.kill(training, signal.SIGKILL)
    raise AssertionError('it goes on')


def ignore_hangups():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_trainings_that_ignore_hangups_go_on_when_their_terminal_has_gone(tmp_path):
    script, told = tmp_path / 'trains.py', tmp_path / 'told'
    script.write_text('import sys, time\nfor n in range(20):\n    sys.stderr.write("\\repoch %d" % n)\n'
                      '    sys.stderr.flush()\n    time.sleep(0.1)\nopen(sys.argv[1], "w").close()\n')
    program = ('import sys\nsys.path.insert(0, %r)\nfrom lab import errors\nfrom tools import several\n'
               'errors.prepare_streams()\nseveral.train([several.Training("a", *%r)], several.Here(1, 1))\n'
               % (listings.CHAPTER09, (str(script), [str(told)])))
    terminal, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, '-c', program], stdin=slave, stdout=slave, stderr=slave,
                               preexec_fn=ignore_hangups)
    os.close(slave)
    shown = b''
    while b'epoch' not in shown:
        shown += os.read(terminal, 1000)
    os.close(terminal)
    assert process.wait(60) == 0 and told.exists()


def is_running(number):
    try:
        with open('/proc/%d/stat' % number) as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def test_sigterm_that_is_being_ignored_goes_on_being_so(tells, capfd):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        train(several.Training('a', tells, []))
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def read(path):
    return path.read_text(encoding='utf-8')


@pytest.fixture
def project(tmp_path):
    """A copy of the project, for a command that trains where it stands."""
    shutil.copytree(listings.CHAPTER09, str(tmp_path / 'chapter09'), ignore=shutil.ignore_patterns('__pycache__'))
    for name in 'mnist', 'reference':
        (tmp_path / name).symlink_to(os.path.join(listings.ROOT, name))
    return tmp_path


def test_a_sweep_of_an_edited_listing_and_a_seed_that_fails(project, small):
    shutil.copy(PAGE['basic'], str(project / 'chapter09' / 'my_gan.py'))
    sweeps = project / 'runs' / 'sweep' / 'my_gan'
    (sweeps / '5').mkdir(parents=True)
    table = project / 'epochs.csv'
    table.touch()
    before = [sorted(os.listdir(str(folder))) for folder in (project, listings.ROOT)]
    (sweeps / '5' / 'mine').touch()
    (sweeps / 'sweep.csv').write_text('my own')
    (sweeps / 'sweep.png').mkdir()
    words = ['sweep', '--listing', 'my_gan', '--seeds', '4 5', '--epochs', '1', '--n-hidden', '16', '--data', small,
             '--csv', str(table)]
    done = subprocess.run([sys.executable, str(project / 'chapter09'), *words], encoding='utf-8', capture_output=True,
                          timeout=300)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1] == 'seed 5 failed with status 2'
    head, good, failed = [line.split() for line in done.stdout.splitlines()[-3:]]
    assert head == 'seed D loss G loss'.split()  # other digits than MNIST's, which the judge cannot read
    assert ' '.join(failed[:4]) == '5 failed: my_gan.py: error:' and 'my_gan/5' in ' '.join(failed)
    last = [float(loss) for loss in (sweeps / '4' / 'losses.csv').read_text().split()[-1].split(',')[1:3]]
    assert good[0] == '4' and [row.split(',')[1:3] for row in table.read_text().splitlines()[1:]] == [['4', '0']]
    assert table.read_text().endswith(',\n')  # unread, as they are no digits of MNIST's
    np.testing.assert_allclose(np.array(good[1:], float), last, rtol=1e-2)
    head, good, failed = csv.reader(read(sweeps / 'sweep.csv').splitlines())
    assert head == ['seed', 'D loss', 'G loss', 'lost since', 'note'] and good[0::3] == ['4', ''] and failed[:3] == [
        '5', '', ''] and 'my_gan/5' in failed[4]
    np.testing.assert_allclose(np.array(good[1:3], float), last, rtol=1e-5)
    assert read(sweeps / 'sweep.csv.1') == 'my own' and os.path.isdir(str(sweeps / 'sweep.png.1'))
    assert record_of(sweeps / '4')['seed'] == 4 and record_of(sweeps / '4')['numbers']['n_hidden'] == 16
    assert os.listdir(str(sweeps / '4' / 'samples')) == ['000.png']
    assert [sorted(os.listdir(str(folder))) for folder in (project, listings.ROOT)] == before


def test_the_table_has_mean_and_deviation(tmp_path):
    losses = {'1': (-1.25, -0.5), '2': (-0.75, -0.5), '3': (-1., -0.8)}
    for seed, (loss_D, loss_G) in losses.items():
        (tmp_path / seed).mkdir()
        shutil.copytree(os.path.join(REFERENCE, 'basic', 'checkpoints'), str(tmp_path / seed / 'checkpoints'))
        rewrite(tmp_path / seed, os.path.join(REFERENCE, 'basic'), data='other')
        (tmp_path / seed / 'losses.csv').write_text(
            'epoch,D loss,G loss,seconds\n0,-9,-9,1\n1,%g,%g,1\n' % (loss_D, loss_G))
    head, *rows, mean, deviation = sweep.report({seed: str(tmp_path / seed) for seed in losses}, {})
    assert [row.split() for row in rows] == [[seed, '%.3g' % D, '%.3g' % G] for seed, (D, G) in losses.items()]
    assert mean.split() == ['mean', 'of', '3', '-1', '-0.6'] and deviation.split() == ['deviation', '0.25', '0.173']


def test_a_sweep_of_which_nothing_comes_leaves_an_earlier_table(project, small):
    folder = project / 'runs' / 'sweep' / 'basic'
    (folder / '5').mkdir(parents=True)
    (folder / '5' / 'mine').touch()
    (folder / 'sweep.csv').write_text('earlier')
    done = subprocess.run([sys.executable, str(project / 'chapter09'), 'sweep', '--seeds', '5', '--data', small],
                          encoding='utf-8', capture_output=True, timeout=300)
    assert done.returncode == 2 and read(folder / 'sweep.csv') == 'earlier'
    assert sorted(os.listdir(str(folder))) == ['5', 'sweep.csv']


def test_the_table_is_drawn_beside_the_last_strips(tmp_path):
    run = os.path.join(REFERENCE, 'conditional')
    shutil.copytree(run, str(tmp_path / 'elsewhere'))
    (tmp_path / 'elsewhere' / 'samples' / '999.png').write_bytes(b'no picture')
    rewrite(tmp_path / 'elsewhere', run, lost=12)
    lines = sweep.report({'7': run, '8': str(tmp_path / 'elsewhere'), '9': 'nowhere'}, {'9': 'killed, by signal 9'},
                         str(tmp_path))
    assert len(lines) == 4
    head, *rows = csv.reader(read(tmp_path / 'sweep.csv').splitlines())
    assert head == ['seed', 'D loss', 'G loss', *sweep.FIGURES, 'lost since', 'note']
    assert [row[-2:] for row in rows] == [['', ''], ['12', ''], ['', 'failed: killed, by signal 9']]
    assert float(rows[0][3]) > 0.95 and rows[0][1:-2] == rows[1][1:-2]
    drawn = image.imread(str(tmp_path / 'sweep.png'))
    strips = [drawn[40 + 90 * n:120 + 90 * n, -500:, :3] for n in range(3)]
    assert min(strip.std() for strip in strips[:2]) > 0.1 and (strips[2] == 1).all()


def test_a_lost_run_is_marked_and_counts_for_no_mean(tmp_path):
    for seed, loss, since in ('1', -1, None), ('2', -3, None), ('3', -8, 11):
        (tmp_path / seed).mkdir()
        shutil.copytree(os.path.join(REFERENCE, 'basic', 'checkpoints'), str(tmp_path / seed / 'checkpoints'))
        rewrite(tmp_path / seed, os.path.join(REFERENCE, 'basic'), data='other', lost=since)
        (tmp_path / seed / 'losses.csv').write_text('epoch,D loss,G loss,seconds\n0,%d,-1,1\n' % loss)
    head, *rows, mean, deviation = sweep.report({seed: str(tmp_path / seed) for seed in '123'}, {})
    assert [row.split() for row in rows] == [['1', '-1', '-1'], ['2', '-3', '-1'],
                                             ['3', '-8', '-1', 'lost', 'since', 'epoch', '11']]
    assert mean.split() == ['mean', 'of', '2', '-2', '-1']


def test_a_sweep_writes_down_all_epochs(tmp_path):
    run = os.path.join(TESTS, 'lab', 'tf115-conditional', 'run')
    of_mnist = shutil.copytree(run, str(tmp_path / 'run'))
    rewrite(of_mnist, run, data=record_of(os.path.join(REFERENCE, 'conditional'))['data'])
    sweep.write_epochs({'7': run, '8': str(tmp_path), '9': of_mnist}, str(tmp_path / 'epochs.csv'))
    head, *rows = (tmp_path / 'epochs.csv').read_text().splitlines()
    assert head == 'TensorFlow,seed,epoch,D loss,G loss,D_real,D_gene,variety,accuracy'
    frame, = frames.read(run)
    (epoch, D_loss, G_loss, _), = records.losses(run)
    numbers = epoch, D_loss, G_loss, frame['D_real'], frame['D_gene']
    assert [row.split(',')[:2] for row in rows] == [['1.15.5', '7'], ['1.15.5', '9']]
    for row in rows:
        *found, variety, accuracy = row.split(',')[2:]
        np.testing.assert_allclose(np.array(found, float), np.array(numbers, float), rtol=0.01)
        assert 0 < float(variety) < 0.3
    assert rows[0].endswith(',')  # other digits than MNIST's, which the judge cannot read
    assert 0 <= float(accuracy) < 0.5  # after one epoch


def test_an_epoch_that_the_film_lacks_is_left_out(tmp_path):
    run = os.path.join(TESTS, 'lab', 'tf115-conditional', 'run')
    shutil.copytree(run, str(tmp_path / 'run'))
    with open(str(tmp_path / 'run' / 'losses.csv'), 'a') as file:
        file.write('1,0.5,2.5,1\n')
    frame = frames.read(run).copy()
    frame['epoch'] = 1
    frame.tofile(str(tmp_path / 'run' / 'film.bin'))
    sweep.write_epochs({'7': str(tmp_path / 'run')}, str(tmp_path / 'epochs.csv'))
    row, = (tmp_path / 'epochs.csv').read_text().splitlines()[1:]
    assert row.startswith('1.15.5,7,1,0.5,2.5,')


def test_a_run_that_cannot_be_judged_leaves_the_others_their_figures(tmp_path):
    for name, change in ('good', {'data': 'other'}), ('no record', {}), ('no checkpoint', {}):
        shutil.copytree(os.path.join(REFERENCE, 'basic'), str(tmp_path / name))
        rewrite(tmp_path / name, **change)
    (tmp_path / 'no record' / 'run.json').write_text('{')
    shutil.rmtree(str(tmp_path / 'no checkpoint' / 'checkpoints'))
    _, good, record, checkpoint, failed = sweep.report(
        {'4': str(tmp_path / 'good'), '5': str(tmp_path / 'no record'), '6': str(tmp_path / 'no checkpoint'),
         '7': 'nowhere'}, {'7': 'killed by signal 9'})
    assert good.split()[0] == '4' and len(good.split()) == 3  # its losses: these are other digits
    assert record.startswith('5           not judged: ') and 'run.json cannot be read' in record
    assert checkpoint.startswith('6           not judged: ') and 'has no checkpoint, which' in checkpoint
    assert failed == '7           failed: killed by signal 9'


def test_a_run_is_judged_by_ten_thousand_fresh_images():
    head, row = sweep.report({'7': os.path.join(REFERENCE, 'conditional')}, {})
    assert head.split() == 'seed D loss G loss accuracy frechet nearest variety evenness'.split()
    seed, _, _, accuracy, frechet, nearest, variety, evenness = map(float, row.split())
    assert seed == 7 and accuracy > 0.95 and frechet < 20 and 0.1 < nearest < 0.2
    assert variety > 0.3 and evenness > 0.98
