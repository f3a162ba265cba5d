"""Why the page in the browser cannot show a run's network, or train it on: in English and Korean."""

from lab.errors import BadInput, one_line

REASONS = {
    'no checkpoint': ('it has no checkpoint yet', '아직 체크포인트가 없다'),
    'not drawn': ('its generator cannot be drawn with: %s', '생성자로 그릴 수 없다: %s'),
    'unreadable': ('its checkpoint cannot be read: %s', '체크포인트를 읽을 수 없다: %s'),
    'no value': ('%s is not in its checkpoint', '체크포인트에 %s의 값이 없다'),
    'no name': ('the listing had no %s', '예제에 %s가 없다'),
    'no chain': ('%s is no chain of dense layers', '%s가 완전연결층을 차례로 이은 것이 아니다'),
    'other operation': ('%s is no chain of dense layers: it has a %s',
                        '%s가 완전연결층만으로 되어 있지 않다. %s가 들어 있다'),
    'no layer': ('%s and %s are no dense layer of float32', '%s, %s로 float32 완전연결층이 되지 않는다'),
    'two networks': ('real and generated images are judged by two networks',
                     '실제 이미지와 생성한 이미지를 서로 다른 신경망이 판별한다'),
    'D alone': ('D takes labels and G takes none', '구분자는 레이블을 받는데 생성자는 받지 않는다'),
    'G alone': ('G takes labels and D takes none', '생성자는 레이블을 받는데 구분자는 받지 않는다'),
    'answers': ('D gives %d numbers for an image', '구분자가 이미지 하나에 수를 %d개 내놓는다'),
    'noise': ('its noise is no vector', '노이즈가 벡터가 아니다'),
    'otherwise': ('its graph draws otherwise than its dense layers do', '그래프가 완전연결층과 다르게 그린다'),
    'no Adam': ('%s is no step of Adam', '%s가 Adam의 걸음이 아니다'),
    'others': ('%s trains other variables than all of its own network',
               '%s가 자기 신경망의 변수를 모두, 그리고 그것만 학습시키지 않는다'),
    'arithmetic': ('%s has a %s', '%s에 %s가 들어 있다'),
    'losses': ('its losses are no cross-entropies of what D answers', '손실이 판별값의 교차 엔트로피가 아니다'),
    'changed': ('the gradients of %s are changed before Adam takes them',
                '%s의 기울기가 Adam에 들어가기 전에 바뀐다'),
    'follows': ('%s follows another loss than %s', '%s가 %s 말고 다른 손실을 따라간다')}


class Unshown(BadInput):
    """One of the REASONS, with what is to stand in its places. Attribute: `both`, English and Korean."""

    def __init__(self, name, *places):
        self.both = [one_line(sentence % places) for sentence in REASONS[name]]
        super().__init__(self.both[0])
