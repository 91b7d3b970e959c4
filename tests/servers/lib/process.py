"""Processes of servers: free ports, start, readiness, signals, end."""

import ctypes
import os
import signal
import socket
import subprocess
import time

READY_SECONDS = 30
STOP_SECONDS = 5
POLL_SECONDS = 0.05
LOG_LINES = 30


class StartError(Exception):
    """A server did not start; the text has the end of its log."""


class PortTaken(Exception):
    """Another process took a port between its choice and the start."""


def free_ports(count):
    """Ports of 127.0.0.1 that nobody listens on. All are held until all are known."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_until(ready, seconds, failure):
    """Polls `ready` until it is true."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise StartError(failure())
        time.sleep(POLL_SECONDS)


def die_with_parent():
    """Linux ends this process when its parent is killed, which cannot clean up any more."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Node:
    """One server process. `ready()` says whether it answers."""

    def __init__(self, name, command, folder, ready, seconds=READY_SECONDS):
        self.name = name
        self.command = command
        self.log = os.path.join(folder, f"{name}.log")
        self.ready = ready
        self.seconds = seconds
        self.process = None

    @property
    def pid(self):
        return self.process.pid if self.process and self.process.poll() is None else None

    def spawn(self):
        """Starts the process without waiting for it to answer."""
        if self.pid is not None:
            raise StartError(f"{self.name} is running already")
        with open(self.log, "ab") as log:
            # A group of its own: Ctrl-C in a terminal reaches this script only, which then stops
            # the servers in order.
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def wait_ready(self):
        wait_until(self._ready_or_dead, self.seconds, lambda: self.failure("did not answer in time"))

    def start(self):
        self.spawn()
        self.wait_ready()

    def _ready_or_dead(self):
        if self.process.poll() is not None:
            text = self.log_end()
            if "address already in use" in text.lower():
                raise PortTaken(text)
            raise StartError(self.failure(f"ended with {self.process.returncode}"))
        return self.ready()

    def failure(self, what):
        return f"{self.name} {what}: {' '.join(self.command)}\n{self.log_end()}"

    def log_end(self):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-LOG_LINES:])

    def kill(self):
        if self.pid is not None:
            self.process.kill()
            self.process.wait()

    def freeze(self):
        if self.pid is not None:
            self.process.send_signal(signal.SIGSTOP)
            # On a busy machine, other threads may run for a while after the signal.
            wait_until(self._is_stopped, STOP_SECONDS, lambda: self.failure("does not stop"))

    def _is_stopped(self):
        tasks = f"/proc/{self.pid}/task"
        for task in os.listdir(tasks):
            try:
                with open(f"{tasks}/{task}/stat", encoding="utf-8") as stat:
                    state = stat.read().rsplit(")", 1)[1].split()[0]
            except FileNotFoundError:
                continue
            if state not in "TZX":
                return False
        return True

    def thaw(self):
        if self.pid is not None:
            self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.pid is None:
            return
        self.thaw()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


class Cluster:
    """Nodes that are started and stopped together. What `describe` gives is for the test."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.nodes = []
        self.endpoints = []

    def start(self):
        for node in self.nodes:
            node.spawn()
        for node in self.nodes:
            node.wait_ready()

    def stop(self):
        for node in self.nodes:
            node.stop()

    def describe(self):
        about = {
            "server": self.options.server,
            "endpoints": self.endpoints,
            "pids": [node.pid for node in self.nodes],
        }
        if self.options.pki:
            about["pki"] = self.options.pki
        return about
