// The open thread: appends what is new, swaps single bubbles, loads older pages, reports reading.
import { now } from "./times.js";
import { post, toast } from "./post.js";

const NEAR_END = 100;
const TOGETHER = 300;
const PATIENCE = 8000;

function thread() {
  return document.querySelector("[data-thread]");
}

function attach() {
  const log = thread();
  if (!log || log.dataset.attached) return;
  log.dataset.attached = "yes";
  log.addEventListener("live", ({ detail }) => refresh(log, detail));
  log.addEventListener("scroll", () => onScroll(log), { passive: true });
  startPosition(log);
  keepEnd(log);
  reportSeen(log);
}

// A text box that grows, a quote above it, a keyboard on the screen: the last words stay in view.
function keepEnd(log) {
  let height = log.clientHeight;
  new ResizeObserver(() => {
    const lost = height - log.clientHeight;
    height = log.clientHeight;
    if (log.scrollHeight - log.scrollTop - log.clientHeight - lost < NEAR_END) log.scrollTop = log.scrollHeight;
  }).observe(log);
}

function startPosition(log) {
  const line = log.querySelector("#newline");
  log.scrollTop = log.scrollHeight;
  if (line && line.offsetTop < log.scrollTop) log.scrollTop = line.offsetTop - 80;
}

// ── what is new ──

let chain = Promise.resolve();

function refresh(log, detail) {
  chain = chain.then(() => follow(log, detail)).catch(() => {});
}

async function follow(log, { ids, full }) {
  const wanted = ids.filter((id) => id > 0).join(",");
  let more = true;
  while (more && log.isConnected) {
    const query = new URLSearchParams({ after: newest(log, "message"), ids: wanted, events: newest(log, "event") });
    more = merge(log, await fetchItems(`${log.dataset.url}?${query}`)).more;
  }
  if (full && log.isConnected) merge(log, await fetchItems(log.dataset.url));
}

function newest(log, what) {
  const numbers = [...log.querySelectorAll(`[data-${what}]`)].map((node) => Number(node.dataset[what]));
  return Math.max(0, ...numbers);
}

async function fetchItems(url) {
  // A request that hangs in a dead connection must not hold up those after it.
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin", signal });
  if (answer.status === 401) document.dispatchEvent(new Event("live:signed-out"));
  if (!answer.ok) throw new Error(`${answer.status}`);
  return items(await answer.text());
}

export function items(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  return box.content;
}

export function merge(log, fragment) {
  const atEnd = isAtEnd(log);
  const result = { more: fragment.querySelector("[data-more]") !== null, arrived: 0 };
  for (const node of [...fragment.children]) place(log, node, result);
  tidy(log);
  if (atEnd) log.scrollTop = log.scrollHeight;
  else if (result.arrived) offerJump(log, result.arrived);
  if (result.arrived) {
    document.dispatchEvent(new CustomEvent("thread:arrived", { detail: { count: result.arrived } }));
    reportSeen(log);
  }
  return result;
}

function place(log, node, result) {
  if (!node.dataset.key) return;
  const known = document.getElementById(node.id);
  if (known) return swap(known, node);
  const mine = node.dataset.clientKey && log.querySelector(`[data-pending="${CSS.escape(node.dataset.clientKey)}"]`);
  if (mine) mine.remove();
  else if (node.dataset.direction === "in") result.arrived += 1;
  insert(log, node);
}

// A bubble that plays or has the focus is changed from inside, never replaced.
function swap(known, node) {
  node.classList.toggle("msg--cont", known.classList.contains("msg--cont"));
  const decoded = known.querySelector('audio[src^="blob:"]');
  if (decoded) node.querySelector("audio")?.setAttribute("src", decoded.src);
  if (known.outerHTML !== node.outerHTML) window.Idiomorph.morph(known, node);
}

function insert(log, node) {
  const key = keyOf(node);
  let before = null;
  for (const other of [...log.querySelectorAll("[data-key]")].reverse()) {
    if (compare(keyOf(other), key) < 0) break;
    before = other;
  }
  const waiting = log.querySelector("[data-pending]");
  log.insertBefore(node, before ?? (waiting && node.dataset.direction !== "out" ? null : waiting));
}

function keyOf(node) {
  return node.dataset.key.split("-").map(Number);
}

