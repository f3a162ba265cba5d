"""The numbers of a listing are its options, and what cannot be used is refused in one line before anything happens."""

import argparse
import math
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import page
import pytest
from conftest import REFERENCE, drop_roots_privilege
from processes import PAGE, TINY, Lab, run, script

from lab import listings, options, records
from lab.choice import Choice
from lab.errors import BadInput
from tools import commands

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
    found, names = listings.Numbers(text), {'n_hidden': 256, 'n_more': 513, 'n_most': 256}
    assert list(found.written) == ['n_hidden']
    found.choose(names, {'n_hidden': 64})
    assert names == {'n_hidden': 64, 'n_more': 129, 'n_most': 64}


def test_numbers_that_are_changed_on_the_way_stay_as_the_page_makes_them():
    text = ('total_epoch = 100\ntotal_epoch = total_epoch // 2\nn_hidden = 256\nn_more = n_hidden * 2\nn_hidden = 128\n'
            'n_last = n_hidden\nn_hidden += 1\n')
    names = {}
    exec(text, names)
    del names['__builtins__']
    for chosen in {}, {'n_hidden': 64}, {'total_epoch': 3}:
        found = dict(names)
        listings.Numbers(text + 'run = lab.Run(globals())\n').choose(found, chosen)
        assert found == dict(names, **chosen)


def test_a_listings_own_seed_and_epochs(small, tmp_path):
    listing = tmp_path / 'my_gan.py'
    listing.write_text(page.text('tiny').replace('total_epoch', 'epochs').replace(
        'run = lab.Run(globals())', 'seed = 5\nrun = lab.Run(globals())\nprint(seed)'), encoding='utf-8')
    lab = Lab(tmp_path / 'lab', listing, small)
    ended = lab.run('--epochs', 2, '--seed', 11)
    assert ended.status == 0 and ended.err == ['seed: 11'], ended
    assert ended.out[0] == '11' and ended.out[2].startswith('Epoch: 0001') and len(ended.out) == 4
    assert lab.run('--epochs', 3, '--resume').out[0] == '11'
    listing.write_text(listing.read_text(encoding='utf-8').replace('seed = 5', 'total_epoch = 5'), encoding='utf-8')
    ended = lab.run('--epochs', 4)
    assert ended.status == 2 and 'total_epoch and epochs are both --epochs' in ended.err[0] and len(ended.err) == 1


def test_numbers_beyond_all_bounds_are_none():
    squares = 'n = 9\n' + 'n = n * n\n' * 40
    assert listings.Numbers(squares + 'm = n\n').written == {'n': 9}


def test_numbers_that_python_does_not_write_down():
    """Such as a notebook's factorial, or 0xfff… in a listing."""
    huge = 16 ** 5000
    assert listings.Numbers('n = 9\nm = 0x1%s\n' % (5000 * '0')).written == {'n': 9}
    others = {'huge': huge, 'below': -huge, 'best': math.inf, 'worst': -math.inf, 'none': math.nan}  # no JSON either
    assert Choice(dict(others, n_layers=3), {}).numbers == {'n_layers': 3}


@pytest.mark.parametrize('words', [[], ['--resume']])
def test_a_listing_that_is_called_as_the_chapters_runs_are_is_not_run(small, tmp_path, words):
    shutil.copy(TINY, str(tmp_path / 'basic.py'))
    ended = run(tmp_path / 'basic.py', '--data', small, '--epochs', 1, '--run', tmp_path / 'run', *words,
                output=tmp_path)
    assert ended.status == 2 and ended.out == [] and len(ended.err) == 1, ended
    assert "basic is what the chapter's own runs are called: give the listing another name" in ended.err[0]
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize('name, words', [('samples', ['--samples', 's']), ('resume', ['--resume']),
                                         ('progress', ['--progress']), ('device', ['--device', 'cpu'])])
def test_a_number_with_the_name_of_an_option_of_the_lab_stays_as_it_is(small, tmp_path, name, words):
    listing = tmp_path / 'my_gan.py'
    listing.write_text(page.text('tiny').replace(
        'run = lab.Run(globals())', '%s = 10\nrun = lab.Run(globals())\nprint(%s)' % (name, name)), encoding='utf-8')
    lab = Lab(tmp_path / 'lab', listing, small)
    words = [str(tmp_path / 's') if word == 's' else word for word in words]
    assert lab.run('--epochs', 1, *words).out[0] == '10'
    ended = lab.run('--epochs', 2, '--resume')
    assert ended.status == 0 and ended.out[0] == '10', ended


