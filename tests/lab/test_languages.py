"""Which language a reader is told things in."""

import argparse

import pytest

from lab import languages


def test_one_and_many():
    assert [languages.counted(n, 'epoch') for n in (0, 1, 2)] == ['0 epochs', '1 epoch', '2 epochs']


@pytest.mark.parametrize('given, expected', [
    ({'LANG': 'ko_KR.UTF-8'}, 'ko'), ({'LANG': 'ko_KR.UTF-8', 'LC_ALL': 'C.UTF-8'}, 'en'),
    ({'LANG': 'en_GB.UTF-8', 'LC_MESSAGES': 'ko_KR'}, 'ko'), ({'LC_ALL': '', 'LANG': 'ko'}, 'ko'),
    ({'LANG': 'Korean_Korea.949'}, 'ko'), ({'LANG': ''}, 'en'), ({}, 'en')])
def test_the_surroundings_decide_unless_it_is_said(monkeypatch, given, expected):
    for name in 'LC_ALL', 'LC_MESSAGES', 'LANG':
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    parser = argparse.ArgumentParser()
    languages.add_option(parser)
    assert parser.parse_args([]).lang == languages.of_environment() == expected
    for language in languages.KNOWN:
        assert parser.parse_args(['--lang', language]).lang == language
