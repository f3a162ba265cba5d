"""The page, changed as a reader changes it: it trains as it says, and what is wrong is said in one line."""

import os
import shutil
import signal

import numpy as np
import page
import pytest
from conftest import DATA, snapshot
from processes import Lab, as_new, run, script

from lab import frames, listings, records

D_STEP = "        _, loss_val_D = sess.run([train_D, loss_D], feed_dict={X: batch_xs, Z: noise})\n"
G_STEP = "        _, loss_val_G = sess.run([train_G, loss_G], feed_dict={Z: noise})\n"
NOISE = "        noise = get_noise(batch_size, n_noise)\n"
BATCH = "        batch_xs, batch_ys = mnist.train.next_batch(batch_size)\n"
NO_TEST = 'D_mean is off: there is no mnist.test that input_data has read'
OUTPUT = "output = tf.nn.sigmoid(tf.matmul(hidden, G_W2) + G_b2)"


@pytest.fixture
def write(tmp_path):
    """Writes an edited §9.1 (or another text) as my_gan.py; returns its path."""
    def of(*edits, text=None):
        (tmp_path / 'my_gan.py').write_text(text or page.edited('basic', *edits), encoding='utf-8')
        return tmp_path / 'my_gan.py'
    return of


@pytest.fixture
def train(write, small, tmp_path):
    """Trains an edited §9.1 for two epochs in tmp_path/lab; returns Ended."""
    def of(*edits, words=(), text=None):
        words = [*words, *([] if '--epochs' in words else ['--epochs', 2])]
        os.makedirs(str(tmp_path / 'lab'), exist_ok=True)
        return run(write(*edits, text=text), '--data', small, '--run', tmp_path / 'lab' / 'run', *words,
                   output=tmp_path / 'lab')
    of.data = small
    return of


def in_a_function(text):
    """A listing whose loop stands in a function, which is called at the end."""
    head, loop = text.split('for epoch in ')
    lines = ['    ' + line if line.strip() else line for line in ('for epoch in ' + loop).splitlines(keepends=True)]
    return head + 'def main():\n' + ''.join(lines) + '\n\nmain()\n'


# --- the same listing and seed, the same bytes, whatever the loop draws

LOOPS = {
    'between batch and noise': [(NOISE, "        if i >= 3:\n            np.random.normal()\n" + NOISE)],
    'get_noise(10) at times': [(NOISE, NOISE + "        if i % 5 == 0:\n            get_noise(10, n_noise)\n")],
    'after the noise': [(NOISE, NOISE + "        if i > 1:\n            noise = np.random.normal(size=noise.shape)\n")],
    'between the steps': [(D_STEP, D_STEP + "        noise = np.random.normal(size=noise.shape)\n")],
    'two steps of D': [(D_STEP, D_STEP + D_STEP)],
    'another order': [(D_STEP + G_STEP, G_STEP + D_STEP)],
    'random of Python': [("import numpy as np\n", "import numpy as np\nimport random\n"),
                         (NOISE, NOISE + "        noise *= random.random()\n")],
    'a generator of its own': [("# %% 9.1-8  noise\n", "rng = np.random.default_rng(3)\n"),
                               ("np.random.normal(size=(", "rng.normal(size=(")],
    'a function around it': [],
    'test batches': [(NOISE, "        mnist.test.next_batch(7)\n" + NOISE)]}


@pytest.mark.parametrize('name', LOOPS)
def test_a_loop_gives_what_it_gives_without_the_lab(write, small, tmp_path, name):
    text = page.edited('tiny', *LOOPS[name])
    path = write(text=in_a_function(text) if name == 'a function around it' else text)
    plain_text = page.without_lab(path.read_text(encoding='utf-8'), small, epochs=2)
    if 'random' in plain_text:  # the lab seeds Python's generator as well
        plain_text = plain_text.replace('import random\n', 'import random\nrandom.seed(7)\n')
    if name == 'another order':  # what is printed is to come after both
        plain_text = plain_text.replace(D_STEP, '').replace(G_STEP, G_STEP + D_STEP)
    plain = run(page.write_alone(tmp_path / 'alone', plain_text), output=tmp_path)
    assert plain.status == 0, plain.err
    lab = Lab(tmp_path / 'lab', path, small, '--epochs', 2)
    assert lab.run().status == 0, lab.lines('stderr')
    losses = [line.split(',')[1:] for line in lab.lines('trace.csv')[1:]]
    traced = [line.split()[1:] for line in plain.out if line.startswith('trace')]
    assert len(traced) == len(losses) == 12
    if name == 'another order':  # there the D loss is printed an iteration late
        losses, traced = [[G for _, G in rows] for rows in (losses, traced)]
    assert losses == traced
    assert [line for line in plain.out if not line.startswith('trace')] == lab.lines('stdout')


