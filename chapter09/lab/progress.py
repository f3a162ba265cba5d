"""The progress of a run: a line on stderr that rewrites itself, if stderr is a terminal."""

import os
import sys
import time

INTERVAL = 0.1  # seconds
ECHO = 2  # columns of the ^C that a terminal echoes after the line


class Progress:
    """The progress of `total` epochs of `total_batch` iterations, or of None if that is not known."""

    def __init__(self, total, total_batch, wanted):
        self._on = on_a_terminal() or wanted and sys.stderr is not None
        self._total, self._total_batch = total, total_batch
        self._done = self._next = self._length = 0
        self._began = None

    def show(self, epoch, iteration, loss_D, loss_G):
        if not self._on:
            return
        now = time.monotonic()
        self._began = self._began or now
        self._done += 1
        if iteration == self._total_batch:
            self.clear()  # the book's line comes next
        elif now >= self._next and now > self._began:
            self._next = now + INTERVAL
            rate = (self._done - 1) / (now - self._began)
            parts = ['epoch %d/%d' % (epoch + 1, self._total), '%.0f/s' % rate, 'D loss %.4g' % loss_D,
                     'G loss %.4g' % loss_G]
            if self._total_batch and rate:
                left = int(max(0, (self._total - epoch) * self._total_batch - iteration) / rate)
                parts.append('%d:%02d:%02d left' % (left // 3600, left // 60 % 60, left % 60))
            line = '  '.join(parts)[:terminal_size()[0] - 1 - ECHO]
            sys.stderr.write('\r' + line.ljust(self._length))
            sys.stderr.flush()
            self._length = len(line)

    def clear(self):
        if self._length:
            sys.stderr.write('\r' + ' ' * (self._length + ECHO) + '\r')
            sys.stderr.flush()
            self._length = 0


def on_a_terminal():
    """Whether there is somebody to see a line on stderr that rewrites itself."""
    return sys.stderr is not None and sys.stderr.isatty()


def terminal_size():
    """The columns and rows of the terminal that stderr is, 80 and 24 where it does not tell, as when it has gone."""
    try:
        columns, rows = os.get_terminal_size(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        columns, rows = 0, 0
    return columns or 80, rows or 24
