"""Tests that make their own database for each kind the run asks for."""


def for_each_database(metafunc, fixture):
    """Parametrise the fixture with the kinds that `--database` names."""
    if fixture in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        kinds = ("sqlite", "postgresql") if chosen == "both" else (chosen,)
        metafunc.parametrize(fixture, kinds, indirect=True, scope="module")
