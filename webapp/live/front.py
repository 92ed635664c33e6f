"""In front of the sockets: browsers' offer to compress each message is not taken.

The server of sockets accepts whatever is offered, and then keeps 94 kB or more for each socket, and
compresses a message once more for each who hears it. Signals are short, boards are packed already.
"""


class Front:
    """WSGI: sockets are opened without permessage-deflate (RFC 7692)."""

    def __init__(self, wsgi_app):
        self._wsgi_app = wsgi_app

    def __call__(self, environ, start_response):
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return self._wsgi_app(environ, start_response)
