"""What gunicorn reads by itself: an access log, for those who switch it on, without tokens.

Nothing of the application is imported here: this is the process above the workers, which patch
their modules after it has forked them.
"""

import re

from gunicorn.glogging import Logger

# A webhook's address holds a token, in a GET also what a customer wrote; a file's or a TV's
# address is the right to see it. The same is hidden from our own log (webapp/logs.py).
SECRET = re.compile(r"""(/(?:webhooks/[a-z]{1,20}|files|board/tv)/)[^\s"']+""")


class AccessLog(Logger):
    def atoms(self, resp, req, environ, request_time):
        found = super().atoms(resp, req, environ, request_time)
        if not SECRET.search(environ.get("PATH_INFO", "")):
            return found
        hidden = {name: _hidden(value) for name, value in found.items()}
        return hidden | {"q": "-", "{query_string}e": "-"}


def _hidden(value):
    return SECRET.sub(r"\1…", value) if isinstance(value, str) else value


logger_class = AccessLog
