"""Every claim of docs/errata.md that can be shown: the printed line is run, and does what the page says."""

import os
import re
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import page
import pytest
import tensorflow.compat.v1 as tf
from conftest import read_bytes

import input_data
from lab import listings

pytestmark = pytest.mark.usefixtures('fresh_graph')


def read(name):
    with open(os.path.join(listings.ROOT, 'docs', name), encoding='utf-8') as file:
        return file.read()


PAGES = [read('errata.md'), read('errata.ko.md')]


def rows(page):
    """(section, step, printed line, what comes of it) of each row that quotes the printed page."""
    section, found = None, []
    for line in page.splitlines():
        if line.startswith('#'):
            section = re.search(r'9\.\d|$', line).group()
        elif section and re.match(r'\| \d', line):
            found.append((section, *(cell.strip() for cell in line.strip('|').split(' | ')[:3])))
    return found


def listed(line, claim=''):
    """Asserts that both pages quote the printed line, and wherever they do name what comes of it."""
    for errata in PAGES:
        claims = [row[3] for row in rows(errata) if row[2] == '`%s`' % line]
        assert claims and all(claim in text for text in claims), (line, claim)


def test_both_pages_have_the_same_rows():
    english, korean = map(rows, PAGES)
    assert [row[:3] for row in english] == [row[:3] for row in korean]
    assert [section for section, *_ in english] == ['9.1'] * 16 + ['9.2'] * 8
    facts = re.compile(r'\w+Error[^`]*|\d+\.\w+(?:[.-]\d+)?|\[\d+, \d+\]', re.ASCII)
    for mine, other in zip(english, korean):
        assert set(facts.findall(mine[3])) == set(facts.findall(other[3])), mine


NEVER_CLOSED = [
    'G_b1 = tf.Variable(tf.zeros([n_hidden])',
    'G_b2 = tf.Variable(tf.zeros([n_input])',
    "print('Epoch:', '%04d' % epoch, 'D loss: {:.4}'.format(loss_val_D), 'G loss: {:.4}'.format(loss_val_G)",
    'loss_D_gene = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits('
    'logits = D_gene, labels = tf.zeros_like(D_gene))']


@pytest.mark.parametrize('line', NEVER_CLOSED + ['loss G = tf.reduce_mean(tf.log(D_gene))',
                                                 'loss D = loss_D_real + loss_D_gene'])
def test_lines_that_are_no_python(line):
    with pytest.raises(SyntaxError):
        compile(line + '\nfollowing = 1\n', 'page', 'exec')
    compile(line.replace('loss ', 'loss_') + (')' if line in NEVER_CLOSED else ''), 'page', 'exec')
    listed(line, 'SyntaxError')


# The printed line, what must surround it to run it, and how it ends.
STOPS = [
    ('h_hidden = 256', '{}\nG_W1 = tf.random_normal([n_noise, n_hidden])',
     NameError, "name 'n_hidden' is not defined"),
    ('hidden = tf.nn.relu(tf.matmul(noise_z, G_W1) + b1)', '{}', NameError, "name 'b1' is not defined"),
    ('output = tf.nn.sigmoid(tf.matmul(hidden, G_W2) + b2)', '{}', NameError, "name 'b2' is not defined"),
    ('return np.random_normal(size = (batch_size, n_noise))',
     'def get_noise(batch_size, n_noise):\n  {}\nget_noise(100, 128)',
     AttributeError, "module 'numpy' has no attribute 'random_normal'"),
    ('sess.run(tf.global_variables_initialier())', '{}',
     AttributeError, "has no attribute 'global_variables_initialier'"),
    ('_, loss_val_D = sess.run([train_D, loss_D], feed_dict = {X: batch_xs, Y:noise})', '{}',
     NameError, "name 'Y' is not defined"),
    ('_. loss_val_G = sess.run([train_G, loss_G], feed_dict = {Z:noise})',
     '_ = sess.run(train_G, {{Z:noise}})\n{}',
     AttributeError, "'NoneType' object has no attribute 'loss_val_G'"),
    ('fix, ax = plt.subplots(1,sample_size, figsize = (sample_size,1))', '{}\nplt.close(fig)',
     NameError, "name 'fig' is not defined"),
    ('fit, ax = plt.subplots(2,sample_size, figsize=(sample_size,2))', '{}\nplt.close(fig)',
     NameError, "name 'fig' is not defined"),
    ('ax[i].set.axis_off()', 'fig, ax = plt.subplots(1,sample_size)\ni = 0\n{}',
     AttributeError, "'function' object has no attribute 'axis_off'"),
    ('ax[i].imshow(np.reshape(sample[i], (28,28)))', 'fig, ax = plt.subplots(1,sample_size)\ni = 0\n{}',
     NameError, "name 'sample' is not defined"),
    ('mnist = input_data.read_data_set("./mnist/data/", one_hot = True)', '{}',
     AttributeError, "has no attribute 'read_data_set'"),
]


