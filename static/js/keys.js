// Single keys for whoever works without a mouse; they can be switched off, and text fields win.
import { quote, setMode } from "./composer.js";
import { showPane } from "./panes.js";

const meta = document.querySelector("meta[name=parley]");

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  u: nextUnread,
  a: () => document.querySelector("[data-accept]")?.click(),
  r: () => setMode("reply"),
  n: () => setMode("note"),
  e: () => document.querySelector("[data-wrap-up]")?.click(),
  q: quoteSelected,
  "+": () => selected("[data-react]")?.click(),
  p: () => selected("[data-passport]")?.click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("shortcuts")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return leave(event);
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isWriting(event.target) || document.querySelector("dialog[open], [popover]:popover-open")) return;
  if (arrows(event)) return;
  if (meta?.dataset.shortcuts === "off") return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

function isWriting(node) {
  return node.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
}

function rows() {
  return [...document.querySelectorAll("[data-row] > .conv")];
}

function step(by) {
  const all = rows();
  const focused = all.indexOf(document.activeElement);
  const from = focused >= 0 ? focused : all.findIndex((row) => row.getAttribute("aria-current") === "true");
  const row = all[Math.min(all.length - 1, Math.max(0, from < 0 ? 0 : from + by))];
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

function nextUnread() {
  const row = rows().find((one) => one.matches(".conv--unread:not([aria-current=true])"));
  row?.focus();
  row?.click();
}

// A button of the message that has the focus, or of the customer's last one.
function selected(button) {
  const chosen = document.activeElement.closest(".msg") ?? [...document.querySelectorAll('.msg[data-direction="in"]')].pop();
  return chosen?.querySelector(button);
}

function quoteSelected() {
  const button = selected("[data-quote]");
  if (button) quote(button);
}

// Up and down go through the messages once the thread has the focus.
function arrows(event) {
  const log = event.target.closest?.("[data-thread]");
  if (!log || !["ArrowUp", "ArrowDown"].includes(event.key)) return false;
  const all = [...log.querySelectorAll(".msg[data-message]")];
  const at = all.indexOf(event.target.closest(".msg"));
  const next = at < 0 ? all[all.length - 1] : all[at + (event.key === "ArrowUp" ? -1 : 1)];
  if (!next) return false;
  event.preventDefault();
  next.focus();
  return true;
}

function leave(event) {
  if (document.querySelector("dialog[open], [popover]:popover-open")) return;
  if (event.target.id === "search") event.target.blur();
  if (document.querySelector('[data-inbox][data-pane="info"]')) showPane("thread");
}

// A conversation opened or accepted by the keyboard takes the focus into its thread; by the mouse it
// does not.
let byKeyboard = false;
document.addEventListener("click", (event) => {
  if (event.target.closest(".conv, [data-accept]")) byKeyboard = event.detail === 0;
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "conversation" || !byKeyboard) return;
  byKeyboard = false;
  if (!document.activeElement.closest("[data-composer]")) document.querySelector("[data-thread]")?.focus();
});
