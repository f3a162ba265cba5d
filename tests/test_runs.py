"""A run repeats to the byte, survives being killed, and keeps what it has when something fails."""

import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys

import gan_basic
import gan_conditional
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from conftest import DATA, drop_roots_privilege
from processes import CHAPTER09, Lab, in_a_small_filesystem

FIXTURE = os.path.join(os.path.dirname(__file__), 'tf115-conditional')


@pytest.fixture(scope='module', params=['basic', 'conditional'])
def listing(request):
    return request.param


@pytest.fixture(scope='module')
def uninterrupted(tmp_path_factory, small, listing):
    lab = Lab(tmp_path_factory.mktemp(listing) / 'lab', listing, small, '--epochs', '40')
    assert lab.run() == 0, lab.read('stderr')
    return lab


def test_what_a_run_leaves(uninterrupted, listing):
    assert sorted(os.listdir(uninterrupted.path('run'))) == [
        'checkpoints', 'film.bin', 'losses.csv', 'run.json']
    assert uninterrupted.epochs() == ['0038', '0039']
    losses = uninterrupted.lines('run', 'losses.csv')
    assert losses[0] == 'epoch,D loss,G loss,seconds' and len(losses) == 41
    trace = uninterrupted.lines('trace.csv')
    assert len(trace) == 1 + 40 * 6
    for epoch, line in enumerate(losses[1:]):
        number, *rest = line.split(',')
        assert int(number) == epoch and rest[:2] == trace[6 * (epoch + 1)].split(',')[1:]
        assert 0 < float(rest[2]) < 60
    record = json.loads(uninterrupted.read('run', 'run.json').decode())
    assert record['state'] == 'finished' and record['format'] == 1
    assert record['identity']['listing'] == listing and record['identity']['seed'] == 7
    assert record['options']['epochs'] == 40 and record['options']['trace'] == uninterrupted.path('trace.csv')
    assert record['versions']['TensorFlow'] == tf.__version__ and record['machine']['threads'] >= 1
    assert sorted(record['strips']) == ['000.png', '009.png', '019.png', '029.png', '039.png']
    for name, digest in record['strips'].items():
        assert subprocess.run(['sha256sum', uninterrupted.path('samples', name)], check=True,
                              stdout=subprocess.PIPE).stdout.decode().startswith(digest)


def test_the_same_seed_gives_the_same_bytes_in_another_folder(uninterrupted, small, tmp_path, listing):
    other = Lab(tmp_path / 'elsewhere' / 'deeper', listing, small, '--epochs', '40')
    assert other.run() == 0
    assert other.outcome() == uninterrupted.outcome()


@pytest.mark.parametrize('listing', ['basic'], indirect=True)
def test_twenty_kills_at_random_instants_change_nothing(uninterrupted, small, tmp_path, listing):
    def start():
        return Lab(tmp_path / str(kills), listing, small, '--epochs', '40')

    # Every other one is killed within an eighth of the training after an epoch, however fast the machine.
    training = sum(float(line.rsplit(',', 1)[1]) for line in uninterrupted.lines('run', 'losses.csv')[1:])
    kills, resumed, instants = 0, 0, random.Random(7)
    lab = start()
    while kills < 20:
        killed = lab.kill(instants.uniform(0, training / 8 if kills % 2 else 1), after_an_epoch=kills % 2)
        kills += killed
        resumed += b'going on after epoch' in lab.read('stderr')
        if not killed:  # it was at its end before
            assert lab.outcome() == uninterrupted.outcome()
            lab = start()
    assert resumed > 3
    assert lab.run('--resume') == 0, lab.read('stderr')
    assert lab.outcome() == uninterrupted.outcome()


@pytest.mark.soak
def test_a_hundred_kills_over_a_full_size_run(tmp_path, listing):
    def start(name):
        return Lab(tmp_path / name, listing, DATA, '--epochs', '100')

    whole, lab, kills, instants = start('whole'), start('killed'), 0, random.Random(7)
    assert whole.run() == 0
    while kills < 100:
        # Too short, by and large, for a hundred to come through to the end.
        assert lab.kill(instants.uniform(0, 5), after_an_epoch=kills % 4 == 0)
        kills += 1
    assert lab.run('--resume') == 0, lab.read('stderr')
    assert lab.outcome() == whole.outcome()


