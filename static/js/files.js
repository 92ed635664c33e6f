// Files to the customer: chosen, dropped or pasted, checked here first, uploaded side by side.
import { mayReply, sendFile } from "./composer.js";
import { post } from "./post.js";
import { megabytes, upload } from "./upload.js";

const SIDE_BY_SIDE = 2;
const PLURALS = { image: "pictures", video: "videos", audio: "audio files", document: "documents" };

let rows = [];
let sending = false;

function dialog() {
  return document.querySelector("[data-files]");
}

// ── choosing ──

export function addFiles(files) {
  const box = dialog();
  if (!box || !files.length || !mayReply()) return;
  for (const file of files) rows.push(newRow(box, file));
  if (!box.open) { box.showModal(); box.querySelector("[data-send-files]").focus(); }
  next();
  show(box);
}

function newRow(box, file) {
  const node = document.getElementById("file-row").content.firstElementChild.cloneNode(true);
  const row = { file, node, state: "waiting", stop: new AbortController() };
  node.querySelector("[data-file-name]").textContent = file.name;
  node.querySelector("[data-file-size]").textContent = megabytes(file.size);
  node.querySelector("progress").setAttribute("aria-label", `Upload of ${file.name}`);
  node.querySelector("[data-remove-file]").setAttribute("aria-label", `Remove ${file.name}`);
  box.querySelector("[data-file-rows]").append(node);
  const reason = refusal(JSON.parse(box.dataset.limits), file);
  if (reason) fail(row, reason);
  return row;
}

// What the server would refuse for sure is not uploaded; pictures it can convert and make smaller.
function refusal({ label, largest, files }, file) {
  if (!file.size) return "This file is empty.";
  const family = file.type.split("/")[0];
  if (family === "image" && files.image) return file.size > largest ? tooLarge("WhatsApp", "files", largest, file.size) : "";
  const kind = files[family]?.types.includes(file.type) ? family : files.document ? "document" : family;
  const rule = files[kind];
  if (!rule) return `${label} does not send ${PLURALS[kind] ?? "files of this kind"}.`;
  return file.size > rule.max ? tooLarge(label, PLURALS[kind], rule.max, file.size) : "";
}

function tooLarge(label, what, most, size) {
  return `${label} takes ${what} up to ${Math.floor(most / 1048576)} MB; this has ${Math.ceil(size / 1048576)} MB. Send a link or a smaller file.`;
}

// ── uploading ──

function next() {
  const busy = rows.filter((row) => row.state === "uploading").length;
  for (const row of rows.filter((one) => one.state === "waiting").slice(0, SIDE_BY_SIDE - busy)) start(row);
}

async function start(row) {
  const box = dialog();
  row.state = "uploading";
  row.stop = new AbortController();
  const began = performance.now();
  const onProgress = (done, total) => showProgress(row, done, total, performance.now() - began);
  const answer = await upload(box.dataset.attachUrl, row.file, row.file.name, { signal: row.stop.signal, onProgress });
  if (!rows.includes(row) || !box.isConnected) return;
  if (answer.status === 201) ready(row, answer.text);
  else if (answer.status === 0) pause(row, "The connection broke. It goes on by itself when it is back.");
  else if (answer.status === 401) { document.dispatchEvent(new Event("live:signed-out")); pause(row, "You were signed out. Sign in in another tab, then try again."); }
  else if (answer.status >= 500 || answer.status === 429) pause(row, "Parley could not take this file just now.");
  else fail(row, answer.status === 413 ? "WhatsApp takes files up to 100 MB." : answer.text.slice(0, 300));
  next();
  show(box);
}

function showProgress(row, done, total, spent) {
  row.node.querySelector("progress").value = (100 * done) / total;
  const left = Math.ceil(((spent / done) * (total - done)) / 1000);
  const size = row.node.querySelector("[data-file-size]");
  size.textContent = done < total ? `${megabytes(done)} of ${megabytes(total)}, ${left} s left` : `${megabytes(total)}, nearly there`;
}

function ready(row, html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  const node = box.content.querySelector("[data-attachment]");
  row.node.replaceWith(node);
  Object.assign(row, { node, state: "ready" });
}

function fail(row, reason) {
  row.state = "bad";
  complain(row, reason, false);
}

