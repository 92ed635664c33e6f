"""Which databases a test runs on: those `--database` names, or fewer by the marker `only`."""

KINDS = ("sqlite", "postgresql")


def on_a_database(item):
    """Whether this test was made for one kind of database."""
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return any(value in KINDS for value in values if isinstance(value, str))


def for_each_database(metafunc, fixture, scope="module"):
    """Parametrise the fixture with the kinds that `--database` names."""
    if fixture not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("--database")
    kinds = KINDS if chosen == "both" else (chosen,)
    only = metafunc.definition.get_closest_marker("only")
    kinds = [kind for kind in kinds if only is None or kind in only.args]
    metafunc.parametrize(fixture, kinds, indirect=True, scope=scope)