@pytest.mark.parametrize('listing', ['conditional'], indirect=True)
def test_a_kill_before_any_change_to_a_file_changes_nothing(uninterrupted, small, tmp_path, listing):
    """Each process is killed one step later than the one before: between all steps of a checkpoint."""
    lab = Lab(tmp_path / 'killed', listing, small, '--epochs', '40')
    steps = next(step for step in itertools.count(1) if lab.run('--resume', kill_at=step) != -signal.SIGKILL)
    assert steps > 40, 'the later processes got beyond an epoch each'
    assert lab.run('--resume') == 0, lab.read('stderr')
    assert lab.outcome() == uninterrupted.outcome()
    assert sorted(os.listdir(lab.folder)) == ['run', 'run.lock', 'samples', 'stderr', 'stdout', 'trace.csv']
    assert not [name for _, folders, names in os.walk(lab.folder) for name in folders + names
                if name.endswith('.part')]


# --- going on

def test_a_finished_run_is_extended(uninterrupted, small, tmp_path, listing):
    lab = Lab(tmp_path / 'lab', listing, small)
    assert lab.run('--epochs', '15') == 0
    assert lab.run('--resume') == 0, 'nothing left to do'
    assert lab.lines('stdout') == ['최적화 완료!']
    assert lab.run('--resume', '--epochs', '40') == 0
    assert [line[7:11] for line in lab.lines('stdout')[:-1]] == ['%04d' % epoch for epoch in range(15, 40)]
    assert lab.outcome() == uninterrupted.outcome()


def test_nothing_to_resume(program, small, tmp_path):
    status, out, err = program(gan_basic.main, '--data', small, '--samples', tmp_path / 's', '--epochs', 1,
                               '--resume')
    assert status == 0 and len(out) == 2
    assert len(err) == 2 and 'nothing to resume' in err[0] and str(tmp_path / 'run') in err[0]


@pytest.fixture
def finished(uninterrupted, tmp_path):
    """A copy of the finished run, to be spoilt."""
    return uninterrupted.copy(tmp_path / 'copy')


def snapshot(folder):
    return {os.path.join(path, name): open(os.path.join(path, name), 'rb').read()
            for path, _, names in os.walk(str(folder)) for name in names}


MAINS = {'basic': gan_basic.main, 'conditional': gan_conditional.main}


@pytest.mark.parametrize('option, value, named', [
    ('--seed', '8', '--seed 7'), ('--batch-size', '50', '--batch-size 100'),
    ('--learning-rate', '0.5', '--learning-rate 0.0'), ('--n-hidden', '8', '--n-hidden 256'),
    ('--n-noise', '8', '--n-noise 128'),
    ('--epochs', '39', '40 epochs')])
def test_another_setting_is_refused(program, finished, listing, option, value, named):
    before = snapshot(finished.folder)
    status, out, err = program(MAINS[listing], *finished.argv, '--resume', option, value)
    assert status == 2 and out == [] and len(err) == 1 and named in err[0], err
    assert snapshot(finished.folder) == before


def test_other_data_another_init_and_the_other_listing_are_refused(program, finished, listing, tmp_path):
    other = 'conditional' if listing == 'basic' else 'basic'
    init = os.path.join(os.path.dirname(DATA), '..', 'reference', listing + '-init.npz')
    for main, words, named in ((MAINS[listing], ['--data', DATA], 'other data'),
                               (MAINS[listing], ['--init', init], 'another --init'),
                               (MAINS[other], [], 'the %s listing' % listing)):
        status, out, err = program(main, *finished.argv, '--resume', '--epochs', '50', *words)
        assert status == 2 and out == [] and len(err) == 1 and named in err[0], err


def test_a_resumed_trace_must_be_this_runs(program, finished, listing):
    words = [*finished.argv, '--resume', '--epochs', '41']
    lines = finished.lines('trace.csv')
    shifted = [lines[0]] + lines[2:] + lines[1:2]
    for rows, named in ((lines[:60], 'of another run'), (shifted, 'of another run'),
                        (['my notes'], 'is no trace'), ([], 'is no trace')):
        with open(finished.path('trace.csv'), 'w') as file:
            file.write(''.join(row + '\n' for row in rows))
        before = snapshot(finished.folder)
        status, out, err = program(MAINS[listing], *words)
        assert status == 2 and out == [] and named in err[-1], err
        assert snapshot(finished.folder) == before


