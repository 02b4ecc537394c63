# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium driven through a pipe: no package besides the browser is needed."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Browser:
    """Opens one page at a time and collects what it complains about."""

    def __init__(self, program, timeout_s=60):
        self.folder = tempfile.mkdtemp(prefix="gantry-browser-")
        self.timeout_s = timeout_s
        self.complaints = []
        self.count = 0
        self.rest = b""
        self.events = []
        from_us, self.write = os.pipe()
        self.read, to_us = os.pipe()
        # The browser reads from descriptor 3 and writes to 4; a shell puts them there.
        command = ["sh", "-c", f"exec 3<&{from_us} 4>&{to_us}; exec \"$@\"", "sh", program,
                   "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--hide-scrollbars", f"--user-data-dir={self.folder}/profile",
                   "--remote-debugging-pipe", "about:blank"]
        nothing = subprocess.DEVNULL
        self.process = subprocess.Popen(command, pass_fds=(from_us, to_us), stdin=nothing,
                                        stdout=nothing, stderr=nothing,
                                        env={**os.environ, "HOME": self.folder})
        os.close(from_us)
        os.close(to_us)
        target = self.call("Target.createTarget", {"url": "about:blank"}, None)["targetId"]
        self.session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True},
                                 None)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def receive(self):
        """Takes the next message; raises after the time is over."""
        end = time.monotonic() + self.timeout_s
        while b"\0" not in self.rest:
            if not select.select([self.read], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self.read, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def note(self, message):
        """Keeps events, and errors of the page as complaints."""
        method, params = message.get("method"), message.get("params", {})
        self.events.append(method)
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.complaints.append("console: " + str([a.get("value") for a in params["args"]]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append("log: " + params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith(("file:", "data:", "about:")):
                self.complaints.append("request: " + url)
        elif method == "Network.loadingFailed":
            self.complaints.append("failed: " + params["errorText"])

    def call(self, method, params=None, session=...):
        """Sends a command and waits for its answer."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": params or {}}
        if session is ...:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.note(answer)

    def size(self, width, height, dark=False):
        """Sets the window's size and the preferred colours."""
        self.call("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.call("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def open(self, path):
        """Loads a file and waits until it is drawn."""
        self.events.clear()
        self.call("Page.navigate", {"url": "file://" + os.path.abspath(path)})
        while "Page.loadEventFired" not in self.events:
            self.note(self.receive())

    def value(self, expression):
        """Value of a JavaScript expression in the page."""
        result = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True,
                                                "awaitPromise": True})
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["text"] + ": " + expression)
        return result["result"].get("value")

    def picture(self, path, whole=False):
        """Writes a screenshot."""
        result = self.call("Page.captureScreenshot", {"format": "png",
                                                      "captureBeyondViewport": whole})
        with open(path, "wb") as file:
            file.write(base64.b64decode(result["data"]))

    def close(self):
        """Ends the browser and removes its files."""
        try:
            self.call("Browser.close", None, None)
        except (OSError, RuntimeError, TimeoutError):
            self.process.kill()
        self.process.wait()
        os.close(self.read)
        os.close(self.write)
        shutil.rmtree(self.folder, ignore_errors=True)


def find():
    """Path of a Chromium, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    return None