def test_what_a_run_draws_from_goes_on_when_it_is_resumed(write, small, tmp_path):
    path = write(text=page.edited('tiny', ("import numpy as np\n", "import numpy as np\nimport random\n"),
                                  ("# %% 9.1-8  noise\n",
                                   "rng = np.random.default_rng(3)\nold = np.random.RandomState(4)\n"),
                                  ("np.random.normal(size=(batch_size, n_noise))",
                                   "rng.normal(size=(batch_size, n_noise)) + old.normal() + random.random()")))
    whole = Lab(tmp_path / 'whole', path, small, '--epochs', 8)
    assert whole.run().status == 0, whole.lines('stderr')
    lab = Lab(tmp_path / 'killed', path, small, '--epochs', 8)
    assert lab.run(kill_at=100).status == -signal.SIGKILL
    assert lab.epochs() and lab.epochs()[-1] < '0007', 'killed in the midst of it'
    assert lab.run('--resume').status == 0
    assert lab.outcome() == whole.outcome()


# --- what is wrong, in one line

def test_the_page_as_it_is_has_nothing_said_of_it(train):
    assert train().err == ['seed: 7']


def test_a_layer_in_no_var_list(train):
    ended = train(("D_b2 = tf.Variable(tf.zeros([1]))\n", "D_b2 = tf.Variable(tf.zeros([1]))\n"
                   "G_W3 = tf.Variable(tf.random_normal([n_hidden, n_hidden], stddev=0.01))\n"),
                  (OUTPUT, "hidden = tf.nn.relu(tf.matmul(hidden, G_W3))\n    " + OUTPUT))
    assert ended.status == 0 and ended.err == [
        'no step trains G_W3, which stays as it begins: is it in a var_list?', 'seed: 7']


def test_a_graph_that_has_lost_its_seed(train):
    line, seed = train(('# %% 9.1-3', 'tf.reset_default_graph()\n\n# %% 9.1-3')).err
    assert line.startswith('the graph has no seed: tf.reset_default_graph() after lab.Run, or a tf.Graph(), takes')


OF_G, OF_D = 'G_W1, G_b1, G_W2, G_b2', 'D_W1, D_b1, D_W2, D_b2'
WRONG = {
    'all': ([(', var_list=D_var_list', ''), (', var_list=G_var_list', '')],
            ['train_D also changes ' + OF_G, 'train_G also changes ' + OF_D]),
    'all by G': ([(', var_list=G_var_list', '')], ['train_G also changes ' + OF_D]),
    'printed': ([('minimize(-loss_G, var_list=G_var_list)', 'minimize(-loss_D, var_list=D_var_list)'),
                 (G_STEP, G_STEP.replace('{Z', '{X: batch_xs, Z'))],
                ["train_G changes none of the generator's variables, but " + OF_D]),
    'swapped': ([('train_D = ', 'train = '), ('train_G = ', 'train_D = '), ('train = ', 'train_G = '),
                 (G_STEP, G_STEP.replace('{Z', '{X: batch_xs, Z'))],
                ["train_D changes none of the discriminator's variables, but " + OF_G,
                 "train_G changes none of the generator's variables, but " + OF_D])}


@pytest.mark.parametrize('name', WRONG)
def test_steps_that_train_what_they_should_not(train, name):
    edits, said = WRONG[name]
    ended = train(*edits)
    assert ended.status == 0 and ended.err == [
        *(line + ': each step is to train its own network (loss and var_list)' for line in said), 'seed: 7']


def test_a_generator_without_its_sigmoid(train):
    seed, line = train((OUTPUT, OUTPUT.replace('tf.nn.sigmoid', ''))).err
    assert line.startswith('G leaves [0, 1], the range of the images: it draws values from -0.')


