// Says honestly how the page is connected: reconnecting, back again, delayed, signed out.
import { status, wakeAll } from "./live.js";
import { say } from "./post.js";

const PATIENCE = 5000;
const POLL = 5000;
const GOOD_NEWS = 4000;
let awaySince = null;
let everConnected = false;
let refusals = 0;
let arrived = 0;
let poll = null;

document.addEventListener("live:connected", back);
document.addEventListener("live:disconnected", ({ detail }) => {
  away();
  // The server ended it: the sign-in may be over. Asking once tells.
  if (detail.reason === "io server disconnect") status.socket.connect();
});
document.addEventListener("live:unreachable", ({ detail }) => {
  if (detail.reason === "signed out") return signedOut();
  refusals += 1;
  away();
});
document.addEventListener("live:signed-out", signedOut);
document.addEventListener("thread:arrived", ({ detail }) => { arrived += detail.count; });

// A page whose sign-in ended says so; going away by itself would take the text box along.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 401) return;
  event.preventDefault();
  signedOut();
});

function away() {
  if (awaySince) return;
  awaySince = Date.now();
  arrived = 0;
  setTimeout(() => { if (awaySince && Date.now() - awaySince >= PATIENCE) showAway(); }, PATIENCE + 20);
}

function showAway() {
  doubt(true);
  const clock = new Date(status.heardAt).toTimeString().slice(0, 8);
  // Never a socket, though pages load: a proxy refuses it. Then we look every few seconds.
  const words = !everConnected && refusals > 1
    ? ["Delayed.", ` The live connection cannot be opened here. This page looks for news every ${POLL / 1000} seconds.`]
    : ["Reconnecting.", ` You can read and write; messages go out when the connection is back. Last update ${clock}.`];
  show("connection-away", words);
  poll ??= setInterval(wakeAll, POLL);
}

function back() {
  everConnected = true;
  refusals = 0;
  clearInterval(poll);
  poll = null;
  const wasShown = banner() !== null;
  awaySince = null;
  doubt(false);
  if (!wasShown) return;
  const before = unreadInList();
  banner()?.remove();
  setTimeout(() => {
    const count = arrived + Math.max(0, unreadInList() - before);
    const words = count === 1 ? " 1 message arrived meanwhile." : ` ${count} messages arrived meanwhile.`;
    const node = show("connection-back", ["Connected again.", count ? words : " Nothing was missed."]);
    setTimeout(() => node?.remove(), GOOD_NEWS);
  }, 1200);
}

function signedOut() {
  clearInterval(poll);
  doubt(true);
  const node = show("connection-signed-out");
  const link = node?.querySelector("[data-sign-in]");
  if (link) link.href = `${link.pathname}?next=${encodeURIComponent(location.pathname)}`;
}

function show(id, words) {
  const host = document.querySelector("[data-inbox]");
  const template = document.getElementById(id);
  if (!host || !template) return null;
  banner()?.remove();
  const node = template.content.firstElementChild.cloneNode(true);
  if (words) {
    const strong = document.createElement("strong");
    strong.textContent = words[0];
    node.querySelector("span").replaceChildren(strong, words[1]);
    say(words.join(""));
  }
  host.prepend(node);
  return node;
}

function banner() {
  return document.querySelector("[data-inbox] > .banner");
}

function unreadInList() {
  const counts = document.querySelectorAll("#interaction-list .count--accent");
  return [...counts].reduce((sum, node) => sum + Number(node.textContent), 0);
}

// Offers and presence cannot be trusted while nothing arrives.
function doubt(doubtful) {
  for (const node of document.querySelectorAll(".offer, .presence")) node.classList.toggle("is-doubtful", doubtful);
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-reconnect]")) return;
  status.socket?.connect();
  wakeAll();
});
