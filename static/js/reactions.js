// A reaction to a message: one emoji out of a small grid; the same one again takes it back.
import { newKey } from "./composer.js";
import { placeBeside } from "./popovers.js";
import { accepted } from "./thread.js";
import { post, toast } from "./post.js";

let asked = null; // the button whose message is being reacted to

function open(button) {
  const menu = document.getElementById("react-menu");
  asked = button;
  for (const one of menu.querySelectorAll("[data-emoji]")) {
    one.setAttribute("aria-checked", one.dataset.emoji === button.dataset.reacted);
  }
  menu.showPopover();
  placeBeside(menu, button);
  (menu.querySelector('[aria-checked="true"]') ?? menu.querySelector("button")).focus();
}

async function react(emoji) {
  const { react: url, reacted } = asked.dataset;
  const values = { emoji: emoji === reacted ? "" : emoji, client_key: newKey() };
  const answer = await post(url, values).catch(() => null);
  if (answer?.ok) accepted(await answer.text());
  else toast(answer ? await answer.text() : "No connection. Try again.", true);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-react]");
  if (button) open(button);
  const emoji = event.target.closest("[data-emoji]");
  if (emoji && asked?.isConnected) react(emoji.dataset.emoji);
});
