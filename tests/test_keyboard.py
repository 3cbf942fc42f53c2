"""A page without a mouse: the order of what takes the focus, and that it is seen."""

from __future__ import annotations

import pytest

# Names a kind of control; None at the end of the page.
KIND = """() => {
    const at = document.activeElement;
    return at === document.body ? null
        : `${at.tagName} ${at.getAttribute("class") ?? ""} ${at.type ?? ""}`;
}"""
PLACE = """() => {
    const box = document.activeElement.getBoundingClientRect();
    const room = 6;
    return { x: Math.max(0, box.x - room), y: Math.max(0, box.y - room),
             width: Math.min(box.width, 600) + 2 * room,
             height: Math.min(box.height, 200) + 2 * room };
}"""
LEAVE = "() => { window.left = document.activeElement; window.left.blur(); }"
RETURN = "() => window.left.focus({ preventScroll: true, focusVisible: true })"
SETTLED = "new Promise((next) => setTimeout(next, 60))"
LONGEST = 200  # controls before the article's first kinds have all come


def chapter(site, visit, width, scheme):
    """A chapter's page, whose colours do not take time to change."""
    return visit(
        (site / "chapters" / "separable.html").as_uri(),
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",
    )


def shown(page, clip):
    """What stands at a place, when it has come to rest."""
    page.evaluate(SETTLED)
    return page.screenshot(clip=clip)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (412, "dark")])
def test_what_has_the_focus_shows_it(site, visit, width, scheme):
    """Each kind of link, button and field looks different when it has the focus."""
    page = chapter(site, visit, width, scheme)
    kinds, unseen = set(), []
    for _ in range(LONGEST):
        page.keyboard.press("Tab")
        kind = page.evaluate(KIND)
        if kind is None:
            break
        if kind in kinds:
            continue
        kinds.add(kind)
        page.evaluate(SETTLED)
        clip = page.evaluate(PLACE)
        focused = shown(page, clip)
        page.evaluate(LEAVE)
        if focused == shown(page, clip):
            unseen.append(kind)
        page.evaluate(RETURN)
    assert unseen == []
    assert len(kinds) > 12


def test_focus_goes_down_the_page(site, visit):
    """First to the article, if asked; then from the top of the page to its end."""
    page = chapter(site, visit, 1280, "light")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")
    # Nothing asks to come before its place in the page.
    order = "[...document.querySelectorAll('[tabindex]')].map((e) => e.tabIndex)"
    assert max(page.evaluate(order)) <= 0
    page.keyboard.press("Tab")
    inside = "document.activeElement.closest('main') !== null"
    assert page.evaluate(inside)


@pytest.mark.parametrize("side", ["primary", "secondary"])
def test_a_drawer_leads_back_to_its_button(site, visit, side):
    """On a narrow screen, Enter opens a drawer and Escape returns to its button."""
    page = chapter(site, visit, 412, "light")
    button = page.locator(f".{side}-toggle").first
    drawer = page.locator(f"#pst-{side}-sidebar-modal")
    button.focus()
    page.keyboard.press("Enter")
    drawer.wait_for()
    assert drawer.evaluate("(it) => it.contains(document.activeElement)")
    page.keyboard.press("Escape")
    drawer.wait_for(state="hidden")
    page.evaluate(SETTLED)
    assert button.evaluate("(it) => it === document.activeElement")


def test_the_menu_of_downloads_opens_without_a_mouse(site, visit):
    """Enter opens it, arrows go through it, Escape leads back."""
    page = chapter(site, visit, 412, "light")
    menu = page.locator(".dropdown-download-buttons .dropdown-menu")
    page.locator(".dropdown-download-buttons button").focus()
    page.keyboard.press("Enter")
    menu.wait_for()
    page.keyboard.press("ArrowDown")
    assert menu.evaluate("(it) => it.contains(document.activeElement)")
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.type") == "button"
