"""What a grading comes to: a table for spreadsheets, a sheet to look at, and a text for each student."""

import base64
import csv
import html
import itertools
import os
import re

from lab import files, languages
from lab.errors import say
from tools import likeness, verdicts
from tools.marking import NOT_JUDGED
from tools.sayings import tell, tell_all

COLUMNS = ['student', 'listing', 'verdict', 'reason', 'epochs', 'seed', 'changed', 'resumed', 'tensorflow', 'processor',
           'like', 'note']
LONGEST = 200  # bytes of a text's name, of which systems take 255


def row(mark, language):
    """A mark as a row of the table, {column: text or number}."""
    return dict(zip(COLUMNS, [
        mark.student, mark.listing, mark.verdict, tell(mark.reason, language) if mark.reason else '', mark.epochs,
        mark.seed, UNCHANGED[language] if mark.changed == 'no' else mark.changed, mark.resumed, mark.tensorflow,
        mark.processor, tell_all(mark.likes, language), tell_all(mark.notes, language)]))


UNCHANGED = {'en': 'none', 'ko': '없음'}


GRADES, REPORT, TEXTS = 'grades.csv', 'report.html', 'texts'
MOVED = {'en': 'the grades that were in %s are now in %s', 'ko': '%s에 있던 채점 결과를 다음 폴더로 옮겼다: %s'}


def _put_by(folder, language):
    """Moves earlier grades, which may bear somebody's remarks, to a free name, FOLDER.1, FOLDER.2, …"""
    earlier = [name for name in (GRADES, REPORT, TEXTS) if os.path.lexists(os.path.join(folder, name))]
    if earlier:
        moved = files.free_name(folder)
        with files.refusals(moved):
            os.mkdir(moved)
            for name in earlier:
                os.rename(os.path.join(folder, name), os.path.join(moved, name))
        say(MOVED[language] % (folder, moved))


def write(marks, folder, language):
    """Writes grades.csv, report.html and texts/ into a folder. Raises BadInput if the system refuses."""
    texts = os.path.join(folder, TEXTS)
    _put_by(folder, language)
    with files.refusals(texts):
        os.makedirs(texts)
    with files.whole(os.path.join(folder, GRADES)) as part, open(
            part, 'w', encoding='utf-8-sig', newline='') as file:  # by whose mark Excel knows UTF-8
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for mark in marks:
            table.writerow([_cell(value) for value in row(mark, language).values()])
    files.write(os.path.join(folder, REPORT), report(marks, language))
    taken = set()
    for student, of_student in _by_student(marks).items():
        files.write(os.path.join(texts, _file_name(student, taken) + '.txt'), text(student, of_student))


def _cell(value):
    """A value that no spreadsheet takes for a formula: OWASP, CSV Injection."""
    return "'" + value if isinstance(value, str) and value[:1] in ('=', '+', '-', '@') else value


def _file_name(student, taken):
    """A name for a student's text that every system takes, and no other student of those `taken` has."""
    name = re.sub(r'[<>:"|?*\\/]', '_', student)
    name = os.fsencode(name)[:LONGEST].decode('utf-8', 'ignore').rstrip('. ') or '_'
    found = next(each for each in itertools.chain([name], ('%s (%d)' % (name, n) for n in itertools.count(2)))
                 if each.casefold() not in taken)
    taken.add(found.casefold())
    return found


def _by_student(marks):
    found = {}
    for mark in marks:
        found.setdefault(mark.student, []).append(mark)
    return found


# --- the text for a student

VERDICTS = {
    verdicts.IDENTICAL: {'en': 'your strips are the reference\'s, byte for byte',
                         'ko': '그림이 기준과 바이트까지 똑같다'},
    verdicts.SAME: {'en': 'your strips show the same picture as the reference\'s', 'ko': '그림이 기준과 같다'},
    verdicts.EQUIVALENT: {'en': 'your digits are as good as the reference\'s',
                          'ko': '숫자 그림이 기준만큼 잘 나왔다'},
    verdicts.WORSE: {'en': 'your digits are not as good as the reference\'s',
                     'ko': '숫자 그림이 기준만큼 잘 나오지 않았다'},
    NOT_JUDGED: {'en': 'your digits could not be judged', 'ko': '숫자 그림을 판정하지 못했다'}}
