"""A run that never learns is told, once and early, and one that learns is not."""

import json
import os
import re
import shutil

import page
import pytest
from processes import PAGE, Lab

import lost as study  # bench/lost.py
from lab import listings, lost, told

G_STEP = 'train_G = tf.train.AdamOptimizer(learning_rate)'
FEEBLE_G = [(G_STEP, G_STEP.replace('learning_rate', '0.')), ("learning_rate = 0.001", "learning_rate = 0.01")]
# A critic's answer has no bounds: below 0 says nothing of having won.
CRITIC = [('loss_D = loss_D_real + loss_D_gene', 'loss_D = tf.reduce_mean(D_gene) - tf.reduce_mean(D_real)'),
          ('loss_G = tf.reduce_mean(\n    tf.nn.sigmoid_cross_entropy_with_logits(logits=D_gene, '
           'labels=tf.ones_like(D_gene)))', 'loss_G = -tf.reduce_mean(D_gene)')]


@pytest.fixture
def lab(small, tmp_path):
    """Of an edited §9.2."""
    def of(*edits):
        listing = tmp_path / 'my_gan.py'
        listing.write_text(page.edited('conditional', *edits), encoding='utf-8')
        return Lab(tmp_path / 'lab', listing, small)
    return of


@pytest.fixture(scope='module')
def recorded():
    """All runs in docs/lost/ of 40 seeds under two versions, {(version, seed): run}; docs/lost.md has the command."""
    return {(version, seed): run for version in study.VERSIONS for seed, run in study.read(version).items()}


def record(lab):
    return json.loads(lab.read('run', 'run.json').decode())


def test_the_listings_of_the_study_are_written_over_nothing(tmp_path, monkeypatch):
    shutil.copy(PAGE['conditional'], str(tmp_path))
    monkeypatch.setattr(listings, 'CHAPTER09', str(tmp_path))
    (tmp_path / 'lost_cut.py').write_text('mine')
    (tmp_path / 'lost_wide.py').symlink_to('diary')
    (tmp_path / 'diary').write_text('mine')
    study.write_listings()
    assert (tmp_path / 'lost_cut.py.1').read_text() == (tmp_path / 'diary').read_text() == 'mine'
    assert {'lost_%s.py' % name for name in study.EDITS} <= {path.name for path in tmp_path.iterdir()}
    assert (tmp_path / 'lost_wide.py.1').is_symlink() and not (tmp_path / 'lost_wide.py').is_symlink()


def test_so_little_for_so_many_epochs_in_a_row_is_lost():
    low, high, n = lost.D_GENE / 2, lost.D_GENE * 2, lost.EPOCHS
    assert lost.since([low] * n) == lost.since([low] * (n + 3)) == n - 1
    assert lost.since([high] + [low] * n) == n
    assert lost.since([low] * (n - 1) + [high] + [low] * (n - 1)) is None
    assert lost.since([low] * (n - 1) + [float('nan')] + [low] * n) == 2 * n - 1
    assert lost.since([]) is None


def test_it_is_told_in_korean_too():
    for language, text in ('en', 'lost since epoch 9: for 6 epochs'), ('ko', '9번 세대에서 학습 실패로 판정했다: '):
        for labelled in True, False:  # no other seed helps §9.1
            line = told.text(*lost.told(9, 1.5e-4, labelled), language=language)
            assert line.startswith(text) and '1.5e-04' in line and ('--seed' in line) == labelled


def test_a_lost_run_is_told_once_and_goes_on(lab):
    lab = lab(*FEEBLE_G)
    assert lab.run('--epochs', 14).status == 0
    (line,) = [line for line in lab.lines('stderr') if 'lost' in line]
    epoch = record(lab)['lost']
    assert re.match(r'lost since epoch %d: for %d epochs the discriminator ' % (epoch, lost.EPOCHS), line)
    assert lost.EPOCHS <= epoch + 1 < 14 and record(lab)['state'] == 'finished'
    assert lab.run('--epochs', 15, '--resume').status == 0
    assert not [line for line in lab.lines('stderr') if 'lost' in line] and record(lab)['lost'] == epoch


