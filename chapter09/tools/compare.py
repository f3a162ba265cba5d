"""Did mine come out right? Compares the digits of a run with those of another, or with the book's."""

import functools
import json
import os
import unicodedata
from types import SimpleNamespace

import numpy as np

from lab import files, languages, listings
from lab.errors import BadInput, one_line, say
from tools import drawing, results, verdicts
from tools.judge import of_mnist

REFERENCE = os.path.join(listings.ROOT, 'reference')

# What a verdict stands on, and what was not looked at, in words of `languages.KNOWN`.
TEXTS = {
    'strips': {'en': '{} of {} strips', 'ko': '그림 {1}장 가운데 {0}장'},
    'fresh': {'en': '{} fresh images', 'ko': '새로 그린 이미지 {:,}장'},
    'all strips': {'en': '{1}', 'ko': '그림 {0}장'},
    'later': {'en': '{} digits of the strips from {:03d} on',
              'ko': '{1:03d}번 그림부터 마지막 그림까지 나온 숫자 {0}개'},
    'of epochs': {'en': "{} of the other's {} epochs", 'ko': '비교 대상은 {1}세대인데 이 실행은 {0}세대'},
    'by': {'en': '{}, by {}', 'ko': '{}(근거: {})'},
    'and': {'en': ' and ', 'ko': ', '},
    'not there': {'en': '{}: no strips of it in {}', 'ko': '{1}에는 {0} 그림이 없다'},
}


def compare(judge, mine, other, fresh=results.FRESH):
    """Compares two `results.Result` of one listing, and by so many fresh images where there are weights to draw them.

    Returns kind, mine and other; the digits asked for (a string, or None); strips, a list of epoch, mine
    and other (`verdicts.Seen`) and verdict; whole, the figures of many digits (see `_whole`) or None;
    shorter, whether mine has had fewer epochs; and the verdict on the run, and its reason
    (of `verdicts.REASONS`, or None).
    Raises BadInput if the two do not compare.
    """
    for result in mine, other:
        _check_data(judge, result)
    labels = _labels(judge, mine.kind)
    asked = None if labels is None else judge.mnist.test.images[:10]
    early = _early(judge, mine.kind)
    strips = [SimpleNamespace(epoch=epoch, mine=verdicts.Seen(judge, mine.strips[epoch], labels, epoch),
                              other=_seen(judge, other, labels, others))
              for epoch, others in _pairs(mine, other)]
    for strip in strips:
        strip.verdict = verdicts.of_strip(judge, strip.mine, strip.other, asked, early)
    found = SimpleNamespace(kind=mine.kind, mine=mine, other=other, strips=strips,
                            asked=None if labels is None else ''.join(map(str, labels)))
    found.whole = _whole(judge, found, labels, fresh)
    if found.whole:
        found.whole.verdict = verdicts.of_figures(found.whole.mine, found.whole.other, found.whole.n, early)
    found.shorter = None not in (mine.epochs, other.epochs) and mine.epochs < other.epochs
    found.verdict = verdicts.of_run([strip.verdict for strip in strips],
                                    found.whole and found.whole.verdict, found.shorter)
    found.reason = reason_of(found.verdict, mine.record)
    return found


def reason_of(verdict, record):
    """The reason of a verdict on a run whose record is known, or None: of `verdicts.REASONS`, or None."""
    is_lost = verdict.reason in ('epochs', 'early', 'rough') and record and record['lost'] is not None
    return 'lost' if is_lost else verdict.reason


@functools.lru_cache(maxsize=None)
def _reference():
    return results.find(REFERENCE)


def _seen(judge, other, labels, epoch):
    """The strip of an epoch as `verdicts.Seen`; the reference's, which many are set beside, are looked at once."""
    if _reference()[other.kind].strips.get(epoch) == other.strips[epoch]:
        return _seen_of_reference(judge, other.kind, epoch)
    return verdicts.Seen(judge, other.strips[epoch], labels, epoch)


@functools.lru_cache(maxsize=None)
def _seen_of_reference(judge, kind, epoch):
    return verdicts.Seen(judge, _reference()[kind].strips[epoch], _labels(judge, kind), epoch)


def _labels(judge, kind):
    """What a strip is to show: in §9.2 the first ten test digits."""
    return judge.mnist.test.labels[:10].argmax(axis=1) if kind == 'conditional' else None


@functools.lru_cache(maxsize=None)
def _early(judge, kind):
    """The figures of the reference's strip after its first epoch."""
    return _seen_of_reference(judge, kind, 0).figures


def _check_data(judge, result):
    """Raises BadInput if a run was trained on other digits than MNIST's."""
    if result.record and result.record['data'] != judge.data():
        raise BadInput('%s is of a run on other data than MNIST, and the judge can read nothing else'
                       % result.path)


