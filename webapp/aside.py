"""Work for the processor, done where it does not hold up other people's pages."""

import sys


def aside(function, *arguments):
    """Run it in gevent's thread pool if gevent runs us: each process answers many at once."""
    gevent_monkey = sys.modules.get("gevent.monkey")
    if gevent_monkey and gevent_monkey.is_module_patched("threading"):
        from gevent import get_hub

        return get_hub().threadpool.apply(function, arguments)
    return function(*arguments)