function pause(row, reason) {
  row.state = "paused";
  complain(row, reason, true);
}

function complain(row, reason, again) {
  const error = row.node.querySelector("[data-file-error]");
  error.querySelector("span").textContent = reason;
  error.querySelector("[data-upload-again]").hidden = !again;
  error.hidden = false;
  row.node.querySelector("[data-file-size]").textContent = megabytes(row.file.size);
  row.node.querySelector("progress").hidden = true;
}

function again(row) {
  row.node.querySelector("[data-file-error]").hidden = true;
  row.node.querySelector("progress").hidden = false;
  row.state = "waiting";
  next();
}

function resume() {
  for (const row of rows) if (row.state === "paused") again(row);
}

// ── the dialog ──

function show(box) {
  const good = rows.filter((row) => row.state !== "bad");
  const pending = good.some((row) => row.state !== "ready");
  const count = rows.length === 1 ? "1 file" : `${rows.length} files`;
  box.querySelector("[data-files-title]").textContent = `Send ${count} to ${box.dataset.name}`;
  const button = box.querySelector("[data-send-files]");
  button.disabled = !good.length || (sending && pending);
  const number = rows.length === 1 ? "" : ` ${good.length}`;
  button.querySelector("span").textContent = `Send${number}${pending ? " when ready" : ""}`;
  if (sending && !pending) send(box);
}

function send(box) {
  for (const row of rows.filter((one) => one.state === "ready")) {
    const { attachment, kind, name } = row.node.dataset;
    const picture = ["image", "sticker"].includes(kind) && row.node.querySelector("img")?.getAttribute("src");
    const caption = row.node.querySelector("[name=caption]").value.trim();
    sendFile({ url: box.dataset.fileUrl, attachment, caption, file: { name, kind, picture } });
  }
  reset(box);
  document.getElementById("text")?.focus();
}

function remove(row) {
  row.stop.abort();
  if (row.state === "ready") post(row.node.dataset.discardUrl, {}).catch(() => {});
  rows = rows.filter((other) => other !== row);
  row.node.remove();
}

function reset(box) {
  rows = [];
  sending = false;
  box.querySelector("[data-file-rows]").replaceChildren();
  if (box.open) box.close();
}

function cancel(box) {
  for (const row of [...rows]) remove(row);
  reset(box);
}

// ── events ──

document.addEventListener("click", (event) => {
  const box = dialog();
  if (event.target.closest("[data-choose-files]")) document.getElementById("choose-files").click();
  if (!box) return;
  if (event.target.closest("[data-cancel-files]")) cancel(box);
  const row = rows.find((one) => one.node.contains(event.target));
  if (row && event.target.closest("[data-upload-again]")) again(row);
  if (row && event.target.closest("[data-remove-file]")) {
    remove(row);
    next();
    if (rows.length) show(box);
    else reset(box);
  }
});

document.addEventListener("change", (event) => {
  if (event.target.id !== "choose-files") return;
  addFiles([...event.target.files]);
  event.target.value = "";
});

document.addEventListener("submit", (event) => {
  const box = event.target.closest("[data-files]");
  if (!box) return;
  event.preventDefault();
  sending = true;
  resume();
  show(box);
});

document.addEventListener("cancel", (event) => {
  if (event.target.matches?.("[data-files]")) cancel(event.target);
}, true);

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || !dialog() || !mayReply()) return;
  event.preventDefault();
  addFiles(files);
});

function carriesFiles(event) {
  return dialog() && mayReply() && [...(event.dataTransfer?.types ?? [])].includes("Files");
}

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  document.querySelector(".pane--thread").classList.add("is-dropping");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.querySelector(".pane--thread")?.classList.remove("is-dropping");
});

document.addEventListener("drop", (event) => {
  document.querySelector(".pane--thread")?.classList.remove("is-dropping");
  if (!carriesFiles(event)) return;
  event.preventDefault();
  addFiles([...event.dataTransfer.files]);
});

// Another conversation took the place of this one: what was on its way belongs to neither.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "conversation") return;
  for (const row of [...rows]) remove(row);
  sending = false;
});

window.addEventListener("online", resume);
document.addEventListener("live:connected", resume);