def _pairs(mine, other):
    """[(epoch of mine, of the other)]: those that both have, or those of two single strips."""
    if len(mine.strips) == len(other.strips) == 1:
        return [(*mine.strips, *other.strips)]
    pairs = [(epoch, epoch) for epoch in sorted(mine.strips.keys() & other.strips.keys() - {None})]
    if not pairs:
        raise BadInput('%s and %s have no strip of the same epoch: name others' % (mine.path, other.path))
    return pairs


def _whole(judge, found, labels, fresh):
    """The figures of many digits: their number n, mine and other (of `verdicts.measure`), and whose they are.

    They are of fresh images where the run's weights are there and can be drawn from, beside the reference's where
    the other has none and the run is as long; else of the strips of the later half of the epochs. None where that
    is one strip or less.
    """
    reference = _reference()[found.kind]
    yardstick = found.other if found.other.trained else reference
    if found.mine.trained and (yardstick is found.other or found.mine.epochs >= reference.epochs):
        try:
            generators = [result.generator() for result in (found.mine, yardstick)]
            measured = [verdicts.measure(judge, *generator.fresh(fresh)) for generator in generators]
        except BadInput as error:  # of a listing that calls G something else, say
            say('by the strips alone: %s' % error)
        else:
            return SimpleNamespace(n=fresh, mine=measured[0], other=measured[1], of=('fresh', fresh),
                                   sources=[generator.path for generator in generators])
    later = [strip for strip in found.strips[1:] if 2 * strip.epoch >= found.strips[-1].epoch]
    if len(later) < 2:
        return None
    measured = [verdicts.measure(judge, np.concatenate([getattr(strip, side).images for strip in later]),
                                 None if labels is None else np.tile(labels, len(later)))
                for side in ('mine', 'other')]
    return SimpleNamespace(n=10 * len(later), mine=measured[0], other=measured[1],
                           of=('later', 10 * len(later), later[0].epoch),
                           sources=(found.mine.path, found.other.path))


def table(found, language, drawn=None):
    """The comparison as lines of at most 80 columns; the verdict, and why it is worse, in one of `languages.KNOWN`.

    drawn  the picture of both, if there is one
    """
    columns = ['nearest', 'variety'] + ['accuracy'] * (found.kind == 'conditional')
    yield 'mine:  %s' % _cut(_name(found.mine), 73)
    yield 'other: %s' % _cut(_name(found.other), 73)
    if drawn:
        yield 'drawn: %s' % _cut(one_line(_short(drawn)), 73)
    yield ''
    yield 'epoch  verdict       mine, read' + ''.join('  %-13s' % name for name in columns).rstrip()
    yield ' ' * 31 + '  mine   other' * len(columns)
    for strip in found.strips:
        row = '%5s  %-12s  %s' % (_epoch(strip.epoch), strip.verdict.name, strip.mine.reads)
        for name in columns:
            row += '  %-5s  %-5s ' % tuple(_number(name, side.figures) for side in (strip.mine, strip.other))
        yield row.rstrip()
    whole = found.whole
    if whole:
        limits = verdicts.limits(whole.other, whole.n)
        yield ''
        yield _told(language, *whole.of)
        for side, source in zip(('mine: ', 'other:'), whole.sources):
            yield '%s %s' % (side, _cut(one_line(_short(source)), 73))
        yield '%-22s%10s%10s%12s' % ('', 'mine', 'other', 'limit')
        for name, (title, _, better) in verdicts.FIGURES.items():
            if name in whole.mine:
                row = '%-22s%10s%10s' % (title, _number(name, whole.mine), _number(name, whole.other))
                if name in limits:
                    row += '%12s' % ('≤≥'[better > 0] + ' ' + _number(name, limits))
                yield row
        yield 'percent read as' + ''.join('%6d' % digit for digit in range(10))[1:]
        for side in 'mine', 'other':
            yield '%14s%s' % (side, ''.join('%6.1f' % (100 * share) for share in np.ravel(
                getattr(whole, side)['shares'])))
    yield ''
    yield from _wrapped('%s: %s' % (found.kind, _sentence(found, language)), 80)


def _sentence(found, language):
    name, n = found.verdict.name, len(found.strips)
    worse = sum(strip.verdict == found.verdict for strip in found.strips)
    of_all = 'all strips', n, languages.counted(n, 'strip')
    if name != verdicts.WORSE:
        by = [of_all, *([found.whole.of] if found.whole else [])]
    else:
        by = [of_all if worse == n else ('strips', worse, n)] if worse else []
        if found.whole and found.whole.verdict == found.verdict:
            by.append(found.whole.of)
        if found.shorter:
            by.append(('of epochs', found.mine.epochs, found.other.epochs))
    said = _told(language, 'by', name, _told(language, 'and').join(_told(language, *each) for each in by))
    return said + (': ' + verdicts.REASONS[found.reason][language] if name == verdicts.WORSE else '')


def _told(language, name, *values):
    return TEXTS[name][language].format(*values)


