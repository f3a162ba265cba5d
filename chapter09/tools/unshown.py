"""Why the page in the browser cannot show a run's network, or train it on: in English and Korean."""

from lab.errors import BadInput, one_line

REASONS = {
    'no checkpoint': ('it has no checkpoint yet', '아직 체크포인트가 없다'),
    'not drawn': ('its generator cannot be drawn with: %s', '생성자로 그릴 수 없다: %s'),
    'unreadable': ('its checkpoint cannot be read: %s', '체크포인트를 읽을 수 없다: %s'),
    'no value': ('%s is not in its checkpoint', '체크포인트에 %s의 값이 없다'),
    'no name': ('the listing had no %s', '예제에 이런 이름이 없다: %s'),
    'no chain': ('%s is no chain of dense layers', '%s: 완전 연결 층만 차례로 이은 신경망이 아니다'),
    'other operation': ('%s is no chain of dense layers: it has a %s',
                        '%s: 완전 연결 층만 차례로 이은 신경망이 아니라 %s 연산도 들어 있다'),
    'no layer': ('%s and %s are no dense layer of float32', '%s, %s: float32 완전 연결 층이 아니다'),
    'two networks': ('real and generated images are judged by two networks',
                     '실제 이미지와 생성한 이미지를 서로 다른 신경망이 판별한다'),
    'D alone': ('D takes labels and G takes none', '구분자는 레이블을 받는데 생성자는 받지 않는다'),
    'G alone': ('G takes labels and D takes none', '생성자는 레이블을 받는데 구분자는 받지 않는다'),
    'answers': ('D gives %d numbers for an image', '구분자가 이미지 한 장에 값을 %d개 낸다'),
    'noise': ('its noise is no vector', '노이즈가 벡터가 아니다'),
    'otherwise': ('its graph draws otherwise than its dense layers do',
                  '그래프로 그린 이미지가 완전 연결 층만으로 계산한 것과 다르다'),
    'no Adam': ('%s is no step of Adam', '%s: Adam으로 학습하는 단계가 아니다'),
    'others': ('%s trains other variables than all of its own network',
               '%s: 학습시키는 변수가 자기 신경망의 변수 전체와 일치하지 않는다'),
    'arithmetic': ('%s has a %s', '%s: 여기서 계산할 수 없는 %s 연산이 들어 있다'),
    'no scalar': ('%s is an array, and no single number', '%s: 스칼라(숫자 하나)가 아니라 배열이다'),
    'losses': ('its losses are no cross-entropies of what D answers', '손실값이 판별값의 교차 엔트로피가 아니다'),
    'changed': ('the gradients of %s are changed before Adam takes them',
                '%s의 기울기가 Adam에 들어가기 전에 바뀐다'),
    'follows': ('%s follows another loss than %s', '%s: %s 대신 다른 손실값으로 학습한다')}


class Unshown(BadInput):
    """One of the REASONS, with what is to stand in its places. Attribute: `both`, English and Korean."""

    def __init__(self, name, *places):
        self.both = [one_line(sentence % places) for sentence in REASONS[name]]
        super().__init__(self.both[0])