LINES = {'epochs': {'en': 'Epochs: %s', 'ko': '세대: %s'}, 'seed': {'en': 'Seed: %s', 'ko': '시드: %s'},
         'changed': {'en': 'Lines that differ from the chapter\'s: %s', 'ko': '책의 예제와 다른 줄: %s'},
         'reason': {'en': 'Why: %s', 'ko': '이유: %s'},
         'note': {'en': 'Also: %s', 'ko': '그 밖에: %s'}}
HELLO = {'en': 'What came of the hand-in of %s', 'ko': '%s 제출물 채점 결과'}
OF_CHANGED = {'en': "An edited listing is compared with the chapter's too: if it was to show what goes wrong, it has.",
              'ko': '고친 예제도 책의 예제와 비교한다. 무엇이 잘못되는지 보려고 고쳤다면 이 결과가 맞다.'}
SO_FAR = {'en': "after fewer epochs than the reference's, your digits are as good as its were by then",
          'ko': '기준보다 적게 학습했고, 그때까지의 숫자 그림은 기준만큼 잘 나왔다'}
CLOSING = {'en': 'The reference is what TensorFlow 1.15.5 drew. Strips differ from run to run, so what is compared is '
                 'how good the digits are, and not their pixels.',
           'ko': '기준은 텐서플로 1.15.5로 그린 그림이다. 그림은 실행할 때마다 다르므로 픽셀이 아니라 숫자가 얼마나 잘 '
                 '나왔는지를 비교한다.'}


def text(student, marks):
    """The text for a student, in both languages. It tells nothing of others, nor what makes one doubt."""
    return '\n\n'.join('\n'.join(_text(student, marks, language)) for language in languages.KNOWN) + '\n'


def _text(student, marks, language):
    yield HELLO[language] % student
    for mark in marks:
        so_far = ('fewer epochs',) in mark.notes
        own = mark._replace(notes=[said for said in mark.notes if said[0] not in {*likeness.NOTES, 'fewer epochs'}],
                            reason=() if so_far else mark.reason)
        values = row(own, language)
        verdict = (SO_FAR if so_far else VERDICTS[mark.verdict])[language]
        yield ''
        yield '%s: %s' % (values['listing'], verdict) if mark.listing else verdict
        for name, line in LINES.items():
            if values[name] != '':
                yield '  ' + line[language] % values[name]
    yield ''
    if any(mark.verdict == verdicts.WORSE and mark.changed not in ('', 'no') and ('fewer epochs',) not in mark.notes
           for mark in marks):
        yield OF_CHANGED[language]
    if any(mark.verdict != NOT_JUDGED for mark in marks):
        yield CLOSING[language]


# --- the sheet

SUMMARY = ['listing', 'verdict', 'reason', 'epochs', 'seed', 'like']  # of each mark, on top of the sheet
TITLE = {'en': 'Hand-ins', 'ko': '제출물'}
HEADS = {'en': dict(zip(COLUMNS, ['student', 'listing', 'verdict', 'reason', 'epochs', 'seed', 'changed lines',
                                  'resumed', 'TensorFlow', 'processor', 'to look into', 'note'])),
         'ko': dict(zip(COLUMNS, ['이름', '예제', '판정', '이유', '세대', '시드', '바뀐 줄', '이어서 한 횟수',
                                  '텐서플로', '프로세서', '확인할 것', '참고']))}
ABOUT = {'en': 'hand-ins: %d, nothing to judge in: %d; listings: %d, worse: %d, not judged: %d, to be looked into: %d',
         'ko': '제출물 %d개(판정할 것이 없는 것 %d개), 예제 %d개(기준만 못한 것 %d개, 판정하지 못한 것 '
               '%d개, 확인할 것이 있는 것 %d개)'}
