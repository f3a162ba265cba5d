"""Options, seeds, the trace, and the scripts as a reader starts them."""

import gc
import itertools
import os
import re
import subprocess
import sys

import figures
import gan_basic
import gan_conditional
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import REFERENCE, drop_roots_privilege, read_bytes, run_script

import input_data
import lab

LISTINGS = pytest.mark.parametrize('listing', [gan_basic, gan_conditional], ids=['basic', 'conditional'])
EPOCH = r'Epoch: %04d D loss: -?\d\S* G loss: -?\d\S*'
INIT = {gan_basic: os.path.join(REFERENCE, 'basic-init.npz'),
        gan_conditional: os.path.join(REFERENCE, 'conditional-init.npz')}


# --- a run

@LISTINGS
def test_a_run_prints_the_books_lines_and_draws_its_strips(program, small, tmp_path, listing):
    plt.switch_backend('svg')
    status, out, err = program(listing.main, '--data', small, '--samples', tmp_path / 's', '--epochs', 11)
    assert status == 0 and err == ['seed: 7']
    assert len(out) == 12 and out[-1] == '최적화 완료!'
    for epoch, line in enumerate(out[:-1]):
        assert re.fullmatch(EPOCH % epoch, line), line
    assert sorted(os.listdir(str(tmp_path / 's'))) == ['000.png', '009.png', 'run.txt']
    first, second = (figures.read(str(tmp_path / 's' / name)).digits for name in ('000.png', '009.png'))
    assert np.abs(first[-1] - second[-1]).mean() > 0.01
    assert len(np.unique(second[-1].reshape(10, 784), axis=0)) == 10
    assert plt.get_fignums() == [] and matplotlib.get_backend().lower() == 'agg'
    if listing is gan_conditional:
        real = np.multiply(read_bytes(input_data.TEST_IMAGES)[:10].astype(np.float32), 1.0 / 255.0)
        np.testing.assert_array_equal(second[0], real)


def test_the_figures_of_earlier_strips_take_no_memory(program, small, tmp_path):
    gc.disable()
    try:
        program(gan_basic.main, '--data', small, '--samples', tmp_path, '--epochs', 20)
        assert sum(isinstance(thing, plt.Figure) for thing in gc.get_objects()) == 1
    finally:
        gc.enable()


def test_the_lower_row_is_drawn_for_the_labels_of_the_upper(program, small, tmp_path):
    program(gan_conditional.main, '--data', small, '--samples', tmp_path, '--epochs', 1,
            '--init', os.path.join(REFERENCE, 'conditional-final.npz'))
    drawn = figures.read(str(tmp_path / '000.png')).digits[1].reshape(10, 784)
    images, labels = read_bytes(input_data.TRAIN_IMAGES), read_bytes(input_data.TRAIN_LABELS)
    means = np.array([images[labels == digit].mean(0).ravel() / 255 for digit in range(10)])
    nearest = np.square(drawn[:, np.newaxis] - means).sum(-1).argmin(1)
    assert (nearest == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]).sum() >= 7, nearest


@LISTINGS
def test_the_trace_holds_every_iteration_in_full(program, small, tmp_path, listing):
    path = tmp_path / 'trace.csv'
    _, out, _ = program(listing.main, '--data', small, '--samples', tmp_path, '--epochs', 2, '--trace', path)
    lines = path.read_text().splitlines()
    assert lines[0] == 'iteration,D loss,G loss'
    assert [line.split(',')[0] for line in lines[1:]] == [str(i) for i in range(12)]
    for number, epoch in (6, 0), (12, 1):
        D, G = map(np.float32, lines[number].split(',')[1:])
        assert out[epoch] == 'Epoch: %04d D loss: %s G loss: %s' % (epoch, f'{D:.4}', f'{G:.4}')
        assert lines[number].split(',')[1:] == ['%.9g' % D, '%.9g' % G]


@LISTINGS
def test_the_seed_decides(program, small, tmp_path, listing):
    folders = (tmp_path / str(n) for n in itertools.count())

    def run(seed):
        folder = next(folders)
        folder.mkdir()
        _, _, err = program(listing.main, '--data', small, '--run', folder / 'run', '--samples', folder,
                            '--epochs', 1, '--trace', folder / 'trace.csv', '--seed', seed)
        return (folder / 'trace.csv').read_text(), (folder / '000.png').read_bytes(), err
    assert run(7) == run(7)
    assert run(8)[0] != run(7)[0]
    chosen = run('random')
    seed = re.fullmatch(r'seed: (\d+)', chosen[2][0]).group(1)
    assert run(seed) == chosen != run('random')


