// The template picker: loaded once where the text box is closed, or in its dialog; its choice, its
// sheet on a phone, and an unsent text as a value. What is typed in it is never swapped away.

function load(place) {
  if (!place || place.dataset.loaded) return;
  place.dataset.loaded = "yes";
  for (const other of document.querySelectorAll("[data-templates-url]")) {
    if (other !== place) { other.replaceChildren(); delete other.dataset.loaded; }
  }
  window.htmx.ajax("GET", place.dataset.templatesUrl, { target: place, swap: "innerHTML" })
    .catch(() => { delete place.dataset.loaded; });
}

// The composer says whether its text box is closed and a template may stand in its place.
document.addEventListener("composer:state", ({ detail: { root, shut } }) => {
  const place = root.querySelector("#composer-templates");
  const offered = shut && root.querySelector("#composer-why").dataset.templates === "yes";
  root.classList.toggle("composer--templates", offered);
  if (!place) return;
  place.hidden = !offered;
  if (offered) load(place);
});

function sheet(node, state) {
  const place = node.closest("[data-templates]");
  if (place) place.dataset.sheet = state;
}

document.addEventListener("click", ({ target }) => {
  const choice = target.closest("[data-template-choice]");
  if (choice) choose(choice);
  const go = target.closest("[data-sheet-go]");
  if (go) sheet(go, go.dataset.sheetGo);
  const opener = target.closest('[data-open-dialog="send-template"]');
  if (opener) load(document.getElementById("dialog-templates"));
  const draft = target.closest("[data-use-draft]");
  if (draft) use(draft.dataset.useDraft, draft.form);
  const instead = target.closest("[data-send-as-template]");
  if (instead) sendAs(instead);
});

function choose(choice) {
  for (const other of choice.parentElement.querySelectorAll("[data-template-choice]")) {
    other.setAttribute("aria-selected", other === choice);
  }
}

// Up and down go through the templates, as through any list of options.
document.addEventListener("keydown", (event) => {
  const choice = event.target.closest?.("[data-template-choice]");
  const by = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const next = choice && by && choice[by];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.click();
});

function use(text, form) {
  const fields = [...form.querySelectorAll("[data-template-value]")];
  const field = fields.find((one) => !one.value.trim()) ?? fields.at(-1);
  if (!field) return;
  field.value = text.replace(/\s+/g, " ").trim();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

// A text the closed window stopped goes as a value of the template that is open.
function sendAs(link) {
  const place = document.getElementById("composer-templates");
  if (!place) return;
  sheet(place, "open");
  place.scrollIntoView({ block: "nearest" });
  const form = place.querySelector("[data-template-form]");
  if (form) use(link.dataset.sendAsTemplate, form);
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-submits]")) target.form.requestSubmit();
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = event.detail;
  if (successful && elt.matches?.("[data-template-form]")) sheet(elt, "closed");
});
