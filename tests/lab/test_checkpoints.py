"""lab/checkpoints.py by itself, which takes no TensorFlow: what is kept, what is swept away, what is not believed."""

import json
import os
import zipfile

import numpy as np
import pytest
from conftest import snapshot

from lab import checkpoints, files
from lab.errors import BadInput


def write_model(path):
    for name in checkpoints.FILES:
        with open(os.path.join(os.path.dirname(path), name), 'w') as file:
            file.write('of ' + name)


def save(folder, *epochs):
    for epoch in epochs:
        checkpoints.save(str(folder), epoch, write_model, {'epoch': np.array(epoch)})


def sign(folder):
    """Makes digests.json that of the files as they are."""
    digests = {name: files.digest(str(folder / name)) for name in os.listdir(str(folder)) if name != 'digests.json'}
    (folder / 'digests.json').write_text(json.dumps(digests))


def test_the_newest_two_are_kept(tmp_path):
    folder = tmp_path / 'made' / 'checkpoints'
    save(folder, 0)
    assert checkpoints.epochs(str(folder)) == [0]
    save(folder, 1, 2, 9998, 10000)
    assert checkpoints.epochs(str(folder)) == [10000, 9998]
    assert sorted(os.listdir(str(folder))) == ['10000', '9998']
    assert sorted(os.listdir(str(folder / '9998'))) == sorted([*checkpoints.FILES, 'digests.json', 'state.npz'])
    checkpoints.check(str(folder), 9998)
    assert checkpoints.read_state(str(folder), 9998) == {'epoch': 9998}
    assert checkpoints.path_of(str(folder), 3) == str(folder / '0003' / 'model.ckpt')


def test_later_ones_are_discarded(tmp_path):
    save(tmp_path, 3, 4)
    checkpoints.clean(str(tmp_path), 4)
    assert checkpoints.epochs(str(tmp_path)) == [4, 3]
    checkpoints.clean(str(tmp_path), 3)
    assert os.listdir(str(tmp_path)) == ['0003']


def test_only_what_a_kill_leaves_is_swept_away(tmp_path):
    save(tmp_path, 3, 4)
    for name in '0005.part', '0002.old.part', '0006.part':
        (tmp_path / name).mkdir()
        (tmp_path / name / 'state.npz').write_bytes(b'half')
    mine = ['notes.part', '05.part', '0005.part.txt', '²222.part']
    for name in mine:
        (tmp_path / name).mkdir()
    (tmp_path / '0007.part').mkdir()
    (tmp_path / '0007.part' / 'mine.txt').write_text('my own')
    checkpoints.clean(str(tmp_path), 4)
    assert sorted(os.listdir(str(tmp_path))) == sorted(['0003', '0004', '0007.part', *mine])
    with pytest.raises(BadInput, match='0007.part is no checkpoint of the run: move it away'):
        checkpoints.check_names(str(tmp_path), 5, 8)
    checkpoints.check_names(str(tmp_path), 5, 7)
    checkpoints.clean(str(tmp_path / 'none'), -1)
    assert checkpoints.epochs(str(tmp_path / 'none')) == []


@pytest.mark.parametrize('name', ['²²²²', '٣٣٣٣', '-001', '0003 ', '3', '0003.part', '1' * 10])
def test_other_names_are_no_epochs(tmp_path, name):
    save(tmp_path, 3, 4)
    (tmp_path / name).mkdir()
    (tmp_path / '0009').write_bytes(b'a file, not a folder')
    assert checkpoints.epochs(str(tmp_path)) == [4, 3]
    save(tmp_path, 5)
    assert sorted(os.listdir(str(tmp_path))) == sorted(['0004', '0005', '0009', name])


def test_a_system_that_refuses_to_write_costs_no_earlier_one(tmp_path):
    save(tmp_path, 3, 4)
    (tmp_path / '0005.part').write_bytes(b'in the way')
    before = snapshot(tmp_path)
    with pytest.raises(BadInput) as end:
        save(tmp_path, 5)
    assert str(tmp_path / '0005') in str(end.value) and '--resume from the checkpoint before it' in str(end.value)
    assert snapshot(tmp_path) == before