def test_a_number_that_is_not_used_as_it_was_chosen_is_told(train, tmp_path):
    text = page.edited('tiny', ("mnist = input_data", "learning_rate = 0.05\nmnist = input_data"),
                       ('run.epochs(total_epoch)', 'run.epochs(1)'))
    ended = train(text=text, words=['--epochs', 3, '--learning-rate', 0.2, '--n-noise', 5])
    told = ['learning_rate is 0.05 when the training begins, not 0.2: it is set again below lab.Run',
            '--epochs 3 is not used, for the loop is over run.epochs(1): write run.epochs(total_epoch)']
    assert ended.status == 0 and len(ended.out) == 2 and ended.err == [*told, 'seed: 7'], ended
    assert records.read(str(tmp_path / 'lab' / 'run'))['notes'] == told
    ended = train(text=text.replace('run.epochs(1)', 'run.epochs(total_epoch // 2)'), words=['--epochs', 2])
    assert ended.err[1:-1] == [told[0].replace('0.2', '0.1'), told[1].replace('3', '2')]
    path = tmp_path / 'my_gan.py'
    path.write_text(text.replace('total_epoch = 100', 'total_epoch = 3').replace('= 0.05', '= tf.constant(0.05)'))
    ended = run(path, '--data', str(train.data), '--run', tmp_path / 'another', output=tmp_path)
    assert ended.err == ['seed: 7'], 'what the listing chooses by itself, and what is no number, is its own affair'


def test_a_seed_or_data_of_the_listings_own_that_go_before_the_options_are_told(train):
    reads = 'mnist = input_data.read_data_sets(run.data, one_hot=True)\n'
    own = 'tf.set_random_seed(777)\n' + reads.replace('run.data', repr(DATA))
    ended = train(text=page.edited('tiny', (reads, own)), words=['--seed', 5])
    assert ended.status == 0 and ended.err == [
        'the graph has the seed 777, not 5: tf.set_random_seed below lab.Run goes before --seed',
        'the data is that of %s, not of --data %s: write input_data.read_data_sets(run.data, …)' % (DATA, train.data),
        'seed: 5'], ended


def test_data_sets_of_other_names_have_no_D_mean_and_that_is_told(train):
    reads = 'mnist = input_data.read_data_sets(run.data, one_hot=True)\n'
    ended = train(text=page.edited('tiny', (reads, reads.replace('mnist', 'train, validation, test')),
                                   ('mnist.train', 'train')))
    assert ended.status == 0 and ended.err == [NO_TEST, 'seed: 7'], ended


def test_a_graph_that_is_finalized_too_early_is_told(train):
    loop = 'for epoch in run.epochs(total_epoch):\n'
    ended = train(text=page.edited('tiny', (loop, 'sess.graph.finalize()\n' + loop)))
    assert ended.status == 2 and len(ended.err) == 1 and 'the graph is finalized' in ended.err[0], ended
    ended = train(text=page.edited('tiny', (loop, loop + '    sess.graph.finalize()\n')))
    assert ended.status == 0 and ended.err == ['seed: 7'], ended


def test_the_names_of_a_function_are_not_a_listings(train, tmp_path):
    loop = page.text('tiny').partition('run = lab.Run(globals())')[2]
    text = page.text('tiny').replace('run = lab.Run(globals())' + loop, 'def main():\n    run = lab.Run(locals())\n    '
                                     'mnist = input_data.read_data_sets(run.data)\n\n\nmain()\n')
    ended = train(text=text)
    assert ended.status == 2 and ended.out == [] and len(ended.err) == 1, ended
    assert 'lab.Run takes the names of the listing, lab.Run(globals())' in ended.err[0]


def test_names_that_the_lab_looks_for(train, tmp_path):
    ended = train(('get_noise', 'make_noise'), ('D_gene', 'D_fake'), ('loss_D', 'd_loss'))
    assert ended.status == 0 and len(ended.out) == 3
    line, seed = ended.err
    assert line.startswith('the listing has no D_gene, loss_D, get_noise: off without it: D_mean; the D loss')
    rows = (tmp_path / 'lab' / 'run' / 'losses.csv').read_text().splitlines()[1:]
    assert [row.split(',')[1] for row in rows] == ['nan', 'nan']
    assert ended.out[-2].endswith('%.4g' % float(rows[-1].split(',')[2]))


def test_a_noise_of_ones_own_is_kept(train, tmp_path):
    assert train(('np.random.normal(size=(batch_size, n_noise))',
                  'np.random.choice([0., 1.], size=(batch_size, n_noise))')).status == 0
    with np.load(str(tmp_path / 'lab' / 'run' / 'noise.npz')) as file:
        assert file['noise'].shape == (10000, 128) and set(np.unique(file['noise'])) == {0, 1}


