"""A checkpoint that is whole by its digests, and yet wrong, costs an epoch and no traceback."""

import os
import zipfile

import numpy as np
import page
import pytest
from processes import Lab, run
from test_checkpoints import cut, encrypt, sign

from conftest import drop_roots_privilege, snapshot

DRAWS = ("import numpy as np\n", "import numpy as np\nrng = np.random.default_rng(3)\n")
ITERATION = "        noise = get_noise(batch_size, n_noise)\n"


@pytest.fixture(scope='module')
def uninterrupted(small, tmp_path_factory):
    """Three epochs of a listing that has a generator of its own."""
    folder = tmp_path_factory.mktemp('going_back')
    listing = folder / 'my_gan.py'
    listing.write_text(page.edited('tiny', DRAWS, (ITERATION, ITERATION + "        noise += rng.normal()\n")),
                       encoding='utf-8')
    lab = Lab(folder / 'lab', listing, small, '--epochs', 3)
    assert lab.run().status == 0, lab.lines('stderr')
    return lab


def set_to(**arrays):
    """Replaces arrays of a state, by their names with _ for /."""
    def spoil(path):
        with np.load(str(path)) as file:
            state = dict(file)
        for name, array in arrays.items():
            name = name.replace('__', ' ').replace('_', '/', 1)
            assert name in state, name
            state[name] = array
        np.savez(str(path), **state)
    return spoil


def no_array(path):
    """Puts text in the place of an array, which numpy reads as bytes."""
    with np.load(str(path)) as file:
        state = dict(file)
    del state['lab/D loss']
    np.savez(str(path), **state)
    with zipfile.ZipFile(str(path), 'a') as packed:
        packed.writestr('lab/D loss.npy', b'no array at all')


@pytest.mark.parametrize('spoil', [
    encrypt, cut, no_array, set_to(numpy_position=np.inf), set_to(lab_iterations=np.full(3, np.inf)),
    set_to(generator_rng='{"state": []}'), set_to(generator_rng='[' * 9), set_to(generator_rng='[' * 10 ** 5),
    set_to(python_words=np.zeros(5)), set_to(python_words=np.full(625, 1e30)),
    set_to(numpy_keys=np.array('text')), set_to(numpy_position=700),
    set_to(numpy_keys=np.full(624, .5)), set_to(numpy_keys=np.zeros(624, np.uint32)),
    set_to(numpy_position=-10 ** 9), set_to(**{'lab_D__loss': np.full(3, 'text')}), set_to(lab_seconds=np.full(3, 1j)),
    set_to(**{'set_mnist.train/index_in_epoch': -7}), set_to(**{'set_mnist.train/num_examples': 10 ** 6}),
    set_to(**{'set_mnist.train/num_examples': 99}), set_to(**{'set_mnist.train/index_in_epoch': 50.5}),
    set_to(**{'set_mnist.train/order': np.zeros(600, int)}), set_to(numpy_has_gauss=7)],
    ids=['encrypted', 'cut', 'no array', 'endless position', 'endless iterations', "a generator's list",
         'no JSON', 'JSON without end', 'too few words', 'large words', 'text', 'a later position', 'halves', 'zeros',
         'a negative position', 'losses of text', 'complex seconds', 'a negative place', 'more than there are',
         'a place beyond the end', 'half a place', 'one image again and again', 'seven numbers left over'])
def test_a_state_that_is_wrong_is_passed_over(uninterrupted, tmp_path, spoil):
    lab = uninterrupted.copy(tmp_path / 'copy')
    path = tmp_path / 'copy' / 'run' / 'checkpoints' / '0002' / 'state.npz'
    spoil(path)
    sign(path.parent)
    ended = lab.run('--resume')
    assert ended.status == 0 and os.path.dirname(str(path)) + ' cannot be used (' in ended.err[0], ended.err
    assert ended.err[1:] == ['going on after epoch 1', 'seed: 7']
    assert lab.outcome() == uninterrupted.outcome()


