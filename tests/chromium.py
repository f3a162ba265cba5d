"""A headless Chromium for the tests, by the DevTools protocol through its pipe: no server, no library.

https://chromedevtools.github.io/devtools-protocol/; --remote-debugging-pipe reads messages from the descriptor 3 and
writes them to 4, each JSON that ends with a zero byte.
"""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
PATIENCE = 120  # seconds for an answer: a machine may be busy


def find():
    """The path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A Chromium with one empty tab.

    Attribute: `heard`, all events so far, as {'method': …, 'params': …}.
    """

    def __init__(self, path):
        self.heard, self._left, self._number = [], b'', 0
        self._folder = tempfile.mkdtemp()
        to_it, self._out = os.pipe()
        self._in, from_it = os.pipe()

        def place():  # the two have to be 3 and 4, whatever they are here
            high = [os.dup(to_it), os.dup(from_it)]
            while min(high) < 5:
                high = [os.dup(each) for each in high]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self._process = subprocess.Popen(
            [path, '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
             '--disable-background-networking', '--hide-scrollbars', '--remote-debugging-pipe', '--lang=en-US',
             '--user-data-dir=' + self._folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=place)
        os.close(to_it)
        os.close(from_it)
        self._session = None
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self._session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in 'Page', 'Runtime', 'Log', 'Network':
            self.call(domain + '.enable')

    def call(self, method, **params):
        """Sends a command and returns its result. Raises RuntimeError if the browser refuses it."""
        self._number += 1
        message = {'id': self._number, 'method': method, 'params': params}
        if self._session:
            message['sessionId'] = self._session
        content = json.dumps(message).encode() + b'\0'
        while content:
            content = content[os.write(self._out, content):]
        while True:
            answer = self._receive()
            if answer.get('id') == self._number:
                if 'error' in answer:
                    raise RuntimeError('%s: %s' % (method, answer['error']))
                return answer['result']
            if 'method' in answer:
                self.heard.append(answer)

    def _receive(self):
        until = time.monotonic() + PATIENCE
        while b'\0' not in self._left:
            if not select.select([self._in], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError('Chromium does not answer')
            piece = os.read(self._in, 2 ** 20)
            if not piece:
                raise RuntimeError('Chromium has ended')
            self._left += piece
        message, _, self._left = self._left.partition(b'\0')
        return json.loads(message)

    def run(self, script):
        """What a script of JavaScript, also an `await …`, comes to. Raises RuntimeError if it throws."""
        found = self.call('Runtime.evaluate', expression=script, awaitPromise=True, returnByValue=True, replMode=True)
        if 'exceptionDetails' in found:
            raise RuntimeError(json.dumps(found['exceptionDetails'])[:2000])
        return found['result'].get('value')

    def wait(self, script):
        """Waits until a script comes to something true, and returns that."""
        until = time.monotonic() + PATIENCE
        while True:
            found = self.run(script)
            if found:
                return found
            if time.monotonic() > until:
                raise TimeoutError(script)
            time.sleep(0.05)

    def open(self, path, width=1280, height=900, dark=False, language='en-US'):
        """Opens a file at a size in CSS pixels and waits until its page is there; what was heard is forgotten."""
        self.heard.clear()
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'},
            {'name': 'prefers-reduced-motion', 'value': 'reduce'}])
        self.call('Emulation.setUserAgentOverride', userAgent='test', acceptLanguage=language)
        self.call('Page.navigate', url='file://' + os.path.abspath(str(path)))
        self.wait('document.readyState === "complete" && typeof page !== "undefined" && page !== null')

    def click(self, selector):
        """A click of the mouse at an element's middle, as a reader clicks."""
        x, y = self.place(selector)
        self.mouse('mousePressed', x, y)
        self.mouse('mouseReleased', x, y)

    def place(self, selector, across=0.5, down=0.5):
        """Where in the window an element is, once it has been scrolled to: px from the left, from the top."""
        return self.run('''(() => { const element = document.querySelector(%s);
            element.scrollIntoView({block: 'center'});
            const box = element.getBoundingClientRect();
            return [box.left + %g * box.width, box.top + %g * box.height]; })()'''
                        % (json.dumps(selector), across, down))

    def mouse(self, kind, x, y):
        self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1,
                  buttons=0 if kind == 'mouseReleased' else 1)

    def key(self, key, code=0, text=''):
        for kind in 'keyDown', 'keyUp':
            self.call('Input.dispatchKeyEvent', type=kind, key=key, windowsVirtualKeyCode=code,
                      text=text if kind == 'keyDown' else '')

    def picture(self, path, selector=None):
        """Writes a PNG of an element, or of the whole page."""
        clip = self.run('''(() => { const box = document.querySelector(%s).getBoundingClientRect();
            return {x: box.left + scrollX, y: box.top + scrollY,
                    width: box.width, height: box.height, scale: 1}; })()'''
                        % json.dumps(selector or 'html'))
        found = self.call('Page.captureScreenshot', format='png', clip=clip, captureBeyondViewport=True)
        with open(str(path), 'wb') as file:
            file.write(base64.b64decode(found['data']))

    def complaints(self):
        """What went to the console as an error or a warning, and exceptions that nobody caught."""
        self.run('0')
        return [event['params'] for event in self.heard if event['method'] == 'Runtime.exceptionThrown'
                or event['method'] == 'Log.entryAdded' and event['params']['entry']['level'] in ('error', 'warning')
                or event['method'] == 'Runtime.consoleAPICalled' and event['params']['type'] in ('error', 'warning')]

    def requests(self):
        """The addresses that were asked for."""
        self.run('0')
        return [event['params']['request']['url'] for event in self.heard
                if event['method'] == 'Network.requestWillBeSent']

    def close(self):
        with contextlib.suppress(OSError, RuntimeError, TimeoutError):
            self._session = None
            self.call('Browser.close')
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self._folder, ignore_errors=True)
