"""How fast the machine is at the moment: what two runs of a bench, hours apart, are compared by."""

import time

STEPS = 5_000_000


def seconds():
    """Processor time of so many empty steps of Python."""
    began = time.process_time()
    for _ in range(STEPS):
        pass
    return time.process_time() - began
