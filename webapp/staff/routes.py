"""Signing in and out, people, presence and a person's own preferences."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, g, redirect, request, session, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp import pages
from webapp.columns import utcnow
from webapp.extensions import db, login
from webapp.queues.models import Queue
from webapp.staff import access, assigning, listing, people, presence, signing_in, throttle
from webapp.staff.forms import PersonForm, SignInForm
from webapp.staff.models import Presence, Role, SignIn, User
from webapp.tables import routes as tables
from webapp.unit_of_work import unit_of_work

bp = Blueprint("staff", __name__)

login.session_protection = None  # an ended row signs out; a changed browser version must not
CLOSE_TO_THE_END = 3  # tries left from which we say so


@bp.route("/sign-in", methods=["GET", "POST"])
@access.public
def sign_in():
    target = pages.own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return pages.see_other(target)
    form = SignInForm()
    if not form.is_submitted():
        return pages.render("staff/sign_in.html", form=form)
    if not form.validate():
        return pages.render("staff/sign_in.html", form=form, status=422)
    try:
        throttle.begin(request.remote_addr, form.email.data)
    except throttle.TooManyTries as wait:
        return _slowed_down(form, wait.seconds)
    user = signing_in.check(form.email.data, form.password.data)
    if user is None:
        form.password.errors = [_wrong(form.email.data)]
        return pages.render("staff/sign_in.html", form=form, status=422)
    throttle.forgive(request.remote_addr, form.email.data)
    _open_session(user, form.keep.data)
    return pages.see_other(target)


@bp.post("/sign-out")
@access.needs()
def sign_out():
    with unit_of_work():
        signing_in.end(g.sign_in)
        presence.set_presence(current_user, Presence.OFFLINE)
    session.clear()
    return pages.see_other(url_for("staff.sign_in"))


@bp.get("/people")
@access.needs(*access.LEADERS)
def index():
    total = listing.count_people()
    page = tables.page_of(listing.PEOPLE, listing.everybody(), total)
    about = listing.about(page.rows)
    return pages.render("staff/people.html", "staff/_people.html", page=page, about=about)


@bp.post("/people/export")
@access.needs(*access.LEADERS)
def export():
    return tables.download(listing.PEOPLE, listing.everybody(), "people.csv")


@bp.route("/people/add", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def add():
    form = PersonForm(queues=_queues())
    if form.validate_on_submit():
        try:
            person_id = _add(form)
        except people.NoSeat as refusal:
            form.active.errors = [str(refusal)]
        except IntegrityError:
            form.email.errors = ["Somebody here has this email already."]
        else:
            flash("Person added.")
            return pages.see_other(url_for("staff.edit", id=person_id))
    return _page(form, None)


@bp.get("/people/<int:id>")
@access.needs(*access.LEADERS)
def edit(id):
    person = db.get_or_404(User, id)
    form = PersonForm(data=_written(person), person=person, queues=_queues())
    return _page(form, person)


@bp.post("/people/<int:id>")
@access.needs(Role.ADMIN)
def save(id):
    person = db.get_or_404(User, id)
    form = PersonForm(person=person, queues=_queues())
    if form.validate_on_submit():
        try:
            _change(id, form)
        except people.LastAdmin as refusal:
            form.role.errors = [str(refusal)]
        except people.NoSeat as refusal:
            form.active.errors = [str(refusal)]
        except IntegrityError:
            form.email.errors = ["Somebody here has this email already."]
        else:
            flash("Changes saved.")
            return pages.see_other(url_for("staff.edit", id=id))
    return _page(form, db.get_or_404(User, id))


@bp.post("/people/<int:id>/sign-ins/<int:sign_in_id>/end")
@access.needs()
def end_sign_in(id, sign_in_id):
    """Everybody ends their own; admins anybody's."""
    if id != current_user.id and current_user.role != Role.ADMIN:
        abort(403)
    with unit_of_work():
        there = db.session.get(SignIn, sign_in_id)
        if there is None or there.user_id != id:
            abort(404)
        people.sign_out_there(there, by=current_user._get_current_object())
    flash("Signed out there.")
    return pages.see_other(url_for("staff.edit", id=id) if access.leads(current_user) else "/")


