"""Takes webhooks before Flask does."""


class Front:
    def __init__(self, app, wsgi_app):
        self.wsgi_app = wsgi_app

    def __call__(self, environ, start_response):
        return self.wsgi_app(environ, start_response)