def test_other_samples_are_refused_but_a_moved_folder_goes_on(program, finished, listing, tmp_path):
    status, _, err = program(MAINS[listing], *finished.argv, '--resume', '--samples', tmp_path / 'other')
    assert status == 2 and 'draws in ' + finished.path('samples') in err[0]
    os.rename(finished.folder, str(tmp_path / 'moved'))
    status, out, err = program(
        MAINS[listing], '--resume', '--run', tmp_path / 'moved' / 'run', '--samples',
        tmp_path / 'moved' / 'samples', '--data', finished.argv[1], '--epochs', 41)
    assert status == 0 and out[0].startswith('Epoch: 0040'), err
    assert any('trace.csv is gone' in line for line in err)


def test_a_random_seed_is_kept(program, small, tmp_path):
    words = ['--data', small, '--samples', tmp_path / 's', '--seed', 'random']
    _, _, first = program(gan_basic.main, *words, '--epochs', 1)
    _, _, second = program(gan_basic.main, *words, '--epochs', 2, '--resume')
    assert second == ['going on after epoch 0'] + first
    _, _, third = program(gan_basic.main, *words, '--epochs', 1)
    assert third[-1] != first[-1]


# --- what an earlier run left

def test_an_earlier_run_and_its_strips_move_together(program, small, tmp_path):
    def run(*words):
        return program(gan_basic.main, '--data', small, '--samples', tmp_path / 's', *words)
    run('--epochs', 10)
    first = (tmp_path / 's' / '009.png').read_bytes()
    status, _, err = run('--epochs', 1, '--seed', 8)
    assert status == 0 and str(tmp_path / 'run.1') in err[0]
    assert sorted(os.listdir(str(tmp_path / 's'))) == ['000.png', 'run.txt']
    folder, name = (tmp_path / 's' / 'run.txt').read_text().splitlines()
    assert folder == str(tmp_path / 'run')
    assert name == json.loads((tmp_path / 'run' / 'run.json').read_text())['id']
    assert sorted(os.listdir(str(tmp_path / 'run.1'))) == [
        '000.png', '009.png', 'checkpoints', 'film.bin', 'losses.csv', 'run.json']
    assert (tmp_path / 'run.1' / '009.png').read_bytes() == first
    run('--epochs', 1)
    assert (tmp_path / 'run.2').exists()


def test_two_runs_take_turns_in_one_folder_of_strips(program, small, tmp_path):
    def run(name, *words):
        return program(gan_basic.main, '--data', small, '--samples', tmp_path / 's', '--run', tmp_path / name,
                       *words)
    run('a', '--epochs', 1)
    run('b', '--epochs', 1, '--seed', 8)
    a, b = (tmp_path / 'a' / '000.png').read_bytes(), (tmp_path / 's' / '000.png').read_bytes()
    assert a != b
    run('a', '--epochs', 10, '--resume')
    assert (tmp_path / 's' / '000.png').read_bytes() == a and (tmp_path / 's' / '009.png').exists()
    assert (tmp_path / 'b' / '000.png').read_bytes() == b and not (tmp_path / 'a' / '000.png').exists()


def test_strips_find_their_run_where_it_has_moved_to(program, small, tmp_path):
    def run(seed, folder):
        program(gan_basic.main, '--data', small, '--samples', tmp_path / folder, '--epochs', 1,
                '--seed', seed)

    run(1, 's')
    first = (tmp_path / 's' / '000.png').read_bytes()
    run(2, 't')
    run(3, 's')
    assert (tmp_path / 'run.1' / '000.png').read_bytes() == first
    assert not (tmp_path / 'run.2' / '000.png').exists()


def test_strips_on_another_disk_move_as_well(program, small, tmp_path):
    run = '%s %s/gan_basic.py --data %s --run run --samples disk --epochs 1' % (
        sys.executable, CHAPTER09, small)
    result = in_a_small_filesystem('2m', '%s; %s; ls disk' % (run, run), tmp_path)
    assert result.stdout.splitlines()[-2:] == ['000.png', 'run.txt'], result.stderr
    assert (tmp_path / 'run.1' / '000.png').exists()


def test_strips_of_nobodys_are_kept(program, small, tmp_path):
    (tmp_path / 's').mkdir()
    (tmp_path / 's' / '099.png').write_bytes(b'from another place')
    _, _, err = program(gan_basic.main, '--data', small, '--samples', tmp_path / 's', '--epochs', 1)
    assert err[0] == 'the strips that were in %s are now in %s' % (tmp_path / 's', tmp_path / 'run.1')
    assert sorted(os.listdir(str(tmp_path / 's'))) == ['000.png', 'run.txt']
    assert (tmp_path / 'run.1' / '099.png').read_bytes() == b'from another place'


