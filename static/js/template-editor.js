// The body of a template: bold and the like round what is marked, a new variable where the cursor is.

function put(area, text, from, to) {
  area.focus();
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  if (from !== undefined) area.setSelectionRange(area.selectionEnd + from, area.selectionEnd + to);
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function nextKey(area, format) {
  const keys = [...area.value.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1]);
  if (format !== "named") return Math.max(0, ...keys.filter((key) => /^\d+$/.test(key)).map(Number)) + 1;
  let number = keys.length + 1;
  while (keys.includes(`value_${number}`)) number += 1;
  return `value_${number}`;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-wrap], [data-add-variable]");
  const area = button?.form?.querySelector("[data-body]");
  if (!area) return;
  event.preventDefault();
  if (button.dataset.addVariable) return put(area, `{{${nextKey(area, button.dataset.addVariable)}}}`);
  const sign = button.dataset.wrap;
  const marked = area.value.slice(area.selectionStart, area.selectionEnd);
  put(area, `${sign}${marked}${sign}`, marked ? 0 : -1, marked ? 0 : -1);
});
