// Replies that the server has not accepted yet: kept over a reload, sent until it answers.
// The key each one carries makes a repetition harmless.
import { post } from "./post.js";

const user = document.querySelector("meta[name=parley]")?.dataset.user;
const SHELF = `parley.outbox.${user}`;
const AGAIN = 3000;
// Signed out, a stale page, too fast: the text itself was not judged.
const UNDECIDED = [400, 401, 429];
let busy = false;

export function waiting() {
  try { return JSON.parse(localStorage.getItem(SHELF)) ?? []; } catch { return []; }
}

function keep(entries) {
  try { localStorage.setItem(SHELF, JSON.stringify(entries)); } catch { /* private mode: only this page */ }
}

export function put(entry) {
  keep([...waiting(), entry]);
  flush();
}

// One after the other: what was written first leaves first.
export async function flush() {
  if (busy) return;
  busy = true;
  try {
    let entry;
    while ((entry = waiting()[0])) {
      if (!await sent(entry)) { setTimeout(flush, AGAIN); return; }
      keep(waiting().filter((other) => other.key !== entry.key));
    }
  } finally {
    busy = false;
  }
}

// True once the server has decided, one way or the other.
async function sent(entry) {
  const values = { text: entry.text, ...entry.values, client_key: entry.key };
  if (entry.replyTo) values.reply_to = entry.replyTo;
  let answer;
  try {
    answer = await post(entry.url, values, { signal: AbortSignal.timeout(15000) });
  } catch {
    return false;
  }
  if (answer.status === 401) document.dispatchEvent(new Event("live:signed-out"));
  if (answer.status >= 500 || UNDECIDED.includes(answer.status)) return false;
  const text = await answer.text();
  const name = answer.ok ? "accepted" : "refused";
  document.dispatchEvent(new CustomEvent(`outbox:${name}`, { detail: { entry, status: answer.status, text } }));
  return true;
}

if (user) flush();
window.addEventListener("online", flush);
document.addEventListener("live:connected", flush);
