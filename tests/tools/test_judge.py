"""The judge reads digits as it says, and its figures are what their formulas say."""

import os

import numpy as np
import pytest
from commanding import command
from make_strips import REFERENCE

import input_data
from tools import judge, reading, results

REFERENCES = results.find(REFERENCE)


@pytest.fixture(scope='module')
def test_set(the_judge):
    """MNIST's test images and what they show."""
    return the_judge.mnist.test.images, the_judge.mnist.test.labels.argmax(axis=1)


def test_it_reads_the_test_images_as_well_as_its_file_says(the_judge, test_set):
    images, labels = test_set
    accuracy = judge.accuracy(the_judge.read(images)[0], labels)
    with np.load(judge.WEIGHTS) as file:
        assert abs(accuracy - file['accuracy']) <= 1e-4
    assert accuracy >= 0.985
    assert os.path.getsize(judge.WEIGHTS) < 1e6


# Measured on TensorFlow 2.21.0 and, to 1e-6, on 1.15.5.
@pytest.mark.parametrize('listing, expected', [
    ('basic', {'commonest': 0.218182, 'evenness': 0.854130, 'confidence': 0.803440, 'frechet': 130.077873,
               'nearest': 0.195712, 'variety': 0.311483, 'margin': 0.001007}),
    ('conditional', {'accuracy': 0.836364, 'commonest': 0.181818, 'evenness': 0.880215,
                     'confidence': 0.956618, 'frechet': 58.727883, 'nearest': 0.167236, 'variety': 0.351288,
                     'margin': 0.001905})])
def test_the_same_images_have_the_same_figures_everywhere(the_judge, test_set, listing, expected):
    strips = REFERENCES[listing].strips
    images = np.concatenate([reading.read(strips[epoch]).digits[-1] for epoch in sorted(strips)])
    labels = np.tile(test_set[1][:10], len(strips)) if listing == 'conditional' else None
    measured = the_judge.measure(images.reshape(-1, 784), labels)
    measured.pop('shares')
    assert measured.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(measured[name], value, rtol=0, atol=1e-4, err_msg=name)


def test_real_digits_have_the_figures_that_the_docstrings_give(the_judge, test_set):
    images, labels = test_set
    measured = the_judge.measure(images, labels)
    assert measured['frechet'] < 1e-6 and measured['accuracy'] > 0.99 and measured['evenness'] > 0.99
    assert round(measured['nearest'], 2) == 0.15 and round(measured['variety'], 2) == 0.37
    assert measured['margin'] < 0.002


def test_noise_is_far_from_every_training_image(the_judge):
    noise = np.random.RandomState(0).uniform(size=(50, 784)).astype(np.float32)
    assert the_judge.nearest(noise).min() > 0.45
    assert abs(judge.margin(noise) - 0.5) < 0.02


def test_the_nearest_image_of_a_copy_is_the_copied(the_judge):
    copied = the_judge.mnist.train.images[[5, 5000, 50000]]
    np.testing.assert_array_equal(the_judge.nearest(copied), 0)
    moved = np.clip(copied, 0, 0.5)
    by_hand = [np.sqrt(np.square(np.float64(the_judge.mnist.train.images[:20000]) - image).mean(axis=1)).min()
               for image in moved]
    assert (the_judge.nearest(moved) <= np.array(by_hand) + 1e-12).all()


def test_figures_by_hand():
    sure = np.eye(10)[[0, 0, 1, 2]] * 0.91 + 0.009
    assert judge.accuracy(sure, np.array([0, 1, 1, 1])) == 0.5
    np.testing.assert_allclose(judge.shares(sure), [0.5, 0.25, 0.25] + [0] * 7)
    np.testing.assert_allclose(judge.evenness(judge.shares(sure)), 1.5 * np.log(2) / np.log(10))
    assert judge.evenness(np.full(10, 0.1)) == pytest.approx(1) and judge.evenness(np.eye(10)[0]) == 0
    np.testing.assert_allclose(judge.confidence(sure), 0.919)


def test_variety_is_the_root_mean_square_over_pairs():
    images = np.random.RandomState(0).uniform(size=(7, 784))
    pairs = [np.square(images[i] - images[j]).mean() for i in range(7) for j in range(i)]
    np.testing.assert_allclose(judge.variety(images), np.sqrt(np.mean(pairs)))
    assert judge.variety(np.repeat(images[:1], 5, axis=0)) < 1e-15


def test_the_frechet_distance_of_normal_distributions_is_known():
    """Of diagonal covariances it is |μ₁ − μ₂|² + Σ (σ₁ − σ₂)²."""
    random = np.random.RandomState(0)
    scale, other_scale = random.uniform(1, 3, 64), random.uniform(1, 3, 64)
    mean = random.uniform(-1, 1, 64)
    # Whitened, so that the sample has exactly the moments it is to have.
    sample = random.normal(size=(2000, 64))
    sample = np.linalg.qr(sample - sample.mean(axis=0))[0] * np.sqrt(1999)
    expected = np.square(mean).sum() + np.square(scale - other_scale).sum()
    found = judge.frechet(judge.moments(sample * scale + mean), judge.moments(sample * other_scale))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert judge.frechet(*map(judge.moments, [sample, sample[::-1]])) == pytest.approx(0, abs=1e-9)


def test_what_is_no_number_has_no_figures(the_judge):
    images = np.zeros((10, 784), np.float32)
    images[3, 5] = np.nan
    measured = the_judge.measure(images, np.arange(10))
    assert measured.keys() == the_judge.measure(images[:3], np.arange(3)).keys()
    assert np.isnan(list(measured.values())).all()


def test_it_learns(small):
    mnist = input_data.read_data_sets(small, one_hot=True)
    trained = judge.Judge(mnist, judge.train(mnist))
    labels = mnist.test.labels.argmax(axis=1)
    assert judge.accuracy(trained.read(mnist.test.images)[0], labels) > 0.5


@pytest.mark.parametrize('words, reason', [([], 'FILE.npz'), (['/nowhere/j.npz'], '/nowhere/j.npz')])
def test_the_command_needs_the_name_of_a_file(words, reason):
    status, out, err = command('judge', *words)
    assert status == 2 and out == [] and len(err) == 1 and reason in err[0]
