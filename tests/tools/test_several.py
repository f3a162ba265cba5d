"""Several trainings side by side, and what comes of them. Their progress and Ctrl-C: test_makefile.py."""

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from made import record_of, rewrite
from make_strips import REFERENCE
from processes import PAGE

from lab import listings, machine
from lab.errors import Stopped
from tools import several, sweep

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


def test_lines_have_names_in_front_and_progress_is_none_of_them(tells, capfd):
    trainings = [several.Training(name, tells, words) for name, words in (('a', ['0']), ('longer', ['3']))]
    several.train(trainings, 2, 1)
    out, err = capfd.readouterr()
    assert [(each.status, each.reason) for each in trainings] == [(0, 'ende\u0301d'), (3, 'ende\u0301d')]
    assert sorted(err.splitlines()) == ['a       ende\u0301d', 'longer  ende\u0301d']
    assert [line for line in out.splitlines() if line.startswith('longer')] == [
        'longer  given 3', 'longer  threads 1 1', 'longer  others:']


def test_each_training_gets_its_share_of_the_cores_by_tensorflows_own_variables(tells, capfd, monkeypatch):
    for name in machine.THREADS, machine.OPERATIONS:
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    several.train([several.Training('a', tells, [])], 1, 3)
    monkeypatch.setenv(machine.THREADS, '5')  # whoever has set it knows better
    several.train([several.Training('a', tells, [])], 1, 3)
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if 'threads' in line] == ['a  threads 3 3', 'a  threads 5 3']
    assert [line for line in lines if 'others' in line] == ['a  others:'] * 2
    assert dict(os.environ, **{machine.THREADS: '5'}) == dict(before, **{machine.THREADS: '5'})


def test_what_kills_a_training_is_named(tmp_path, capfd):
    script = tmp_path / 'killed.py'
    script.write_text('import os, signal\nprint("begun", flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n')
    training = several.Training('seed 7', str(script), [])
    several.train([training], 1, 1)
    assert training.status == 128 + 9 and training.reason == 'killed by signal 9'
    assert capfd.readouterr().out == 'seed 7  begun\n'


def test_no_more_are_begun_at_once_than_are_to_be(tells):
    begun = []

    class Counted(several.Training):
        def start(self, *args):
            assert sum(training.status is None for training in begun) < 2
            begun.append(self)
            super().start(*args)

    trainings = [Counted(str(n), tells, []) for n in range(7)]
    several.train(trainings, 2, 1)
    assert begun == trainings and [training.status for training in trainings] == [0] * 7


def test_a_training_that_is_just_being_started_is_stopped_too(tmp_path):
    """Ctrl-C just then: it ends, however it likes, the next is not begun, and the program knows that it was stopped."""
    script = tmp_path / 'waits.py'
    script.write_text('import signal\nsignal.pause()\n')

    class Interrupted(several.Training):
        def start(self, *args):
            os.kill(os.getpid(), signal.SIGINT)
            super().start(*args)

    training, waiting = (kind('basic', str(script), []) for kind in (Interrupted, several.Training))
    with pytest.raises(Stopped) as end:
        several.train([training, waiting], 1, 1)
    assert end.value.status == 130 and training.status and waiting.status is None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_sigterm_that_is_being_ignored_goes_on_being_so(tells, capfd):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        several.train([several.Training('a', tells, [])], 1, 1)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


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
    before = [sorted(os.listdir(str(folder))) for folder in (project, listings.ROOT)]
    (sweeps / '5' / 'mine').touch()
    words = ['sweep', '--listing', 'my_gan', '--seeds', '4 5', '--epochs', '1', '--n-hidden', '16', '--data', small]
    done = subprocess.run([sys.executable, str(project / 'chapter09'), *words], encoding='utf-8', capture_output=True,
                          timeout=300)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1] == 'seed 5 failed with status 2'
    head, good, failed = [line.split() for line in done.stdout.splitlines()[-3:]]
    assert head == 'seed D loss G loss'.split()  # other digits than MNIST's, which the judge cannot read
    assert ' '.join(failed[:4]) == '5 failed: my_gan.py: error:' and 'my_gan/5' in ' '.join(failed)
    last = [float(loss) for loss in (sweeps / '4' / 'losses.csv').read_text().split()[-1].split(',')[1:3]]
    assert good[0] == '4'
    np.testing.assert_allclose(np.array(good[1:], float), last, rtol=1e-2)
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
    assert checkpoint.startswith('6           not judged: ') and 'has no checkpoint yet' in checkpoint
    assert failed == '7           failed: killed by signal 9'


def test_a_run_is_judged_by_ten_thousand_fresh_images():
    head, row = sweep.report({'7': os.path.join(REFERENCE, 'conditional')}, {})
    assert head.split() == 'seed D loss G loss accuracy frechet nearest variety evenness'.split()
    seed, _, _, accuracy, frechet, nearest, variety, evenness = map(float, row.split())
    assert seed == 7 and accuracy > 0.95 and frechet < 20 and 0.1 < nearest < 0.2
    assert variety > 0.3 and evenness > 0.98
