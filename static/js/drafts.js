// What was typed and not sent: at once on this computer, and after a moment on the server.
import { post } from "./post.js";

const PAUSE = 400;
const user = document.querySelector("meta[name=parley]")?.dataset.user;
const timers = new Map();

function name(id, mode) {
  return `parley.draft.${user}.${id}.${mode}`;
}

// Only what the server does not have yet is kept here; it is newer than the server's.
export function unsaved(id, mode) {
  try { return localStorage.getItem(name(id, mode)); } catch { return null; }
}

export function save(composer, mode, text, replyTo, done) {
  const { interaction: id, draftUrl: url } = composer.dataset;
  try { localStorage.setItem(name(id, mode), text); } catch { /* the server still gets it */ }
  clearTimeout(timers.get(name(id, mode))?.timer);
  const send = (options = {}) => {
    timers.delete(name(id, mode));
    return post(url, { text, mode, reply_to: replyTo || "" }, options).then((answer) => {
      if (!answer.ok) return;
      if (unsaved(id, mode) === text) forget(id, mode);
      done?.();
    }).catch(() => {});
  };
  timers.set(name(id, mode), { timer: setTimeout(send, PAUSE), send });
}

export function forget(id, mode) {
  clearTimeout(timers.get(name(id, mode))?.timer);
  timers.delete(name(id, mode));
  try { localStorage.removeItem(name(id, mode)); } catch { /* nothing was kept */ }
}

export function flushDrafts() {
  for (const { timer, send } of [...timers.values()]) { clearTimeout(timer); send({ keepalive: true }); }
}

window.addEventListener("pagehide", flushDrafts);
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "conversation") flushDrafts();
});