@bp.post("/presence", endpoint="presence")
@access.needs()
def set_presence():
    chosen = request.form.get("presence")
    if chosen not in list(Presence):
        abort(400, "Choose available, paused or offline.")
    reason = request.form.get("reason", "").strip()[:60] or "Other"
    with unit_of_work():
        presence.set_presence(current_user, chosen, reason)
    if pages.is_partial():
        return pages.render("staff/_presence.html", status=200)
    return pages.see_other(pages.own_path(_without_host(request.referrer or "")))


@bp.get("/presence")
@access.needs()
def own_presence():
    """The choices as they stand, for a menu that follows its person's status."""
    return pages.render("staff/_presence.html")


@bp.post("/preferences")
@access.needs()
def preferences():
    with unit_of_work():
        me = db.session.get(User, current_user.id)
        theme = request.form.get("theme", me.theme)
        me.theme = theme if theme in ("light", "dark") else None
        for switch in ("sounds", "alarm_sounds", "shortcuts"):
            if switch in request.form:
                setattr(me, switch, request.form[switch] == "on")
    return "", 204


@login.request_loader
def signed_in_person(request):
    """Whoever the session's secret belongs to, unless that sign-in has been ended."""
    token = session.get("sign_in")
    g.sign_in = signing_in.find(token) if token else None
    if g.sign_in is None:
        return None
    signing_in.note_seen(g.sign_in)
    return g.sign_in.user


@login.unauthorized_handler
def to_sign_in():
    """A page leads to the sign-in and back; htmx is told to take the whole page there."""
    if "HX-Request" in request.headers:
        here = pages.own_path(_without_host(request.headers.get("HX-Current-URL", "")))
        return "", 401, {"HX-Redirect": url_for("staff.sign_in", next=here)}
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("staff.sign_in", next=here if here != "/" else None))


def _without_host(url):
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _open_session(user, keep):
    with unit_of_work():
        person = db.session.get(User, user.id)
        token = signing_in.begin(
            person, request.user_agent.string, request.remote_addr or "", utcnow()
        )
    session.clear()
    session["sign_in"] = token
    session.permanent = keep


def _wrong(email):
    left = throttle.tries_left(email)
    if left > CLOSE_TO_THE_END:
        return "Email or password is wrong."
    tries = {0: "This was the last try for now", 1: "1 try left"}.get(left, f"{left} tries left")
    return f"Email or password is wrong. {tries}."


def _slowed_down(form, seconds):
    minutes = max(1, round(seconds / 60))
    wait = f"{minutes} minute" if minutes == 1 else f"{minutes} minutes"
    form.password.errors = [f"Too many tries. Wait {wait}, then try again."]
    page = pages.render("staff/sign_in.html", form=form, status=429)
    page.headers["Retry-After"] = str(seconds)
    return page


def _add(form):
    password_hash = signing_in.hash_password(form.password.data)
    with unit_of_work():
        me = db.session.get(User, current_user.id)
        person = people.add(form.values(), password_hash, form.queues.data, by=me)
        assigning.assign(person, form.led_ids(), by=me)
        return person.id


def _change(id, form):
    password = form.password.data
    password_hash = signing_in.hash_password(password) if password else None
    with unit_of_work():
        me = db.session.get(User, current_user.id)
        person = db.session.get(User, id)
        people.change(
            person, form.values(), password_hash, form.queues.data, by=me, sign_in=g.sign_in
        )
        assigning.assign(person, form.led_ids(), by=me)


def _written(person):
    leads_all = "all" if person.leads_all else "some"
    return people.facts(person) | {"leads_all": leads_all, "led": assigning.led_ids(person)}


def _queues():
    return db.session.scalars(select(Queue).order_by(Queue.name)).all()


def _page(form, person):
    return pages.render(
        "staff/person.html",
        form=form,
        who=person,
        sign_ins=signing_in.current(person) if person else [],
        owned=listing.owned_counts([person.id]).get(person.id, 0) if person else 0,
        may_save=current_user.role == Role.ADMIN,
        status=422 if form.errors else 200,
    )
