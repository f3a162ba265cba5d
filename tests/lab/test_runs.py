"""A run repeats to the byte, survives being killed, and keeps what it has when something fails."""

import functools
import itertools
import json
import math
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess

import numpy as np
import pytest
from conftest import DATA, REFERENCE, drop_roots_privilege, snapshot
from processes import PAGE, REMOUNT, TINY, Lab, fork, in_a_small_filesystem, kill_at_step, mount, run
from test_checkpoints import sign

from lab import checkpoints


def uninterrupted_run(tmp_path_factory, small, path, epochs):
    lab = Lab(tmp_path_factory.mktemp('uninterrupted') / 'lab', path, small, '--epochs', epochs)
    ended = lab.run()
    assert ended.status == 0, ended.err
    return lab


@pytest.fixture(scope='module', params=['basic', 'conditional'])
def name(request):
    return request.param


@pytest.fixture(scope='module')
def chapters(tmp_path_factory, small, name):
    """Eleven epochs of a listing of the chapter."""
    return uninterrupted_run(tmp_path_factory, small, PAGE[name], 11)


@pytest.fixture(scope='module')
def uninterrupted(tmp_path_factory, small):
    """21 epochs of a listing as small as can be."""
    return uninterrupted_run(tmp_path_factory, small, TINY, 21)


@pytest.fixture
def finished(uninterrupted, tmp_path):
    """A copy of the finished run, to be spoilt."""
    return uninterrupted.copy(tmp_path / 'copy')


def refused(ended, *words):
    assert ended.status == 2 and ended.out == [] and len(ended.err) == 1, ended
    for word in words:
        assert str(word) in ended.err[0]


def test_what_a_run_leaves(chapters, name):
    lab = chapters
    assert sorted(os.listdir(lab.path('run'))) == [
        'checkpoints', 'film.bin', 'listing.py', 'losses.csv', 'run.json', 'samples']
    assert sorted(os.listdir(lab.folder)) == [
        'run', 'run.lock', 'samples', 'stderr', 'stdout', 'trace.csv']
    assert lab.epochs() == ['0009', '0010']
    assert sorted(os.listdir(lab.path('run', 'checkpoints', '0010'))) == [
        'digests.json', 'model.ckpt.data-00000-of-00001', 'model.ckpt.index', 'model.ckpt.meta', 'state.npz']
    losses, trace = lab.lines('run', 'losses.csv'), lab.lines('trace.csv')
    assert losses[0] == 'epoch,D loss,G loss,seconds' and len(losses) == 12
    assert trace[0] == 'iteration,D loss,G loss' and len(trace) == 1 + 11 * 6
    out = lab.lines('stdout')
    assert out[-1] == '최적화 완료!' and lab.lines('stderr') == ['seed: 7']
    for epoch, line in enumerate(losses[1:]):
        number, *both, seconds = line.split(',')
        assert int(number) == epoch and both == trace[6 * (epoch + 1)].split(',')[1:] and 0 < float(seconds) < 60
        assert out[epoch] == 'Epoch: %04d D loss: %s G loss: %s' % (
            epoch, *(f'{np.float32(loss):.4}' for loss in both))
    record = json.loads(lab.read('run', 'run.json').decode())
    assert record['state'] == 'finished' and record['format'] == 2 and record['listing'] == name
    assert record['seed'] == 7 and record['epochs'] == 11 and record['machine']['threads'] >= 1
    assert record['numbers']['n_hidden'] == 256 and record['given'] == ['total_epoch']
    assert sorted(record['strips']) == ['000.png', '009.png']
    for strip, digest in record['strips'].items():
        for folder in ('run', 'samples'), ('samples',):
            said = subprocess.run(['sha256sum', lab.path(*folder, strip)], check=True, stdout=subprocess.PIPE)
            assert said.stdout.decode().startswith(digest)
    assert lab.folder not in json.dumps(record), 'a record names nothing outside of its folder'
    with open(PAGE[name], 'rb') as file:
        assert lab.read('run', 'listing.py') == file.read()