def test_a_get_noise_that_is_called_otherwise(train):
    ended = train(('def get_noise(batch_size, n_noise):', 'def get_noise(batch_size):'),
                  ('get_noise(batch_size, n_noise)', 'get_noise(batch_size)'),
                  ('get_noise(sample_size, n_noise)', 'get_noise(sample_size)'))
    assert ended.status == 0, ended.err
    assert ended.err[0].startswith('film, movie, digits are off: get_noise(10000, 128) fails: ')


@pytest.mark.parametrize('sign', ['D', 'both'])
def test_a_minus_sign_that_was_dropped(train, sign):
    edits = [('minimize(-loss_D', 'minimize(loss_D')] + [('minimize(-loss_G', 'minimize(loss_G')] * (sign == 'both')
    ended = train(*edits, words=['--epochs', 60, '--learning-rate', '0.002'])
    assert ended.status == 3
    assert 'the D loss is -inf. It fell in every one of the last' in ended.err[-1]
    assert 'minimize(-loss_D, …) takes a minus sign' in ended.err[-1] and 'float32' not in ended.err[-1]


def test_reuse_forgotten(small, tmp_path, train):
    ended = train(text=page.edited('conditional', ('discriminator(G, Y, True)', 'discriminator(G, Y)')))
    assert ended.status == 1 and ended.out == []
    assert any('already exists, disallowed' in line for line in ended.err), "TensorFlow's own stays"
    assert 'discriminator(G, Y, True)' in ended.err[-1] and ended.err[-1].startswith('my_gan.py: ')


def test_an_error_of_ones_own_keeps_its_traceback(train):
    ended = train((BATCH, BATCH + "        batch_xs[1, 2, 3]\n"))
    assert ended.status == 1 and ended.err[1].startswith('Traceback') and 'IndexError' in ended.err[-1]


# --- changed, and then resumed

def test_a_listing_that_has_changed_goes_on_and_says_so(train, tmp_path):
    assert train().status == 0
    edits = [('tf.nn.relu', 'tf.nn.tanh'), ('learning_rate = 0.0002', 'learning_rate = 0.0004'),
             ('np.random.normal(size=(batch_size, n_noise))', 'np.random.uniform(size=(batch_size, n_noise))')]
    numbers = [n for n, (old, new) in enumerate(zip(page.text('basic').split('\n'), page.edited('basic', *edits).split(
        '\n')), 1) if old != new]
    ended = train(*edits, words=['--resume', '--epochs', 3])
    assert ended.status == 0 and ended.err == [
        'going on after epoch 1',
        'the listing has changed since (lines %s): going on with it as it now is' % ', '.join(map(str, numbers)),
        'seed: 7']
    record = (tmp_path / 'lab' / 'run' / 'run.json').read_text()
    assert '"learning_rate": 0.0004' in record and '+learning_rate = 0.0004' in record
    ended = train(*edits, words=['--resume', '--epochs', 4])
    assert ended.err == ['going on after epoch 2', 'seed: 7'], 'it has not changed once more'


@pytest.mark.parametrize('edits, said', [
    ([('n_hidden = 256', 'n_hidden = 64')], 'G_W1 has the shape [128, 256] there, and [128, 64] in the listing'),
    ([("G_b1 = tf.Variable(tf.zeros([n_hidden]))\n", "G_b1 = tf.Variable(tf.zeros([n_hidden]))\n"
       "more = tf.Variable(tf.zeros([3]))\n")], 'more has the shape [256, 784] there, and [3] in the listing')])
def test_another_network_is_refused_and_not_called_damaged(train, edits, said):
    assert train().status == 0
    ended = train(*edits, words=['--resume', '--epochs', 3])
    assert ended.status == 2 and ended.out == [] and len(ended.err) == 1
    assert said in ended.err[0] and 'damaged' not in ended.err[0] and 'listing.py' in ended.err[0]


def test_labels_that_were_forgotten(train):
    assert train(text=page.text('conditional')).status == 0
    forgotten = page.edited('conditional', ("        inputs = tf.concat([inputs, labels], 1)\n", ""))
    ended = train(text=forgotten, words=['--resume', '--epochs', 3])
    assert ended.status == 2
    assert ('discriminator/dense/kernel has the shape [794, 256] there, and [784, 256] in the listing') in ended.err[0]


