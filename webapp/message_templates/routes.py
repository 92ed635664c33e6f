"""Templates' pages: the list, and the editor whose page is always what is stored."""

import uuid
from dataclasses import replace

from flask import Blueprint, abort, flash, render_template, request, session, url_for
from flask_login import current_user

from webapp import pages
from webapp.accounts import access_points
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.attaching import Upload
from webapp.message_templates import (
    checking,
    drafting,
    editor,
    forms,
    lifetimes,
    listing,
    reviewing,
    sampling,
    trying,
    writing,
)
from webapp.message_templates.models import MessageTemplate
from webapp.providers.template_languages import LANGUAGES
from webapp.staff import access
from webapp.staff.models import User
from webapp.tables import routes as tables
from webapp.unit_of_work import unit_of_work

bp = Blueprint("message_templates", __name__, url_prefix="/templates")
TESTER = "template_tester"  # whose phone a person tries templates on


@bp.get("")
@access.needs(*access.LEADERS)
@access.outbound
def index():
    counts = listing.counts()
    page = tables.page_of(listing.TABLE, listing.everything(), total=counts[""])
    return pages.render(
        "message_templates/templates.html",
        "message_templates/_templates.html",
        page=page,
        counts=counts,
        segments=listing.SEGMENT_NAMES,
        about=listing.about(page.rows),
        paused=listing.paused(),
        problems=listing.sync_problems(),
        kept=listing.kept_at(),
        categories=forms.CATEGORIES,
    )


@bp.post("/export")
@access.needs(*access.LEADERS)
@access.outbound
def export():
    return tables.download(listing.TABLE, listing.everything(), "templates.csv")


@bp.post("/sync")
@access.needs(*access.LEADERS)
@access.outbound
def sync():
    accounts = listing.synced_accounts()
    with unit_of_work():
        for account in accounts:
            reviewing.sync_now(db.session.get(Account, account.id))
    flash("Asking the providers. New states show as they come in.")
    return pages.see_other(url_for(".index"))


