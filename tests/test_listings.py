"""The two listings are the page: its lines in its order, its graph, and its losses without anything around it."""

import ast
import difflib
import io
import os
import re
import tokenize

import numpy as np
import page
import pytest
from conftest import read_bytes
from processes import PAGE, Lab, script

from lab import listings, onednn

NAMES = sorted(listings.CHAPTER)


def logical_lines(text):
    """The logical lines of a program, without comments, and with white space that means nothing taken out."""
    lines, words = [], []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            lines.append(' '.join(words))
            words = []
        elif token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            words.append(token.string)
    return lines


@pytest.mark.parametrize('name, lines, kept, own', [('basic', 62, 56, 9), ('conditional', 65, 53, 17)])
def test_the_pages_lines_stand_in_the_script_in_their_order(name, lines, kept, own):
    pages, ours = logical_lines(page.PAGES[name]), logical_lines(page.text(name))
    assert len(pages) == lines
    matcher = difflib.SequenceMatcher(None, pages, ours, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    assert same >= kept and len(ours) - same <= own, sorted(set(ours) - set(pages))


@pytest.mark.parametrize('name, steps', [('basic', range(1, 14)), ('conditional', range(1, 11))])
def test_the_pages_steps_are_found_in_their_order(name, steps):
    section = {'basic': '9.1', 'conditional': '9.2'}[name]
    found = re.findall(r'^ *# (?:%% )?' + re.escape(section) + r'-(\d+) ', page.text(name), re.M)
    assert [int(step) for step in found] == list(steps)


def test_a_listing_begins_nothing_of_its_own():
    """What is not the page's says so: it begins with lab or run."""
    for name in NAMES:
        pages = set(logical_lines(page.PAGES[name]))
        for line in set(logical_lines(page.text(name))) - pages:
            assert re.match(r'import |tf \. disable_v2|learning_rate = 0.001$', line) or re.search(
                r'\b(lab|run|layers|learning_rate) ', line), line


@pytest.mark.parametrize('name', NAMES)
def test_without_the_lab_the_losses_are_the_same_to_the_last_bit(small, tmp_path, name):
    alone = page.write_alone(tmp_path / 'alone', page.without_lab(page.text(name), small, epochs=3))
    (alone.parent / 'lab.py').write_text("raise ImportError('there is no lab here')")
    # In a Python of its own: in one that has loaded the lab and the chapter's libraries, they would be found.
    # Of oneDNN TensorFlow's own choice is another than the lab's on some processors, and so are the last bits.
    environment = dict(onednn.variables([]), **os.environ)
    environment.pop('PYTHONPATH', None)
    plain = script(alone, cwd=str(tmp_path), env=dict(environment, MPLBACKEND='Agg'))
    assert plain.status == 0, plain.err
    losses = [line.split()[1:] for line in plain.out if line.startswith('trace')]
    lab = Lab(tmp_path / 'lab', PAGE[name], small, '--epochs', 3)
    with_lab = lab.run()
    assert [line.split(',')[1:] for line in lab.lines('trace.csv')[1:]] == losses and len(losses) == 18
    assert with_lab.out == [line for line in plain.out if not line.startswith('trace')]


# --- the graph

@pytest.fixture(params=NAMES)
def gan(request, fresh_graph):
    """The listing's names, a session, and a batch that it can be fed with."""
    names = page.built(page.text(request.param))
    tf = fresh_graph
    xs = read_bytes('train-images-idx3-ubyte.gz')[:100].reshape(100, 784) / 255
    names['feed'] = {names['X']: xs, names['Z']: names['get_noise'](100, 128)}
    if 'Y' in names:
        names['feed'][names['Y']] = np.eye(10)[read_bytes('train-labels-idx1-ubyte.gz')[:100]]
    names['of_D'] = names.get('D_var_list') or names['vars_D']
    names['of_G'] = names.get('G_var_list') or names['vars_G']
    names['listing'] = request.param
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        names['sess'] = sess
        yield names


def test_variables_are_the_chapters(gan):
    shapes = [variable.shape.as_list() for variable in gan['of_G'] + gan['of_D']]
    more = 10 * (gan['listing'] == 'conditional')
    assert shapes == [[128 + more, 256], [256], [256, 784], [784], [784 + more, 256], [256], [256, 1], [1]]
    arrays = gan['sess'].run(gan['of_G'] + gan['of_D'])
    for array in arrays:
        if array.ndim == 1:
            assert not array.any()
        elif more:  # glorot-uniform, as tf.layers.dense had it
            limit = np.sqrt(6 / sum(array.shape))
            assert 0.9 * limit < np.abs(array).max() <= limit
        else:  # 256 draws at least: the deviation is known to some 5 %
            assert abs(array.std() - 0.01) < 0.0015 and abs(array.mean()) < 0.002
            assert array.size < 1000 or np.abs(array).max() > 0.03, 'truncated'
    # Eight of the networks and, for each of the two Adams, two slots each and two powers: no more.
    tf = gan['tf']
    assert len(tf.trainable_variables()) == 8 and len(tf.global_variables()) == 8 + 2 * 8 + 2 * 2


def test_names_in_a_checkpoint_are_tensorflow_1_15s(gan):
    tf = gan['tf']
    names = [v.op.name for v in tf.trainable_variables()]
    if gan['listing'] == 'basic':
        assert names == ['Variable'] + ['Variable_%d' % i for i in range(1, 8)]
        slots = {'Variable/Adam', 'Variable_7/Adam_1'}
    else:
        assert names == ['%s/%s/%s' % (scope, layer, part) for scope in ('generator', 'discriminator')
                         for layer in ('dense', 'dense_1') for part in ('kernel', 'bias')]
        slots = {'generator/dense/kernel/Adam', 'discriminator/dense_1/bias/Adam_1'}
    assert slots | {'beta1_power', 'beta2_power_1'} < {v.op.name for v in tf.global_variables()}


def test_losses_are_the_chapters_formulas(gan):
    D_real, D_gene, loss_D, loss_G = gan['sess'].run(
        [gan[name] for name in ('D_real', 'D_gene', 'loss_D', 'loss_G')], gan['feed'])
    assert D_real.shape == D_gene.shape == (100, 1)
    if gan['listing'] == 'conditional':
        np.testing.assert_allclose(loss_D, np.mean(np.log1p(np.exp(-D_real))) + np.mean(np.log1p(np.exp(D_gene))), 1e-5)
        np.testing.assert_allclose(loss_G, np.mean(np.log1p(np.exp(-D_gene))), rtol=1e-5)
    else:
        assert ((D_real > 0) & (D_real < 1)).all()
        np.testing.assert_allclose(loss_D, np.mean(np.log(D_real) + np.log(1 - D_gene)), rtol=1e-5)
        np.testing.assert_allclose(loss_G, np.mean(np.log(D_gene)), rtol=1e-5)


def test_networks_compute_what_the_page_says(gan):
    w = gan['sess'].run(gan['of_G'] + gan['of_D'])
    images, D_gene = gan['sess'].run([gan['G'], gan['D_gene']], gan['feed'])
    labels = [gan['feed'][gan['Y']]] if 'Y' in gan else []

    def network(inputs, W1, b1, W2, b2):
        return np.maximum(np.concatenate([inputs, *labels], axis=1) @ W1 + b1, 0) @ W2 + b2

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    expected = sigmoid(network(gan['feed'][gan['Z']], *w[:4]))
    np.testing.assert_allclose(images, expected, rtol=1e-4)
    thought = network(expected, *w[4:])
    np.testing.assert_allclose(D_gene, thought if labels else sigmoid(thought), rtol=1e-3, atol=1e-5)


def test_real_and_generated_images_meet_the_same_discriminator(gan):
    images, D_gene = gan['sess'].run([gan['G'], gan['D_gene']], gan['feed'])
    again = gan['sess'].run(gan['D_real'], {**gan['feed'], gan['X']: images})
    np.testing.assert_allclose(again, D_gene, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('network', ['D', 'G'])
def test_a_step_trains_its_own_network_the_right_way_and_nothing_else(gan, network):
    sess, feed = gan['sess'], gan['feed']
    all_of_them = gan['of_G'] + gan['of_D']
    own = {v.op.name for v in gan['of_' + network]}
    before, first = sess.run([all_of_them, gan['loss_' + network]], feed)
    sess.run(gan['train_' + network], feed)
    for variable, old, new in zip(all_of_them, before, sess.run(all_of_them)):
        # Adam's first step moves a weight by the learning rate, unless its gradient is next to nothing.
        expected = gan['learning_rate'] if variable.op.name in own else 0
        np.testing.assert_allclose(np.abs(new - old).max(), expected, rtol=0.05, err_msg=variable.op.name)
    for _ in range(5):
        sess.run(gan['train_' + network], feed)
    rises = sess.run(gan['loss_' + network], feed) > first
    assert rises == (gan['listing'] == 'basic'), 'losses of §9.1 are maximised, of §9.2 minimised'


@pytest.mark.parametrize('gan', ['conditional'], indirect=True)
def test_both_networks_see_the_labels(gan):
    for output in gan['G'], gan['D_real'], gan['D_gene']:
        asked = gan['sess'].run(output, gan['feed'])
        other = {**gan['feed'], gan['Y']: np.roll(gan['feed'][gan['Y']], 1, axis=1)}
        assert np.abs(gan['sess'].run(output, other) - asked).max(axis=1).min() > 0, 'an image alike for two labels'


def test_the_generators_step_needs_no_real_images(gan):
    gan['sess'].run(gan['train_G'], {name: array for name, array in gan['feed'].items() if name is not gan['X']})


def test_noise_is_the_chapters(gan):
    expected = np.random.RandomState(3)
    expected = expected.uniform(-1., 1., size=[50, 128]) if 'Y' in gan else expected.normal(size=(50, 128))
    np.random.seed(3)
    np.testing.assert_array_equal(gan['get_noise'](50, 128), expected)


def test_every_line_is_one_that_python_3_7_knows():
    for name in NAMES:
        ast.parse(page.text(name), feature_version=(3, 7))