STYLE = '''
body { font: 14px/1.45 sans-serif; color: #111; margin: 1.5em auto; max-width: 76em; padding: 0 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.2em; border-top: 2px solid #111; padding-top: .4em; margin-top: 1.6em }
h3 { font-size: 1em; margin: .6em 0 .2em } a { color: inherit }
table { border-collapse: collapse; width: 100%; word-break: keep-all }
td, th { text-align: left; padding: .15em .6em; vertical-align: top }
tr + tr td { border-top: 1px solid #ccc }
.listings { display: flex; flex-wrap: wrap; gap: 1.5em } .listing { flex: 1 1 26em; min-width: 0; max-width: 40em }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .8em; margin: .3em 0 } dt { color: #555 }
dd { margin: 0; overflow-wrap: anywhere }
.strip { display: flex; align-items: center; gap: .5em; margin: .4em 0 } .strip span { flex: none; width: 2.2em }
.strip b { flex: none; width: 6.5em; font-weight: normal } .strip img { flex: 1; min-width: 0 }
img { image-rendering: pixelated } .worse, .like { font-weight: bold }
@media print { body { font-size: 9px; margin: 0; max-width: none; padding: 0 } section { break-inside: avoid }
  .listings { flex-wrap: nowrap } .listing { flex-basis: 0 } @page { size: A4; margin: 12mm } }
'''


def summary(marks, language):
    """A line on all of them."""
    verdict = [mark.verdict for mark in marks if mark.listing]
    return ABOUT[language] % (len(_by_student(marks)), len(marks) - len(verdict), len(verdict),
                              verdict.count(verdicts.WORSE), verdict.count(NOT_JUDGED),
                              sum(bool(mark.likes) for mark in marks))


def report(marks, language):
    """The sheet, a page of HTML that needs nothing outside of itself, and lets nothing in it run."""
    by_student, about = _by_student(marks), summary(marks, language)
    rows = ''.join('<tr><td><a href="#s%d">%s</a></td>%s</tr>' % (number, html.escape(student), _cells(mark, language))
                   for number, (student, of_student) in enumerate(by_student.items()) for mark in of_student)
    heads = ''.join('<th>%s</th>' % html.escape(HEADS[language][name])
                    for name in ('student', *SUMMARY))
    title = html.escape(TITLE[language])
    return PAGE % (language, title, STYLE, title, html.escape(about), heads, rows, ''.join(
        _section(number, student, of_student, language)
        for number, (student, of_student) in enumerate(by_student.items())))


PAGE = '''<!DOCTYPE html>
<html lang="%s"><head><meta charset="utf-8"><title>%s</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>%s</style></head>
<body><h1>%s</h1><p>%s</p>
<table><tr>%s</tr>%s</table>
%s</body></html>
'''


def _cells(mark, language):
    values = row(mark, language)
    return ''.join('<td%s>%s</td>' % (' class="%s"' % name if name == 'like' or values[name] == verdicts.WORSE else '',
                                      html.escape(str(values[name]))) for name in SUMMARY)


def _section(number, student, marks, language):
    return '<section id="s%d"><h2>%s</h2><div class="listings">%s</div></section>\n' % (
        number, html.escape(student), ''.join(_listing(mark, language) for mark in marks))


def _listing(mark, language):
    values = row(mark, language)
    facts = ''.join('<dt>%s</dt><dd%s>%s</dd>' % (
        html.escape(HEADS[language][name]), ' class="like"' if name == 'like' else '', html.escape(str(values[name])))
        for name in COLUMNS[3:] if values[name] != '')
    shown = ''.join('<div class="strip"><span>%03d</span><img alt="" src="data:image/png;base64,%s"><b>%s</b></div>' % (
        epoch, base64.b64encode(png).decode(), html.escape(verdict)) for epoch, png, verdict in mark.strips)
    return '<div class="listing"><h3>%s <span class="%s">%s</span></h3><dl>%s</dl>%s</div>' % (
        html.escape(mark.listing), html.escape(mark.verdict), html.escape(mark.verdict), facts, shown)