def as_json(found, language):
    """The comparison as one JSON value; what is no number is null, and advice is in one of `languages.KNOWN`."""
    def plain(value):
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, np.ndarray)):
            return [plain(item) for item in value]
        if isinstance(value, (float, np.floating)):
            return float(value) if np.isfinite(value) else None
        return value.item() if isinstance(value, np.generic) else value

    def judged(verdict, reason=None):
        reason = reason or verdict.reason
        return {'verdict': verdict.name, 'reason': reason, 'advice': reason and verdicts.REASONS[reason][language]}

    whole = found.whole
    return plain(dict(
        judged(found.verdict, found.reason), mine=found.mine.path, other=found.other.path,
        strips={_epoch(strip.epoch): dict(judged(strip.verdict), reads=strip.mine.reads,
                                          mine=strip.mine.figures, other=strip.other.figures)
                for strip in found.strips},
        whole=whole and dict(judged(whole.verdict), of=_told('en', *whole.of), sources=whole.sources, mine=whole.mine,
                             other=whole.other)))


def _name(result):
    name = _short(result.path)
    if result.record:
        name += ', seed %d, TensorFlow %s' % (result.record['seed'], result.record['versions'].get('TensorFlow', '?'))
        changed = [str(entry['after_epoch']) for entry in result.record['resumed'] if entry.get('changed')]
        if changed:
            name += ', listing changed after epoch %s' % ', '.join(dict.fromkeys(changed))
    return one_line(name)


def _short(path):
    """A path as the reader knows it: from the repository's root, if it lies there."""
    return path[len(listings.ROOT + os.sep):] if path.startswith(listings.ROOT + os.sep) else path


def _cut(text, width):
    """The end of a text, so that it takes no more columns."""
    wide = _widths(text)
    while sum(wide) > width:
        wide.pop(0)
    return text if len(wide) == len(text) else '…' + text[len(text) - len(wide) + 1:]


def _widths(text):
    """How many columns of a terminal each letter takes; Korean ones take two."""
    return [1 + (unicodedata.east_asian_width(letter) in 'WF') for letter in text]


def _wrapped(text, width):
    """A text as lines of at most so many columns."""
    line = ''
    for word in text.split():
        longer = line + ' ' + word if line else word
        if line and sum(_widths(longer)) > width:
            yield line
            longer = word
        line = longer
    yield line


def _epoch(epoch):
    return '-' if epoch is None else '%03d' % epoch


def _number(name, measured):
    return verdicts.FIGURES[name][1] % measured[name] if np.isfinite(measured[name]) else '-'


def main(chosen):
    """Compares as `tools.commands.diff` has parsed it; returns the status."""
    passed_over = []
    mine, other = results.find(chosen.mine, passed_over), results.find(chosen.other, passed_over)
    both = [kind for kind in listings.CHAPTER if kind in mine and kind in other]
    if not both and passed_over:
        raise passed_over[0]
    if not both:
        raise BadInput('%s holds strips of the %s listing, %s of the %s: name two of one listing'
                       % (chosen.mine, *mine, chosen.other, *other))
    for target in (os.path.join(chosen.out, kind + '.png') for kind in both):
        for path in (path for result in (*mine.values(), *other.values()) for path in result.strips.values()):
            if os.path.exists(target) and os.path.samefile(target, path):
                raise BadInput('--out %s would be written over %s: name another folder' % (chosen.out, path))
        if os.path.lexists(target) and not drawing.is_side_by_side(target):
            raise BadInput('%s is no picture of diff: move it away, or name another folder with --out' % target)
    judge, compared, refused = of_mnist(), [], []
    for kind in both:
        try:
            compared.append(compare(judge, mine[kind], other[kind]))
        except BadInput as error:  # of one strip, or of the run's data: it says nothing of the other listing
            refused.append(error)
    if not compared:
        raise refused[0]
    with files.refusals(chosen.out):
        os.makedirs(chosen.out, exist_ok=True)
    pictures = {found.kind: os.path.join(chosen.out, found.kind + '.png') for found in compared}
    for found in compared:
        with files.whole(pictures[found.kind]) as part:
            drawing.side_by_side(found, _name(found.mine), _name(found.other), part)
    if chosen.json:
        print(json.dumps({found.kind: as_json(found, chosen.lang) for found in compared}, ensure_ascii=False, indent=1))
    else:
        print('\n\n'.join('\n'.join(table(found, chosen.lang, pictures[found.kind])) for found in compared))
    passed_over += refused
    for error in passed_over:
        say('passed over: %s' % error)
    for kind in () if passed_over else mine.keys() ^ other.keys():
        found, lacking = (other, chosen.other) if kind in mine else (mine, chosen.mine)
        if any(result.path == lacking for result in found.values()):
            continue  # it is one run, or one folder of strips, that was named
        say(_told(chosen.lang, 'not there', kind, _short(lacking)))
    return 1 if any(found.verdict.name == verdicts.WORSE for found in compared) else 0
