"""The book's own strips, as far as they are known, to be known again: their files' digests, and what is left of
their pictures in means of 7×7 pixels.

They were taken from the book's repository, golbin/TensorFlow-Tutorials, which holds more of them than these.
"""

import base64

import numpy as np

SIDE = 4  # means along each side of a digit


def means(images):
    """What is left of images [n, 28, 28] in [0, 1]: the means of parts of 7×7 pixels, [n, 4, 4]."""
    return images.reshape(-1, SIDE, 28 // SIDE, SIDE, 28 // SIDE).mean(axis=(2, 4))


def _unpacked(text):
    return np.frombuffer(base64.b85decode(text), np.uint8).reshape(10, SIDE, SIDE) / 255


# {(kind, epoch): (SHA-256 of the file, means of its ten digits, of §9.2's the lower ones, in [0, 1])}
STRIPS = {
    ('basic', 0): ('353523ed4801aefb79e53d8190e4ba0098b9ddcf2102dba536dac0a53295ef11', _unpacked(
        '0VXC01(cO38i$)E1w=Oi0w*U329=d68;G1I1x7dl0w*U329%a58;F}H1w}al0VXF129}m88i<@H1x7dl0wyO229%a68;F}H1x7gm'
        '0VO2|1(lU48HbxC1w%Ih0VO2|1(cL18HSoB1w=Oi0wyO229=a58;F}H1x7gm0wyL129%X48;F`G1w}Xk0VXC02A7vA8;P7J1w}Xk')),
    ('basic', 9): ('42f3e87afcb3dfdebea3e4825a30ccc73eb30681be8857d37b6f132b9214e405', _unpacked(
        '0XZB40#IoM18#a10v8<w0Y47{3T81B6LpA000}1q0VN>=1#2}20!eQY0!d2&02o09061#}2x3J73s@Zi1W_9U6?G>S8E=MC01rq9'
        '05T5&06cO40Bv^#0um1a02Cq$1Yve87k_va1tk&!1wkSO7j`%m5^aD%0wPQZ01QD409IWR3r0Ty4}m2B06Px>0Y^g#1c87l01FcX')),
    ('basic', 49): ('acdb12578e8eac5f635729c535f683a5b3e6599f8163ea460077e0f947109c05', _unpacked(
        '01yfQ09;J~42XFF0018V01F5t0B1617(##m3N8--05Bl{03&Pw05V<x0Y)<b00=1n02XEd01ra|05TT<01q$$04P5I1s+xa22&US'
        '02dzt0HII<09b(|02(d;01i3<1c8DxCwhGp0ZuRg00$fd07-QQ19pS}02?d-00kfv0W&xPCVo~2022WK03sLw0c?8!04hrW07oDI')),
    ('basic', 99): ('59b4a6bbc80a4e853d818c18b5b629bbb6b5267f71f7842de0c41f45a56314ff', _unpacked(
        '06iZ701i0-06u{L01_kt00SEU0BENG0Bw8#04Ndw060<r0V<UN4mY6y5?(C;00KGy0496^0G4+I04@&z023Dg08m>109$SV00Kb('
        '02Vg@0A^4C0BeQ-052>601z<?09T?g0DDmY17i~a01qJm0A6+g07zK?01!j~00;&M09Q~V0bp(b01O-e016=n0Ed4K04r$#2Wb!h')),
    ('conditional', 0): ('cdea5558efb77336b396af1ab4ae67e25a43d7b5d8a5a7e244ae67ecd0a08423', _unpacked(
        '0xUrc9dm+59dMg42tGpz0W3ia9dUq29B!L12s%az0xd%f9&&(49dMg52|h;(0xd!e9&&+59B!L32t7y)0V_ZY8*_k18*Q5{2RcIu'
        '0V_fa9CCn08*iH~2s}gy0xLla9CU$39B-R02R%dy0WCob9ddw29BrH~2s=dy11>@h9&~_59dMd42|Y&(0V+TX8*+e08f}{`2RTCt')),
    ('conditional', 9): ('54009348009930b5b8ac188b3014e99b49a8fb6c15888bc82d8e52387c3dffc7', _unpacked(
        '00uq)0C#Q)1YLj*1s@jx000F52#RVY3n_9600JHW00{~J0Es#P04sC>00lz<02u`U08}>s02p!r00ln)000I60BTPF017++017Gq'
        '01y=b0CJ1~04hWP06aGU00ABV08V@l07!8F04W9l01O8J08K#v04Z?*00KDx01pcQ06lpC01;CF02eg?000UA08*6z04Qbv089!1')),
    ('conditional', 49): ('a0e6256501f3966caf8cd4faf062ae7667aa19db229cf764d62152ede0cd6b0b', _unpacked(
        '0~Y`Q1E7Qh02OZl07Mr603lWe06BXk7p|2CDlG#5000~S00?UU03}ZV02dVi031jF0FOvL29IMn05LcK00;vV1c6vL0(X1>08aw|'
        '00uY!01<fr05N0$02mzr0012U04-$z09jQ605AXm00a>L06R<o03JR701zDj1uQ=W4O>wK048Sy4^mtJ00$@p0E40w0*kf)06sGS')),
    ('conditional', 99): ('c1eab89f7c643832e40ab2b092f8107a37ce71720648b3627b31515ede5c7cfb', _unpacked(
        '000#L0B)8503=EP08R}601tiw04<RaAC!#%EIbke00#^J0310002wp@001BW03J~Q0A_X(6l#1017Q&W01O!b08eEA0APCn03a0r'
        '002k;00o!;0Ap4F06_!*04xXq0)lb`05zWg02?m=00ATd09kt#0A*7E09yb602?F~0H>KY09=|E32-m~01OlW1aN-<0WoR-01P((')),
}