def test_a_seed_of_the_listing_counts_however_it_was_worked_out():
    for seed in 2 ** 20, np.int64(2 ** 20), '1048576':
        assert Choice({'seed': seed}, {}).options['seed'] == 2 ** 20
    assert Choice({'seed': 'random'}, {}).options['seed'] == 'random'
    for of_another_name in None, np.random.seed:
        assert Choice({'seed': of_another_name}, {}).options['seed'] == 7


@pytest.mark.parametrize('seed', [2 ** 40, 16 ** 5000, -1, 3.5, True, 'apple', float('nan')],
                         ids=lambda seed: type(seed).__name__)
def test_a_seed_of_the_listing_that_cannot_be_used_is_not_passed_over(seed):
    with pytest.raises(BadInput, match="^the listing's seed: "):
        Choice({'seed': seed}, {})


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
    ('--learning-rate', '٠.٠٠١'), ('--learning-rate', '1_0'), ('--learning-rate', ' 1'), ('--momentum', '1e39'),
    ('--momentum', '1e-46'),
    ('--momentum', 'x'), ('--n-layers', '0'), ('--n-layers', '1e3'), ('--n-input', '100'),
    ('--n-class', '3'), ('--steps', '-1'), ('--seed', '-1'), ('--seed', 'abc'), ('--seed', str(2 ** 31 - 1)),
    ('--half', '1'), ('--data', __file__), ('--data', 'nowhere'), ('--data', ''), ('--samples', __file__),
    ('--samples', __file__ + '/deeper'), ('--samples', ''), ('--run', ''), ('--run', __file__),
    ('--trace', '/dev/full'), ('--trace', ''), ('--trace', os.path.dirname(__file__)),
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


@pytest.mark.parametrize('option', ['run', 'samples', 'logdir', 'trace'])
def test_a_working_directory_that_is_not_in_utf8(capsys, tmp_path, monkeypatch, option):
    here = tmp_path / os.fsdecode(b'\xff')
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(SystemExit):
        parse('--' + option, 'mine')
    assert '\\udcff/mine\' is not in UTF-8' in capsys.readouterr().err


@pytest.mark.parametrize('option', ['run', 'epochs', 'seed', 'device'])
def test_two_dashes_are_no_value(capsys, option):
    with pytest.raises(SystemExit) as end:
        parse('--%s=--' % option)
    line, = capsys.readouterr().err.splitlines()
    assert end.value.code == 2 and '--%s: -- is no value of it; see --help' % option in line


def test_a_listing_that_notepad_has_saved(small, tmp_path):
    """With the mark of UTF-8 in front and its own ends of lines, as Python takes it."""
    with open(TINY, encoding='utf-8') as file:
        text = file.read().replace('\n', '\r\n')
    (tmp_path / 'my_gan.py').write_bytes(b'\xef\xbb\xbf' + text.encode())
    ended = run(tmp_path / 'my_gan.py', '--data', small, '--run', tmp_path / 'run', '--epochs', 1, output=tmp_path)
    assert ended.status == 0 and len(ended.out) == 2, ended


@pytest.mark.parametrize('name, words', [('copy.py', []), ('numpy.py', ['curves']), ('random.py', ['run', 'random']),
                                         ('numpy', [])])
def test_a_listing_that_hides_a_module_of_pythons(tmp_path, name, words):
    shutil.copytree(listings.CHAPTER09, str(tmp_path / 'chapter09'), ignore=shutil.ignore_patterns('__pycache__'))
    if name.endswith('.py'):
        shutil.copy(PAGE['basic'], str(tmp_path / 'chapter09' / name))
    else:
        (tmp_path / 'chapter09' / name).mkdir()
        (tmp_path / 'chapter09' / name / '__init__.py').touch()
    for path in {tmp_path / 'chapter09' / name} if name == 'copy.py' else {tmp_path / 'chapter09'}:
        ended = script(path, *words, cwd=str(tmp_path))
        assert ended.status == 2 and ended.out == [] and len(ended.err) == 1, ended
        assert ended.err[0].endswith('%s hides the module %s, which others need: give it another name'
                                     % (tmp_path / 'chapter09' / name, name.replace('.py', '')))


@pytest.mark.parametrize('text', [
    'import lab\nrun = lab.Run(globals(\n', 'a = 1\nb = = 2\n', 'a = 1\0\n', 'return\n', 'break\n',
    'def f(a, a): pass\n', 'a = 1\nfrom __future__ import annotations\n', '# coding: none\n'])
