// Rings while something is offered, says it once, and lets the clock run down.
import { play } from "./sound.js";
import { say } from "./post.js";

const RING = 3000;
const said = new Set();
let ringing = null;

function look() {
  const offers = [...document.querySelectorAll("[data-offer]")];
  for (const offer of offers) {
    if (said.has(offer.dataset.offer)) continue;
    said.add(offer.dataset.offer);
    say(offer.dataset.say, true);
    play("offer");
  }
  if (offers.length && !ringing) ringing = setInterval(() => play("offer"), RING);
  if (!offers.length && ringing) { clearInterval(ringing); ringing = null; }
}

document.addEventListener("htmx:afterSettle", look);
document.addEventListener("thread:arrived", () => {
  // Not for the conversation that is being read.
  if (document.hidden || !document.hasFocus()) play("message");
});

let unread = Number(document.getElementById("unread")?.dataset.unread || 0);
document.addEventListener("htmx:afterSettle", () => {
  const present = Number(document.getElementById("unread")?.dataset.unread || 0);
  if (present > unread) play("message");
  unread = present;
});
look();
