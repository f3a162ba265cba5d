"""A run of TensorFlow 1.15.5 goes on under today's TensorFlow.

tf115-conditional/ is what this leaves under TensorFlow 1.15.5 and Python 3.7, with the small set of these tests:

    python chapter09/gan_conditional.py --epochs 1 --n-hidden 8 --n-noise 16 --data … --run …
"""

import os
import shutil

import pytest
import tensorflow.compat.v1 as tf
from conftest import snapshot
from processes import PAGE, run

from lab import checkpoints, records

FIXTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'tf115-conditional', 'run')


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FIXTURE, str(tmp_path / 'run'))


def test_it_goes_on_with_the_loss_that_1_15_5_gives(folder, small, tmp_path):
    ended = run(PAGE['conditional'], '--data', small, '--run', folder, '--samples', tmp_path / 's', '--epochs', 2,
                '--resume', output=tmp_path)
    assert ended.status == 0, ended.err
    assert ended.err[0] == 'going on after epoch 0'
    assert 'begun with Python 3.7.16, TensorFlow 1.15.5' in ended.err[1] and tf.__version__ in ended.err[1]
    # The line that TensorFlow 1.15.5 printed when it went on itself; in full 0.425217807 and 1.98204947.
    assert ended.out[0] == 'Epoch: 0001 D loss: 0.4252 G loss: 1.982'
    losses = records.losses(folder)
    assert losses[0][1:3] == (0.705259323, 1.28199005), 'as 1.15.5 wrote it'
    assert losses[1][1:3] == pytest.approx((0.425217807, 1.98204947), rel=1e-5)
    assert (tmp_path / 's' / '000.png').read_bytes() == snapshot(FIXTURE)[os.path.join(FIXTURE, 'samples', '000.png')]


def test_its_weights_can_be_started_from(folder, small, tmp_path):
    """A checkpoint of 1.15.5 as --init begins where 1.15.5 ended: with its G, and a new Adam."""
    path = checkpoints.path_of(os.path.join(folder, records.CHECKPOINTS), 0)
    ended = run(PAGE['conditional'], '--data', small, '--run', tmp_path / 'mine', '--samples', tmp_path / 's',
                '--n-hidden', 8, '--n-noise', 16, '--epochs', 1, '--init', path, output=tmp_path)
    assert ended.status == 0, ended.err
    (_, D_loss, _, _), = records.losses(str(tmp_path / 'mine'))
    assert D_loss < 0.6, 'an epoch from nothing comes to 0.705, two to 0.425'
    ended = run(PAGE['basic'], '--data', small, '--run', tmp_path / 'basic', '--samples', tmp_path / 's',
                '--init', path, output=tmp_path)
    assert ended.status == 2 and len(ended.err) == 1 and 'lacks' in ended.err[0]