def test_the_same_seed_gives_the_same_bytes_in_another_folder_and_in_two_parts(chapters, small, tmp_path, name):
    other = Lab(tmp_path / 'elsewhere' / 'deeper', PAGE[name], small)
    assert other.run('--epochs', '3').status == 0
    ended = other.run('--resume', '--epochs', '11')
    assert [line[7:11] for line in ended.out[:-1]] == ['%04d' % epoch for epoch in range(3, 11)]
    assert other.outcome() == chapters.outcome()


def test_twenty_kills_at_random_instants_change_nothing(uninterrupted, small, tmp_path):
    def start():
        return Lab(tmp_path / str(next(folders)), TINY, small, '--epochs', '21')

    # Every other one is killed within an eighth of the training after an epoch, however fast the machine.
    training = sum(float(line.rsplit(',', 1)[1]) for line in uninterrupted.lines('run', 'losses.csv')[1:])
    kills, resumed, instants, folders = 0, 0, random.Random(7), itertools.count()
    lab = start()
    while kills < 20:
        killed = lab.kill(instants.uniform(0, training / 8 if kills % 2 else 0.5), after_an_epoch=kills % 2)
        kills += killed
        resumed += b'going on after epoch' in lab.read('stderr')
        if not killed:  # it was at its end before
            assert lab.outcome() == uninterrupted.outcome()
            lab = start()
    assert resumed > 3
    ended = lab.run('--resume')
    assert ended.status == 0, ended.err
    assert lab.outcome() == uninterrupted.outcome()


@pytest.mark.soak
def test_a_hundred_kills_over_a_full_size_run(tmp_path, name):
    def start(folder):
        return Lab(tmp_path / folder, PAGE[name], DATA, '--epochs', '100')

    whole, lab, kills, instants = start('whole'), start('killed'), 0, random.Random(7)
    assert whole.run().status == 0
    while kills < 100:
        # Too short, by and large, for a hundred to come through to the end.
        assert lab.kill(instants.uniform(0, 5), after_an_epoch=kills % 4 == 0)
        kills += 1
    assert lab.run('--resume').status == 0
    assert lab.outcome() == whole.outcome()


def test_kills_before_changes_to_files_change_nothing(uninterrupted, small, tmp_path):
    """Each process is killed two steps later than the one before: between the steps of two epochs' ends."""
    lab = Lab(tmp_path / 'killed', TINY, small, '--epochs', '21')
    for step in range(1, 60, 2):
        if lab.run('--resume', kill_at=step).status != -signal.SIGKILL:
            break
    ended = lab.run('--resume')
    assert ended.status == 0, ended.err
    assert lab.outcome() == uninterrupted.outcome()
    assert not [each for _, folders, names in os.walk(lab.folder) for each in folders + names
                if each.endswith('.part')]


# --- going on

def test_nothing_left_to_do(finished, uninterrupted):
    assert finished.run('--resume').out == ['최적화 완료!']
    assert finished.outcome() == uninterrupted.outcome()


def test_an_old_checkpoint_that_a_kill_left_goes(finished, uninterrupted):
    """A run that is killed in its last epoch, between writing a checkpoint and removing the one before the last two."""
    shutil.copytree(finished.path('run', 'checkpoints', '0019'), finished.path('run', 'checkpoints', '0018'))
    assert finished.run('--resume').out == ['최적화 완료!']
    assert finished.outcome() == uninterrupted.outcome()


def test_nothing_to_resume(small, tmp_path):
    ended = Lab(tmp_path / 'lab', TINY, small, '--epochs', 1, '--resume').run()
    assert ended.status == 0 and len(ended.out) == 2
    assert len(ended.err) == 2 and 'nothing to resume in %s' % (tmp_path / 'lab' / 'run') in ended.err[0]


@pytest.mark.parametrize('option, value, named', [
    ('--seed', '8', '--seed 7'), ('--batch-size', '50', '--batch-size 100'),
    ('--learning-rate', '0.5', '--learning-rate 0.1'), ('--n-noise', '8', '--n-noise 4'),
    ('--epochs', '20', '21 epochs')])
def test_another_number_is_refused(finished, option, value, named):
    before = snapshot(finished.folder)
    ended = finished.run('--resume', option, value)
    refused(ended, named)
    assert {path: content for path, content in snapshot(finished.folder).items() if 'std' not in path} == {
        path: content for path, content in before.items() if 'std' not in path}


