"""The realtime board, and the conversations behind its figures."""

from flask import Blueprint, abort, g, make_response, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup

from webapp import pages, words
from webapp.analytics import board, choosing, front, looking, realtime, rows, talks, tiles
from webapp.columns import id_of, utcnow
from webapp.extensions import db
from webapp.queues import listing
from webapp.settings.zone import time_zone
from webapp.staff import access
from webapp.staff.models import User

WORST_FIRST = ("timed_out", "abandoned_waiting", "accepted_late")

bp = Blueprint("board", __name__, url_prefix="/board")


@bp.get("")
@access.needs(*access.LEADERS)
def index():
    choice = asked()
    _, _, made = _made(choice)
    _, snapshot = looking.newest(utcnow())
    view = board.View(snapshot, choice)
    return pages.render(
        "analytics/board.html",
        board=Markup(made.html.decode()),
        view=view,
        choice=choice,
        late=_is_late(view),
        periods=choosing.PERIODS,
        tabs=choosing.TABS,
        address=_address_of(choice),
    )


@bp.get("/now")
@access.needs(*access.LEADERS)
def now():
    """What the page is told of, or fetches: the same bytes for all of a role who lead the same
    queues and have chosen the same."""
    seq, key, made = _made(asked())
    response = make_response(made.html)
    response.headers.extend(front.headers_of(made))
    if seq:
        _admit(key)
    return response.make_conditional(request)


def _made(choice):
    """(number, what it was made for, Made)"""
    seq, _ = looking.newest(utcnow())
    key = (choice, str(words.zone()), current_user.role)
    return seq, key, looking.shared(seq, key, lambda: _figures(choice))


def asked():
    """What the address narrows to, of what whoever asks may see."""
    return choosing.read(request.args, access.led_queues(current_user))


def _admit(key):
    """For a few seconds, and so everybody who was let in before and still may look."""
    cookie, address = request.headers.get("Cookie", ""), request.environ.get("QUERY_STRING", "")
    if those := looking.to_renew():
        looking.renew(those, access.queues_led_by(those))
    looking.admit(cookie, address, g.sign_in.id, key, key[0].led)


@bp.get("/behind/<figure>")
@access.needs(*access.LEADERS)
def behind(figure):
    """The conversations one figure counts; of the service level, by how their waiting ended."""
    choice, now = asked(), utcnow()
    _, snapshot = looking.newest(now)
    parts = talks.parts_of_level(board.View(snapshot, choice).sums())
    if figure == "level":
        figure = next((one for one in WORST_FIRST if parts[one][1]), "accepted_in_time")
    if not talks.is_known(figure):
        abort(404)
    agent = id_of(request.args.get("agent", ""))
    found = talks.behind(
        figure,
        choice,
        snapshot["queues"],
        current_user,
        now,
        time_zone(),
        agent,
    )
    return pages.render(
        "analytics/behind.html",
        title=talks.title(figure),
        figure=figure,
        parts=parts if figure in parts and not agent else {},
        talks=found,
        choice=choice,
        narrowed=_names_of(talks.narrowed(figure, choice, agent), snapshot),
        standing=figure in talks.STANDING,
        most=talks.MOST_BEHIND,
        period=_words_of(talks.period_of(figure, choice)),
    )


def _words_of(period):
    return choosing.PERIODS.get(period, "Last hour")


def _names_of(chosen, snapshot):
    return [one["name"] for kind, id in chosen.items() for one in snapshot[kind] if one["id"] == id]


def _figures(choice):
    return render_template("analytics/_board.html", **_context(choice))


def _context(choice):
    present = utcnow()
    seq, snapshot = looking.newest(present)
    view = board.View(snapshot, choice)
    found = _listed(choice, snapshot, present)
    return {
        "view": view,
        "choice": choice,
        "tiles": tiles.of(view),
        "strip": tiles.strip(view),
        "talks": found,
        "ringing": talks.ringing(found),
        "computed": bool(seq),
        "periods": choosing.PERIODS,
        "shown": choosing.SHOWN,
        "groups": {key: name for key, (name, _) in rows.GROUPS.items()},
        "strategies": listing.STRATEGIES,
        # By role alone: who has the same one is handed the same bytes.
        "may_lead": lambda person: access.role_leads(current_user.role, person.role),
        "reply_targets": {one["id"]: one["reply_target"] for one in snapshot["queues"]},
        "address": _address_of(choice),
    }


def _is_late(view):
    return realtime.is_late(utcnow() - view.at)


def seen_person(id):
    """Somebody whose work this leader sees; 404 for anybody else."""
    person = db.get_or_404(User, id)
    if not access.sees_person(current_user, person):
        abort(404)
    return person


def _address_of(choice):
    return lambda **changes: url_for("board.index", **choice.address(**changes))


def _listed(choice, snapshot, now):
    """The conversations of the tables that show some."""
    if choice.tab not in talks.MOST_LISTED:
        return []
    return talks.listed(choice, snapshot["queues"], current_user, now)