@bp.route("/add", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
@access.outbound
def add():
    form = forms.NewTemplateForm(accounts=listing.accounts())
    if not form.validate_on_submit():
        return _add_page(form)
    try:
        with unit_of_work():
            template_id = writing.create(
                db.session.get(Account, form.account_id.data),
                form.name.data,
                form.language.data,
                form.category.data,
                _me(),
                form.parameter_format.data,
            ).id
    except writing.Refused as refusal:
        field = form.name if refusal.where == "name" else form.account_id
        field.errors = [str(refusal)]
        return _add_page(form)
    return pages.see_other(url_for(".edit", id=template_id))


@bp.get("/<int:id>")
@access.needs(*access.LEADERS)
@access.outbound
def edit(id):
    return _edit_page(_template(id))


@bp.get("/<int:id>/state")
@access.needs(*access.LEADERS)
@access.outbound
def state(id):
    """What changes while somebody looks: its state, and what can be done."""
    return render_template("message_templates/_state.html", **_shown(_template(id)))


@bp.post("/<int:id>/draft")
@access.needs(*access.LEADERS)
@access.outbound
def save_draft(id):
    """Autosave, and every button of the editor but the one that submits."""
    template = _template(id)
    change = request.form.get("change", "")
    shown = editor.shape(drafting.content_of(template))
    try:
        name_taken = _save(id, change)
        said = _keep_sample(id, change)
    except writing.Refused as refusal:
        return _refused(id, refusal)
    if not pages.is_partial():
        for sentence in filter(None, (name_taken, said)):
            flash(sentence, "error")
        return pages.see_other(url_for(".edit", id=id, _anchor=editor.place_of(change)))
    template = _template(id)
    return render_template(
        "message_templates/_saved.html",
        **_shown(template, name_taken=name_taken, sample_problem=said),
        anew=editor.changed_parts(shown, drafting.content_of(template), change),
    )


@bp.post("/<int:id>/submit")
@access.needs(*access.LEADERS)
@access.outbound
def submit(id):
    """Saves what is on the page, then hands it to the provider if nothing stands in the way."""
    _template(id)
    try:
        name_taken = _save(id, "")
    except writing.Refused as refusal:
        return _refused(id, refusal)
    template = _template(id)
    if name_taken or checking.errors(template):
        return _edit_page(template, 422, name_taken)
    label = access_points.provider_of(template.account).label
    try:
        with unit_of_work():
            reviewing.submit(db.session.get(MessageTemplate, id), _me())
    except ValueError as refusal:
        flash(str(refusal), "error")
    else:
        flash(f"Sent to {label}…")
    return pages.see_other(url_for(".edit", id=id))


@bp.post("/<int:id>/languages")
@access.needs(*access.LEADERS)
@access.outbound
def add_language(id):
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        abort(400, "WhatsApp has no such language.")
    return _made(id, lambda template: writing.add_language(template, language, _me()))


@bp.post("/<int:id>/clone")
@access.needs(*access.LEADERS)
@access.outbound
def clone(id):
    return _made(id, lambda one: writing.clone(one, writing.free_name(one), _me()))


@bp.post("/<int:id>/recontact")
@access.needs(*access.LEADERS)
@access.outbound
def recontact(id):
    _template(id)
    on = request.form.get("on") == "1"
    with unit_of_work():
        writing.flag_recontact(_template(id), on, _me())
    said = "Agents may re-open conversations with it." if on else "No longer for recontact."
    flash(said)
    return _back(id)


@bp.post("/<int:id>/discard")
@access.needs(*access.LEADERS)
@access.outbound
def discard(id):
    _template(id)
    with unit_of_work():
        gone = writing.discard_draft(_template(id), _me())
    flash("Draft discarded.")
    return pages.see_other(url_for(".index") if gone else url_for(".edit", id=id))


@bp.post("/<int:id>/delete")
@access.needs(*access.LEADERS)
@access.outbound
def delete(id):
    _template(id)
    try:
        with unit_of_work():
            writing.delete(_template(id), _me(), "all_languages" in request.form)
    except ValueError as refusal:
        flash(str(refusal), "error")
        return pages.see_other(url_for(".edit", id=id))
    flash("Template deleted.")
    return pages.see_other(url_for(".index"))


def _template(id):
    return db.get_or_404(MessageTemplate, id)


def _me():
    return db.session.get(User, current_user.id)


def _save(id, change):
    with unit_of_work():
        template = db.session.get(MessageTemplate, id)
        content = forms.posted(request.form, drafting.content_of(template))
        content = forms.changed(content, change)
        rules = access_points.provider_of(template.account).template_rules
        content = replace(content, ttl=lifetimes.fitting(content, rules))
        name = request.form.get("name", "").strip().lower()
        refused = writing.save_draft(template, content, _me(), name)
        if change == "drop-sample":
            writing.put_sample(template, None)
    return refused


def _keep_sample(id, change):
    """Why the chosen file is not taken; empty where it is, or there is none."""
    file = request.files.get("sample")
    if not file or not file.filename or change not in ("", "sample"):
        return ""
    template = _template(id)
    if drafting.content_of(template).header_kind not in sampling.TYPES:
        return ""
    try:
        sampling.keep(template, Upload(file.stream, file.filename, file.mimetype))
    except ValueError as error:
        return str(error)
    return ""


def _made(id, make):
    """A new draft, and its editor."""
    _template(id)
    try:
        with unit_of_work():
            made_id = make(_template(id)).id
    except writing.Refused as refusal:
        flash(str(refusal), "error")
        return pages.see_other(url_for(".edit", id=id))
    return pages.see_other(url_for(".edit", id=made_id))


def _refused(id, refusal):
    if pages.is_partial():
        db.session.rollback()
        return render_template(
            "message_templates/_saved.html", **_shown(_template(id)), anew=()
        ), 409
    flash(str(refusal), "error")
    return pages.see_other(url_for(".edit", id=id))


def _back(id):
    listed = request.form.get("next") == "list"
    return pages.see_other(url_for(".index") if listed else url_for(".edit", id=id))


def _add_page(form):
    return pages.render(
        "message_templates/add.html",
        form=form,
        categories=forms.CATEGORIES,
        status=422 if form.errors else 200,
    )


def _edit_page(template, status=200, name_taken=""):
    return pages.render(
        "message_templates/editor.html",
        **_shown(template, name_taken=name_taken, tried=status == 422),
        status=status,
    )


def _shown(template, name_taken="", sample_problem="", tried=False):
    content = drafting.content_of(template)
    provider = access_points.provider_of(template.account)
    found = checking.checks(template)
    if name_taken:
        found.insert(0, checking.Check(checking.ERROR, name_taken, "name"))
    if sample_problem:
        found.insert(0, checking.Check(checking.ERROR, sample_problem, "header"))
    return {
        "template": template,
        "content": content,
        "checks": found,
        "tried": tried,
        "errors": {one.where: one.sentence for one in found if one.level == checking.ERROR},
        "why_not": writing.why_not(template),
        "provider": provider,
        "lifetimes": lifetimes.choices(provider.template_rules, content),
        "no_test": trying.why_not(template),
        "tester": session.get(TESTER, ""),
        "client_key": uuid.uuid4().hex,
        "categories": forms.CATEGORIES,
        "languages": LANGUAGES,
        "siblings": writing.siblings(template),
        "media": drafting.media_of(template),
        "is_new": drafting.is_new(template),
        "preview": editor.preview(template, content),
        "variables": editor.variables(template),
        "saved_at": template.updated_at if template.draft else None,
        "now_at": utcnow(),
    }
