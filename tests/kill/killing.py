"""SIGKILLs the Procfile's processes in a random order and starts them again."""

import os
import random
import signal
import time

from tests.support.stack import children_of

DEATHS = {"web": 5, "worker": 5, "clock": 3}
PAUSE = (1.0, 2.5)
ONE_CHILD = 0.3  # share of deaths that hit one forked process, not the whole group


class Killer:
    """`kill_all()` returns when everybody has died as often as planned."""

    def __init__(self, processes, seed):
        self._processes = processes
        self._random = random.Random(seed)
        self.killed = []

    def kill_all(self):
        plan = [name for name, times in DEATHS.items() for _ in range(times)]
        self._random.shuffle(plan)
        for name in plan:
            time.sleep(self._random.uniform(*PAUSE))
            self._kill(name)
            self.killed.append(name)
            if name == "web":
                # On a busy machine it would otherwise die each time before it served anybody.
                self._processes.wait_until_ready()

    def _kill(self, name):
        children = children_of(self._processes.pid(name))
        if children and self._random.random() < ONE_CHILD:
            os.kill(self._random.choice(children), signal.SIGKILL)
        else:
            self._processes.kill(name)
            time.sleep(self._random.uniform(0, 0.5))
            self._processes.start(name)