def test_a_first_checkpoint_that_cannot_be_written_has_none_before_it(tmp_path):
    (tmp_path / '0000.part').write_bytes(b'in the way')
    with pytest.raises(BadInput, match='0000 cannot be written .*: make room, then begin anew'):
        save(tmp_path, 0)


def test_a_file_of_somebodys_own_is_never_removed(tmp_path):
    for name in '0005.part', '0003':
        if name == '0003':
            save(tmp_path, 3, 4)
        else:
            (tmp_path / name).mkdir()
        (tmp_path / name / 'mine.txt').write_text('my own')
    with pytest.raises(BadInput, match='0005 cannot be written'):
        save(tmp_path, 5)
    os.rename(str(tmp_path / '0005.part'), str(tmp_path / 'away'))
    save(tmp_path, 5)
    assert os.listdir(str(tmp_path / 'away')) == os.listdir(str(tmp_path / '0003.old.part')) == ['mine.txt']


def test_a_model_that_cannot_be_written_leaves_nothing_half(tmp_path):
    save(tmp_path, 3, 4)
    before = snapshot(tmp_path)

    def fills_the_disk(path):
        write_model(path)
        raise OSError(28, 'No space left on device')

    with pytest.raises(BadInput, match='0005 cannot be written .No space left on device.'):
        checkpoints.save(str(tmp_path), 5, fills_the_disk, {})
    assert snapshot(tmp_path) == before and sorted(os.listdir(str(tmp_path))) == ['0003', '0004']


def encrypt(path):
    """Sets the flag of encryption in both headers of a zip's first member."""
    content = bytearray(path.read_bytes())
    for signature, flags in (b'PK\3\4', 6), (b'PK\1\2', 8):
        content[content.index(signature) + flags] |= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-30])


def pickle(path):
    np.savez(str(path), epoch=np.array([{'not': 'an array'}], dtype=object))


def flip(path):
    """Flips a bit of the array, which the sum in the zip is of."""
    content = bytearray(path.read_bytes())
    content[content.index(b'\x93NUMPY') + 130] ^= 1
    path.write_bytes(content)


def misname(path):
    with zipfile.ZipFile(str(path), 'w') as packed:
        packed.writestr('epoch.npy', b'no array at all')


@pytest.mark.parametrize('spoil', [encrypt, cut, pickle, flip, misname, lambda path: path.write_bytes(b''),
                                   lambda path: (path.unlink(), path.mkdir())],
                         ids=['encrypted', 'cut', 'pickled', 'flipped', 'no array', 'empty', 'a folder'])
def test_a_state_is_not_believed_for_its_digest_alone(tmp_path, spoil):
    save(tmp_path, 3)
    spoil(tmp_path / '0003' / 'state.npz')
    if (tmp_path / '0003' / 'state.npz').is_file():
        sign(tmp_path / '0003')
    with pytest.raises((OSError, ValueError)) as end:
        checkpoints.read_state(str(tmp_path), 3)
    assert str(end.value)
    checkpoints.check(str(tmp_path), 3)  # what draws needs no state


def test_a_folder_of_ones_own_is_no_checkpoint_by_its_name(tmp_path):
    save(tmp_path, 3)
    for name in '20240101', '0009':
        (tmp_path / name).mkdir()
        (tmp_path / name / 'mine').touch()
    (tmp_path / '0011').symlink_to(tmp_path / '0003')
    assert checkpoints.epochs(str(tmp_path)) == [3]
    checkpoints.clean(str(tmp_path), 3)
    save(tmp_path, 4)
    assert sorted(os.listdir(str(tmp_path))) == ['0003', '0004', '0009', '0011', '20240101']


@pytest.mark.parametrize('content', ['', '{', '[]', '[' * 50000, '{"state.npz": 7}', '{"state.npz": null}', '\udcff'])
def test_digests_that_are_none(tmp_path, content):
    save(tmp_path, 3)
    (tmp_path / '0003' / 'digests.json').write_text(content, errors='surrogateescape')
    for read in checkpoints.check, checkpoints.read_state:
        with pytest.raises(ValueError, match='is not as it was written|decode|delimiter|Expecting'):
            read(str(tmp_path), 3)
