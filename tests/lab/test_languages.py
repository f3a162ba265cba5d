"""Which language a reader is told things in."""

import argparse
import os
import re

import page
import pytest
from processes import Lab, run

from lab import languages, records, told


def test_one_and_many():
    assert [languages.counted(n, 'epoch') for n in (0, 1, 2)] == ['0 epochs', '1 epoch', '2 epochs']


@pytest.mark.parametrize('given, expected', [
    ({'LANG': 'ko_KR.UTF-8'}, 'ko'), ({'LANG': 'ko_KR.UTF-8', 'LC_ALL': 'C.UTF-8'}, 'en'),
    ({'LANG': 'en_GB.UTF-8', 'LC_MESSAGES': 'ko_KR'}, 'ko'), ({'LC_ALL': '', 'LANG': 'ko'}, 'ko'),
    ({'LANGUAGE': 'ko', 'LC_ALL': 'en_US.UTF-8'}, 'ko'),
    ({'LANG': 'Korean_Korea.949'}, 'ko'), ({'LANG': ''}, 'en'), ({}, 'en')])
def test_the_surroundings_decide_unless_it_is_said(monkeypatch, given, expected):
    for name in 'LANGUAGE', 'LC_ALL', 'LC_MESSAGES', 'LANG':
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    parser = argparse.ArgumentParser()
    languages.add_option(parser)
    assert parser.parse_args([]).lang == languages.of_environment() == expected
    for language in languages.KNOWN:
        assert parser.parse_args(['--lang', language]).lang == language


def placeholders(text):
    return re.findall(r'%\.?\d*[a-z]', text)


def test_both_languages_tell_the_same():
    for name, texts in told.TEXTS.items():
        assert sorted(texts) == sorted(languages.KNOWN) and placeholders(texts['en']) == placeholders(texts['ko']), name


def test_a_text_may_hold_others():
    note = 'missing', 'film, X', [('D_mean',), ('steps',)]
    assert told.text(*note) == 'the listing has no film, X: off without it: D_mean; whether it trains what it should'
    assert told.text(*note, language='ko') == (
        '예제에 다음 이름이 없다: film, X. 그래서 다음 기능은 쓸 수 없다: D_mean; '
        '각 단계가 자기 신경망만 학습시키는지 살피기')


def in_korean():
    os.environ['LC_ALL'] = 'ko_KR.UTF-8'


def test_a_run_tells_in_korean_and_its_record_in_english(small, tmp_path):
    listing = tmp_path / 'my_gan.py'
    listing.write_text(page.text('tiny').replace('D_gene', 'D_fake'), encoding='utf-8')
    lab = Lab(tmp_path / 'lab', listing, small)
    ended = run(listing, *lab.argv, '--epochs', 1, output=lab.folder, before=in_korean)
    assert ended.err == ['예제에 다음 이름이 없다: D_gene. 그래서 다음 기능은 쓸 수 없다: D_mean', 'seed: 7']
    assert records.read(str(tmp_path / 'lab' / 'run'))['notes'] == ['the listing has no D_gene: off without it: D_mean']
    listing.write_text(listing.read_text(encoding='utf-8') + '\n# more\n', encoding='utf-8')
    ended = run(listing, *lab.argv, '--epochs', 2, '--resume', output=lab.folder, before=in_korean)
    assert ended.err[0] == '0번 세대 다음부터 이어서 학습한다' and re.fullmatch(
        r'지난번 실행 뒤에 예제가 바뀌었다\([\d, -]+번째 줄\)\. 바뀐 예제로 이어서 학습한다', ended.err[1]), ended.err
