// The text box: reply or note, quoting, drafts, and sending at once under a key of its own.
import { accepted, addPending, dropPending } from "./thread.js";
import { put, waiting } from "./outbox.js";
import { forget, save, unsaved } from "./drafts.js";
import { say, toast } from "./post.js";

const LONGEST_NOTE = 4096;
const MODES = ["reply", "note"];

function composer() {
  return document.querySelector("[data-composer]");
}

function parts(root) {
  return {
    form: root.querySelector("form"),
    text: root.querySelector("#text"),
    why: root.querySelector("#composer-why"),
    error: root.querySelector("#composer-error"),
    quoting: root.querySelector("[data-quoting]"),
    replyTo: root.querySelector("[name=reply_to]"),
    key: root.querySelector("[name=client_key]"),
    draftState: root.querySelector("[data-draft-state]"),
  };
}

function attach() {
  const root = composer();
  if (!root || root.dataset.attached) return;
  root.dataset.attached = "yes";
  root.drafts = Object.fromEntries(MODES.map((mode) => [mode, firstText(root, mode)]));
  const { text } = parts(root);
  if (text.value !== root.drafts[root.dataset.mode]) text.value = root.drafts[root.dataset.mode];
  if (root.dataset.replyQuote) requote(root, root.dataset.replyQuote);
  new MutationObserver(() => applyState(root)).observe(root.querySelector(".composer__box"), { childList: true });
  showWaiting(root);
  applyState(root);
}

function firstText(root, mode) {
  const typed = root.dataset.mode === mode ? parts(root).text.defaultValue : "";
  return unsaved(root.dataset.interaction, mode) ?? (typed || root.dataset[`${mode}Draft`] || "");
}

// Replies a reload has interrupted stand in the thread again until the server has them.
function showWaiting(root) {
  for (const entry of waiting()) {
    if (entry.interaction === root.dataset.interaction && !document.querySelector(`[data-client-key="${entry.key}"]`)) {
      addPending(entry);
    }
  }
}

// ── reply or note, open or closed ──

// What leaves to the customer is not offered beside a note.
function offerSending(root, shown) {
  for (const node of root.querySelectorAll("[data-replies-only]")) node.hidden = !shown;
}