@pytest.mark.parametrize('line, around, error, message', STOPS, ids=[row[0] for row in STOPS])
def test_lines_that_stop(line, around, error, message):
    names = page.built(page.text('basic'))
    del names['n_hidden']
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        names.update(tf=tf, np=np, plt=plt, input_data=input_data, sess=sess, n_noise=128, sample_size=10,
                     noise=np.zeros((100, 128)), batch_xs=np.zeros((100, 784)),
                     noise_z=names['Z'], hidden=tf.zeros([100, 256]))
        with pytest.raises(error) as end:
            exec(around.format(line), names)
    plt.close('all')
    assert message in str(end.value)
    listed(line, message)


def misprinted(name, ours, printed):
    """The names of a listing in which one line of ours is the printed one."""
    assert page.text(name).count(ours) == 1
    return page.built(page.edited(name, (ours, printed)))


def test_a_misspelt_scope_leaves_no_variables_to_train():
    line = "with tf.variable_scope('discriminaor') as scope :"
    with pytest.raises(ValueError, match='No variables to optimize.'):
        misprinted('conditional', "with tf.variable_scope('discriminator') as scope:", line)
    listed(line, 'No variables to optimize.')


def images_and_labels():
    xs = read_bytes(input_data.TRAIN_IMAGES)[:100].reshape(100, 784) / 255
    return xs, np.eye(10)[read_bytes(input_data.TRAIN_LABELS)[:100]]


def test_the_generators_step_as_printed_stops_and_once_fed_trains_the_discriminator():
    line = 'train_G = tf.train.AdamOptimizer(learning_rate).minimize(-loss_D, var_list = D_var_list)'
    gan = SimpleNamespace(**misprinted(
        'basic', 'train_G = tf.train.AdamOptimizer(learning_rate).minimize(-loss_G, var_list=G_var_list)', line))
    weights = {'G_%d' % n: v for n, v in enumerate(gan.G_var_list)}
    weights.update({'D_%d' % n: v for n, v in enumerate(gan.D_var_list)})
    feed = {gan.Z: gan.get_noise(100, 128)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value for placeholder"):
            sess.run([gan.train_G, gan.loss_G], feed)
        feed[gan.X] = images_and_labels()[0]
        before = sess.run(weights)
        for _ in range(5):
            sess.run([gan.train_D, gan.loss_D], feed)
            sess.run([gan.train_G, gan.loss_G], feed)
        after = sess.run(weights)
    for name in before:
        assert np.array_equal(before[name], after[name]) == name.startswith('G_'), name
    listed(line, 'You must feed a value for placeholder')


def test_the_discriminator_as_printed_never_sees_the_labels():
    line = 'input = tf.concat([inputs, labels],1)'
    gan = SimpleNamespace(**misprinted('conditional', 'inputs = tf.concat([inputs, labels], 1)', line))
    xs, ys = images_and_labels()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(5):
            feed = {gan.X: xs, gan.Y: ys, gan.Z: gan.get_noise(100, 128)}
            sess.run([gan.train_D, gan.loss_D], feed)
            sess.run([gan.train_G, gan.loss_G], feed)
        right = sess.run(gan.D_real, {gan.X: xs, gan.Y: ys})
        wrong = sess.run(gan.D_real, {gan.X: xs, gan.Y: np.roll(ys, 1, axis=1)})
    np.testing.assert_array_equal(right, wrong)
    assert gan.vars_D[0].shape.as_list() == [784, 256]
    listed(line, '[784, 256]')


def test_the_strip_stands_outside_the_loop():
    line = 'if epoch == 0 or (epoch+1) % 10 == 0:'
    ending = "print('최적화 완료!')"
    drawn, printed = [], []
    names = {'total_epoch': 100, 'drawn': drawn, 'print': printed.append}
    beside = 'for epoch in range(total_epoch):\n    pass\n%s\n    drawn.append(epoch)\n%s\n' % (line, ending)
    exec(beside, names)
    assert drawn == [99] and len(printed) == 1
    inside = 'for epoch in range(total_epoch):\n    %s\n        pass\n    %s\n' % (line, ending)
    exec(inside, names)
    assert len(printed) == 1 + 100
    listed(line, '099.png')
    assert all('100' in row[3] for page in PAGES for row in rows(page) if row[1] == '13' and line in row[2])