def test_a_folder_of_other_things_is_not_touched(program, small, tmp_path):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'thesis.txt').write_text('mine')
    status, out, err = program(gan_basic.main, '--data', small, '--samples', tmp_path / 's')
    assert status == 2 and out == [] and len(err) == 1 and 'holds thesis.txt' in err[0]
    assert os.listdir(str(tmp_path)) == ['run'] and os.listdir(str(tmp_path / 'run')) == ['thesis.txt']


# --- stopping, and being in use

@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_by_a_signal(uninterrupted, small, tmp_path, listing, number, status):
    lab = Lab(tmp_path / 'lab', listing, small, '--epochs', '40')
    process = lab.start()
    lab.wait_for('stdout', text=b'Epoch: 0003')
    os.kill(process.pid, number)
    process.join(10)
    assert process.exitcode == status
    seed, message = lab.lines('stderr')
    assert signal.Signals(number).name in message and '--resume (make: RESUME=1)' in message
    newest = lab.epochs()[-1]
    assert 'the checkpoint of epoch %d stays in %s' % (int(newest), lab.path('run')) in message
    assert json.loads(lab.read('run', 'run.json').decode())['state'] == 'stopped'
    assert lab.run('--resume') == 0
    assert lab.outcome() == uninterrupted.outcome()


def test_a_run_in_use_is_refused_until_its_process_is_gone(program, small, tmp_path):
    lab = Lab(tmp_path / 'lab', 'basic', small, '--epochs', '100000')
    process = lab.start()
    lab.wait_for('stdout', text=b'Epoch: 0000')
    for words, named in (([], lab.path('run')), (['--resume'], lab.path('run')),
                         (['--run', tmp_path / 'other'], lab.path('samples'))):
        status, out, err = program(gan_basic.main, *lab.argv, *words)
        assert status == 2 and out == [] and len(err) == 1, err
        assert named + ' is in use by another run' in err[0]
    assert process.is_alive()
    process.kill()
    process.join()
    assert program(gan_basic.main, *lab.argv, '--resume', '--epochs', int(lab.epochs()[-1]) + 2)[0] == 0


# --- numbers that stop being numbers

def test_losses_that_are_no_numbers_end_the_run(program, small, tmp_path):
    words = ['--data', small, '--samples', tmp_path / 's', '--trace', tmp_path / 't.csv', '--epochs', 500]
    status, out, err = program(gan_basic.main, *words, '--learning-rate', '0.02')
    assert status == 3 and 1 <= len(out) < 500, err
    where = re.search(r'epoch (\d+), iteration (\d) of 6: the ([DG]) loss is (-inf|nan)\. .*float32', err[-1])
    assert where, err
    epoch, iteration, loss, value = where.groups()
    last = dict(zip('iDG', (tmp_path / 't.csv').read_text().splitlines()[-1].split(',')))
    assert int(last['i']) == 6 * int(epoch) + int(iteration) - 1 and last[loss] == value
    assert 'the checkpoint of epoch %d stays in %s' % (int(epoch) - 1, tmp_path / 'run') in err[-1]
    assert json.loads((tmp_path / 'run' / 'run.json').read_text())['state'] == 'not finite'
    assert sorted(os.listdir(str(tmp_path / 'run' / 'checkpoints')))[-1] == '%04d' % (int(epoch) - 1)
    again = program(gan_basic.main, *words, '--resume')
    assert again[0] == 3 and again[2][-1] == err[-1]


def test_saturated_logits_end_a_conditional_run(program, small, tmp_path):
    with np.load(os.path.join(os.path.dirname(FIXTURE), '..', 'reference', 'conditional-init.npz')) as file:
        weights = dict(file)
    weights['discriminator/dense_1/kernel'][:] = 3e38
    np.savez(str(tmp_path / 'w.npz'), **weights)
    status, out, err = program(gan_conditional.main, '--data', small, '--samples', tmp_path / 's',
                               '--init', tmp_path / 'w.npz')
    assert status == 3 and out == []
    assert re.search(r'epoch 0, iteration 1 of 6: the D loss is (inf|nan)\.', err[-1]), err
    assert 'there is no checkpoint yet' in err[-1]


