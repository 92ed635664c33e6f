// Wakes elements that watch a room when the server says it has changed.
//
// <div data-live="interaction:42 user:7" data-live-every="100" hx-get=… hx-trigger="live">
// Bursts are merged: at once, then at most every `data-live-every` ms, and once more after the last.
// What changes without naming a message does not wait that long.

const rooms = new Map(); // room → its last number; undefined until the server has told it
const resting = new Map(); // element's id → { timer, ids, full, dirty }
const HEARTBEAT = 20000;
const URGENT = 500;
// What an agent hardly looks at while words arrive need not be fetched at the same moment as they
// are, nor by fifty agents' pages at the same moments for ever: so chance spreads it.
const LAZY = 4000;
const LATE = 2000;

export const status = { socket: null, heardAt: Date.now(), connected: false };

function start() {
  if (!window.io || !document.querySelector("meta[name=parley]")) return;
  const socket = window.io({ transports: ["websocket"], reconnectionDelay: 500, reconnectionDelayMax: 4000, timeout: 8000 });
  status.socket = socket;
  socket.on("connect", onConnect);
  socket.on("disconnect", (reason) => lost("disconnected", reason));
  socket.on("connect_error", (error) => lost("unreachable", error.message));
  socket.on("changed", changed);
  socket.on("offered", (facts) => { heard(); emit("offered", facts); });
  socket.on("typing", (facts) => emit("typing", facts));
  setInterval(beat, HEARTBEAT);
  sync();
}

async function onConnect() {
  heard(true);
  wakeAll();
  await Promise.all([...rooms.keys()].map(watch));
  document.documentElement.dataset.live = "connected";
  emit("connected");
}

function lost(name, reason) {
  status.connected = false;
  delete document.documentElement.dataset.live;
  emit(name, { reason });
}

function emit(name, detail = {}) {
  document.dispatchEvent(new CustomEvent(`live:${name}`, { detail }));
}

function heard(connected = status.connected) {
  status.connected = connected;
  status.heardAt = Date.now();
}

// What is said to several rooms at once names them all; those this page does not watch are not its own.
function changed(signals) {
  heard();
  for (const { room, seq, ids } of signals) {
    if (!rooms.has(room)) continue;
    const last = rooms.get(room);
    rooms.set(room, seq);
    wake(room, ids, last === undefined || seq !== last + 1);
  }
}

async function beat() {
  if (!status.connected || !rooms.size) return;
  const asked = [...rooms.keys()];
  const answer = await status.socket.emitWithAck("beat", { rooms: asked }).catch(() => null);
  if (!answer?.seqs) return;
  for (const room of asked.filter((name) => rooms.has(name))) {
    const seq = answer.seqs[room];
    if (seq === undefined) forgotten(room);
    else if (seq !== rooms.get(room)) { rooms.set(room, seq); wake(room, [], true); }
    if (seq !== undefined) heard();
  }
}

// The server no longer has us in it, or cannot number it now: what we knew of it counts for nothing.
function forgotten(room) {
  rooms.set(room, undefined);
  watch(room);
}

async function watch(room) {
  const answer = await status.socket.timeout(8000).emitWithAck("watch", { room }).catch(() => null);
  if (!rooms.has(room)) return;
  if (answer && "seq" in answer) {
    // Between the page's reading and this answer something may have changed: look once.
    if (rooms.get(room) !== answer.seq) wake(room, [], true);
    rooms.set(room, answer.seq);
  }
}

// Rooms follow the elements that are on the page.
export function sync() {
  const wanted = new Set();
  for (const node of document.querySelectorAll("[data-live]")) roomsOf(node).forEach((room) => wanted.add(room));
  for (const room of wanted) {
    if (rooms.has(room)) continue;
    rooms.set(room, undefined);
    if (status.connected) watch(room);
  }
  for (const room of [...rooms.keys()]) {
    if (wanted.has(room)) continue;
    rooms.delete(room);
    if (status.connected) status.socket.emit("unwatch", { room });
  }
}

function roomsOf(node) {
  return node.dataset.live.split(" ").filter(Boolean);
}

function wake(room, ids, full) {
  for (const node of document.querySelectorAll("[data-live]")) {
    if (roomsOf(node).includes(room)) schedule(node, ids, full);
  }
}

export function wakeAll() {
  for (const node of document.querySelectorAll("[data-live]")) schedule(node, [], true);
}

function schedule(node, ids, full) {
  const rest = resting.get(node.id) ?? restBefore(node, ids, full);
  if (!rest) return wakeNow(node, ids, full);
  rest.dirty = true;
  rest.full ||= full;
  ids.forEach((id) => rest.ids.add(id));
  // Without ids no single message changed but the thing itself: taken, given away, wrapped up.
  if (!ids.length) endRest(node.id, rest, rest.since + Math.min(rest.every, URGENT) - Date.now());
}

// What may well be a little late rests before it is woken too.
function restBefore(node, ids, full) {
  return everyOf(node) >= LAZY && ids.length && !full ? beginRest(node, Math.random() * LATE) : null;
}

function wakeNow(node, ids, full) {
  beginRest(node, everyOf(node) * (0.75 + Math.random() / 2));
  fire(node, ids, full);
}

function everyOf(node) {
  return Number(node.dataset.liveEvery || 1000);
}

function beginRest(node, pause) {
  const rest = { ids: new Set(), full: false, dirty: false, every: everyOf(node), since: Date.now() };
  resting.set(node.id, rest);
  endRest(node.id, rest, pause);
  return rest;
}

function endRest(id, rest, pause) {
  clearTimeout(rest.timer);
  rest.timer = setTimeout(() => {
    resting.delete(id);
    const present = document.getElementById(id);
    // It may watch nothing by now: a board that is told meanwhile.
    if (rest.dirty && present?.dataset.live) wakeNow(present, [...rest.ids], rest.full);
  }, Math.max(0, pause));
}

function fire(node, ids, full) {
  node.dispatchEvent(new CustomEvent("live", { detail: { ids, full } }));
}

document.addEventListener("htmx:afterSettle", sync);
document.addEventListener("htmx:oobAfterSwap", sync);
let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = Date.now();
  else if (Date.now() - hiddenAt > 60000) wakeAll();
  if (!document.hidden) beat(); // browsers let a hidden page's heart rest
});
window.addEventListener("online", () => { status.socket?.connect(); wakeAll(); });

start();
