"""The numbers of a listing are its options, and what cannot be used is refused in one line before anything happens."""

import os
import re
import subprocess
import sys

import numpy as np
import page
import pytest
from conftest import REFERENCE, drop_roots_privilege
from processes import PAGE, TINY, run, script

from lab import listings, options

TEXT = '''
"""My GAN."""
import lab
total_epoch, batch_size = 20, 50
learning_rate = 1e-3
n_hidden = 2 ** 8
n_layers = 2
n_input = 28 * 28
n_class = 10
momentum = -0.5
steps = 0
below = -3
n_hidden2 = n_hidden * 2
half = learning_rate / 2
name = 'mine'
seed = 3
_private = 4
flag = True
sizes = [1, 2]
run = lab.Run(globals())
later = 5
'''


def parse(*words, text=TEXT):
    numbers = listings.Numbers(text).written
    defaults = options.defaults(listings.find('my_gan.py'), numbers)
    return vars(options.parser('My GAN.', numbers, defaults, 'my_gan.py').parse_args(list(words)))


def test_the_numbers_above_are_the_options():
    found = listings.Numbers(TEXT)
    assert list(found.written) == [
        'total_epoch', 'batch_size', 'learning_rate', 'n_layers', 'momentum', 'steps', 'below', 'seed']
    assert found.written['momentum'] == -0.5 and found.written['total_epoch'] == 20
    assert [name for name, _ in found.made] == ['half']
    for name in 'basic', 'conditional':
        assert list(listings.Numbers(page.text(name)).written) == [
            'total_epoch', 'batch_size', 'learning_rate', 'n_hidden', 'n_noise']


def test_numbers_that_are_made_of_others_are_made_again():
    text = 'n_hidden = 256\nn_more = n_hidden * 2 + 1\nn_most = n_more // 2\nrun = lab.Run(globals())\n'
    found, names = listings.Numbers(text), {'n_hidden': 64, 'n_more': 513, 'n_most': 256}
    assert list(found.written) == ['n_hidden']
    found.make_again(names)
    assert names == {'n_hidden': 64, 'n_more': 129, 'n_most': 64}


def test_what_is_given_is_in_the_result_and_nothing_else():
    assert parse() == {}
    assert parse('--epochs', '3', '--n-layers', '4', '--momentum', '0.9', '--below', '-7', '--seed', 'random') == {
        'epochs': 3, 'n_layers': 4, 'momentum': 0.9, 'below': -7, 'seed': 'random'}
    assert parse('--run', 'x', '--resume') == {'run': os.path.abspath('x'), 'resume': True}


BAD = [
    ('--epochs', '0'), ('--epochs', '-1'), ('--epochs', 'x'), ('--epochs', '1.5'), ('--epochs', ''), ('--epochs', '²'),
    ('--epochs', '9' * 5000), ('--epochs', '٣'), ('--epochs', '1_0'), ('--epochs', '1000001'), ('--epoch', '3'),
    ('--batch-size', '0'), ('--batch-size', '10001'), ('--learning-rate', '0'), ('--learning-rate', '-1'),
    ('--learning-rate', 'nan'), ('--learning-rate', 'inf'), ('--learning-rate', '101'), ('--learning-rate', '1e-46'),
    ('--learning-rate', '٠.٠٠١'), ('--learning-rate', '1_0'), ('--momentum', '1e39'), ('--momentum', 'x'),
    ('--n-layers', '0'), ('--n-layers', '16385'), ('--n-layers', '1e3'), ('--n-input', '100'), ('--n-class', '3'),
    ('--steps', '-1'), ('--seed', '-1'), ('--seed', 'abc'), ('--seed', str(2 ** 31 - 1)), ('--half', '1'),
    ('--data', __file__), ('--data', 'nowhere'), ('--data', ''), ('--samples', __file__),
    ('--samples', __file__ + '/deeper'), ('--samples', ''), ('--run', ''),
    ('--run', __file__), ('--trace', '/dev/full'), ('--trace', ''), ('--trace', os.path.dirname(__file__)),
    ('--trace', '/nowhere/trace.csv'), ('--init', 'nowhere.npz'), ('--init', ''), ('--logdir', __file__),
    ('--unknown', '3'), ('--run', 'a\udcff')]