def test_weights_that_are_no_numbers_are_not_kept(program, small, tmp_path, monkeypatch):
    """The last step of an epoch may spoil the weights after its losses have been computed."""
    build = gan_basic.build

    def spoilt(*settings):
        gan = build(*settings)
        steps = tf.Variable(0.0, trainable=False)
        with tf.control_dependencies([gan.train_G]):
            step = steps.assign_add(1.0)
        with tf.control_dependencies([step]):
            gan.train_G = tf.cond(tf.equal(step, 18.0), lambda: gan.weights['G_b1'] + np.nan,
                                  lambda: gan.weights['G_b1'] + 0.0)
            gan.train_G = gan.weights['G_b1'].assign(gan.train_G)
        return gan

    monkeypatch.setattr(gan_basic, 'build', spoilt)
    status, out, err = program(gan_basic.main, '--data', small, '--samples', tmp_path / 's', '--epochs', 9)
    assert status == 3 and len(out) == 3
    assert 'epoch 2, iteration 6 of 6: the weights are no finite numbers' in err[-1]
    assert sorted(os.listdir(str(tmp_path / 'run' / 'checkpoints'))) == ['0000', '0001']


# --- faults of the disk

@pytest.mark.parametrize('name', ['model.ckpt.index', 'model.ckpt.data-00000-of-00001', 'state.npz',
                                  'digests.json'])