def test_a_listing_that_is_no_program(tmp_path, text):
    (tmp_path / 'my_gan.py').write_text(text)
    with pytest.raises(BadInput, match=r'my_gan.py cannot be run: .* \(line'):
        commands.listing_parser(str(tmp_path / 'my_gan.py'))


@pytest.mark.parametrize('leads', ['/dev/stdout', '/proc/self/fd/1', '/dev/null'])
def test_a_link_to_a_device_is_no_file_to_be_written(tmp_path, leads):
    (tmp_path / 'link').symlink_to(leads)
    (tmp_path / 'another').symlink_to('link')
    for name in 'link', 'another':
        with pytest.raises(argparse.ArgumentTypeError, match='is no file of a folder'):
            options.file(str(tmp_path / name))
    (tmp_path / 'file').touch()
    (tmp_path / 'mine').symlink_to('file')
    assert options.file(str(tmp_path / 'mine')) == str(tmp_path / 'mine')


@pytest.mark.parametrize('name', ['a' * 252 + '.csv', '그' * 86], ids=['ASCII', 'Korean'])
def test_a_name_that_is_too_long_for_a_file(tmp_path, name):
    for kind in options.file, options.folder:
        with pytest.raises(argparse.ArgumentTypeError, match='cannot be written to .File name too long.: name another'):
            kind(str(tmp_path / name))
        assert kind(str(tmp_path / name[:80])) == str(tmp_path / name[:80])


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
                 '--learning-rate X the optimizer', '--n-layers N a number of the listing (default: 2)',
                 '--momentum X a number of the listing (default: -0.5)', '--seed N|random', '(default: 3)',
                 os.path.join('runs', 'my_gan')):
        assert said in out, said
    assert '--n-input' not in out and '--half' not in out


def test_help_where_there_is_no_such_letter():
    for path in PAGE['basic'], os.path.join(listings.ROOT, 'bench', 'lost.py'):
        ended = script(path, '--help', env=dict(os.environ, PYTHONIOENCODING='ascii'))
        assert ended.status == 0 and ended.err == [] and '?9.' in ' '.join(ended.out)


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


@pytest.mark.parametrize('written, why', [
    ('n_noise = 0', 'a whole number from 1 to 16384'),
    ('n_noise = 10 ** 7', 'a whole number from 1 to 16384'), ('n_hidden = -1', 'a whole number from 1 to 16384'),
    ('batch_size = 0', 'a whole number from 1 to 10000'),
    ('batch_size = 2.5', 'a whole number from 1 to 10000'), ('total_epoch = 0', 'a whole number from 1 to 1000000'),
    ('learning_rate = 0.0', 'a number above 0, up to 100')])