@pytest.mark.parametrize('option, value', BAD, ids=['%s %.12s' % pair for pair in BAD])
def test_bad_options(capsys, tmp_path, monkeypatch, option, value):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        parse(option, value)
    out, err = capsys.readouterr()
    line, = err.splitlines()
    assert end.value.code == 2 and out == '' and line.startswith('my_gan.py: error: ') and line.endswith('; see --help')
    assert option in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('words', [
    ['--epochs', '0'], ['--unknown', '3'], ['--trace', __file__], ['--init', __file__], ['--samples', '/proc/none']])
def test_bad_options_of_a_script(small, tmp_path, words):
    ended = run(TINY, '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's', *words,
                output=tmp_path)
    assert ended.status == 2 and ended.out == [] and len(ended.err) == 1
    assert words[words[1] == '/proc/none'] in ended.err[0]
    assert os.path.getsize(__file__) and sorted(os.listdir(str(tmp_path))) == ['stderr', 'stdout']


def test_help_tells_the_numbers_with_their_defaults(capsys):
    with pytest.raises(SystemExit):
        parse('--help')
    out = ' '.join(capsys.readouterr().out.split())
    for said in ('My GAN.', '--epochs N how often to go through the training images (default: 20)', '(default: 0.001)',
                 '--learning-rate X the optimizer', '--n-layers N a size of the listing (default: 2)',
                 '--momentum X a number of the listing (default: -0.5)', '--seed N|random', '(default: 3)',
                 os.path.join('runs', 'my_gan')):
        assert said in out, said
    assert '--n-input' not in out and '--half' not in out


@pytest.mark.parametrize('command, rate, samples, folder', [
    ('basic', 0.0002, 'samples', 'basic'), ('cgan', 0.001, 'samples2', 'conditional')])
def test_help_of_the_chapters_two(command, rate, samples, folder):
    ended = script(listings.CHAPTER09, command, '--help')
    assert ended.status == 0 and ended.err == []
    out = ' '.join(' '.join(ended.out).replace('- ', '-').split())
    for option, default in [
            ('epochs', 100), ('batch-size', 100), ('learning-rate', rate), ('n-hidden', 256), ('n-noise', 128),
            ('seed', 7), ('data', os.path.join(listings.ROOT, 'mnist', 'data')),
            ('samples', os.path.join(listings.ROOT, samples)), ('run', os.path.join(listings.ROOT, 'runs', folder))]:
        assert re.search(r'--%s \S+ [^()]*\(default: %s\)' % (option, re.escape(str(default))), out), option
    for option in '--init FILE', '--trace FILE.csv', '--logdir DIR', '--progress', '--resume':
        assert option in out


def test_a_number_that_is_written_down_is_an_option(small, tmp_path):
    (tmp_path / 'my_gan.py').write_text(page.edited(
        'basic', ('n_input = 28 * 28\n', 'n_input = 28 * 28\nn_steps = 1\nn_twice = n_steps * 2\nseed = 5\n'),
        ("print('최적화 완료!')", "print(n_steps, n_twice, n_hidden)")), encoding='utf-8')
    ended = run(tmp_path / 'my_gan.py', '--data', small, '--run', tmp_path / 'run', '--epochs', 1, '--n-steps', 3,
                '--n-hidden', 16, output=tmp_path)
    assert ended.status == 0 and ended.out[-1] == '3 6 16' and ended.err == ['seed: 5'], ended


def test_nothing_that_only_parses_loads_tensorflow(tmp_path):
    program = ('import runpy, sys\nsys.argv = sys.argv[1:]\nsys.path.insert(0, sys.argv[0])\n'
               'try:\n    runpy.run_path(sys.argv[0], run_name="__main__")\n'
               'except SystemExit as end:\n    print("status", end.code, "tensorflow" in sys.modules)\n')
    for words, status in ((['basic', '--epochs', 'x'], 2), ([], 2), (['--help'], 0), (['cgan', '--help'], 0),
                          (['run'], 0), (['diff', '--bogus'], 2), (['all', '--seed', 'x'], 2),
                          (['sweep', '--seeds', '4 4'], 2)):
        ended = subprocess.run([sys.executable, '-c', program, listings.CHAPTER09, *words], encoding='utf-8',
                               capture_output=True, cwd=str(tmp_path))
        assert ended.stdout.splitlines()[-1:] == ['status %d False' % status], (words, ended)


# --- the weights of --init

