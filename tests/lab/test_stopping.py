"""A run is stopped at whatever it does, and goes on to the same bytes; what ignores a signal goes on ignoring it."""

import json
import os
import re

import page
import pytest
from processes import Lab, run

TOP = "import lab  # not the page's: options, seed, checkpoints\n"
EPOCH = "    print('Epoch:', '%04d' % epoch,\n"
NOISE = "def get_noise(batch_size, n_noise):\n"
END = "print('최적화 완료!')\n"

# Sends this process SIGTERM before the so-manyth change to a file in epoch 1.
STOPS_ITSELF = TOP + """
import signal

from processes import kill_at_step

kill_at_step(int(open('stop_at').read()), signal.SIGTERM, when=lambda: globals().get('epoch') == 1)
"""


def start(folder, small, *edits):
    """A Lab of an edited listing that stands beside it."""
    listing = folder / 'my_gan.py'
    listing.write_text(page.edited('tiny', *edits), encoding='utf-8')
    return Lab(folder / 'lab', listing, small)


def write_stop(lab, number):
    with open(lab.path('stop_at'), 'w') as file:
        file.write(str(number))


def test_a_stop_at_any_change_to_a_file_changes_nothing(small, tmp_path):
    begun = start(tmp_path, small, (TOP, STOPS_ITSELF))
    write_stop(begun, 10 ** 6)  # never
    assert begun.run('--epochs', 1).status == 0, begun.lines('stderr')
    whole = begun.copy(tmp_path / 'whole')
    assert whole.run('--epochs', 3, '--resume').status == 0
    for step in range(1, 200, 3):
        lab = begun.copy(tmp_path / str(step))
        write_stop(lab, step)
        ended = lab.run('--epochs', 3, '--resume')
        if ended.status == 0:  # there were not so many
            break
        assert ended.status == 143 and 'Traceback' not in '\n'.join(ended.err), (step, ended)
        assert re.search(r'stopped by SIGTERM in epoch 1; the checkpoint of epoch %d stays' % int(lab.epochs()[-1]),
                         ended.err[-1]), (step, ended.err)
        assert json.loads(lab.read('run', 'run.json').decode())['state'] == 'stopped'
        write_stop(lab, 10 ** 6)
        ended = lab.run('--epochs', 3, '--resume')
        assert ended.status == 0, (step, ended)
        assert lab.outcome() == whole.outcome(), step
        assert not [each for _, folders, names in os.walk(lab.folder) for each in folders + names
                    if each.endswith('.part')]
    assert step > 9


def test_a_stop_before_the_first_epoch_leaves_nothing(small, tmp_path):
    lab = start(tmp_path, small, (NOISE, "import os, signal\n\n\n" + NOISE + (
        "    if 'sess' in globals() and 'epoch' not in globals():\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n")))
    ended = lab.run()
    assert ended.status == 143 and ended.out == [] and len(ended.err) == 1, ended
    assert 'stopped by SIGTERM before the first epoch; there is no checkpoint yet' in ended.err[0]
    assert sorted(os.listdir(lab.folder)) == ['stderr', 'stdout']


@pytest.mark.parametrize('name', ['SIGINT', 'SIGTERM'])
def test_a_signal_that_is_ignored_stays_so(small, tmp_path, name):
    """As under nohup, or for what a shell runs in the background."""
    lab = start(tmp_path, small, (TOP, TOP + "import os, signal\n\nsignal.signal(signal.%s, signal.SIG_IGN)\n" % name),
                (EPOCH, "    os.kill(os.getpid(), signal.%s)\n" % name + EPOCH))
    ended = lab.run('--epochs', 2)
    assert ended.status == 0 and len(ended.out) == 3 and ended.err == ['seed: 7'], ended


def test_handlers_are_as_they_were_after_the_run(small, tmp_path):
    lab = start(tmp_path, small, (END, "import signal\n" + END + (
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler,\n"
        "      signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)\n")))
    assert lab.run('--epochs', 1).out[1:] == ['최적화 완료!', 'True True']


def test_the_pictures_of_earlier_strips_take_no_memory(small, tmp_path):
    """A closed figure refers to itself, and is gone only when it is collected."""
    lab = start(tmp_path, small, (TOP, TOP + "import gc\n\ngc.disable()\n"), (
        END, "print(sum(isinstance(thing, plt.Figure) for thing in gc.get_objects()))\n"))
    ended = lab.run('--epochs', 20)
    assert ended.status == 0 and ended.out[-1] == '1', ended
    assert len(os.listdir(lab.path('run', 'samples'))) == 3


@pytest.mark.parametrize('name, n_hidden', [('basic', 256), ('basic', 512), ('conditional', 256)])
def test_sparing_threads_changes_no_loss(small, tmp_path, name, n_hidden):
    """On Intel's processors 512 gives other bytes with one thread than with all of them, 256 the same."""
    traces = []
    for threads in None, os.cpu_count():
        listing = tmp_path / ('%s.py' % threads)
        listing.write_text(page.edited(name, *([(TOP, TOP + "import os\n\nos.environ['TF_NUM_INTRAOP_THREADS'] = '%d'\n"
                                                 % threads)] if threads else [])), encoding='utf-8')
        ended = run(listing, '--data', small, '--run', tmp_path / str(threads), '--trace', tmp_path / 't.csv',
                    '--n-hidden', n_hidden, '--epochs', 1, output=tmp_path)
        assert ended.status == 0, ended.err
        traces.append((tmp_path / 't.csv').read_bytes())
        (tmp_path / 't.csv').unlink()
    assert traces[0] == traces[1]