def test_other_data_another_init_and_another_listing_are_refused(finished, tmp_path):
    np.savez(str(tmp_path / 'init.npz'), G_W=np.zeros([4, 784]), D_W=np.zeros([784, 1]))
    for path, words, named in ((TINY, ['--data', DATA], 'other data'),
                               (TINY, ['--init', tmp_path / 'init.npz'], 'another --init'),
                               (PAGE['basic'], [], 'the tiny_gan listing')):
        refused(run(path, *finished.argv, '--resume', '--epochs', '50', *words, output=finished.folder), named)


def test_a_random_seed_is_kept(small, tmp_path):
    lab = Lab(tmp_path / 'lab', TINY, small)
    first = lab.run('--seed', 'random', '--epochs', 1).err
    assert lab.run('--epochs', 2, '--resume').err == ['going on after epoch 0'] + first
    assert lab.run('--seed', 'random', '--epochs', 2, '--resume').err[-1] == first[0]
    assert lab.run('--seed', 'random', '--epochs', 1).err[-1] != first[-1]


# --- stopping, and being in use

@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_by_a_signal(uninterrupted, small, tmp_path, number, status):
    lab = Lab(tmp_path / 'lab', TINY, small, '--epochs', '21')
    process = lab.start(before=functools.partial(kill_at_step, 60, number))
    process.join(60)
    assert process.exitcode == status
    seed, message = lab.lines('stderr')
    assert signal.Signals(number).name in message and '--resume (make: RESUME=1)' in message
    assert 'the checkpoint of epoch %d stays in %s' % (int(lab.epochs()[-1]), lab.path('run')) in message
    assert json.loads(lab.read('run', 'run.json').decode())['state'] == 'stopped'
    assert lab.run('--resume').status == 0
    assert lab.outcome() == uninterrupted.outcome()


def test_a_run_in_use_is_refused_until_its_process_is_gone(small, tmp_path):
    lab = Lab(tmp_path / 'lab', TINY, small, '--epochs', '100000')
    process = lab.start()
    lab.wait_for('stdout', text=b'Epoch: 0000')
    for words, named in (([], lab.path('run')), (['--resume'], lab.path('run')),
                         (['--run', tmp_path / 'other'], lab.path('samples')),
                         (['--run', tmp_path / 'other', '--samples', tmp_path / 's'], lab.path('trace.csv'))):
        refused(run(lab.listing, *lab.argv, *words, output=tmp_path), named + ' is in use by another run')
    assert process.is_alive()
    process.kill()
    process.join()
    assert lab.run('--resume', '--epochs', int(lab.epochs()[-1]) + 2).status == 0
    assert not os.path.exists(lab.path('trace.csv.lock'))


# --- numbers that stop being numbers

def test_losses_that_are_no_numbers_end_the_run(small, tmp_path):
    lab = Lab(tmp_path / 'lab', PAGE['basic'], small, '--epochs', 500, '--learning-rate', '0.02')
    ended = lab.run()
    assert ended.status == 3 and 1 <= len(ended.out) < 500, ended.err
    where = re.search(r'epoch (\d+), iteration (\d) of 6: the ([DG]) loss is (-inf|nan)\. .*float32', ended.err[-1])
    assert where, ended.err
    epoch, iteration, loss, value = where.groups()
    last = dict(zip('iDG', lab.lines('trace.csv')[-1].split(',')))
    assert int(last['i']) == 6 * int(epoch) + int(iteration) - 1 and last[loss] == value
    assert 'the checkpoint of epoch %d stays in %s' % (int(epoch) - 1, lab.path('run')) in ended.err[-1]
    assert json.loads(lab.read('run', 'run.json').decode())['state'] == 'not finite'
    assert lab.epochs()[-1] == '%04d' % (int(epoch) - 1)
    again = lab.run('--resume')
    assert again.status == 3 and again.err[-1] == ended.err[-1]


def test_saturated_logits_end_a_conditional_run(small, tmp_path):
    with np.load(os.path.join(REFERENCE, 'conditional', 'init.npz')) as file:
        weights = dict(file)
    weights['discriminator/dense_1/kernel'][:] = 3e38
    np.savez(str(tmp_path / 'w.npz'), **weights)
    ended = Lab(tmp_path / 'lab', PAGE['conditional'], small, '--init', tmp_path / 'w.npz').run()
    assert ended.status == 3 and ended.out == []
    assert re.search(r'epoch 0, iteration 1 of 6: the D loss is (inf|nan)\.', ended.err[-1]), ended.err
    assert 'there is no checkpoint yet' in ended.err[-1]