export function setMode(mode, focus = true) {
  const root = composer();
  if (!root) return;
  const { form, text } = parts(root);
  if (root.dataset.mode !== mode) {
    root.drafts[root.dataset.mode] = text.value;
    root.dataset.mode = mode;
    text.value = root.drafts[mode];
  }
  root.classList.toggle("composer--note", mode === "note");
  form.action = form.dataset[`${mode}Url`];
  text.placeholder = text.dataset[mode];
  const label = root.querySelector("[data-label]");
  label.textContent = label.dataset[mode];
  root.querySelector("[data-send-word]").textContent = mode === "note" ? "Add note" : "Send";
  for (const tab of root.querySelectorAll("[data-write]")) {
    const chosen = tab.dataset.write === mode;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
  root.querySelector("#composer-panel").setAttribute("aria-labelledby", `tab-${mode}`);
  complain(root, "");
  applyState(root);
  if (focus && !text.readOnly) text.focus();
}

// Closed while somebody writes: the text stays, and the reason stands above it.
function applyState(root) {
  const { text, why } = parts(root);
  const shut = root.dataset.mode === "reply" && why.dataset.state !== "open";
  root.classList.toggle("composer--shut", shut);
  root.classList.toggle("composer--kept", shut && text.value.trim() !== "");
  text.readOnly = shut;
  why.hidden = !shut;
  offerSending(root, root.dataset.mode === "reply");
  document.dispatchEvent(new CustomEvent("composer:state", { detail: { root, shut } }));
}

// ── writing ──

function onInput(root) {
  const { text, replyTo, draftState } = parts(root);
  const { mode } = root.dataset;
  complain(root, "");
  root.drafts[mode] = text.value;
  draftState.textContent = "";
  save(root, mode, text.value, mode === "reply" ? replyTo.value : "", () => {
    if (root.isConnected) draftState.textContent = text.value.trim() ? "Draft saved" : "";
  });
}

function send(root) {
  const { form, text, key, replyTo } = parts(root);
  const words = text.value.trim();
  if (text.readOnly) return;
  if (!words) { text.focus(); return; }
  const reason = tooLong(root, [...words].length);
  if (reason) { complain(root, reason); return; }
  const { mode, interaction } = root.dataset;
  const replying = mode === "reply" ? replyTo.value : "";
  const entry = { key: key.value, url: form.action, text: words, replyTo: replying, quoted: replying && quoted(root), mode, interaction };
  key.value = newKey();
  text.value = "";
  root.drafts[mode] = "";
  forget(interaction, mode);
  parts(root).draftState.textContent = "";
  unquote(root);
  addPending(entry);
  text.focus();
  put(entry);
}

// Hands over a file that stands on the server already; what was being quoted goes with the first.
export function sendFile({ url, attachment, caption = "", file }) {
  const root = composer();
  const { interaction } = root.dataset;
  const replyTo = parts(root).replyTo.value;
  const entry = {
    key: newKey(), url, text: caption, values: { attachment, caption }, replyTo,
    quoted: replyTo && quoted(root), mode: "reply", interaction, file,
  };
  if (replyTo) unquote(root);
  addPending(entry);
  put(entry);
}

export function mayReply() {
  const root = composer();
  return Boolean(root) && parts(root).why.dataset.state === "open";
}

// Counted as the server counts: an emoji is one sign.
function tooLong(root, length) {
  const note = root.dataset.mode === "note";
  const most = note ? LONGEST_NOTE : Number(root.dataset.max);
  if (length <= most) return "";
  const number = new Intl.NumberFormat("en");
  return `${note ? "A note" : root.dataset.maxBy} takes up to ${number.format(most)} characters; this has ${number.format(length)}. Shorten it or ${note ? "write two" : "send it in two messages"}.`;
}

export function newKey() {
  return crypto.randomUUID ? crypto.randomUUID().replaceAll("-", "") : `${Date.now()}${Math.random()}`.replace(/\D/g, "");
}

function complain(root, reason) {
  const { error, text } = parts(root);
  error.textContent = reason;
  error.hidden = !reason;
  text.toggleAttribute("aria-invalid", Boolean(reason));
}

document.addEventListener("outbox:accepted", ({ detail }) => {
  if (composer()?.dataset.interaction === detail.entry.interaction) accepted(detail.text);
});

// What the server will not take comes back into the box, with its reason; nothing typed is lost.
document.addEventListener("outbox:refused", ({ detail: { entry, text } }) => {
  dropPending(entry.key);
  const root = composer();
  const reason = reasonIn(text);
  if (root?.dataset.interaction !== entry.interaction) {
    if (!entry.text) return;
    try { localStorage.setItem(`parley.draft.${document.querySelector("meta[name=parley]").dataset.user}.${entry.interaction}.${entry.mode}`, entry.text); } catch { /* gone with the page */ }
    return;
  }
  if (root.dataset.mode !== entry.mode) setMode(entry.mode, false);
  if (entry.file) toast(`${entry.file.name} was not sent: ${reason}`, true);
  const box = parts(root).text;
  box.value = [entry.text, box.value].filter(Boolean).join("\n");
  onInput(root);
  complain(root, reason);
  applyState(root);
  say(reason, true);
});

function reasonIn(answer) {
  const page = new DOMParser().parseFromString(answer, "text/html");
  return (page.getElementById("composer-error")?.textContent || page.body.textContent).trim().slice(0, 300);
}

// ── quoting ──

export function quote(button) {
  const root = composer();
  if (!root || parts(root).why.dataset.state !== "open") return;
  if (root.dataset.mode !== "reply") setMode("reply");
  const { quoting, replyTo, text } = parts(root);
  replyTo.value = button.dataset.quote;
  quoting.querySelector("b").textContent = button.dataset.quoteName;
  quoting.querySelector("span").textContent = button.dataset.quoteText;
  quoting.hidden = false;
  text.focus();
}

function requote(root, id) {
  const button = document.querySelector(`[data-quote="${CSS.escape(id)}"]`);
  if (!button) return;
  const { quoting, replyTo } = parts(root);
  replyTo.value = id;
  quoting.querySelector("b").textContent = button.dataset.quoteName;
  quoting.querySelector("span").textContent = button.dataset.quoteText;
  quoting.hidden = false;
}

function quoted(root) {
  const { quoting } = parts(root);
  return { name: quoting.querySelector("b").textContent, text: quoting.querySelector("span").textContent };
}

function unquote(root) {
  const { quoting, replyTo } = parts(root);
  replyTo.value = "";
  quoting.hidden = true;
}

// ── events ──

document.addEventListener("submit", (event) => {
  if (!event.target.closest("[data-composer]")) return;
  event.preventDefault();
  send(composer());
});

document.addEventListener("input", (event) => {
  if (event.target.id === "text" && event.target.closest("[data-composer]")) onInput(composer());
});

document.addEventListener("keydown", (event) => {
  const root = event.target.closest?.("[data-composer]");
  if (!root) return;
  if (event.target.id === "text") {
    // An input method that composes uses Enter for itself; 229 is how older ones say so.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      if (!event.repeat) send(root);
    } else if (event.key === "Escape") {
      event.target.blur();
      document.querySelector("[data-thread]")?.focus();
    }
  } else if (event.target.matches("[data-write]") && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
    const other = root.querySelector(`[data-write="${root.dataset.mode === "reply" ? "note" : "reply"}"]`);
    setMode(other.dataset.write, false);
    other.focus();
  }
});

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-write]");
  if (tab) setMode(tab.dataset.write);
  const wanted = event.target.closest("[data-quote]");
  if (wanted) quote(wanted);
  if (event.target.closest("[data-unquote]")) { unquote(composer()); onInput(composer()); }
  if (event.target.closest("[data-wrap-up]")) {
    const unsent = document.querySelector("#wrap-up [data-unsent]");
    if (unsent) unsent.hidden = !MODES.some((mode) => composer()?.drafts[mode].trim());
  }
});

document.addEventListener("htmx:afterSettle", attach);
attach();
