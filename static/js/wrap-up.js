// How a conversation ended: found by typing, by the keys of the frequent outcomes, or level by level.
const MOST_FOUND = 8;

document.addEventListener("click", (event) => {
  const option = event.target.closest("[data-outcome] :is([data-label], [data-choose])");
  if (!option) return;
  const root = rootOf(option);
  choose(root, option.dataset.label ?? option.dataset.choose);
  if (option.closest("[data-found]") || option.matches("[data-choose]")) search(root).focus();
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-find-outcome]")) find(rootOf(event.target));
});

document.addEventListener("keydown", (event) => {
  const root = rootOf(event.target);
  if (!root || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const handled = event.target.matches("[data-outcome-note]") ? inNote(event)
    : event.target.matches("[data-find-outcome]") ? inSearch(root, event)
    : event.target.matches("[data-label]") && inList(root, event);
  if (handled) event.preventDefault();
});

// A refused form comes back with what was chosen.
document.addEventListener("htmx:afterSettle", () => {
  for (const field of document.querySelectorAll("[data-outcome] [data-chosen]")) {
    if (field.value && !rootOf(field).querySelector('[data-label][aria-selected="true"]')) choose(rootOf(field), field.value);
  }
});

function rootOf(node) {
  return node.closest?.("[data-outcome]");
}

function search(root) {
  return root.querySelector("[data-find-outcome]");
}

function labelOf(root, id) {
  return root.querySelector(`[data-cascade] [data-label="${id}"]`);
}

// The label and those above it, from the first level on.
function pathOf(root, id) {
  const label = labelOf(root, id);
  if (!label) return [];
  return label.dataset.above ? [...pathOf(root, label.dataset.above), label] : [label];
}

function hasBelow(root, id) {
  return root.querySelector(`[data-cascade] [data-above="${id}"]`) !== null;
}

function choose(root, id) {
  const path = pathOf(root, id);
  if (!path.length) return;
  root.querySelector("[data-chosen]").value = id;
  for (const label of root.querySelectorAll("[data-cascade] [data-label]")) {
    const isChosen = path.includes(label);
    label.setAttribute("aria-selected", String(isChosen));
    label.tabIndex = -1;
    label.hidden = Boolean(label.dataset.above) && !path.some((one) => one.dataset.label === label.dataset.above);
  }
  for (const list of root.querySelectorAll("[data-cascade] > *")) {
    const entry = entryOf(list);
    list.hidden = !entry;
    if (entry) entry.tabIndex = 0;
  }
  search(root).value = "";
  find(root);
}

// Each word has to be somewhere in the names from the first level on; where a name begins so, it
// stands first.
function find(root) {
  const words = search(root).value.toLowerCase().split(/\s+/).filter(Boolean);
  const list = root.querySelector("[data-found]");
  list.hidden = !words.length;
  search(root).setAttribute("aria-expanded", String(!list.hidden));
  search(root).removeAttribute("aria-activedescendant");
  root.querySelector("[data-cascade]").hidden = Boolean(words.length);
  list.replaceChildren();
  if (!words.length) return;
  list.append(...matches(root, words).slice(0, MOST_FOUND));
  if (list.firstElementChild) mark(root, list.firstElementChild);
  else list.append(nothing());
}

function matches(root, words) {
  const sure = [], others = [];
  for (const label of root.querySelectorAll("[data-cascade] [data-label]")) {
    const id = label.dataset.label;
    const names = pathOf(root, id).map((one) => one.textContent.trim()).join(" › ");
    const all = names.toLowerCase();
    if (hasBelow(root, id) || !words.every((word) => all.includes(word))) continue;
    const begins = words.every((word) => all.split(/[^\p{L}\p{N}]+/u).some((name) => name.startsWith(word)));
    (begins ? sure : others).push(option(id, names));
  }
  return [...sure, ...others];
}

function option(id, names) {
  const found = document.createElement("button");
  found.className = "menu__item";
  found.id = `found-${id}`;
  found.type = "button";
  found.setAttribute("role", "option");
  found.dataset.label = id;
  found.tabIndex = -1;
  found.textContent = names;
  return found;
}

function nothing() {
  const words = document.createElement("p");
  words.className = "menu__text";
  words.setAttribute("role", "option");
  words.setAttribute("aria-disabled", "true");
  words.textContent = "No outcome has these words.";
  return words;
}

function mark(root, wanted) {
  for (const one of wanted.parentElement.children) one.setAttribute("aria-selected", String(one === wanted));
  search(root).setAttribute("aria-activedescendant", wanted.id);
  wanted.scrollIntoView({ block: "nearest" });
}

function shown(list) {
  return [...list.querySelectorAll("[data-label]:not([hidden])")];
}

function beside(all, from, by) {
  return all[Math.min(all.length - 1, Math.max(0, all.indexOf(from) + by))];
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

// Enter takes what is found; with nothing written it wraps up, which the form does by itself.
function inSearch(root, event) {
  const list = root.querySelector("[data-found]");
  const step = STEPS[event.key];
  if (list.hidden) {
    const often = root.querySelectorAll("[data-choose]")[Number(event.key) - 1];
    if (often) choose(root, often.dataset.choose);
    if (step === 1) focusIn(root.querySelector("[data-cascade] > *"));
    return often || step;
  }
  const marked = list.querySelector('[data-label][aria-selected="true"]');
  if (step && marked) mark(root, beside(shown(list), marked, step));
  if (event.key === "Enter" && marked) choose(root, marked.dataset.label);
  return step || event.key === "Enter";
}

// In a column the arrows choose as they go; Enter goes on to the next level, or wraps up.
function inList(root, event) {
  const list = event.target.closest("[role=listbox]");
  if (event.key === "ArrowUp" && event.target === shown(list)[0]) {
    search(root).focus();
  } else if (STEPS[event.key]) {
    const label = beside(shown(list), event.target, STEPS[event.key]);
    choose(root, label.dataset.label);
    label.focus();
  } else if (event.key === "ArrowLeft") {
    focusIn(list.previousElementSibling);
  } else if (event.key === "ArrowRight" || event.key === "Enter") {
    choose(root, event.target.dataset.label);
    if (hasBelow(root, event.target.dataset.label)) focusIn(list.nextElementSibling);
    else if (event.key === "Enter") root.closest("form").requestSubmit();
  } else {
    if (event.key.length === 1 && event.key !== " ") search(root).focus();
    return false;
  }
  return true;
}

// Into a column: to what is chosen there, else to its first, which is chosen then.
function focusIn(list) {
  const entry = list && entryOf(list);
  if (!entry) return;
  choose(rootOf(list), entry.dataset.label);
  entry.focus();
}

function entryOf(list) {
  return list.querySelector('[aria-selected="true"]') ?? shown(list)[0];
}

function inNote(event) {
  if (event.key !== "Enter" || event.shiftKey) return false;
  event.target.form.requestSubmit();
  return true;
}
