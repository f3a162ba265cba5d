import os

import pytest

import files
from errors import BadInput


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / 'file'
    path.write_text('old')
    with files.whole(str(path)) as part:
        with open(part, 'w') as file:
            file.write('new')
        assert path.read_text() == 'old'
    assert path.read_text() == 'new' and os.listdir(str(tmp_path)) == ['file']


@pytest.mark.parametrize('error, seen', [
    (KeyError('a bug'), KeyError), (KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, 'full'), BadInput)])
def test_a_file_that_is_not_finished_leaves_the_old_one(tmp_path, error, seen):
    path = tmp_path / 'file'
    path.write_text('old')
    with pytest.raises(seen), files.whole(str(path)) as part:
        with open(part, 'w') as file:
            file.write('half')
        raise error
    assert path.read_text() == 'old' and os.listdir(str(tmp_path)) == ['file']


def test_a_refusal_names_the_place_and_the_reason(tmp_path):
    path = str(tmp_path / 'missing' / 'file')
    with pytest.raises(BadInput) as end, files.whole(path) as part, open(part, 'w'):
        pass
    assert path in str(end.value) and 'No such file or directory' in str(end.value)


def test_a_lock_holds_against_another_and_ends_with_its_file(tmp_path):
    path = str(tmp_path / 'lock')
    first = files.lock(path, 'this folder')
    with pytest.raises(BadInput, match='^this folder is in use by another run'):
        files.lock(path, 'this folder')
    first.close()
    files.lock(path, 'this folder').close()
