// Plays one voice message at a time; where the browser knows no Ogg Opus, it is decoded first.
import { asWav, playsOgg } from "./opus.js";
import { toast } from "./post.js";

function words(seconds) {
  const whole = Math.round(seconds);
  return Number.isFinite(seconds) ? `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}` : "";
}

function show(box, audio) {
  box.querySelector("progress").value = audio.duration ? audio.currentTime / audio.duration : 0;
  const length = words(audio.paused && !audio.currentTime ? audio.duration : audio.currentTime);
  if (length) box.querySelector("[data-length]").textContent = length;
  const icon = box.querySelector("use");
  icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, audio.paused ? "#i-play" : "#i-pause"));
}

// Safari before 18.4 plays Opus in no Ogg file.
function mustDecode(box, audio) {
  return box.dataset.type.startsWith("audio/ogg") && !audio.src.startsWith("blob:") && !playsOgg();
}

async function decode(audio) {
  const answer = await fetch(audio.src, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  audio.src = URL.createObjectURL(await asWav(await answer.arrayBuffer()));
}

async function play(button) {
  const box = button.closest("[data-voice]");
  const audio = box.querySelector("audio");
  if (!audio.paused) { audio.pause(); return; }
  for (const other of document.querySelectorAll("audio")) other.pause();
  button.disabled = true;
  try {
    if (mustDecode(box, audio)) await decode(audio);
    await audio.play();
  } catch (error) {
    if (error.name !== "AbortError") toast("This cannot be played here. Open it with another program.", true);
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (button) play(button);
});

for (const name of ["loadedmetadata", "timeupdate", "play", "pause", "ended"]) {
  document.addEventListener(name, (event) => {
    const box = event.target.closest?.("[data-voice]");
    if (box) show(box, event.target);
  }, true);
}
