// Menus that open beside what opened them: above it where there is room, else below.

const GAP = 4;
const ENTRIES = "a, button";

export function placeBeside(menu, button) {
  const place = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const above = place.top - height - GAP;
  menu.style.left = `${Math.max(GAP, Math.min(place.left, innerWidth - width - GAP))}px`;
  menu.style.top = `${above > GAP ? above : place.bottom + GAP}px`;
}

// Where a menu stands is not in the markup a live page is drawn again from: an open one keeps it.
window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => name !== "style" || !node.matches(":popover-open");

document.addEventListener("toggle", (event) => {
  if (event.newState !== "open" || !event.target.id) return;
  const button = document.querySelector(`[popovertarget="${event.target.id}"][data-places]`);
  if (!button) return;
  placeBeside(event.target, button);
  event.target.querySelector(ENTRIES)?.focus();
}, true);

// Arrows go through a menu's entries, in both directions of a grid alike.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.('[popover][role="menu"]');
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!menu || !by) return;
  event.preventDefault();
  const entries = [...menu.querySelectorAll(ENTRIES)];
  entries.at((entries.indexOf(event.target) + by) % entries.length).focus();
});

document.addEventListener("click", (event) => {
  event.target.closest('[popover][role="menu"] button')?.closest("[popover]").hidePopover();
});