# --- loops that are left, and strips that are saved otherwise

def test_an_inner_loop_that_breaks_has_the_trace_of_what_was_done(train, tmp_path):
    edit = (G_STEP, G_STEP + "        if epoch == 1 and i == 3:\n            break\n")
    words = ['--trace', tmp_path / 'trace.csv']
    assert train(edit, words=[*words, '--epochs', 3]).status == 0
    ended = train(edit, words=[*words, '--epochs', 4, '--resume'])
    assert ended.status == 0 and ended.err == ['going on after epoch 2', 'seed: 7']
    rows = (tmp_path / 'trace.csv').read_text().splitlines()[1:]
    assert [int(row.split(',')[0]) for row in rows] == list(range(6 + 4 + 6 + 6))


LEFT = "    if epoch == 2:\n        break\n"
INNER = LEFT.replace('    ', '        ', 1).replace('        break', '            break')


@pytest.mark.parametrize('leaves', [
    LEFT, "    with open('my_gan.txt', 'w'):\n" + INNER, "    try:\n" + INNER + "    finally:\n        epoch += 0\n"],
    ids=['alone', 'with', 'finally'])
@pytest.mark.parametrize('how', ['break', 'return'])
def test_a_loop_that_is_left_keeps_the_epoch_that_was_done(train, tmp_path, leaves, how):
    strip = "    # 9.1-13"
    text = page.edited('basic', (strip, leaves + strip))
    if how == 'return':
        text = in_a_function(text).replace(' break\n', ' return\n')
    ended = train(text=text, words=['--epochs', 9])
    assert ended.status == 0 and ended.err == ['seed: 7'], ended.err
    run_folder = tmp_path / 'lab' / 'run'
    assert sorted(os.listdir(str(run_folder / 'checkpoints'))) == ['0001', '0002']
    assert len((run_folder / 'losses.csv').read_text().splitlines()) == 4
    assert '"state": "stopped"' in (run_folder / 'run.json').read_text()


@pytest.mark.parametrize('through, leaves', [
    ('(each for each in %s)', LEFT), ('itertools.islice(%s, 3)', ''), ('itertools.chain(%s)', LEFT)])
def test_a_loop_through_something_else_keeps_the_epoch_that_was_done(train, tmp_path, through, leaves):
    text = page.edited('basic', ("import numpy as np\n", "import itertools\nimport numpy as np\n"),
                       ("in run.epochs(total_epoch)", "in " + through % "run.epochs(total_epoch)"),
                       ("    # 9.1-13", leaves + "    # 9.1-13"))
    ended = train(text=text, words=['--epochs', 9])
    assert ended.status == 0 and ended.err == ['seed: 7'], ended.err
    assert sorted(os.listdir(str(tmp_path / 'lab' / 'run' / 'checkpoints'))) == ['0001', '0002']


def test_a_loop_that_an_error_ends_within_a_with_has_not_done_that_epoch(train, tmp_path):
    strip = "    # 9.1-13"
    leaves = "    with open('my_gan.txt', 'w'):\n        if epoch == 2:\n            raise ValueError('a bug')\n"
    ended = train(text=page.edited('basic', (strip, leaves + strip)), words=['--epochs', 9])
    assert ended.status == 1 and ended.err[-1] == 'ValueError: a bug'
    assert os.listdir(str(tmp_path / 'lab' / 'run' / 'checkpoints')) == ['0000', '0001']


def test_losses_that_are_asked_for_by_themselves(train, tmp_path):
    """After the step, as most books have it; what is asked of a loss again is of other images."""
    edits = [(D_STEP, D_STEP.replace('_, loss_val_D = sess.run([train_D, loss_D]', 'sess.run(train_D')),
             (G_STEP, G_STEP.replace('_, loss_val_G = sess.run([train_G, loss_G]', 'sess.run(train_G')
              + "        loss_val_D = sess.run(loss_D, feed_dict={X: batch_xs, Z: noise})\n"
              + "        loss_val_G = sess.run([loss_G], feed_dict={Z: noise})[0]\n"
              + "        sess.run(loss_D, {X: batch_xs[:7], Z: noise[:7]})\n")]
    ended = train(*edits, words=['--trace', tmp_path / 'trace.csv'])
    assert ended.status == 0 and ended.err == ['seed: 7']
    losses = records.losses(str(tmp_path / 'lab' / 'run'))
    printed = [f'Epoch: {epoch:04} D loss: {loss_D:.4} G loss: {loss_G:.4}' for epoch, loss_D, loss_G, _ in losses]
    assert printed == ended.out[:2]
    assert 'nan' not in (tmp_path / 'trace.csv').read_text()
    assert len((tmp_path / 'trace.csv').read_text().splitlines()) == 1 + 2 * 6


