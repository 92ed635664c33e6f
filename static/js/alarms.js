// Says aloud, and once, what the notices of alarms show; the system's own notification where allowed.
import { isAllowed, play } from "./sound.js";
import { post, say } from "./post.js";

const meta = document.querySelector("meta[name=parley]");
const ICONS = { on: "i-volume-2", ask: "i-volume-x", off: "i-volume-x" };
const WORDS = { on: "Alarm sound on", ask: "Alarm sound on, but this browser plays none before a click", off: "Alarm sound off" };
const SHELF = "parley.alarms";  // of this tab: who goes from page to page has heard it
const said = new Set(heard());

function heard() {
  try { return JSON.parse(sessionStorage.getItem(SHELF)) ?? []; } catch { return []; }
}

function note(id) {
  said.add(id);
  try { sessionStorage.setItem(SHELF, JSON.stringify([...said].slice(-100))); } catch { /* only this page */ }
}

function look() {
  for (const notice of document.querySelectorAll("[data-alarm]")) {
    if (said.has(notice.dataset.alarm)) continue;
    note(notice.dataset.alarm);
    const words = notice.querySelector("strong").textContent;
    say(words, true);
    play("alarm", meta.dataset.alarmSounds === "on");
    if (document.hidden && window.Notification?.permission === "granted") new Notification(words, { tag: `alarm-${notice.dataset.alarm}` });
  }
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

document.addEventListener("htmx:afterSettle", look);
look();
askNot();
tellSound();