@LISTINGS
def test_init_starts_from_given_weights(program, small, tmp_path, listing):
    with np.load(INIT[listing]) as file:
        weights = dict(file)
    flat = {name: np.zeros_like(array) for name, array in weights.items()}
    np.savez(str(tmp_path / 'zero.npz'), **flat)
    trace = tmp_path / 'trace.csv'
    program(listing.main, '--data', small, '--samples', tmp_path, '--epochs', 1, '--trace', trace,
            '--init', tmp_path / 'zero.npz')
    # With all weights 0 the discriminator answers one half: log 1/2 + log 1/2, whichever the sign.
    D_loss = float(trace.read_text().splitlines()[1].split(',')[1])
    np.testing.assert_allclose(abs(D_loss), 2 * np.log(2), rtol=1e-6)


# --- bad input: one line that names it, status 2, nothing trained, nothing written

def refused(result, *words):
    status, out, err = result
    assert status == 2 and out == [] and len(err) == 1, err
    for word in words:
        assert str(word) in err[0]


@LISTINGS
@pytest.mark.parametrize('option, value', [
    ('--epochs', '0'), ('--epochs', '-1'), ('--epochs', 'x'), ('--epochs', '1.5'), ('--epochs', ''),
    ('--epochs', '²'), ('--epochs', '9' * 5000), ('--data', __file__), ('--data', 'nowhere'),
    ('--trace', '/dev/full'), ('--trace', __file__),
    ('--seed', '-1'), ('--seed', 'abc'), ('--seed', str(2 ** 31 - 1)),
    ('--samples', __file__), ('--samples', __file__ + '/deeper'), ('--samples', '/proc/none'),
    ('--trace', os.path.dirname(__file__)), ('--trace', '/nowhere/trace.csv'),
    ('--init', 'nowhere.npz'), ('--init', __file__), ('--init', ''), ('--trace', ''), ('--samples', ''),
    ('--data', ''), ('--run', ''), ('--run', __file__), ('--batch-size', '0'), ('--batch-size', '10001'),
    ('--learning-rate', '0'), ('--learning-rate', '-1'), ('--learning-rate', 'nan'),
    ('--learning-rate', '101'),
    ('--n-hidden', '0'), ('--n-hidden', '16385'), ('--n-noise', '1e3'), ('--epoch', '3'), ('--unknown', '3')])
def test_bad_options(program, small, tmp_path, monkeypatch, listing, option, value):
    monkeypatch.chdir(tmp_path)
    refused(program(listing.main, '--data', small, '--samples', tmp_path / 's', option, value),
            value if value.startswith('/proc') else option)
    assert os.path.getsize(__file__)
    assert list(tmp_path.iterdir()) == []


@LISTINGS
@pytest.mark.parametrize('change, word', [
    (lambda w, name: w.pop(name), 'lacks'),
    (lambda w, name: w.update(other=w[name]), 'holds other'),
    (lambda w, name: w.update({name: w[name][:-1]}), 'of shape'),
    (lambda w, name: w.update({name: w[name].astype(int)}), 'floats'),
    (lambda w, name: w.update({name: np.array([{}])}), 'cannot be read'),
], ids=['missing', 'extra', 'shape', 'integers', 'objects'])
def test_bad_init_arrays(program, small, tmp_path, listing, change, word):
    with np.load(INIT[listing]) as file:
        weights = dict(file)
    change(weights, sorted(weights)[0])
    path = tmp_path / 'bad.npz'
    np.savez(str(path), **weights)
    refused(program(listing.main, '--data', small, '--samples', tmp_path / 's', '--init', path), path, word)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('damage', [lambda b: b[:-50], lambda b: b[:200], lambda b: b'', lambda b: b'text',
                                    lambda b: b[:9000] + b'\0' * 99 + b[9099:]],
                         ids=['no directory', 'stump', 'empty', 'text', 'bytes changed'])
def test_damaged_init_file(program, small, tmp_path, damage):
    path = tmp_path / 'bad.npz'
    with open(INIT[gan_basic], 'rb') as file:
        path.write_bytes(damage(file.read()))
    refused(program(gan_basic.main, '--data', small, '--samples', tmp_path / 's', '--init', path), path)


def test_a_single_array_is_no_init(program, small, tmp_path):
    np.save(str(tmp_path / 'one.npy'), np.zeros(3))
    refused(program(gan_basic.main, '--data', small, '--init', tmp_path / 'one.npy'), 'one.npy')


def test_a_folder_without_write_permission_is_found_before_training(small, tmp_path):
    locked = tmp_path / 'locked'
    locked.mkdir(mode=0o555)

    for option in ('--samples', locked / 'new'), ('--trace', locked / 'trace.csv'):
        run = run_script('gan_basic.py', '--data', small, '--samples', tmp_path, *option,
                         preexec_fn=drop_roots_privilege)
        refused((run.returncode, run.stdout.splitlines(), run.stderr.splitlines()), locked)