INIT = {name: os.path.join(REFERENCE, name, 'init.npz') for name in PAGE}


def refused(ended, *words):
    assert ended.status == 2 and ended.out == [] and len(ended.err) == 1, ended
    for word in words:
        assert str(word) in ended.err[0]


@pytest.mark.parametrize('name', PAGE)
def test_init_starts_from_given_weights(small, tmp_path, name):
    with np.load(INIT[name]) as file:
        np.savez(str(tmp_path / 'zero.npz'), **{each: np.zeros_like(array) for each, array in file.items()})
    run(PAGE[name], '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's', '--epochs', 1,
        '--trace', tmp_path / 't.csv', '--init', tmp_path / 'zero.npz', output=tmp_path)
    # With all weights 0 the discriminator answers one half: log 1/2 + log 1/2, whichever the sign.
    D_loss = float((tmp_path / 't.csv').read_text().splitlines()[1].split(',')[1])
    np.testing.assert_allclose(abs(D_loss), 2 * np.log(2), rtol=1e-6)


def test_a_checkpoint_is_an_init_as_well(small, tmp_path):
    words = ['--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's', '--epochs', 1, '--trace']
    final = os.path.join(REFERENCE, 'basic', 'checkpoints', '0099', 'model.ckpt')
    run(PAGE['basic'], *words, tmp_path / 'a.csv', '--init', final, output=tmp_path)
    run(PAGE['basic'], *words, tmp_path / 'b.csv', '--init', INIT['basic'], output=tmp_path)
    first = (tmp_path / 'a.csv').read_text()
    assert first != (tmp_path / 'b.csv').read_text() and -1.5 < float(first.splitlines()[1].split(',')[1]) < -0.3
    refused(run(PAGE['conditional'], *words, tmp_path / 'c.csv', '--init', final, output=tmp_path), '--init', 'lacks')


@pytest.mark.parametrize('change, word', [
    (lambda w, name: w.pop(name), 'lacks'), (lambda w, name: w.update(other=w[name]), 'holds other'),
    (lambda w, name: w.update({name: w[name][:-1]}), 'of shape'),
    (lambda w, name: w.update({name: w[name].astype(int)}), 'floats'),
    (lambda w, name: w.update({name: np.array([{}])}), 'cannot be read')],
    ids=['missing', 'extra', 'shape', 'integers', 'objects'])
def test_bad_init_arrays(small, tmp_path, change, word):
    with np.load(INIT['basic']) as file:
        weights = dict(file)
    change(weights, sorted(weights)[0])
    np.savez(str(tmp_path / 'bad.npz'), **weights)
    refused(run(PAGE['basic'], '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's',
                '--init', tmp_path / 'bad.npz', output=tmp_path), '--init ', tmp_path / 'bad.npz', word)
    assert sorted(os.listdir(str(tmp_path))) == ['bad.npz', 'stderr', 'stdout']


@pytest.mark.parametrize('damage', [lambda b: b[:-50], lambda b: b[:200], lambda b: b'', lambda b: b'text',
                                    lambda b: b[:9000] + b'\0' * 99 + b[9099:]],
                         ids=['no directory', 'stump', 'empty', 'text', 'bytes changed'])
def test_a_damaged_init_file(small, tmp_path, damage):
    with open(INIT['basic'], 'rb') as file:
        (tmp_path / 'bad.npz').write_bytes(damage(file.read()))
    refused(run(PAGE['basic'], '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's',
                '--init', tmp_path / 'bad.npz', output=tmp_path), tmp_path / 'bad.npz', 'cannot be read')


def test_a_single_array_is_no_init(small, tmp_path):
    np.save(str(tmp_path / 'one.npy'), np.zeros(3))
    refused(run(PAGE['basic'], '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's',
                '--init', tmp_path / 'one.npy', output=tmp_path), '--init ', tmp_path / 'one.npy')


@pytest.mark.parametrize('option, name', [('--samples', 'new'), ('--trace', 'trace.csv'), ('--run', 'a/b')])
def test_a_folder_without_write_permission_is_found_before_training(small, tmp_path, option, name):
    (tmp_path / 'locked').mkdir(mode=0o555)
    ended = run(TINY, '--data', small, option, tmp_path / 'locked' / name, output=tmp_path, before=drop_roots_privilege)
    refused(ended, option, tmp_path / 'locked')
