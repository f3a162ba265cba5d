"""What a grader is told of hand-ins, in Korean and English.

Each is a tuple of a name in TEXTS, or of `verdicts.REASONS`, and what is to stand in its places.
"""

from lab.errors import one_line
from tools import verdicts

TEXTS = {
    # why there is nothing to judge
    'neither': {'en': 'neither a folder nor a zip: pack it as a zip',
                'ko': '폴더도 zip 파일도 아니다. zip으로 묶어야 한다'},
    'link': {'en': 'a link, which is not followed', 'ko': '링크이므로 열지 않았다'},
    'empty': {'en': 'an empty file', 'ko': '빈 파일이다'},
    'no zip': {'en': 'no zip, or one that was cut short', 'ko': 'zip 파일이 아니거나 중간에 잘렸다'},
    'encrypted': {'en': 'a locked zip: pack it without a password',
                  'ko': '암호가 걸려 있다. 암호 없이 다시 묶어야 한다'},
    'climbs': {'en': 'a zip with a path that leads out of it: %s', 'ko': 'zip 바깥을 가리키는 경로가 들어 있다: %s'},
    'twice': {'en': 'the same name twice: %s', 'ko': '같은 이름이 두 번 나온다: %s'},
    'too many': {'en': 'more than %d files: hand in what make handin packs',
                 'ko': '파일이 %d개를 넘는다. make handin으로 묶어서 제출해야 한다'},
    'too much': {'en': 'more than %d MB when unpacked', 'ko': '압축을 풀면 %dMB를 넘는다'},
    'unreadable': {'en': 'cannot be read (%s)', 'ko': '읽을 수 없다(%s)'},
    'nothing': {'en': 'neither a strip (000.png, 009.png, …) nor a run in it',
                'ko': '그림(000.png, 009.png, …)도 실행 폴더도 들어 있지 않다'},
    'too long': {'en': 'looking at it took more than %d s', 'ko': '%d초 안에 다 살펴보지 못했다'},
    'crashed': {'en': 'what looked at it has crashed (%s)', 'ko': '살펴보던 프로그램이 비정상 종료되었다(%s)'},
    'no strips': {'en': 'no strip that can be read', 'ko': '읽을 수 있는 그림이 없다'},
    'other data': {'en': 'trained on other data than MNIST, which the judge cannot read',
                   'ko': 'MNIST가 아닌 데이터로 학습해서 분류기로 읽을 수 없다'},
    'other epochs': {'en': 'no strip of an epoch that the reference has (0, 9, 19, …)',
                     'ko': '기준 그림이 있는 세대(0, 9, 19, …)의 그림이 없다'},
    'only listing': {'en': '%s alone, without a run', 'ko': '%s만 있고 실행 결과가 없다'},
    # what was passed over
    'links': {'en': 'links passed over (%d): %s', 'ko': '링크 %d개를 건너뛰었다: %s'},
    'devices': {'en': 'neither files nor folders, passed over (%d): %s',
                'ko': '파일도 폴더도 아닌 것 %d개를 건너뛰었다: %s'},
    'methods': {'en': 'files of another compression passed over (%d): %s',
                'ko': '지원하지 않는 방식으로 압축된 파일 %d개를 건너뛰었다: %s'},
    'damaged': {'en': 'damaged files passed over (%d): %s', 'ko': '손상된 파일 %d개를 건너뛰었다: %s'},
    'closed': {'en': 'what may not be read, passed over (%d): %s', 'ko': '읽을 권한이 없는 것 %d개를 건너뛰었다: %s'},
    'deep': {'en': 'what lies too deep in folders, passed over (%d): %s',
             'ko': '너무 깊은 폴더에 있는 것 %d개를 건너뛰었다: %s'},
    'large': {'en': 'files too large passed over (%d): %s', 'ko': '너무 큰 파일 %d개를 건너뛰었다: %s'},
    'zips': {'en': 'zips within that cannot be unpacked, passed over (%d): %s',
             'ko': '안에 든 zip 가운데 풀 수 없는 %d개를 건너뛰었다: %s'},
    'many strips': {'en': '%d strips, of which %d were looked at', 'ko': '그림 %d장 가운데 %d장만 보았다'},
    'empty strip': {'en': '%s is empty', 'ko': '빈 그림 파일이 있다: %s'},
    'program': {'en': '%s is PostScript (EPS), which is a program and is not opened',
                'ko': '포스트스크립트(EPS) 파일은 코드를 실행해야 볼 수 있으므로 열지 않았다: %s'},
    'no strip': {'en': '%s cannot be read as a strip of ten digits',
                 'ko': '숫자 열 개가 늘어선 그림으로 읽을 수 없다: %s'},
    'other rows': {'en': '%s is of the other listing', 'ko': '다른 예제의 그림이 있다: %s'},
    'more runs': {'en': 'other runs of it passed over (%d): %s', 'ko': '같은 예제의 다른 실행 %d개를 건너뛰었다: %s'},
    'changed later': {'en': 'the listing was changed on the way, after epoch %s',
                      'ko': '학습하는 도중에 예제를 고쳤다(%s세대 뒤)'},
    'more strips': {'en': 'more strips of it passed over: %s', 'ko': '같은 예제의 다른 그림을 건너뛰었다: %s'},
    'bad record': {'en': 'its run.json cannot be read', 'ko': 'run.json을 읽을 수 없다'},
    'no losses': {'en': 'no losses.csv that can be read', 'ko': '읽을 수 있는 losses.csv가 없다'},
    'no film': {'en': 'no film.bin', 'ko': 'film.bin이 없다'},
    'no checkpoint': {'en': 'no checkpoint', 'ko': '체크포인트가 없다'},
    'part of a checkpoint': {'en': 'checkpoint %04d is not complete', 'ko': '체크포인트 %04d에 빠진 파일이 있다'},
    'no listing': {'en': 'no listing.py that can be read', 'ko': '읽을 수 있는 listing.py가 없다'},
    'lacking': {'en': 'strips of the run are missing (%d): %s', 'ko': '실행 기록에 적힌 그림 가운데 %d장이 없다: %s'},
    'options': {'en': 'options: %s', 'ko': '옵션: %s'},
    'state': {'en': 'the run has not finished (%s)', 'ko': '학습이 끝나지 않았다(%s)'},
    'lost': {'en': 'lost since epoch %d (docs/lost.md)', 'ko': '%d세대부터 학습에 실패했다(docs/lost.ko.md)'},
    'fewer epochs': {'en': 'up to there its strips are as good as the reference\'s',
                     'ko': '그때까지의 그림은 기준만큼 잘 나왔다'},
    # what makes one doubt that it is the student's own
    'rows': {'en': 'the epochs of losses.csv are not 0, 1, 2, …',
             'ko': 'losses.csv의 세대가 0, 1, 2, … 순서가 아니다'},
    'total': {'en': 'run.json says %d epochs, losses.csv has %d',
               'ko': 'run.json에는 %d세대, losses.csv에는 %d세대로 되어 있다'},
    'film': {'en': 'film.bin has %d epochs, losses.csv %d',
             'ko': 'film.bin에는 %d세대, losses.csv에는 %d세대가 있다'},
    'checkpoint': {'en': 'the checkpoint is of %d epochs, losses.csv has %d',
                   'ko': '체크포인트는 %d세대를 학습한 것인데 losses.csv에는 %d세대가 있다'},
    'digests': {'en': 'checkpoint %04d is not as it was written', 'ko': '저장한 뒤에 바뀐 체크포인트가 있다: %04d'},
    'losses': {'en': 'losses.csv has other losses than checkpoint %04d',
               'ko': 'losses.csv의 손실값이 체크포인트 %04d의 것과 다르다'},
    'not its own': {'en': 'strips that the run did not draw: %s', 'ko': '이 실행에서 그린 것이 아닌 그림이 있다: %s'},
    'strange strips': {'en': '%s holds strips that are not the run\'s',
                       'ko': '%s의 그림은 이 실행에서 나온 것이 아니다'},
    'later': {'en': 'strips later than the run: %s, of %d epochs',
              'ko': '실행보다 나중 세대의 그림이 있다: %s (학습은 %d세대까지)'},
    'number': {'en': '%s is %s by run.json and %s by listing.py',
               'ko': '%s의 값이 서로 다르다(run.json에는 %s, listing.py에는 %s)'},
    'begun': {'en': '%.20s is %.30s by run.json and %.30s by its checkpoint',
              'ko': '%.20s의 값이 서로 다르다(run.json에는 %.30s, 체크포인트에는 %.30s)'},
    'of reference': {'en': 'strips of reference/: %s', 'ko': 'reference/의 그림이 있다: %s'},
    'of the book': {'en': 'strips of the book: %s', 'ko': '책의 그림이 있다: %s'},
    'twice within': {'en': 'an earlier strip under another name: %s',
                     'ko': '앞 세대의 그림을 이름만 바꾼 것이 있다: %s'},
    'same run': {'en': 'the same run as %s', 'ko': '%s의 실행과 같은 실행이다'},
    'same strips': {'en': 'the same strips as %s, and no run that tells whose',
                    'ko': '%s의 것과 그림이 같은데, 누구 것인지 알려 주는 실행 기록이 없다'},
    'other seed': {'en': 'the same strips as %s, though another seed is given',
                   'ko': '%s의 것과 그림이 같은데, 기록된 시드는 다르다'},
    'same seed': {'en': 'the same seed as %s, and so the same strips', 'ko': '%s의 것과 시드가 같아서 그림도 같다'},
}


def tell(said, language):
    """A line for what is said, in one of `languages.KNOWN`."""
    name, *places = said
    return one_line((TEXTS.get(name) or verdicts.REASONS[name])[language] % tuple(places))


def tell_all(all_said, language):
    return '; '.join(tell(said, language) for said in all_said)
