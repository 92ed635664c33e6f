// Keeps waits and countdowns right, by the server's clock, and tells the server our time zone.

const DAY = 86400;
const meta = document.querySelector("meta[name=parley]");
let ahead = meta ? Date.now() - Date.parse(meta.dataset.now) : 0;

export function now() {
  return Date.now() - ahead;
}

// Answers carry the server's Date; a clock that is put right meanwhile is followed.
export function heardServer(date) {
  const at = Date.parse(date);
  if (Number.isNaN(at)) return;
  const newest = Date.now() - at;
  if (Math.abs(newest - ahead) > 2000) ahead = newest;
}

export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  if (s < 60) return `${s} s`;
  if (s < 600) return `${Math.floor(s / 60)} m ${two(s % 60)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m`;
  if (s < DAY) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} m`;
  return `${Math.floor(s / DAY)} d ${Math.floor((s % DAY) / 3600)} h`;
}

// A countdown says minutes; seconds only in its last two minutes.
function countdown(seconds) {
  return seconds > 120 && seconds < 600 ? `${Math.floor(seconds / 60)} m` : span(seconds);
}

export function tick(root = document) {
  const present = now();
  for (const node of root.querySelectorAll("[data-since]")) {
    write(node, span((present - Date.parse(node.dataset.since)) / 1000));
  }
  for (const node of root.querySelectorAll("[data-until]")) {
    const left = (Date.parse(node.dataset.until) - present) / 1000;
    write(node, countdown(left));
    if (left <= 0 && !node.dataset.over) {
      node.dataset.over = "yes";
      node.dispatchEvent(new CustomEvent("over", { bubbles: true }));
    }
  }
  for (const bar of root.querySelectorAll("progress[data-countdown]")) {
    bar.value = Math.max(0, (Date.parse(bar.dataset.countdown) - present) / 1000);
  }
  for (const wait of root.querySelectorAll("[data-target]")) level(wait, present);
}

// A wait turns amber at its target and red at three times that, as the server would write it.
function level(wait, present) {
  const since = wait.querySelector("[data-since]");
  const over = (present - Date.parse(since.dataset.since)) / 1000 / Number(wait.dataset.target);
  wait.classList.toggle("wait--warn", over >= 1 && over < 3);
  wait.classList.toggle("wait--bad", over >= 3);
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function rememberZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.split("; ").find((part) => part.startsWith("zone="));
  if (known === `zone=${zone}`) return;
  document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  if (known === undefined) localise();
}

// The first page of a new browser was written in UTC.
function localise() {
  for (const node of document.querySelectorAll("time[data-at]")) {
    const [hour, minute] = new Date(node.dateTime).toTimeString().split(":");
    if (/^\d\d:\d\d$/.test(node.textContent)) node.textContent = `${hour}:${minute}`;
  }
}

rememberZone();
tick();
setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", (event) => tick(event.target.parentNode || document));
document.addEventListener("htmx:afterRequest", (event) => {
  heardServer(event.detail.xhr?.getResponseHeader("Date"));
});
