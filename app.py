"""The WSGI application; `gunicorn app:app` and `flask --app app` start here."""

from webapp import create_app

app = create_app()
