// A link to a page that asks or tells something: it opens in one of the page's dialogs instead.
import { toast } from "./post.js";

// Which links, the id of the dialog, and what is said where nothing came.
const OPENED = [
  ["a[data-dialog]", "board-dialog", "This could not be opened. Try again."],
  // the passport of a message
  ["a[data-passport]", "passport", "The passport could not be fetched. Try again."],
];

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  for (const [links, id, sorry] of OPENED) {
    const link = event.target.closest(links);
    const dialog = document.getElementById(id);
    if (!link || !dialog) continue;
    event.preventDefault();
    open(dialog, link.href, sorry);
  }
});

async function open(dialog, url, sorry) {
  dialog.replaceChildren();
  await window.htmx.ajax("GET", url, { target: dialog, swap: "innerHTML" }).catch(() => {});
  if (!dialog.firstElementChild) {
    dialog.close();
    toast(sorry, true);
  } else if (!dialog.open) {
    dialog.showModal();
  }
}
