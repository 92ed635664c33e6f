"""An automatic check of WCAG 2.2 AA, by axe, in a page opened with `bypass_csp=True`."""

from pathlib import Path

AXE = Path(__file__).parent.parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """async (rules) => (await axe.run({ runOnly: rules })).violations.map(
    (found) => `${found.id}: ${found.nodes.map((node) => node.target.join(" ")).join(", ")}`)"""
# Another scheme shows at once, so that no colour is looked at on its way to another.
AT_ONCE = "*, ::before, ::after { transition: none !important }"


def barriers(page):
    """{scheme: what is in somebody's way}, of the page as it stands, light and dark."""
    page.add_style_tag(content=AT_ONCE)
    page.add_script_tag(path=AXE)
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found[scheme] = page.evaluate(CHECK, RULES)
    return {scheme: violations for scheme, violations in found.items() if violations}


def barriers_on(page, *paths, ready="body"):
    """{path: what is in somebody's way there}, without pages that have no barrier.

    `ready` is the selector of what has to be there before a page is looked at.
    """
    found = {}
    for path in paths:
        page.goto(path)
        page.wait_for_selector(ready)
        found[path] = barriers(page)
    return {path: violations for path, violations in found.items() if violations}
