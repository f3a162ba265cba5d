"""Packs what a lab has left into one zip to hand in: all that is needed to grade it, and nothing else."""

import contextlib
import os
import time
import zipfile

from lab import checkpoints, files, languages, listings, outputs, records
from lab.errors import BadInput, one_line, say

LARGEST = 2 ** 28  # bytes of a file
PACKED = {'en': '%s: %s; %.1f MB', 'ko': '%s: %s, %.1fMB'}
UNFINISHED = {'en': '%s has not finished (%s): it is handed in as it stands',
              'ko': '%s: 학습이 끝나지 않았다(%s). 지금 상태 그대로 묶는다'}
LONGER = {'en': 'an earlier run (epochs: %d) is not packed: to hand it in, exchange the names of runs/%s and runs/%s',
          'ko': '앞서 %d세대까지 학습한 결과는 묶지 않았다. 제출하려면 두 폴더 runs/%s, runs/%s의 이름을 서로 바꾼다'}


def main(chosen):
    """Packs as `tools.commands.handin` has parsed it; returns the status."""
    if not chosen.out:
        chosen.out = os.path.join(listings.ROOT, chosen.student + '.zip')
        if os.path.lexists(chosen.out) and not _is_a_handin(chosen.out):
            raise BadInput('%s is none that handin has packed: move it away, or name another with --out' % chosen.out)
    outputs.refuse('--out', chosen.out, '.zip')
    runs = os.path.join(listings.ROOT, 'runs')
    packed, left, refused = {}, [], []
    for name in sorted(records.names(runs)):
        folder = os.path.join(runs, name)
        newer = records.is_run(folder) and records.made_way(folder)
        if newer:
            with contextlib.suppress(BadInput):
                left.append((newer, name, len(records.losses(folder))))
        elif records.is_run(folder):
            try:
                packed[name] = _contents(folder)
            except BadInput as error:
                refused.append(error)
    if not packed:
        raise refused[0] if refused else BadInput(
            '%s holds no run: train first (make basic, make cgan)' % runs)
    for error in refused:
        say('passed over: %s' % error)
    when = min(max(time.localtime()[:6], (1980, 1, 1, 0, 0, 0)), (2107, 12, 31, 23, 59, 58))  # as far as a zip knows
    with files.whole(chosen.out) as part, zipfile.ZipFile(part, 'w', zipfile.ZIP_DEFLATED) as zipped:
        for name, (_, contents) in packed.items():
            for path, content in contents.items():
                member = zipfile.ZipInfo('/'.join([chosen.student, 'runs', name, path]), when)
                member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                zipped.writestr(member, content)
    for name, (record, contents) in packed.items():
        if record['state'] != 'finished':
            say(UNFINISHED[chosen.lang] % (name, record['state']))
        epochs, earlier = max(((epochs, earlier) for newer, earlier, epochs in left if newer == name), default=(0, ''))
        if epochs > _epochs(contents):
            say(LONGER[chosen.lang] % (epochs, earlier, name))
    print(one_line(PACKED[chosen.lang] % (chosen.out, ', '.join(
        _run(name, _epochs(contents), chosen.lang)
        for name, (_, contents) in packed.items()), os.path.getsize(chosen.out) / 1e6)))
    return 0


def _is_a_handin(path):
    try:
        with files.regular(path) as opened, zipfile.ZipFile(opened) as packed:
            return all(name.split('/')[1:2] == ['runs'] for name in packed.namelist())
    except Exception:  # nothing but foreign bytes is being parsed, and they may be anything
        return False


def _epochs(contents):
    return len(contents[records.LOSSES].splitlines()) - 1


def _run(name, epochs, language):
    return '%s(%d세대)' % (name, epochs) if language == 'ko' else '%s (%s)' % (name, languages.counted(epochs, 'epoch'))


def _contents(folder):
    """The record of a run, and what of its folder is handed in, {path in it: bytes}. Raises BadInput."""
    try:
        os.path.basename(folder).encode('utf-8')
    except UnicodeEncodeError:
        raise BadInput('%s has a name that is not in UTF-8, which no zip takes: rename it' % folder) from None
    record, found = records.read(folder), {}
    for name in records.FILES:
        if os.path.lexists(os.path.join(folder, name)) or name == records.LOSSES:
            found[name] = _read(folder, name)
    for name in sorted(record['strips']):
        if os.path.lexists(os.path.join(folder, records.SAMPLES, name)):
            found['/'.join([records.SAMPLES, name])] = _read(folder, records.SAMPLES, name)
    found.update(_checkpoint(folder))
    return record, found


def _checkpoint(folder):
    """The files of the newest checkpoint; a run that goes on may remove it for a newer one meanwhile."""
    before, kept = None, os.path.join(folder, records.CHECKPOINTS)
    while True:
        done = checkpoints.epochs(kept)
        if not done:
            return {}
        try:
            name = '%04d' % done[0]
            return {'/'.join([records.CHECKPOINTS, name, each]): _read(folder, records.CHECKPOINTS, name, each)
                    for each in sorted(checkpoints.WHOLE)
                    if os.path.lexists(os.path.join(kept, name, each))}
        except BadInput:
            if done == before:
                raise
            before = done


def _read(folder, *names):
    path = os.path.join(folder, *names)
    if os.path.realpath(path) != os.path.join(os.path.realpath(folder), *names):
        raise BadInput('%s is or lies in a link, and what is elsewhere is not packed: put it in its place' % path)
    try:
        return files.read(path, LARGEST)
    except OSError as error:
        raise records.closed(path, error) from None