def test_a_loop_that_is_left_before_its_first_step_has_not_done_that_epoch(train, tmp_path):
    loop = "    for i in range(total_batch):\n"
    text = page.text('tiny').replace(loop, "    if epoch == 1:\n        break\n" + loop)
    assert train(text=text, words=['--epochs', 9]).status == 0
    run_folder = tmp_path / 'lab' / 'run'
    assert os.listdir(str(run_folder / 'checkpoints')) == ['0000']
    assert '"state": "stopped"' in (run_folder / 'run.json').read_text()


SAVES = "        run.save_strip(fig, epoch)\n"


def test_two_strips_of_an_epoch_are_both_the_runs(train, tmp_path):
    text = page.text('tiny').replace(SAVES, SAVES + "        run.save_strip(fig, 500 + epoch)\n")
    assert train(text=text, words=['--epochs', 1]).status == 0
    record = records.read(str(tmp_path / 'lab' / 'run'))
    assert sorted(record['strips']) == ['000.png', '500.png']


def test_a_strip_of_what_is_no_figure(train):
    ended = train(('run.save_strip(fig, epoch)', 'run.save_strip(plt, epoch)'))
    assert ended.status == 2 and 'takes a figure, as plt.subplots gives it' in ended.err[-1], ended.err


@pytest.mark.parametrize('after, said', [
    (SAVES.replace('epoch', "'last'"), "takes the number of an epoch, and 'last' is none"),
    (SAVES.replace('epoch', '-1'), 'takes the number of an epoch, and -1 is none'),
    ("\nrun.save_strip(fig, 7)\n", 'comes inside of the loop over run.epochs()')])
def test_a_strip_of_no_epoch_is_refused(train, tmp_path, after, said):
    text = page.text('tiny')
    text = text.replace(SAVES, after) if after.startswith(' ') else text + after
    ended = train(text=text, words=['--epochs', 1])
    assert ended.status == 2 and said in ended.err[-1] and len(ended.err) == 2, ended
    assert not records.read(str(tmp_path / 'lab' / 'run'))['strips'].keys() - {'000.png'}


def test_the_pages_own_savefig(write, small, tmp_path):
    """From the root of the project, whose samples/ a reader has before him."""
    path = write(("run.save_strip(fig, epoch)",
                  "plt.savefig('samples/{}.png'.format(str(epoch).zfill(3)), bbox_inches='tight')"))
    (tmp_path / 'samples').mkdir()
    ended = run(path, '--data', small, '--epochs', 1, '--run', tmp_path / 'run', output=tmp_path)
    assert ended.status == 0 and ended.err == ['seed: 7'], ended.err
    strip = (tmp_path / 'samples' / '000.png').read_bytes()
    assert (tmp_path / 'run' / 'samples' / '000.png').read_bytes() == strip
    assert '"000.png": ' in (tmp_path / 'run' / 'run.json').read_text()


def test_a_picture_that_is_no_strip_is_saved_as_it_is(train, tmp_path):
    assert train(("plt.subplots(1, sample_size, figsize=(sample_size, 1))", "plt.subplots(2, 5)"),
                 ("            ax[i]", "            ax.flat[i]")).status == 0
    assert (tmp_path / 'lab' / 'run' / 'samples' / '000.png').stat().st_size > 1000


# --- other ways to write the loop

@pytest.mark.parametrize('edits', [
    [(D_STEP + G_STEP, "        _, _, loss_val_D, loss_val_G = sess.run([train_D, train_G, loss_D, loss_G], "
                       "{X: batch_xs, Z: noise})\n")],
    [(D_STEP, "        done = sess.run({'step': train_D, 'loss': loss_D}, {X: batch_xs, Z: noise})\n"
              "        loss_val_D = done['loss']\n")],
    [(D_STEP, "        sess.run(train_D, {X: batch_xs, Z: noise})\n"
              "        loss_val_D = sess.run(loss_D, {X: batch_xs, Z: noise})\n")],
    [(D_STEP, "        _, _, loss_val_D = sess.run([train_D, train_G, loss_D], {X: batch_xs, Z: noise})\n")]],
    ids=['both at once', 'a dictionary', 'a step without its loss', 'both, and one again'])
