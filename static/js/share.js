// A place or a contact card: a small form whose answer is the bubble.
import { newKey } from "./composer.js";
import { accepted } from "./thread.js";
import { post } from "./post.js";

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-share]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  if (button.disabled) return;
  button.disabled = true;
  const answer = await post(form.action, new FormData(form)).catch(() => null);
  const text = answer ? await answer.text() : "No connection. Nothing was sent; try again.";
  button.disabled = false;
  if (!answer?.ok) return complain(form, text);
  accepted(text);
  form.closest("dialog").close();
  form.reset();
  form.elements.client_key.value = newKey(); // the next one is another message
  complain(form, "");
  document.getElementById("text")?.focus();
});

function complain(form, reason) {
  const error = form.querySelector("[data-share-error]");
  error.textContent = reason;
  error.hidden = !reason;
}

document.addEventListener("click", (event) => {
  const card = event.target.closest("[data-card-phone]");
  if (!card) return;
  const form = card.closest("dialog").querySelector("[data-share]");
  form.elements.name.value = card.dataset.cardName;
  form.elements.phone.value = card.dataset.cardPhone;
  form.elements.organization.focus();
});
