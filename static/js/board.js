// The board's clock, its rows, and how it hears what is new.
//
// No order changes under the hand, nor oftener than every ten seconds. While it is seen a board is
// told each new state by the socket, each of them the whole board: whoever comes back after a cut
// has all of it with the next. Where nothing is told, it goes by signals, as all that is live
// (live.js).
import { status, sync } from "./live.js";
import { now, span } from "./times.js";

const LATE = 10000; // ms from which figures are no longer live
const STEADY = 10000; // ms for which an order stays
const ASK_AGAIN = 5000; // without a signal, so that the one who computes knows that somebody looks
const PATIENCE = 8000; // ms for an answer
const TRY_AGAIN = 30000; // ms after nothing was told
let heardAt = Date.now();
let orderedAt = Date.now();
let told = false;
let again = null; // the timer after which it is asked once more to be told

function isHeld(body) {
  return (body.matches(":hover") && matchMedia("(hover: hover)").matches) || body.contains(document.activeElement);
}

function rows(body) {
  return [...body.querySelectorAll("[data-row]")];
}

// The rows that were there keep their places; new ones come behind them.
function steadied(body, fresh) {
  const coming = new Map(rows(fresh).map((row) => [row.id, row]));
  const kept = rows(body).map((row) => coming.get(row.id)).filter(Boolean);
  const known = new Set(kept);
  fresh.append(...kept, ...rows(fresh).filter((row) => !known.has(row)));
}

function ids(body) {
  return rows(body).map((row) => row.id).join();
}

// What came, arranged so that nothing moves under the hand.
function arranged(board, html) {
  heardAt = Date.now();
  const fresh = new DOMParser().parseFromString(html, "text/html");
  let moved = false;
  for (const body of board.querySelectorAll("[data-steady]")) {
    const table = fresh.getElementById(body.parentElement.id);
    const next = table?.querySelector("[data-steady]");
    if (!next || ids(body) === ids(next)) continue;
    if (isHeld(body) || Date.now() - orderedAt < STEADY) steadied(body, next);
    else moved = true;
  }
  for (const card of board.querySelectorAll("[data-hold]")) {
    // Who is in which group changes the whole card: it waits until the hand has left it.
    const next = fresh.getElementById(card.id);
    if (next && isHeld(card) && ids(card) !== ids(next)) next.replaceWith(fresh.importNode(card, true));
  }
  if (moved) orderedAt = Date.now();
  // Who is told needs no signals: without the attribute live.js leaves the room.
  if (told) fresh.getElementById("board")?.removeAttribute("data-live");
  return fresh.body.innerHTML;
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, serverResponse } = event.detail;
  if (target?.id === "board" && xhr.status === 200) event.detail.serverResponse = arranged(target, serverResponse);
});

async function listen() {
  const board = document.querySelector("#board[data-told]");
  if (!board || document.hidden || !status.connected || !window.DecompressionStream) return;
  const address = new URL(board.getAttribute("hx-get"), location.href).search;
  const answer = await status.socket.timeout(PATIENCE).emitWithAck("board", { address }).catch(() => null);
  if (!answer?.told) return goBySignals();
  told = true;
  board.removeAttribute("data-live");
  sync();
}

async function came(packed) {
  if (!packed) return goBySignals();
  const html = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  const board = document.getElementById("board");
  if (told && board) window.htmx.swap(board, arranged(board, html), { swapStyle: "morph:outerHTML" }, { contextElement: board });
}

function goBySignals() {
  told = false;
  document.getElementById("board").dataset.live = "board";
  sync();
  clearTimeout(again);
  again = setTimeout(() => told || listen(), TRY_AGAIN * (0.75 + Math.random() / 2));
}

function hush() {
  told = false;
  if (status.connected) status.socket.emit("board-end");
}

function tell() {
  const board = document.querySelector("[data-board]");
  const words = document.querySelector("#board-age > span:last-child");
  if (!board || !words) return;
  const age = now() - Date.parse(board.dataset.at);
  const late = age > LATE;
  const never = board.hasAttribute("aria-busy");
  const text = never ? "Waiting for figures" : late ? `Delayed ${span(age / 1000)}` : `Live, updated ${span(age / 1000)} ago`;
  if (words.textContent !== text) words.textContent = text;
  const dot = words.previousElementSibling;
  dot.classList.toggle("dot--live", !late);
  dot.classList.toggle("dot--warn", late);
  document.querySelector(".tv")?.classList.toggle("is-late", late);
}

function ask() {
  const board = document.getElementById("board");
  if (!board || document.hidden || Date.now() - heardAt < ASK_AGAIN) return;
  board.dispatchEvent(new CustomEvent("live", { detail: { ids: [], full: true } }));
}

if (document.querySelector("[data-board]")) {
  tell();
  setInterval(tell, 1000);
  setInterval(ask, ASK_AGAIN);
  status.socket?.on("board", came);
  document.addEventListener("live:connected", listen);
  document.addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
  listen();
}
