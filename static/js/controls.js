// Small things that are the same on every page: copy, open a dialog, preferences, toasts.
import { post, say, toast } from "./post.js";

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy);
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) event.preventDefault(); // a link there is for whom no script opens it
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
});

// Where tabs need more room than there is, the one that is open is in sight.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const tabs = tab.closest(".tabs");
  tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
}

document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-preference]");
  if (!box) return;
  const name = box.dataset.preference;
  document.querySelector("meta[name=parley]").dataset[name] = box.checked ? "on" : "off";
  post(box.dataset.url, { [name]: box.checked ? "on" : "off" });
});

async function copyText(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  say("Copied");
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
}

for (const node of document.querySelectorAll("[data-toast]")) {
  setTimeout(() => node.remove(), 6000);
}

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-close-dialog]");
  if (!closer) return;
  event.preventDefault();
  closer.closest("dialog")?.close();
});

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (!form || !event.detail.successful || event.detail.requestConfig.verb === "get") return;
  if (event.detail.xhr.status >= 400) return; // refused: what is wrong stands in the dialog
  form.closest("dialog[open]")?.close();
  form.closest("[popover]:popover-open")?.hidePopover();
});

// HX-Trigger: {"toast": "…"}
document.addEventListener("toast", (event) => toast(event.detail.value));
