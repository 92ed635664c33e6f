"""The application with one more route, which reads a webhook's body and stores nothing."""

from flask import request

from webapp import create_app
from webapp.extensions import csrf
from webapp.staff.access import public

app = create_app()


@app.post("/bench/bare")
@csrf.exempt
@public
def bare():
    request.get_data()
    return ""