def test_an_index_that_is_none_is_passed_over(uninterrupted, tmp_path):
    lab = uninterrupted.copy(tmp_path / 'copy')
    path = tmp_path / 'copy' / 'run' / 'checkpoints' / '0002' / 'model.ckpt.index'
    path.write_bytes(b'no index' * 100)
    sign(path.parent)
    ended = lab.run('--resume')
    assert ended.status == 0 and os.path.dirname(str(path)) + ' cannot be used (' in ended.err[0], ended.err
    assert lab.outcome() == uninterrupted.outcome()


@pytest.mark.parametrize('trace, named', [
    ('iteration,D loss,G loss\n' + '0,1,1\n' * 18, 'the trace of another run'), ('diary\n', 'is no trace'),
    (None, 'no trace')])
def test_a_trace_that_is_not_of_the_epochs_done_is_refused(uninterrupted, tmp_path, trace, named):
    lab = uninterrupted.copy(tmp_path / 'copy')
    (tmp_path / 'copy' / 'trace.csv').unlink()
    if trace:
        (tmp_path / 'copy' / 'trace.csv').write_text(trace)
    before = lab.outcome() if trace else None
    ended = lab.run('--resume', '--epochs', 9)
    assert ended.status == 2 and ended.out == [] and named in ended.err[-1], ended
    assert ended.err[:-1] == ['going on after epoch 2']
    assert lab.outcome() == before if trace else not (tmp_path / 'copy' / 'trace.csv').exists()


def test_a_damaged_checkpoint_is_not_removed_by_a_run_that_is_refused(uninterrupted, tmp_path):
    lab = uninterrupted.copy(tmp_path / 'copy')
    cut(tmp_path / 'copy' / 'run' / 'checkpoints' / '0002' / 'state.npz')
    (tmp_path / 'copy' / 'trace.csv').write_text('diary\n')
    before = snapshot(tmp_path / 'copy' / 'run')
    ended = lab.run('--resume', '--epochs', 9)
    assert ended.status == 2 and 'passed over' in ended.err[0] and 'is no trace' in ended.err[-1], ended
    assert snapshot(tmp_path / 'copy' / 'run') == before


@pytest.mark.parametrize('closed', ['checkpoints', 'checkpoints/0002', 'checkpoints/0002/state.npz'])
def test_a_checkpoint_that_may_not_be_read_is_not_written_over(uninterrupted, tmp_path, closed):
    lab = uninterrupted.copy(tmp_path / 'copy')
    path = tmp_path / 'copy' / 'run' / closed
    before = snapshot(tmp_path / 'copy' / 'run')
    mode = path.stat().st_mode
    path.chmod(0)
    ended = run(lab.listing, *lab.argv, '--resume', '--epochs', 9, output=lab.folder, before=drop_roots_privilege)
    path.chmod(mode)
    assert ended.status == 2 and len(ended.err) == 1 and ended.out == [], ended
    place = path.parent if path.suffix else path
    assert '%s cannot be read (Permission denied): let it be read' % place in ended.err[0]
    assert snapshot(tmp_path / 'copy' / 'run') == before


@pytest.mark.parametrize('name, status', [('0003', 2), ('0008', 2), ('0009', 0), ('00003', 0)])
def test_what_has_the_name_of_a_checkpoint_to_come_is_told_before_a_run_goes_on(uninterrupted, tmp_path, name, status):
    lab = uninterrupted.copy(tmp_path / 'copy')
    (tmp_path / 'copy' / 'run' / 'checkpoints' / name).mkdir()
    (tmp_path / 'copy' / 'run' / 'checkpoints' / name / 'mine').write_text('mine')
    before = snapshot(tmp_path / 'copy' / 'run')
    ended = lab.run('--resume', '--epochs', 9)
    assert ended.status == status and ended.err[0] == 'going on after epoch 2', ended
    assert (tmp_path / 'copy' / 'run' / 'checkpoints' / name / 'mine').read_text() == 'mine'
    if status:
        assert ended.err[1:] == ['my_gan.py: error: %s is no checkpoint of the run: move it away'
                                 % (tmp_path / 'copy' / 'run' / 'checkpoints' / name)]
        assert snapshot(tmp_path / 'copy' / 'run') == before
