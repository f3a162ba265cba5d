"""Korean or English, for what a reader is told of digits, runs and machines. Errors of options stay English."""

import os
import sys

KNOWN = ['ko', 'en']
KOREAN_ON_WINDOWS = 0x12  # the primary language of a LANGID: winnt.h, LANG_KOREAN


def of_environment():
    """The language of the user's surroundings, one of KNOWN: POSIX's variables, on Windows also that of its menus."""
    # The first that is set decides: POSIX, 8.2, after GNU's LANGUAGE, which is of messages alone, and takes no locale.
    for name in 'LANGUAGE', 'LC_ALL', 'LC_MESSAGES', 'LANG':
        if os.environ.get(name):
            return 'ko' if os.environ[name].lower().startswith('ko') else 'en'
    if sys.platform == 'win32':
        import ctypes
        return 'ko' if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3ff == KOREAN_ON_WINDOWS else 'en'
    return 'en'


def counted(n, noun):
    """So many of something, in English: 1 epoch, 2 epochs."""
    return '%d %s%s' % (n, noun, '' if n == 1 else 's')


def add_option(parser):
    """Adds --lang to a parser; `chosen.lang` is one of KNOWN."""
    parser.add_argument('--lang', choices=KNOWN, default=of_environment(),
                        help='language of what is told (default: that of LANG)')
