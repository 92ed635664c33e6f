// A voice note: recorded here, listened to, then sent like any other file.
import { mayReply, sendFile } from "./composer.js";
import { asWav, playsOgg, record } from "./opus.js";
import { upload } from "./upload.js";

const LONGEST = 300;
const BARS = 44;
const WIDTH = 4;

let note = null; // {recording, levels, started, blob, seconds, timer}

function parts() {
  const box = document.querySelector("[data-recorder]");
  return box && {
    box,
    time: box.querySelector("[data-record-time]"),
    wave: box.querySelector(".wave"),
    button: box.querySelector("[data-record-button]"),
    send: box.querySelector("[data-send-voice]"),
    hint: box.querySelector("[data-record-hint]"),
    error: box.querySelector("[data-record-error]"),
    audio: box.querySelector("[data-record-audio]"),
  };
}

// ── recording ──

async function begin() {
  const view = parts();
  if (!view || !mayReply() || view.box.open) return;
  const mine = note = { levels: [], seconds: 0 };
  complain(view, "");
  show(view, "asking");
  view.box.showModal();
  if (!navigator.mediaDevices) return complain(view, "This browser records only on pages opened with https.");
  try {
    const recording = await record((level) => { mine.levels.push(level); drawLevels(mine); });
    if (note !== mine) { recording.cancel(); return; }
    Object.assign(mine, { recording, started: performance.now() });
    mine.timer = setInterval(() => tick(mine), 200);
    show(view, "recording");
  } catch (error) {
    if (note === mine) complain(view, reasonOf(error));
  }
}

function reasonOf(error) {
  if (error.name === "NotAllowedError") return "The browser does not let Parley use the microphone. Allow it beside the address of this page, then try again.";
  if (error.name === "NotFoundError") return "No microphone was found. Connect one, then try again.";
  return "The microphone did not start. Another program may be using it.";
}

function tick(mine) {
  mine.seconds = (performance.now() - mine.started) / 1000;
  showTime(mine.seconds);
  if (mine.seconds >= LONGEST) stop();
}

async function stop() {
  const mine = note;
  if (!mine?.recording) return;
  const { recording } = mine;
  mine.recording = null;
  clearInterval(mine.timer);
  mine.blob = await recording.stop();
  if (note !== mine) return;
  const view = parts();
  view.audio.src = URL.createObjectURL(playsOgg() ? mine.blob : await asWav(await mine.blob.arrayBuffer()));
  show(view, "recorded");
}

// ── what it looks like ──

const BUTTONS = { asking: ["square", "Stop"], recording: ["square", "Stop"], recorded: ["play", "Listen"], playing: ["pause", "Pause"] };

function show(view, state) {
  const [glyph, word] = BUTTONS[state];
  view.box.dataset.recorder = state;
  const use = view.button.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#i-${glyph}`));
  view.button.setAttribute("aria-label", word);
  view.button.disabled = state === "asking";
  view.send.disabled = state === "asking";
  view.time.classList.toggle("t-bad", state === "recording");
  view.time.querySelector(".dot").classList.toggle("dot--bad", state === "recording");
  if (state === "asking") { showTime(0); view.wave.replaceChildren(); }
  if (state === "recorded") { showTime(note.seconds); drawWhole(view, note); }
}

function showTime(seconds) {
  const whole = Math.floor(seconds);
  parts().time.lastElementChild.textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function drawLevels(mine) {
  const view = parts();
  if (view && note === mine) draw(view.wave, mine.levels.slice(-BARS));
}

function drawWhole(view, { levels }) {
  const per = Math.max(1, levels.length / BARS);
  const bars = Array.from({ length: Math.min(BARS, levels.length) }, (_, i) => {
    const part = levels.slice(Math.floor(i * per), Math.max(Math.floor(i * per) + 1, Math.floor((i + 1) * per)));
    return Math.max(...part);
  });
  draw(view.wave, bars);
}

function draw(wave, levels) {
  while (wave.children.length < levels.length) {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ width: 2, rx: 1, fill: "currentColor", x: wave.children.length * WIDTH })) bar.setAttribute(name, value);
    wave.append(bar);
  }
  levels.forEach((level, i) => {
    const height = 2 + 20 * level;
    wave.children[i].setAttribute("height", height);
    wave.children[i].setAttribute("y", 12 - height / 2);
  });
}

function showPlayed() {
  const view = parts();
  if (!view || !note?.blob) return;
  const part = view.audio.paused && !view.audio.currentTime ? 1 : view.audio.currentTime / (note.seconds || 1);
  [...view.wave.children].forEach((bar, i, all) => bar.setAttribute("opacity", i / all.length <= part ? 1 : 0.35));
  showTime(view.audio.paused && !view.audio.currentTime ? note.seconds : view.audio.currentTime);
}

function complain(view, reason) {
  view.error.querySelector("span").textContent = reason;
  view.error.hidden = !reason;
  view.hint.hidden = Boolean(reason);
  return undefined;
}

// ── sending, throwing away ──

async function send() {
  const view = parts();
  const mine = note;
  if (mine.recording) await stop();
  if (!mine.blob || note !== mine) return;
  view.send.disabled = true;
  view.audio.pause();
  complain(view, "");
  const answer = await upload(view.box.dataset.attachUrl, mine.blob, "voice.ogg", { voice: true });
  if (note !== mine || !view.box.isConnected) return;
  view.send.disabled = false;
  if (answer.status !== 201) {
    complain(view, answer.status && answer.status < 500 ? answer.text.slice(0, 300) : "The connection broke. The recording is kept here: send it again.");
    return;
  }
  const { attachment, kind } = new DOMParser().parseFromString(answer.text, "text/html").querySelector("[data-attachment]").dataset;
  sendFile({ url: view.box.dataset.fileUrl, attachment, file: { name: "Voice message", kind } });
  throwAway();
}

function throwAway() {
  const mine = note;
  note = null;
  const view = parts();
  clearInterval(mine?.timer);
  mine?.recording?.cancel();
  if (view) {
    view.audio.pause();
    if (view.audio.src) URL.revokeObjectURL(view.audio.src);
    view.audio.removeAttribute("src");
    if (view.box.open) view.box.close();
  }
  document.getElementById("text")?.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-record]")) begin();
  if (event.target.closest("[data-throw-away]")) throwAway();
  if (event.target.closest("[data-send-voice]")) send();
  if (event.target.closest("[data-record-button]")) {
    const { audio } = parts();
    if (note?.recording) stop();
    else if (note?.blob) audio.paused ? audio.play() : audio.pause();
  }
});

for (const name of ["play", "pause", "timeupdate", "ended"]) {
  document.addEventListener(name, (event) => {
    if (!event.target.matches?.("[data-record-audio]") || !note?.blob) return;
    const view = parts();
    if (name === "play") show(view, "playing");
    if (name === "pause" || name === "ended") show(view, "recorded");
    if (name === "ended") view.audio.currentTime = 0;
    showPlayed();
  }, true);
}

document.addEventListener("cancel", (event) => {
  if (event.target.matches?.("[data-recorder]")) throwAway();
}, true);

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id === "conversation" && note) throwAway();
});