function compare(a, b) {
  for (let i = 0; i < 3; i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

// Neighbours by the same person are one block; a day line over nothing goes.
function tidy(log) {
  let above = null;
  for (const node of log.children) {
    if (node.matches(".msg[data-key]")) {
      const together = above?.matches(".msg") && above.dataset.by === node.dataset.by
        && keyOf(node)[0] - keyOf(above)[0] < TOGETHER;
      node.classList.toggle("msg--cont", Boolean(together));
    }
    above = node.dataset.key ? node : above;
  }
}

// ── where one looks ──

export function isAtEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
}

function offerJump(log, count) {
  const button = document.querySelector("[data-jump]");
  const total = Number(button.dataset.count || 0) + count;
  button.dataset.count = total;
  button.querySelector("span").textContent = total === 1 ? "1 new message" : `${total} new messages`;
  button.hidden = false;
}

function onScroll(log) {
  if (log.scrollTop < 200) loadOlder(log);
  if (!isAtEnd(log)) return;
  const button = document.querySelector("[data-jump]");
  button.hidden = true;
  button.dataset.count = 0;
  reportSeen(log);
}

async function loadOlder(log) {
  const before = log.dataset.older;
  if (!before || log.dataset.loading) return;
  log.dataset.loading = "yes";
  log.setAttribute("aria-live", "off");
  try {
    const fragment = await fetchItems(`${log.dataset.url}?before=${before}`);
    const oldest = fragment.querySelector("[data-older]")?.dataset.older;
    const height = log.scrollHeight;
    for (const node of [...fragment.children]) place(log, node, { arrived: 0 });
    tidy(log);
    if (oldest) log.dataset.older = oldest;
    else { delete log.dataset.older; log.querySelector("[data-load-older]")?.remove(); }
    log.scrollTop += log.scrollHeight - height;
  } finally {
    delete log.dataset.loading;
    log.removeAttribute("aria-live");
  }
}

// ── reading ──

const SEEN_EVERY = 5000;
const resting = new WeakSet();
let told = 0;
let owed = null;

function reportSeen(log) {
  if (log.dataset.mine !== "yes" || document.hidden || !document.hasFocus() || !isAtEnd(log)) return;
  const last = [...log.querySelectorAll('[data-direction="in"]')].pop();
  const id = Number(last?.dataset.message || 0);
  if (!id || id === told) return;
  told = id;
  if (owed?.log !== log) sayWhatIsOwed();
  if (resting.has(log)) { owed = { log }; return; }
  saySeen(log);
}

// At once, then at most every few seconds and once more after the last: a lively customer must
// not cost a request for each line.
function saySeen(log) {
  post(log.dataset.seenUrl, {}).catch(() => { told = 0; });
  resting.add(log);
  setTimeout(() => {
    resting.delete(log);
    if (owed?.log === log) sayWhatIsOwed();
  }, SEEN_EVERY);
}

function sayWhatIsOwed() {
  const log = owed?.log;
  owed = null;
  if (log) saySeen(log);
}

// ── a reply on its way ──

// Drawn as the server will draw it, so that nothing jumps when its answer takes the place.
export function addPending({ key, mode, text, quoted, file }) {
  const log = thread();
  const node = document.getElementById(file ? "pending-file" : `pending-${mode}`).content.firstElementChild.cloneNode(true);
  node.dataset.pending = key;
  node.dataset.by = `${mode === "note" ? "note" : "out"}${document.querySelector("meta[name=parley]").dataset.user}`;
  node.classList.toggle("msg--cont", continues(log, node.dataset.by));
  node.querySelector("[data-words]").textContent = text;
  node.querySelector("[data-clock]").textContent = new Date(now()).toTimeString().slice(0, 5);
  if (file) showPendingFile(node, file);
  const quote = node.querySelector(".quote");
  if (quoted) {
    quote.querySelector("b").textContent = quoted.name;
    quote.querySelector(".quote__text").textContent = quoted.text;
  } else quote?.remove();
  log.append(node);
  log.scrollTop = log.scrollHeight;
}

function showPendingFile(node, { name, picture }) {
  const shown = node.querySelector(picture ? "[data-pending-picture]" : "[data-pending-file]");
  node.querySelector(picture ? "[data-pending-file]" : "[data-pending-picture]").remove();
  if (picture) shown.querySelector("img").src = picture;
  else shown.querySelector("[data-pending-name]").textContent = name;
}

function continues(log, by) {
  const last = log.lastElementChild;
  if (last?.dataset.by !== by) return false;
  return !last.dataset.key || now() / 1000 - keyOf(last)[0] < TOGETHER;
}

export function dropPending(key) {
  thread()?.querySelector(`[data-pending="${CSS.escape(key)}"]`)?.remove();
}

export function accepted(html) {
  const log = thread();
  if (log) merge(log, items(html));
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-retry], [data-fetch-again]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.disabled) return;
  button.disabled = true;
  const answer = await post(form.action, {}).catch(() => null);
  if (answer?.ok) accepted(await answer.text());
  else { button.disabled = false; toast(answer ? await answer.text() : "No connection. Try again.", true); }
});

document.addEventListener("click", (event) => {
  const log = thread();
  if (event.target.closest("[data-jump]")) log.scrollTop = log.scrollHeight;
  if (event.target.closest("[data-load-older]")) loadOlder(log);
});

document.addEventListener("htmx:afterSettle", attach);
document.addEventListener("visibilitychange", () => { if (thread()) reportSeen(thread()); });
window.addEventListener("focus", () => { if (thread()) reportSeen(thread()); });
attach();