def test_weights_that_are_no_numbers_are_not_kept(small, tmp_path):
    """The last step of an epoch may spoil the weights after its losses have been computed."""
    with open(PAGE['basic'], encoding='utf-8') as file:
        text = file.read()
    step = "        _, loss_val_G = sess.run([train_G, loss_G], feed_dict={Z: noise})\n"
    assert step in text
    listing = tmp_path / 'spoilt.py'
    listing.write_text(text.replace(step, step + (
        "        if epoch == 2 and i == total_batch - 1:\n"
        "            sess.run(G_b1.assign(G_b1 + np.nan))\n")), encoding='utf-8')
    ended = Lab(tmp_path / 'lab', listing, small, '--epochs', 9).run()
    assert ended.status == 3 and len(ended.out) == 3
    assert 'epoch 2, iteration 6 of 6: the weights are no finite numbers' in ended.err[-1]
    assert sorted(os.listdir(str(tmp_path / 'lab' / 'run' / 'checkpoints'))) == ['0000', '0001']


# --- faults of the disk

@pytest.mark.parametrize('file', ['model.ckpt.index', 'model.ckpt.data-00000-of-00001', 'model.ckpt.meta', 'state.npz',
                                  'digests.json'])
@pytest.mark.parametrize('damage', ['cut', 'flip', 'gone'])
def test_a_damaged_checkpoint_is_passed_over(finished, uninterrupted, file, damage):
    path = finished.path('run', 'checkpoints', '0020', file)
    with open(path, 'rb') as opened:
        content = bytearray(opened.read())
    if damage == 'gone':
        os.remove(path)
    else:
        content[len(content) // 2] ^= 0x10
        with open(path, 'wb') as opened:
            opened.write(content if damage == 'flip' else content[:-20])
    ended = finished.run('--resume')
    assert ended.status == 0 and len(ended.out) == 2, ended.err
    assert finished.path('run', 'checkpoints', '0020') + ' cannot be used' in ended.err[0]
    assert ended.err[1] == 'going on after epoch 19'
    assert finished.outcome() == uninterrupted.outcome()


@pytest.mark.parametrize('spoil', [
    lambda state: state.pop('numpy/keys'), lambda state: state.pop('set/mnist.train/order'),
    lambda state: state.update({'set/mnist.train/order': np.array([7, 600])}),
    lambda state: state.update({'numpy/keys': np.zeros(3)}), lambda state: state.update({'lab/D loss': np.zeros(0)}),
    lambda state: state.clear()], ids=['lacks keys', 'lacks an order', 'indices', 'keys', 'losses', 'empty'])
def test_a_state_that_is_whole_and_wrong_is_passed_over(finished, uninterrupted, spoil):
    folder = pathlib.Path(finished.path('run', 'checkpoints', '0020'))
    with np.load(str(folder / 'state.npz')) as file:
        state = dict(file)
    spoil(state)
    np.savez(str(folder / 'state.npz'), **state)
    sign(folder)
    ended = finished.run('--resume')
    assert ended.status == 0 and ended.err[1] == 'going on after epoch 19', ended.err
    assert finished.outcome() == uninterrupted.outcome()


def test_two_damaged_checkpoints_end_it(finished):
    for epoch in finished.epochs():
        os.remove(finished.path('run', 'checkpoints', epoch, 'state.npz'))
    ended = finished.run('--resume')
    assert ended.status == 2 and ended.out == [] and 'holds no whole checkpoint' in ended.err[-1]


def test_what_is_left_of_a_run_without_checkpoints_is_not_written_over(finished):
    shutil.rmtree(finished.path('run', 'checkpoints'))
    before = snapshot(finished.folder)
    ended = finished.run('--resume')
    assert ended.status == 2 and 'holds no whole checkpoint: start anew without --resume' in ended.err[-1]
    assert {name: text for name, text in snapshot(finished.folder).items() if not name.endswith(('stderr', 'stdout'))} \
        == {name: text for name, text in before.items() if not name.endswith(('stderr', 'stdout'))}


def test_names_that_are_no_epochs_are_passed_over(finished, uninterrupted):
    for each in '²', 'x', '-1':
        os.mkdir(finished.path('run', 'checkpoints', each))
    open(finished.path('run', 'checkpoints', '0099'), 'w').close()
    assert finished.run('--resume').err == [
        'all its epochs are done already (21): for more, raise --epochs (make: EPOCHS=…, lab.Run: epochs=…)', 'seed: 7']


def record_with(change):
    def write(record):
        return json.dumps(dict(record, **change))
    return write


@pytest.mark.parametrize('write, named', [
    (record_with({'format': 1}), 'is of format 1, and this version knows format 2'),
    (record_with({'format': 3}), 'is of format 3, and this version knows format 2'),
    (record_with({'format': [2]}), 'is of format'), (lambda record: '{"format": 2, ', 'cannot be read'),
    (lambda record: '[' * 100000, 'cannot be read'), (lambda record: '[]', 'cannot be read'),
    (lambda record: '', 'cannot be read'), (record_with({'strips': {'../../x.png': ''}}), 'names strips'),
    *((record_with({'id': name}), 'its id or seed is none') for name in ('a\0b', '/../../etc', 'a\ud800')),
    *((record_with({'seed': seed}), 'its id or seed is none') for seed in (-1, 2 ** 40)),
    (record_with({'machine': {'processor': '\ud800'}}), 'it holds what is no text'),
    *((record_with({field: value}), "its %s is missing or of another kind" % field) for field, value in {
        'id': 3, 'seed': '7', 'numbers': [], 'given': 'all', 'versions': None, 'strips': [], 'resumed': {}, 'feeds': 1,
        'noise': 'x', 'data': 5, 'machine': [[]], 'epochs': True}.items()),
    *((record_with({'resumed': [entry]}), 'its resumed is missing or of another kind') for entry in (
        {}, {'after_epoch': '0'}, {'after_epoch': 0, 'changed': 5}, {'after_epoch': 0, 'changed': [5]}))])
def test_a_record_that_is_none(finished, write, named):
    record = json.loads(finished.read('run', 'run.json').decode())
    with open(finished.path('run', 'run.json'), 'w') as file:
        file.write(write(record))
    before = snapshot(finished.path('run'))
    refused(finished.run('--resume'), named, finished.path('run', 'run.json'))
    assert snapshot(finished.path('run')) == before


@pytest.mark.parametrize('name, value', [
    ('n_noise', -1), ('n_noise', 0.5), ('batch_size', 0), ('learning_rate', math.nan)])
def test_a_number_of_a_record_that_no_option_takes_is_refused(finished, name, value):
    record = json.loads(finished.read('run', 'run.json').decode())
    record['numbers'][name], record['given'] = value, [name]
    with open(finished.path('run', 'run.json'), 'w') as file:
        json.dump(record, file)
    refused(finished.run('--resume'), 'argument --' + name.replace('_', '-'))


def test_a_part_of_a_checkpoint_that_is_a_file_or_a_link_does_not_stand_in_the_way(finished):
    os.symlink('/nowhere', finished.path('run', 'checkpoints', '0021.part'))
    open(finished.path('run', 'checkpoints', '0022.part'), 'w').close()
    assert finished.run('--resume', '--epochs', 23).status == 0
    assert finished.epochs() == ['0021', '0022']


def test_a_listing_of_a_million_lines_there_is_told_at_once(finished):
    with open(finished.path('run', 'listing.py'), 'w') as file:
        file.write('\n' * (2 ** 20 - 1))
    ended = finished.run('--resume')
    assert ended.status == 0 and 'the listing has changed since (lines 1-' in ended.err[1], ended


def fill_and_make_room(folder, data):
    """Trains where there is no room for the third epoch, makes room and goes on; returns what was there by then."""
    def train():
        return fork(TINY, '--data', data, '--run', os.path.join(folder, 'disk', 'run'),
                    '--samples', os.path.join(folder, 'strips'), '--n-noise', 300, '--epochs', 4, '--resume',
                    output=folder)
    full = train()
    left = [name for _, folders, names in os.walk(os.path.join(folder, 'disk')) for name in folders + names]
    mount('tmpfs', os.path.join(folder, 'disk'), flags=REMOUNT, size='9m')
    return full, left, train(), snapshot(os.path.join(folder, 'disk', 'run', 'checkpoints', '0003'))


def test_a_full_disk_costs_one_epoch_at_most(small, tmp_path):
    # Room for two checkpoints of 1.0 MB; the third is written before the first goes.
    full, left, ended, checkpoint = in_a_small_filesystem(tmp_path, '2500k', fill_and_make_room, small)
    assert full.status == 2 and [line[:11] for line in full.out] == ['Epoch: %04d' % epoch for epoch in range(3)]
    assert len(full.err) == 3 and 'checkpoints/0002 cannot be written (' in full.err[-1], full.err
    assert 'No space left on device): make room' in full.err[-1]
    assert {'0000', '0001'} < set(left) and not [name for name in left if 'part' in name or name == '0002']
    assert ended.status == 0 and ended.err == ['going on after epoch 1', 'seed: 7']
    assert [line[:11] for line in ended.out[:-1]] == ['Epoch: 0002', 'Epoch: 0003']
    whole = Lab(tmp_path / 'whole', TINY, small, '--n-noise', '300', '--epochs', '4')
    assert whole.run().status == 0
    written = {os.path.basename(path): content for path, content in checkpoint.items()}
    for each in checkpoints.FILES:
        assert written[each] == whole.read('run', 'checkpoints', '0003', each)


def test_a_folder_made_read_only_half_way(small, tmp_path):
    lab = Lab(tmp_path / 'lab', TINY, small, '--epochs', '100000')
    process = lab.start(before=drop_roots_privilege)
    lab.wait_for('stdout', text=b'Epoch: 0002')
    os.chmod(lab.path('run', 'checkpoints'), 0o555)
    process.join(60)
    os.chmod(lab.path('run', 'checkpoints'), 0o755)
    err = lab.lines('stderr')
    assert process.exitcode == 2 and len(err) == 2, err
    assert lab.path('run', 'checkpoints') in err[1] and 'cannot be written (Permission denied)' in err[1]
    newest = int(lab.epochs()[-1])
    ended = lab.run('--resume', '--epochs', str(newest + 3))
    assert ended.status == 0 and 'going on after epoch %d' % newest in ended.err


# --- paths

@pytest.mark.parametrize('folder', ['hw[1]/a*b?/with space', 'a\nb/a\u0085b/a\u2028b', '한글/\\'])
def test_a_path_of_any_letters(small, tmp_path, folder):
    os.makedirs(str((tmp_path / folder).parent))
    lab = Lab(tmp_path / folder, TINY, small, '--epochs', 1)
    assert lab.run().status == 0, lab.lines('stderr')
    ended = lab.run('--resume', '--epochs', 2)
    assert ended.status == 0 and ended.err == ['going on after epoch 0', 'seed: 7'], ended
    assert sorted(os.listdir(lab.path('samples'))) == ['.strips', '000.png']


def test_a_path_that_is_no_utf_8_is_refused_before_anything(small, tmp_path):
    ended = run(TINY, '--data', small, '--run', os.fsencode(tmp_path / 'a').decode() + '\udcff',
                '--samples', tmp_path / 's', output=tmp_path)
    refused(ended, '--run', 'UTF-8')
    assert sorted(os.listdir(str(tmp_path))) == ['stderr', 'stdout']


def test_a_run_goes_on_where_it_has_been_moved_to(finished, tmp_path):
    """Renamed, and beside a copy of itself, with the numbers that it was begun with."""
    shutil.copytree(finished.path('run'), str(tmp_path / 'theirs'))
    before = snapshot(finished.folder)
    ended = run(TINY, '--data', finished.argv[1], '--run', tmp_path / 'theirs', '--samples', tmp_path / 's',
                '--resume', '--epochs', 22, output=tmp_path)
    assert ended.status == 0 and ended.err[0] == 'going on after epoch 20', ended.err
    assert snapshot(finished.folder) == before
    assert sorted(os.listdir(str(tmp_path / 's'))) == ['.strips', '000.png', '009.png', '019.png']
