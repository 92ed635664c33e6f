// Says aloud, and once, what the notices of alarms show; the system's own notification where allowed.
import { isAllowed, play } from "./sound.js";
import { post, say } from "./post.js";

const meta = document.querySelector("meta[name=parley]");
const ICONS = { on: "i-volume-2", ask: "i-volume-x", off: "i-volume-x" };
const WORDS = { on: "Alarm sound on", ask: "Alarm sound on, but this browser plays none before a click", off: "Alarm sound off" };
const SAID = "parley.alarms", HIDDEN = "parley.alarms.hidden";  // of this tab: who goes from page to page knows them
const said = kept(SAID), putAside = kept(HIDDEN);

function kept(shelf) {
  try { return new Set(JSON.parse(sessionStorage.getItem(shelf))); } catch { return new Set(); }
}

function keep(shelf, ids) {
  try { sessionStorage.setItem(shelf, JSON.stringify([...ids].slice(-100))); } catch { /* only this page */ }
}

function look() {
  for (const notice of document.querySelectorAll("[data-alarm]")) {
    if (said.has(notice.dataset.alarm)) continue;
    said.add(notice.dataset.alarm);
    keep(SAID, said);
    const words = notice.querySelector("strong").textContent;
    say(words, true);
    play("alarm", meta.dataset.alarmSounds === "on");
    if (document.hidden && window.Notification?.permission === "granted") new Notification(words, { tag: `alarm-${notice.dataset.alarm}` });
  }
}

// Out of the way in this tab until another alarm begins; nobody looks after it for that.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-alarm-hide]")) return;
  for (const notice of document.querySelectorAll("[data-alarm]")) putAside.add(notice.dataset.alarm);
  keep(HIDDEN, putAside);
  cover();
});

function cover() {
  const notices = [...document.querySelectorAll("[data-alarm]")];
  const shown = document.getElementById("alarm-notices");
  if (shown) shown.hidden = notices.length > 0 && notices.every((one) => putAside.has(one.dataset.alarm));
}

// Browsers let a page ask only after a click.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-notify-ask]")) window.Notification?.requestPermission().then(askNot);
});

function askNot() {
  for (const button of document.querySelectorAll("[data-notify-ask]")) button.hidden = window.Notification?.permission !== "default";
}

// Remembered for the person. Where the browser has played nothing yet, the first click lets it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-alarm-sound]");
  if (button && button.dataset.state !== "ask") {
    const wanted = meta.dataset.alarmSounds === "on" ? "off" : "on";
    meta.dataset.alarmSounds = wanted;
    post(button.dataset.url, { alarm_sounds: wanted });
  }
  if (button) play("alarm", meta.dataset.alarmSounds === "on");
  tellSound();
});

function tellSound() {
  for (const button of document.querySelectorAll("[data-alarm-sound]")) {
    const wanted = meta.dataset.alarmSounds === "on";
    const state = !wanted ? "off" : isAllowed() ? "on" : "ask";
    button.dataset.state = state;
    button.setAttribute("aria-pressed", String(wanted));
    button.setAttribute("aria-label", WORDS[state]);
    button.title = WORDS[state];
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[state]}`));
  }
}

document.addEventListener("htmx:afterSettle", () => { look(); cover(); });
look();
cover();
askNot();
tellSound();
