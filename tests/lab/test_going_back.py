"""A checkpoint that is whole by its digests, and yet wrong, costs an epoch and no traceback."""

import os
import zipfile

import numpy as np
import page
import pytest
from processes import Lab
from test_checkpoints import cut, encrypt, sign

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
    set_to(generator_rng='{"state": []}'), set_to(generator_rng='[' * 9), set_to(python_words=np.zeros(5)),
    set_to(python_words=np.full(625, 1e30)), set_to(numpy_keys=np.array('text'))],
    ids=['encrypted', 'cut', 'no array', 'endless position', 'endless iterations', "a generator's list",
         'no JSON', 'too few words', 'large words', 'text'])
def test_a_state_that_is_wrong_is_passed_over(uninterrupted, tmp_path, spoil):
    lab = uninterrupted.copy(tmp_path / 'copy')
    path = tmp_path / 'copy' / 'run' / 'checkpoints' / '0002' / 'state.npz'
    spoil(path)
    sign(path.parent)
    ended = lab.run('--resume')
    assert ended.status == 0 and os.path.dirname(str(path)) + ' is damaged (' in ended.err[0], ended.err
    assert ended.err[1:] == ['going on after epoch 1', 'seed: 7']
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
