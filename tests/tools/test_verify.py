"""The replay of TensorFlow 1.15.5's first epoch finds what trains otherwise. That the listings hold: `make verify`."""

import math
import os
import shutil

import pytest
from make_strips import REFERENCE, edited
from processes import PAGE

from lab.errors import BadInput
from tools import verify

LIMITS = {10: 1e-6, 100: 1e-3, 550: 5e-2, 'pixels': 0.01}


@pytest.mark.parametrize('key', LIMITS)
def test_one_figure_out_of_bounds_is_enough(key):
    assert verify.holds({name: 0.99 * limit for name, limit in LIMITS.items()})
    for bad in 1.01 * LIMITS[key], math.inf, math.nan:
        assert not verify.holds({**dict.fromkeys(LIMITS, 0.0), key: bad})


def test_a_listing_that_trains_otherwise_from_some_iteration_on_is_found(tmp_path, monkeypatch):
    """Until then it reproduces TensorFlow 1.15.5's losses."""
    monkeypatch.setenv('PYTHONPATH', os.path.dirname(PAGE['basic']))
    listing = tmp_path / 'my_gan.py'
    training = '        _, loss_val_G = sess.run([train_G'
    text = edited('basic', [(training, '        noise = noise * (i < 300)\n' + training)])
    listing.write_text(text, encoding='utf-8')
    measured, versions = verify.replay(str(listing), os.path.join(REFERENCE, 'basic'))
    assert measured[10] <= LIMITS[10] and measured[100] <= LIMITS[100]
    assert measured[550] > LIMITS[550] and measured['pixels'] > LIMITS['pixels'] and not verify.holds(measured)
    assert {'TensorFlow', 'numpy', 'matplotlib'} <= versions.keys()
    assert os.listdir(str(tmp_path)) == ['my_gan.py']


@pytest.mark.parametrize('name, content', [
    ('trace.csv', None), ('trace.csv', ''), ('trace.csv', 'diary'), ('trace.csv', 'i,D,G\n0,1,1\n1,1\n'),
    ('strips.npz', None), ('strips.npz', 'PK')])
def test_a_damaged_reference_is_one_line(tmp_path, name, content):
    reference = tmp_path / 'basic'
    shutil.copytree(os.path.join(REFERENCE, 'basic'), str(reference))
    (reference / name).unlink()
    if content is not None:
        (reference / name).write_text(content)
    with pytest.raises(BadInput, match='basic is damaged'):
        verify.replay(PAGE['basic'], str(reference))


@pytest.mark.parametrize('text, words', [
    ('import sys\nimport my_gan  # beside itself\nsys.exit("my own words")\n', 'ended with status 1: my own words'),
    ('import sys\nopen(sys.argv[sys.argv.index("--trace") + 1], "w").write("i,D,G\\n0,1,2\\n1,1,2\\n")\n'
     'import os, shutil\nshutil.copytree(%r, sys.argv[sys.argv.index("--run") + 1])\n'
     % os.path.join(REFERENCE, 'basic'), 'had 2 iterations in its epoch, not 550')])
def test_a_listing_that_does_not_do_its_epoch_is_one_line(tmp_path, monkeypatch, text, words):
    monkeypatch.setenv('PYTHONSAFEPATH', '1')
    (tmp_path / 'my_gan.py').write_text(text)
    with pytest.raises(BadInput, match=words) as end:
        verify.replay(str(tmp_path / 'my_gan.py'), os.path.join(REFERENCE, 'basic'))
    assert str(tmp_path) in str(end.value) and '\n' not in str(end.value)