def test_bugs_keep_their_traceback():
    def bug():
        raise RuntimeError('a bug')
    with pytest.raises(RuntimeError):
        lab.program(bug)


# --- the scripts as processes

@pytest.mark.parametrize('name', ['gan_basic.py', 'gan_conditional.py'])
def test_from_another_folder_in_a_c_locale_without_a_display(small, tmp_path, name):
    environment = {'PATH': os.environ['PATH'], 'LC_ALL': 'C', 'PYTHONIOENCODING': 'ascii',
                   'MPLBACKEND': 'TkAgg', 'HOME': str(tmp_path)}
    run = run_script(name, '--data', small, '--samples', 'strips', '--run', 'run', '--epochs', '1',
                     cwd=str(tmp_path), env=environment)
    assert run.returncode == 0, run.stderr
    assert run.stderr == 'seed: 7\n', 'TensorFlow is to keep quiet'
    lines = run.stdout.splitlines()
    assert re.fullmatch(EPOCH % 0, lines[0]) and lines[1:] == ['??? ??!']
    assert sorted(os.listdir(str(tmp_path / 'strips'))) == ['000.png', 'run.txt']


def test_from_the_chapters_own_folder_with_the_repositorys_digits(tmp_path):
    run = subprocess.run([sys.executable, 'gan_basic.py', '--samples', str(tmp_path), '--run',
                          str(tmp_path / 'run'), '--epochs', '1', '--batch-size', '5000'],
                         cwd=os.path.join(lab.ROOT, 'chapter09'), encoding='utf-8', capture_output=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == '최적화 완료!'


def test_lines_come_as_they_are_printed_and_a_closed_pipe_is_no_bug(small, tmp_path):
    with subprocess.Popen([sys.executable, os.path.join(lab.ROOT, 'chapter09', 'gan_basic.py'),
                           '--data', small, '--samples', str(tmp_path), '--run', str(tmp_path / 'run')],
                          encoding='utf-8', stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert re.fullmatch(EPOCH % 0, process.stdout.readline().rstrip())
        process.stdout.close()
        assert process.wait(timeout=60) == 1
        assert process.stderr.read() == 'seed: 7\n'


def test_tensorflow_may_be_heard():
    run = run_script('gan_basic.py', '--epochs', '0', env=dict(os.environ, TF_CPP_MIN_LOG_LEVEL='0'))
    assert len(run.stderr.splitlines()) > 1 and '--epochs' in run.stderr.splitlines()[-1]


def test_a_failing_import_of_tensorflow_is_not_hushed_up(tmp_path):
    (tmp_path / 'tensorflow').mkdir()
    (tmp_path / 'tensorflow' / '__init__.py').write_text(
        'import os\nos.write(2, b"the library says why\\n")\nraise ImportError("broken")\n')
    run = run_script('gan_basic.py', '--epochs', '1', env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    assert run.returncode == 1
    assert 'the library says why' in run.stderr and 'ImportError: broken' in run.stderr


def test_keras_is_loaded_when_asked_for():
    subprocess.run([sys.executable, '-c', '''if True:
        import gan_basic, sys
        import tensorflow as tf
        assert 'keras' not in sys.modules
        assert tf.keras.layers.Dense(2).units == 2 and 'keras' in sys.modules
    '''], cwd=os.path.join(lab.ROOT, 'chapter09'), check=True)


@pytest.mark.parametrize('name, rate, folder, run_folder', [
    ('gan_basic.py', 0.0002, 'samples', 'basic'), ('gan_conditional.py', 0.001, 'samples2', 'conditional')])
def test_help_tells_the_defaults(name, rate, folder, run_folder):
    run = run_script(name, '--help')
    assert run.returncode == 0
    for option in ('--epochs', '--seed', '--batch-size', '--learning-rate', '--n-hidden', '--n-noise',
                   '--data', '--samples', '--run', '--init', '--trace', '--resume'):
        assert option in run.stdout
    words = ' '.join(run.stdout.replace('-\n', '-').split())
    defaults = [('epochs', 100), ('batch-size', 100), ('learning-rate', rate), ('n-hidden', 256),
                ('n-noise', 128), ('seed', 7), ('data', os.path.join(lab.ROOT, 'mnist', 'data')),
                ('samples', os.path.join(lab.ROOT, folder)),
                ('run', os.path.join(lab.ROOT, 'runs', run_folder))]
    for option, default in defaults:
        assert re.search(r'--%s \S+ [^()]*\(default: %s\)' % (option, re.escape(str(default))), words), words