def test_losses_are_seen_however_they_are_fetched(train, tmp_path, edits):
    ended = train(*edits, words=['--trace', tmp_path / 'trace.csv'])
    assert ended.status == 0, ended.err
    rows = [row.split(',') for row in (tmp_path / 'trace.csv').read_text().splitlines()[1:]]
    assert len(rows) == 12
    for epoch, line in enumerate(ended.out[:2]):
        D, G = rows[6 * epoch + 5][1:]
        assert line.split()[-1] == f'{np.float32(G):.4}'
        assert D == 'nan' or line.split()[4] == f'{np.float32(D):.4}'


def test_a_placeholder_of_ones_own(train, tmp_path):
    ended = train(
        ("# %% 9.1-4", "keep_prob = tf.placeholder(tf.float32)\n\n# %% 9.1-4"),
        ("    " + OUTPUT, "    hidden = tf.nn.dropout(hidden, keep_prob=keep_prob)\n    " + OUTPUT),
        ("Z: noise}", "Z: noise, keep_prob: 0.5}"))
    assert ended.status == 0 and ended.err == ['seed: 7'], ended.err
    assert '"Placeholder_2:0": 0.5' in (tmp_path / 'lab' / 'run' / 'run.json').read_text()


def test_a_word_that_is_fed_is_not_kept_for_drawing(train):
    feeds = ("# %% 9.1-4", "mode = tf.placeholder(tf.string)\n\n# %% 9.1-4"), ("Z: noise}", "Z: noise, mode: 'train'}")
    assert train(*feeds).status == train(*feeds, words=['--resume', '--epochs', 3]).status == 0


@pytest.mark.parametrize('generator', ['Philox', 'SFC64', 'PCG64', 'MT19937'])
def test_every_generator_of_numpys_goes_on_where_it_was(train, generator):
    draws = ("# %% 9.1-8  noise\n", "rng = np.random.Generator(np.random.%s(3))\n" % generator), (
        "np.random.normal(size=(", "rng.normal(size=(")
    ended = [train(*draws, words=words).out[-2] for words in (['--epochs', 2], ['--epochs', 1])]
    assert train(*draws, words=['--epochs', 2, '--resume']).out[-2] == ended[0] != ended[1]


def test_a_seed_of_the_listing_that_is_none(train):
    ended = train(("n_noise = 128", "seed = 7.5\nn_noise = 128"))
    assert ended.status == 2 and len(ended.err) == 1 and "the listing's seed: '7.5' is not a whole" in ended.err[0]


@pytest.mark.parametrize('plus', ['', ' + 1e-8', ' * 0.999 + 1e-8'])
def test_a_sigmoid_that_is_kept_off_0_is_a_probability(train, tmp_path, plus):
    text = page.text('tiny')
    for name in 'D_gene = tf.nn.sigmoid(tf.matmul(G, D_W))', 'D_real = tf.nn.sigmoid(tf.matmul(X, D_W))':
        text = text.replace(name, name + plus)
    assert train(text=text).status == 0
    D_real, D_gene = (float(frames.read(str(tmp_path / 'lab' / 'run'))[name][-1]) for name in ('D_real', 'D_gene'))
    assert D_real > 0.75 and D_gene < 0.25, 'a sigmoid of a sigmoid lies from 0.5 to 0.73'


def test_labels_without_a_shape_cost_the_film_alone(train):
    ended = train(("# %% 9.1-4", "Y = tf.placeholder(tf.float32)\n\n# %% 9.1-4"))
    assert ended.status == 0 and ended.err == ['film, movie are off: the placeholder Y has no shape', 'seed: 7'], ended


def test_data_of_ones_own(train):
    data = '''
class Set:
    def next_batch(self, n):
        return np.random.random_sample((n, 784)), None


class Sets:
    train = test = Set()
'''
    reads = 'mnist = input_data.read_data_sets(run.data, one_hot=True)\n'
    text = page.text('tiny').replace(reads, data + 'mnist = Sets()\n').replace('mnist.train.num_examples', '600')
    ended = train(text=text)
    assert ended.status == 0 and ended.err == [NO_TEST, 'seed: 7'], ended