def test_a_lost_run_is_stopped_where_that_is_wanted(lab):
    lab = lab(*FEEBLE_G)
    ended = lab.run('--epochs', 14, '--stop-when-lost')
    epoch = record(lab)['lost']
    assert ended.status == lost.STATUS and record(lab)['state'] == 'stopped'
    assert ended.err[-1] == ('my_gan.py: stopped after epoch %d, for it is lost (--stop-when-lost); the checkpoint of '
                             'epoch %d stays in %s' % (epoch, epoch, lab.path('run')))
    assert lab.epochs()[-1] == '%04d' % epoch
    assert lab.run('--epochs', 14, '--stop-when-lost', '--resume').status == lost.STATUS
    assert lab.epochs()[-1] == '%04d' % epoch
    assert lab.run('--epochs', 14, '--resume').status == 0


def test_a_run_that_goes_back_to_before_it_was_lost_is_not(lab):
    lab = lab(*FEEBLE_G)
    assert lab.run('--epochs', 14, '--stop-when-lost').status == lost.STATUS
    newest = lab.epochs()[-1]
    shutil.rmtree(lab.path('run', 'checkpoints', newest))
    assert lab.run('--epochs', int(newest), '--resume').status == 0
    assert record(lab)['lost'] is None


def test_epochs_that_the_film_lacks_are_not_taken_for_others(lab):
    lab = lab(*FEEBLE_G)
    assert lab.run('--epochs', 3).status == 0
    with open(lab.path('run', 'film.bin'), 'w'):
        pass
    assert lab.run('--epochs', 14, '--resume').status == 0
    (line,) = [line for line in lab.lines('stderr') if 'lost' in line]
    assert record(lab)['lost'] == int(re.search(r'epoch (\d+)', line).group(1)) == 3 + lost.EPOCHS - 1
    assert lab.run('--epochs', 15, '--resume').status == 0 and record(lab)['lost'] == 3 + lost.EPOCHS - 1


def test_a_critic_has_no_way_of_being_lost(lab):
    lab = lab(*FEEBLE_G[:1], *CRITIC)
    assert lab.run('--epochs', 10).status == 0
    assert not [line for line in lab.lines('stderr') if 'lost' in line] and record(lab)['lost'] is None


def test_every_recorded_run_that_draws_no_digits_is_told_and_no_other(recorded):
    astray = {key for key, run in recorded.items() if not study.draws_digits(run)}
    assert {key for key, epoch in study.told(recorded).items() if epoch is not None} == astray
    assert len(astray) >= 10 and len(recorded) - len(astray) >= 10
    assert max(study.told(recorded)[key] for key in astray) < 20
    assert max(study.stretch(run) for key, run in recorded.items() if key not in astray) < lost.EPOCHS - 1


def test_what_is_said_of_such_runs_is_what_was_recorded(recorded):
    told = [key for key, epoch in study.told(recorded).items() if epoch is not None]
    gone_on_with = [run for version in study.VERSIONS for run in study.read(version + '-100').values()]
    assert lost.TOLD == len(told) == len(gone_on_with)
    assert lost.AFTER_30 == sum(study.draws_digits(recorded[key]) for key in told)
    assert lost.AFTER_100 == sum(map(study.draws_digits, gone_on_with))
    assert {len(run['D_gene']) for run in gone_on_with} == {100}


def test_the_documents_have_the_shares_that_were_recorded(recorded):
    for name, sign in ('lost.md', ' %'), ('lost.ko.md', '%'):  # Korean writes no space before it
        with open(os.path.join(listings.ROOT, 'docs', name), encoding='utf-8') as file:
            text = file.read()
        for row in study.rows():
            assert row.replace(' %', sign) in text, name


def test_the_interval_and_the_test_of_two_shares_are_the_exact_ones():
    assert [round(end, 3) for end in study.interval(5, 35)] == [0.048, 0.303]
    assert study.interval(0, 10)[0] == 0 and round(study.interval(0, 10)[1], 4) == 0.3085  # 1 - 0.025 ** (1 / 10)
    assert study.interval(10, 10)[1] == 1
    assert round(study.fisher(3, 4, 1, 4), 4) == 0.4857  # Fisher's lady tasting tea
    assert round(study.fisher(1, 12, 9, 12), 6) == 0.002759 and study.fisher(5, 35, 5, 35) == 1
