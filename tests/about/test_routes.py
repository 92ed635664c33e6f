"""The About page: the version for everybody, health and bundle for admins."""

import io
import zipfile

from tests.factories import make_meta_account


def test_everybody_sees_the_version_and_the_licence(sign_in, ana, app):
    page = sign_in(ana).get("/about").get_data(as_text=True)

    assert app.config["VERSION"] in page
    assert "Health" not in page and "PUBLIC_URL" not in page
    assert "MIT" in sign_in(ana).get("/about/licence").get_data(as_text=True)


def test_admins_see_health_and_settings_without_a_secret(sign_in, admin, app):
    account = make_meta_account()

    page = sign_in(admin).get("/about").get_data(as_text=True)

    assert "python -m workers.clock" in page
    assert "PUBLIC_URL" in page
    for secret in (app.config["SECRET_KEY"], app.config["REDIS_URL"], account.webhook_token):
        assert secret not in page


def test_the_bundle_is_for_admins(sign_in, admin, sara):
    assert sign_in(sara).get("/about/bundle").status_code == 403

    answer = sign_in(admin).get("/about/bundle")

    assert "attachment" in answer.headers["Content-Disposition"]
    assert "parley/health.json" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
