"""The part of Meta's stand-in that keeps templates: Business Management API, and its news."""

import re

from tests.support.stubs.base import Reply
from tests.support.stubs.meta_rules import need
from tests.support.stubs.template_book import Refused, TemplateBook

PAGE = 3  # so that a test with few templates follows cursors


class KeepsTemplates:
    """Mixed into MetaStub. `template_answers` queues (status, body) for the next creations or
    changes, None to cut the connection after it went through; `usage` is the percentage told."""

    def keep_templates(self):
        self.book = TemplateBook()
        self.template_answers = []
        self.sample_sessions = {}  # session id → what it waits for
        self.bad_cursors = 0  # so many of the next cursors have run out
        self.usage = 0

    def answers_templates(self, request, path):
        """A Reply; None to cut, or False where the call is about something else."""
        try:
            return self._about_templates(request, path)
        except Refused as refused:
            code, subcode, rule = refused.args
            self.broken_rules.append(rule)
            return fault(code, subcode, rule)

    def _about_templates(self, request, path):
        waba = [self.secrets["waba_id"], "message_templates"]
        if path == waba:
            call = {"GET": self._list, "POST": self._make, "DELETE": self._drop}[request.method]
            return call(request)
        if request.method == "POST" and path[0] in self.book.kept:
            return self._done(lambda: self.book.edit(path[0], request.json), {"success": True})
        if path == [self.secrets["app_id"], "uploads"]:
            return self._open_session(request.json)
        if path[0].startswith("upload:"):
            return self._take_sample(request, path[0])
        return False

    def _list(self, request):
        query = request.query
        after = query.get("after", "")
        if after and self.bad_cursors:
            self.bad_cursors -= 1
            return fault(131059, None, "the cursor is a current one")
        need("fields" in query, 100, "fields are asked for by name")
        every = [one.shown() for one in self.book]
        start = int(after or 0)
        page, rest = every[start : start + PAGE], every[start + PAGE :]
        told = {"data": page, "paging": {"cursors": {"before": str(start)}}}
        if page:
            told["paging"]["cursors"]["after"] = str(start + len(page))
        if rest:
            told["paging"]["next"] = f"{self.url}/next"
        counts = {
            "type": "whatsapp",
            "call_count": self.usage,
            "estimated_time_to_regain_access": 0,
        }
        header = f'{{"{self.secrets["waba_id"]}": [{str(counts)}]}}'.replace("'", '"')
        return Reply(200, told, {"X-Business-Use-Case-Usage": header})

    def _make(self, request):
        need(isinstance(request.json, dict), 100, "a template is JSON")
        kept = []

        def make():
            kept.append(self.book.create(request.json))
            return kept[0]

        return self._done(make, lambda: {
            "id": kept[0].id, "status": kept[0].status, "category": kept[0].category
        })  # fmt: skip

    def _done(self, what, told):
        queued = self.template_answers.pop(0) if self.template_answers else (200, None)
        if queued is not None and queued[0] != 200:
            return Reply(*queued)
        kept = what()
        if self.on_submitted:
            self.on_submitted(kept)
        if queued is None:
            return None
        return Reply(200, told() if callable(told) else told)

    def _drop(self, request):
        need("name" in request.query, 100, "the name is given")
        self.book.delete(request.query["name"], request.query.get("hsm_id"))
        return Reply(200, {"success": True})

    def _open_session(self, wanted):
        need(set(wanted) == {"file_name", "file_length", "file_type"}, 100, "what is uploaded")
        session = f"upload:stub{self.number()}?sig=ARb"
        self.sample_sessions[session.partition("?")[0]] = wanted
        return Reply(200, {"id": session})

    def _take_sample(self, request, session):
        wanted = self.sample_sessions.get(session)
        need(wanted and request.query.get("sig") == "ARb", 100, "the session is an open one")
        need(request.headers.get("file_offset") == "0", 100, "file_offset is 0")
        need(len(request.body) == wanted["file_length"], 100, "the length is as announced")
        handle = f"4::stub{self.number()}"
        self.book.handles.add(handle)
        return Reply(200, {"h": handle})

    # News

    def review(self, webhook_url, name, event="APPROVED", *, language=None, reason="NONE", **more):
        """Decide on a template and post it; the webhook's answer. `more`: rejection_info,
        other_info, disable_info, or `at` in seconds."""
        kept = self.book.named(name, language)
        kept.status, kept.rejected_reason = event, reason
        value = {**self._named(kept), "event": event, "reason": reason}
        category = {"message_template_category": kept.category}
        return self._news(webhook_url, "message_template_status_update", value | category, more)

    def score(self, webhook_url, name, quality, **more):
        kept = self.book.named(name)
        before, kept.quality = kept.quality, quality
        value = {"previous_quality_score": before, "new_quality_score": quality}
        field = "message_template_quality_update"
        return self._news(webhook_url, field, self._named(kept) | value, more)

    def recategorise(self, webhook_url, name, category, *, ahead=None, **more):
        """`ahead`: announced only, to come at that second."""
        kept = self.book.named(name)
        if ahead:
            value = {
                "new_category": kept.category,
                "correct_category": category,
                "category_update_timestamp": ahead,
            }
        else:
            value = {"previous_category": kept.category, "new_category": category}
            kept.category = category
        return self._news(webhook_url, "template_category_update", self._named(kept) | value, more)

    def _named(self, kept):
        digits = re.sub(r"\D", "", kept.id)
        return {
            "message_template_id": int(digits) if digits == kept.id else kept.id,
            "message_template_name": kept.name,
            "message_template_language": kept.language.replace("_", "-"),
        }

    def _news(self, webhook_url, field, value, more):
        at = more.pop("at", None)
        change = {"field": field, "value": {**value, **more}}
        return self.post_change(webhook_url, change, at)


def fault(code, subcode, rule):
    error = {"message": "Invalid parameter", "type": "OAuthException", "code": code}
    if subcode:
        error |= {"error_subcode": subcode, "is_transient": False}
    return Reply(400, {"error": {**error, "error_user_msg": rule, "fbtrace_id": "AStub"}})