def test_a_copy_of_a_listing_has_a_run_of_its_own(small, tmp_path):
    """Its run is runs/NAME in its project, and its strips are there and nowhere else."""
    project = tmp_path / 'project'
    shutil.copytree(os.path.join(listings.CHAPTER09, 'lab'), str(project / 'chapter09' / 'lab'),
                    ignore=shutil.ignore_patterns('__pycache__'))
    for name in 'input_data.py', 'layers.py':
        shutil.copy(os.path.join(listings.CHAPTER09, name), str(project / 'chapter09'))
    path = project / 'chapter09' / 'my_gan.py'
    path.write_text(page.text('tiny'), encoding='utf-8')
    ended = run(path, '--data', small, '--epochs', 1, output=tmp_path, before=as_new)
    assert ended.status == 0, ended.err
    assert sorted(os.listdir(str(project))) == ['chapter09', 'runs']
    assert os.listdir(str(project / 'runs' / 'my_gan' / 'samples')) == ['000.png']


# --- what stands in another place than it has to

@pytest.mark.parametrize('edits, said', [
    ([("run.epochs(total_epoch)", "range(total_epoch)")], 'comes inside of the loop over run.epochs()'),
    ([("sess.run(tf.global_variables_initializer())\n",
       "sess.run(tf.global_variables_initializer())\nextra = tf.Variable(3.0)\n")], 'extra has no value: '),
    ([("sess.run(tf.global_variables_initializer())\n", "")], 'has no value: sess.run('),
    ([("sess = run.session()", "tf.reset_default_graph()\nsess = run.session()"),
      ("sess.run(tf.global_variables_initializer())\n", "")], 'in a notebook, run all cells from that of lab.Run'),
    ([("run.epochs(total_epoch)", "run.epochs(1.5)")], 'takes a whole number from 1 on, and 1.5 is none'),
    ([("run.epochs(total_epoch)", "run.epochs('2')")], "takes a whole number from 1 on, and '2' is none")],
    ids=['range', 'a late variable', 'no initializer', 'an empty graph', 'half an epoch', 'a text'])
def test_what_is_misplaced_is_refused_before_the_run_begins(train, tmp_path, edits, said):
    text = page.text('tiny')
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    assert train(text=page.text('tiny')).status == 0
    before = snapshot(tmp_path / 'lab' / 'run')
    ended = train(text=text)
    assert ended.status == 2 and said in ended.err[-1] and 'Traceback' not in ''.join(ended.err), ended
    assert snapshot(tmp_path / 'lab' / 'run') == before


def test_as_many_epochs_as_numpy_has_counted(train):
    ended = train(text=page.text('tiny').replace('run.epochs(total_epoch)', 'run.epochs(np.int64(2))'))
    assert ended.status == 0 and ended.out[1].startswith('Epoch: 0001') and len(ended.out) == 3, ended


def test_epochs_without_a_step(train):
    ended = train(text=page.text('tiny').replace('run.epochs(total_epoch)', 'list(run.epochs(total_epoch))'))
    assert [line for line in ended.err if 'has ended without a step' in line] == [
        'epoch 0 has ended without a step: the loop over run.epochs() is to hold those of train_D and train_G'], ended


def test_a_discriminator_without_its_sigmoid(train):
    text = page.text('tiny')
    for name in 'D_gene = tf.nn.sigmoid(tf.matmul(G, D_W))', 'D_real = tf.nn.sigmoid(tf.matmul(X, D_W))':
        assert name in text
        text = text.replace(name, name.replace('tf.nn.sigmoid(', '('))
    ended = train(text=text)
    assert ended.status == 3 and 'D_real comes out of no sigmoid' in ended.err[-1], ended


def test_a_run_that_an_error_has_ended_is_stopped(write, small, tmp_path):
    text = page.text('tiny').replace("    print('Epoch:'", "    epoch == 1 and undefined\n    print('Epoch:'")
    ended = script(write(text=text), '--data', small, '--run', tmp_path / 'run', '--epochs', 3)
    assert ended.status == 1 and "name 'undefined' is not defined" in ended.err[-1], ended
    record = records.read(str(tmp_path / 'run'))
    assert record['state'] == 'stopped' and os.listdir(str(tmp_path / 'run' / 'checkpoints')) == ['0000']