@pytest.mark.parametrize('damage', ['cut', 'flip', 'gone'])
def test_a_damaged_checkpoint_is_passed_over(program, finished, uninterrupted, listing, name, damage):
    path = finished.path('run', 'checkpoints', '0039', name)
    with open(path, 'rb') as file:
        content = bytearray(file.read())
    if damage == 'gone':
        os.remove(path)
    else:
        content[len(content) // 2] ^= 0x10
        with open(path, 'wb') as file:
            file.write(content if damage == 'flip' else content[:-20])
    status, out, err = program(MAINS[listing], *finished.argv, '--resume')
    assert status == 0 and len(out) == 2
    assert finished.path('run', 'checkpoints', '0039') + ' is damaged' in err[0]
    assert err[1] == 'going on after epoch 38'
    assert finished.outcome() == uninterrupted.outcome()


def test_two_damaged_checkpoints_end_it(program, finished, listing):
    for epoch in finished.epochs():
        os.remove(finished.path('run', 'checkpoints', epoch, 'state.npz'))
    status, out, err = program(MAINS[listing], *finished.argv, '--resume')
    assert status == 2 and out == [] and 'holds no whole checkpoint' in err[-1]


@pytest.mark.parametrize('change, named', [
    ({'format': 2}, 'is of format 2, and this version knows format 1'),
    ({'format': 0}, 'is of format 0, and this version knows format 1'), (None, 'cannot be read')])
def test_a_folder_of_another_format(program, finished, listing, change, named):
    record = json.loads(finished.read('run', 'run.json').decode())
    with open(finished.path('run', 'run.json'), 'w') as file:
        file.write(json.dumps(dict(record, **change)) if change else '{"format": 1, ')
    before = snapshot(finished.folder)
    status, out, err = program(MAINS[listing], *finished.argv, '--resume')
    assert status == 2 and out == [] and len(err) == 1 and named in err[0]
    assert snapshot(finished.folder) == before


def test_a_full_disk_costs_one_epoch_at_most(small, tmp_path):
    run = '%s %s/gan_basic.py --data %s --n-hidden 64 --run disk/run --samples strips --epochs 4 --resume' % (
        sys.executable, CHAPTER09, small)
    script = '%s; echo status $?; ls -R disk/run; mount -o remount,size=9m disk; %s && cp -r disk/run run'
    # Room for two checkpoints of 1.3 MB; the third is written before the first goes.
    result = in_a_small_filesystem('3500k', script % (run, run), tmp_path)
    assert result.returncode == 0, result.stderr
    out, err = result.stdout.splitlines(), result.stderr.splitlines()
    assert [line[:11] for line in out if 'Epoch' in line] == [
        'Epoch: 0000', 'Epoch: 0001', 'Epoch: 0002', 'Epoch: 0002', 'Epoch: 0003']
    assert 'status 2' in out and out.count('0000') == out.count('0001') == 1
    assert 'part' not in result.stdout
    full, = [line for line in err if 'error' in line]
    assert 'checkpoints/0002 cannot be written' in full and 'Traceback' not in result.stderr
    assert 'going on after epoch 1' in err
    whole = Lab(tmp_path / 'whole', 'basic', small, '--n-hidden', '64', '--epochs', '4')
    assert whole.run() == 0
    for name in 'model.ckpt.index', 'model.ckpt.data-00000-of-00001':
        assert (tmp_path / 'run' / 'checkpoints' / '0003' / name).read_bytes() == whole.read(
            'run', 'checkpoints', '0003', name)


def test_a_strip_that_finds_no_room(small, tmp_path):
    run = '%s %s/gan_basic.py --data %s --run run --samples disk --epochs 1; echo status $?; ls disk' % (
        sys.executable, CHAPTER09, small)
    result = in_a_small_filesystem('8k', run, tmp_path)
    assert result.stdout.splitlines()[-2:] == ['status 2', 'run.txt']
    assert len(result.stderr.splitlines()) == 2
    assert '000.png cannot be written (No space left' in result.stderr


def test_a_folder_made_read_only_half_way(small, tmp_path):
    lab = Lab(tmp_path / 'lab', 'basic', small, '--epochs', '100000')
    with subprocess.Popen([sys.executable, os.path.join(CHAPTER09, 'gan_basic.py'), *lab.argv],
                          encoding='utf-8', stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=drop_roots_privilege) as process:
        for _ in range(3):
            process.stdout.readline()
        os.chmod(lab.path('run', 'checkpoints'), 0o555)
        err = process.communicate(timeout=60)[1].splitlines()
    os.chmod(lab.path('run', 'checkpoints'), 0o755)
    assert process.returncode == 2 and len(err) == 2, err
    assert lab.path('run', 'checkpoints') in err[1] and 'cannot be written (Permission denied)' in err[1]
    newest = int(lab.epochs()[-1])
    assert lab.run('--resume', '--epochs', str(newest + 3)) == 0
    assert 'going on after epoch %d' % newest in lab.lines('stderr')


# --- TensorFlow 1.15's checkpoints

def test_a_run_of_tensorflow_1_15_goes_on_here(program, small, tmp_path):
    """The fixture is what this leaves under TensorFlow 1.15.5, with the small set of these tests:

    python chapter09/gan_conditional.py --epochs 1 --n-hidden 8 --n-noise 16 --data … --run …
    """
    shutil.copytree(os.path.join(FIXTURE, 'run'), str(tmp_path / 'run'))
    status, out, err = program(gan_conditional.main, '--data', small, '--samples', tmp_path / 's',
                               '--epochs', 2, '--resume')
    assert status == 0, err
    assert err[0] == 'going on after epoch 0' and 'TensorFlow 1.15.5' in err[1]
    # The line that TensorFlow 1.15.5 printed when it went on itself.
    assert out[0] == 'Epoch: 0001 D loss: 0.4252 G loss: 1.982'


def test_weights_of_a_tensorflow_1_15_checkpoint_are_taken_up(program, small, tmp_path):
    prefix = os.path.join(FIXTURE, 'run', 'checkpoints', '0000', 'model.ckpt')
    words = ['--data', small, '--samples', tmp_path / 's', '--epochs', 1, '--trace', tmp_path / 't.csv',
             '--n-hidden', 8, '--n-noise', 16]
    assert program(gan_conditional.main, *words, '--init', prefix)[0] == 0
    begun = (tmp_path / 't.csv').read_text()
    reader = tf.train.load_checkpoint(prefix)
    weights = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()
               if name.startswith(('gen', 'disc')) and 'Adam' not in name}
    np.savez(str(tmp_path / 'w.npz'), **weights)
    program(gan_conditional.main, *words, '--init', tmp_path / 'w.npz')
    assert (tmp_path / 't.csv').read_text() == begun
    status, _, err = program(gan_basic.main, *words, '--init', prefix)
    assert status == 2 and len(err) == 1 and 'lacks' in err[0]


# --- progress

def test_progress_shows_on_a_terminal_and_leaves_the_books_lines_alone(small, tmp_path):
    master, slave = os.openpty()
    lab = Lab(tmp_path / 'lab', 'basic', small, '--epochs', '300')
    with subprocess.Popen([sys.executable, os.path.join(CHAPTER09, 'gan_basic.py'), *lab.argv], stderr=slave,
                          stdout=subprocess.PIPE, encoding='utf-8') as process:
        os.close(slave)
        shown = b''
        while b'\r' not in shown[-300:] or len(shown) < 600:
            shown += os.read(master, 1000)
        process.terminate()
        out = process.communicate(timeout=60)[0].splitlines()
    lines = [line.strip() for line in shown.decode().split('\r') if line.strip() and 'seed' not in line]
    assert all(re.fullmatch(r'Epoch: \d{4} D loss: \S+ G loss: \S+', line) for line in out)
    for line in lines[:-1]:
        assert re.fullmatch(r'epoch \d+/300  \d+/s  D loss \S+  G loss \S+  \d:\d\d:\d\d left', line), line
        assert len(line) < 80
    assert len(lines) > 2
