// A search above a list that is all on the page: hides what does not fit, never what is ticked.

document.addEventListener("input", (event) => {
  const box = event.target.closest?.("[data-find]");
  if (!box) return;
  event.stopPropagation();
  const words = box.value.trim().toLowerCase();
  for (const row of box.closest("[data-find-in]").querySelectorAll("[data-found]")) {
    row.hidden = !row.dataset.found.includes(words) && !row.querySelector(":checked");
  }
}, true);
