// Colleagues in the same conversation learn that somebody writes; never what.
import { status } from "./live.js";

const EVERY = 3000;
let told = 0;
let fading = null;

document.addEventListener("input", (event) => {
  const composer = event.target.closest?.("[data-composer]");
  if (!composer || !status.connected || Date.now() - told < EVERY) return;
  told = Date.now();
  status.socket.emit("typing", { interaction: Number(composer.dataset.interaction) });
});

document.addEventListener("live:typing", ({ detail }) => {
  const open = document.querySelector("[data-conversation]")?.dataset.conversation;
  if (String(detail.interaction) !== open) return;
  show(true);
  clearTimeout(fading);
  fading = setTimeout(() => show(false), 2 * EVERY);
});

function show(shown) {
  const words = document.querySelector("[data-typing]");
  if (words) words.hidden = !shown;
}