def test_a_number_of_the_listings_own_that_its_option_would_not_take(small, tmp_path, written, why):
    name, number = written.split(' = ')
    (tmp_path / 'my_gan.py').write_text(page.edited(
        'tiny', ('run = lab.Run(globals())', written + '\nrun = lab.Run(globals())')), encoding='utf-8')
    words = [tmp_path / 'my_gan.py', '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's']
    refused(run(*words, output=tmp_path),
            "my_gan.py: error: {0} = {1} in the listing: '{1}' is not {2}".format(name, eval(number), why))
    assert sorted(os.listdir(str(tmp_path))) == ['my_gan.py', 'stderr', 'stdout']


@pytest.mark.parametrize('option', ['run', 'samples', 'data', 'init', 'trace', 'logdir'])
def test_what_is_neither_a_text_nor_a_path_names_no_place(tmp_path, option):
    for value in b'x', 5, 2.5, ['x']:
        with pytest.raises(BadInput, match=r"^%s=.* names no place: give a text, or a path of pathlib$" % option):
            Choice({}, {option: value})
    with pytest.raises(BadInput, match=r"--%s: '/x\\x00y' is no name: name another" % option):
        Choice({}, {option: '/x\0y'})
    (tmp_path / 'run').mkdir()
    for value in str(tmp_path / 'run'), tmp_path / 'run', next(os.scandir(str(tmp_path))), None:
        expected = os.path.join(listings.ROOT, 'runs', 'notebook') if value is None else str(tmp_path / 'run')
        assert Choice({}, {'run': value}).options['run'] == expected


@pytest.mark.parametrize('written', ['n_train = 55000', 'n_skip = 0', 'n_x = 2.5', 'learning_rate_decay = 0.0',
                                     'student_id = 20261102123'])
def test_another_number_of_the_listings_own_may_be_any(small, tmp_path, written):
    (tmp_path / 'my_gan.py').write_text(page.edited(
        'tiny', ('run = lab.Run(globals())', written + '\nrun = lab.Run(globals())')), encoding='utf-8')
    ended = run(tmp_path / 'my_gan.py', '--data', small, '--run', tmp_path / 'run', '--epochs', 1, output=tmp_path)
    assert ended.status == 0 and ended.err == ['seed: 7']
    name, number = written.split(' = ')
    assert str(records.read(str(tmp_path / 'run'))['numbers'][name]) == number


def test_a_listing_that_changes_to_its_own_folder_has_its_options(small, tmp_path):
    (tmp_path / 'inner').mkdir()
    text = 'import os\nos.chdir(os.path.dirname(__file__))\n' + page.text('tiny')
    (tmp_path / 'inner' / 'my_gan.py').write_text(text, encoding='utf-8')
    ended = script('inner/my_gan.py', '--data', small, '--run', 'run', '--epochs', 1, '--seed', 3, cwd=str(tmp_path))
    assert ended.status == 0 and ended.err == ['seed: 3'] and (tmp_path / 'inner' / 'run' / 'run.json').exists()


def test_a_number_that_is_chosen_is_not_the_listings_own():
    def settled(**arguments):
        namespace = dict({'n_noise': 0, 'n_wrong': 0}, **arguments.pop('namespace', {}))
        Choice(namespace, arguments).settle(None)
        return namespace['n_noise']

    assert settled(n_noise=7) == settled(namespace={'n_noise': 7}) == 7, "a notebook's n_wrong may count"
    with pytest.raises(BadInput, match="n_noise = 0 in the listing: '0' is not a whole number from 1 to 16384"):
        settled()


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
    (lambda w, name: w.update({name: np.array([{}])}), 'cannot be read'),
    (lambda w, name: w.update({name: np.full_like(w[name], np.nan)}), 'holds what is no finite number in float32'),
    (lambda w, name: w.update({name: np.full(w[name].shape, 1e300)}), 'holds what is no finite number in float32')],
    ids=['missing', 'extra', 'shape', 'integers', 'objects', 'not a number', 'beyond float32'])
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


def test_a_checkpoint_whose_weights_are_a_fifo_is_no_init(small, tmp_path):
    shutil.copytree(os.path.join(REFERENCE, 'basic', 'checkpoints', '0099'), str(tmp_path / 'c'))
    (tmp_path / 'c' / 'model.ckpt.data-00000-of-00001').unlink()
    os.mkfifo(str(tmp_path / 'c' / 'model.ckpt.data-00000-of-00001'))
    refused(run(PAGE['basic'], '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's',
                '--init', tmp_path / 'c' / 'model.ckpt', output=tmp_path), '--init ', 'it is no regular file')


def test_an_init_file_that_is_too_large(small, tmp_path):
    with open(str(tmp_path / 'bad.npz'), 'wb') as file:
        file.truncate(5 * 2 ** 30)  # takes no room
    refused(run(PAGE['basic'], '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's',
                '--init', tmp_path / 'bad.npz', output=tmp_path), tmp_path / 'bad.npz', 'cannot be read')


def test_a_single_array_is_no_init(small, tmp_path):
    np.save(str(tmp_path / 'one.npy'), np.zeros(3))
    refused(run(PAGE['basic'], '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's',
                '--init', tmp_path / 'one.npy', output=tmp_path), '--init ', tmp_path / 'one.npy')


@pytest.mark.parametrize('option, name', [('--samples', 'new'), ('--trace', 'trace.csv'), ('--trace', 'there.csv'),
                                          ('--run', 'a/b')])
def test_a_folder_without_write_permission_is_found_before_training(small, tmp_path, option, name):
    (tmp_path / 'locked').mkdir()
    (tmp_path / 'locked' / 'there.csv').touch()
    (tmp_path / 'locked').chmod(0o555)
    ended = run(TINY, '--data', small, option, tmp_path / 'locked' / name, output=tmp_path, before=drop_roots_privilege)
    refused(ended, option, tmp_path / 'locked')


@pytest.mark.parametrize('namespace', [5, None, 'my_gan.py', [], len])
def test_what_is_not_the_names_of_a_listing(namespace):
    with pytest.raises(BadInput, match=r'takes the names of the listing, lab.Run\(globals\(\)\), and .* has none'):
        Choice(namespace, {})
