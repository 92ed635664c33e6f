// One pane at a time on a phone, the contact as a drawer, and what follows when another
// conversation is opened in place.
import { toast } from "./post.js";

const inbox = document.querySelector("[data-inbox]");

export function showPane(name) {
  if (inbox) inbox.dataset.pane = name;
}

document.addEventListener("click", (event) => {
  const go = event.target.closest("[data-go]");
  if (!go) return;
  showPane(inbox.dataset.pane === go.dataset.go ? "thread" : go.dataset.go);
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "conversation" && event.target.id !== "conversation") return;
  const opened = document.querySelector("[data-conversation]");
  if (!opened) return;
  showPane("thread");
  markCurrent(opened.dataset.conversation);
});

// The row answers at once, however long its conversation takes to come; without it the mark goes back.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches(".conv")) markCurrent(event.detail.elt.parentElement.dataset.row);
});
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, (event) => {
    if (event.detail.elt.matches(".conv")) markCurrent(document.querySelector("[data-conversation]")?.dataset.conversation ?? "");
  });
}

// A list asked for before another conversation was opened, or before that failed, is late by now.
for (const swapped of ["htmx:afterSwap", "htmx:oobAfterSwap"]) {
  document.addEventListener(swapped, ({ target }) => {
    if (target.closest?.("#interaction-list")) markCurrent(document.getElementById("open-id")?.value ?? "");
  });
}

function markCurrent(id) {
  const field = document.getElementById("open-id");
  if (field) field.value = id;
  for (const row of document.querySelectorAll("[data-row] .conv")) {
    if (row.parentElement.dataset.row === id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 401) return;
  if (xhr.status === 404) toast("This conversation is no longer yours to see.", true);
  else if (xhr.responseText && xhr.responseText.length < 200) toast(xhr.responseText, true);
  else toast("That did not work. Nothing was lost; try again.", true);
});
