// The list follows the server, but no row moves under the pointer or the focus.

let held = false; // an update waits until the hand leaves the list
const MOST_ROWS = 20;

// Where only rows have changed the server is told where they stand: it sends these rows alone, or
// the whole list if one of them has moved.
document.addEventListener("htmx:configRequest", (event) => {
  const { elt, triggeringEvent, parameters } = event.detail;
  const woken = triggeringEvent?.type === "live" && triggeringEvent.detail;
  if (elt.id !== "interaction-list" || !woken || woken.full || !woken.ids.length || woken.ids.length > MOST_ROWS) return;
  const rows = woken.ids.map((id) => document.getElementById(`row-${id}`));
  if (rows.every((row) => row?.dataset.place)) parameters.rows = rows.map((row) => `${row.dataset.row}~${row.dataset.place}`).join();
});

function isHeld(list) {
  return list.matches(":hover") && matchMedia("(hover: hover)").matches
    || list.contains(document.activeElement);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const list = event.detail.target;
  if (list?.id !== "interaction-list" || !isLive(event.detail) || event.detail.xhr.status !== 200) return;
  if (event.detail.xhr.getResponseHeader("HX-Reswap") === "none") return;
  if (!isHeld(list) || !sameRows(list, event.detail.serverResponse)) return;
  held = true;
  event.detail.serverResponse = inPlace(list, event.detail.serverResponse);
});

// Only what the socket asked for is held back; a search the person typed is shown at once.
function isLive(detail) {
  return detail.requestConfig?.triggeringEvent?.type === "live";
}

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

// Where the order changed, the rows keep their places and take their new words.
function sameRows(list, html) {
  return ids(list).join() !== ids(parsed(html)).join() && list.querySelector("[data-row]");
}

function ids(root) {
  return [...root.querySelectorAll("[data-row]")].map((row) => row.dataset.row);
}

function inPlace(list, html) {
  const fresh = parsed(html);
  const kept = list.cloneNode(true);
  const known = new Set(ids(kept));
  for (const row of kept.querySelectorAll("[data-row]")) {
    const news = fresh.getElementById(row.id);
    if (news) row.replaceWith(kept.ownerDocument.importNode(news, true));
    else row.classList.add("is-gone");
  }
  for (const row of fresh.querySelectorAll("[data-row]")) {
    if (known.has(row.dataset.row)) continue;
    sectionIn(kept, row.closest("section")).append(kept.ownerDocument.importNode(row, true));
  }
  fresh.getElementById("interaction-list").replaceWith(fresh.importNode(kept, true));
  return fresh.body.innerHTML;
}

// The rows of a section; one that was empty so far begins at the end.
function sectionIn(list, section) {
  if (!list.querySelector(`#${section.id}`)) {
    const begun = list.ownerDocument.importNode(section, true);
    begun.querySelector("ul").replaceChildren();
    list.append(begun);
  }
  return list.querySelector(`#${section.id} ul`);
}

function letGo() {
  const list = document.getElementById("interaction-list");
  if (!held || !list || isHeld(list)) return;
  held = false;
  list.dispatchEvent(new CustomEvent("live", { detail: { ids: [], full: true } }));
}

document.addEventListener("pointermove", () => { if (held) letGo(); }, { passive: true });
document.addEventListener("focusout", () => { if (held) setTimeout(letGo, 50); });
