// The passport of a message: a link to a page, which opens in a dialog instead.
import { toast } from "./post.js";

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-passport]");
  const dialog = document.getElementById("passport");
  if (!link || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(dialog, link.href);
});

async function open(dialog, url) {
  dialog.replaceChildren();
  await window.htmx.ajax("GET", url, { target: dialog, swap: "innerHTML" }).catch(() => {});
  if (dialog.firstElementChild) dialog.showModal();
  else toast("The passport could not be fetched. Try again.", true);
}
