// Lists: ticking rows for a bulk action, and menus that close when one looks elsewhere.

function partsOf(element) {
  const rows = element.closest("[data-table]");
  const bar = rows?.querySelector("[data-bulk]");
  return { rows, bar, picks: rows ? [...rows.querySelectorAll("[data-pick]")] : [] };
}

function show({ rows, bar, picks }) {
  const ticked = picks.filter((pick) => pick.checked);
  for (const pick of picks) pick.closest("tr").classList.toggle("is-sel", pick.checked);
  const all = rows.querySelector("[data-pick-all]");
  all.checked = ticked.length === picks.length;
  all.indeterminate = ticked.length > 0 && !all.checked;
  if (!bar) return;
  const everything = bar.querySelector("[data-bulk-all]");
  if (!all.checked) everything.value = "";
  const words = bar.querySelector("[data-bulk-everything]");
  if (words) words.hidden = !all.checked || Boolean(everything.value);
  bar.hidden = ticked.length === 0;
  const said = bar.querySelector("[data-bulk-count]");
  said.textContent = everything.value ? words.dataset.words : `${ticked.length} selected`;
}

let last = null; // for a range with Shift

document.addEventListener("click", (event) => {
  const pick = event.target.closest?.("[data-pick]");
  if (!pick) return;
  const { picks } = partsOf(pick);
  const [from, to] = [picks.indexOf(last), picks.indexOf(pick)];
  if (event.shiftKey && from >= 0) {
    for (const one of picks.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = pick.checked;
  }
  last = pick;
});

document.addEventListener("change", (event) => {
  const { target } = event;
  if (target.matches("[data-pick-all]")) {
    const parts = partsOf(target);
    for (const pick of parts.picks) pick.checked = target.checked;
    show(parts);
  } else if (target.matches("[data-pick]")) {
    show(partsOf(target));
  } else if (target.matches("[data-submits]")) {
    target.form.requestSubmit();
  }
});

document.addEventListener("click", (event) => {
  const everything = event.target.closest("[data-bulk-everything]");
  const clear = event.target.closest("[data-bulk-clear]");
  if (!everything && !clear) return;
  const parts = partsOf(event.target);
  for (const pick of parts.picks) pick.checked = Boolean(everything);
  parts.bar.querySelector("[data-bulk-all]").value = everything ? "1" : "";
  show(parts);
});

// On a phone the filters are behind one button.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-unfolds]");
  if (!button) return;
  const open = button.closest("form").classList.toggle("is-open");
  button.setAttribute("aria-expanded", open);
});

// A menu made of <details> closes when the focus or a click goes elsewhere, and with Escape.
document.addEventListener("click", (event) => closeOthers(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = event.target.closest?.("details[data-closes][open]");
  open?.querySelector("summary").focus();
  open?.removeAttribute("open");
});

function closeOthers(target) {
  for (const open of document.querySelectorAll("details[data-closes][open]")) {
    if (!open.contains(target)) open.removeAttribute("open");
  }
}

// A live list fetches itself again: what is ticked stays so, where its row is still there.
let ticked = null;

document.addEventListener("htmx:beforeSwap", ({ target, detail }) => {
  if (!target.matches?.("[data-table][data-live]") || detail.requestConfig?.elt !== target) return;
  const { bar, picks } = partsOf(target);
  const ids = picks.filter((pick) => pick.checked).map((pick) => pick.value);
  ticked = { list: target.id, ids, all: bar?.querySelector("[data-bulk-all]").value };
});

function tickAgain(rows) {
  const { bar, picks } = partsOf(rows);
  for (const pick of picks) pick.checked = ticked.ids.includes(pick.value);
  if (bar) bar.querySelector("[data-bulk-all]").value = ticked.all;
}

// After the browser's Back the ticks may still be there; after a swap they are gone.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.target.matches?.("[data-table]")) return;
  if (ticked?.list === event.target.id) tickAgain(event.target);
  ticked = null;
  if (event.target.querySelector("[data-pick-all]")) show(partsOf(event.target));
});
