"""The pages' verbs for scripts: `flask --app app GROUP VERB`, each with `--json`."""


def init_app(app):
    """Register every group of commands."""
