"""The sample of a header, as a provider fetches it that takes no upload."""

import io
import time
from urllib.parse import urlsplit

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from tests import factories
from tests.support.files import picture
from tests.support.stubs.kaleyra import KaleyraStub
from webapp import media_store
from webapp.extensions import db
from webapp.message_templates import reviewing, signed_samples, submitting
from webapp.message_templates.models import MessageTemplate
from webapp.unit_of_work import unit_of_work

PICTURE = picture()
PARTS = [
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "The spring kettles are here."},
]
MEDIA = {
    "key": "sample-of-spring",
    "mime_type": "image/jpeg",
    "filename": "spring kettle.jpg",
    "size": len(PICTURE),
}


@pytest.fixture(params=["v1", "v2"])
def kaleyra(request, app):
    stub = KaleyraStub()
    before = app.config["KALEYRA_API_URL"]
    app.config["KALEYRA_API_URL"] = stub.url
    account = factories.make_account(
        provider="kaleyra",
        phone=stub.secrets["number"],
        waba_id=stub.secrets["waba_id"],
        credentials={**stub.secrets, "api_version": request.param},
    )
    yield account, stub
    app.config["KALEYRA_API_URL"] = before
    stub.close()


def with_picture(account, **columns):
    media_store.put(MEDIA["key"], io.BytesIO(PICTURE))
    return factories.save(
        MessageTemplate(
            account_id=account.id, provider=account.provider, waba_id=account.waba_id,
            name="spring", language="en", category="utility", **columns,
        )
    )  # fmt: skip


def drafted(account):
    draft = {"category": "utility", "components": PARTS, "media": MEDIA}
    return with_picture(account, status="draft", draft=draft)


def test_the_address_a_submission_names_gives_the_file_to_whoever_has_it(kaleyra, cast, app):
    account, stub = kaleyra
    template = drafted(account)
    with unit_of_work():
        reviewing.submit(db.session.get(MessageTemplate, template.id), cast.sara)
    submitting.carry_out(template.id)

    assert db.session.get(MessageTemplate, template.id).problem is None
    address = given_to(stub)
    assert address.startswith(app.config["PUBLIC_URL"] + "/templates/samples/")
    fetched = app.test_client().get(urlsplit(address).path)
    assert (fetched.status_code, fetched.mimetype) == (200, "image/jpeg")
    assert fetched.data == PICTURE
    assert fetched.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def given_to(stub):
    (kept,) = [one for one in stub.book if one.name == "spring"]
    return kept.components[0]["example"]["header_handle"][0]


def test_an_address_ends_with_its_time_its_file_or_a_letter_changed(app, cast):
    template = drafted(factories.make_meta_account())
    anybody = app.test_client()
    path = urlsplit(signed_samples.address_of(template.id, MEDIA)).path
    token = path.split("/")[3]
    assert anybody.get(path).status_code == 200
    assert anybody.get(path.replace(token, token[:-2])).status_code == 404
    assert anybody.get(f"/templates/samples/{old_token(app, template)}").status_code == 404

    factories.change(template, draft=template.draft | {"media": None})
    assert anybody.get(path).status_code == 404


def old_token(app, template):
    class Earlier(TimestampSigner):
        def get_timestamp(self):
            return int(time.time()) - signed_samples.LIFETIME - 60

    signer = URLSafeTimedSerializer(
        app.config["SECRET_KEY"], salt="sample-for-a-provider", signer=Earlier
    )
    return signer.dumps([template.id, MEDIA["key"]])
