// Plays one voice message at a time.

function words(seconds) {
  const whole = Math.round(seconds);
  return Number.isFinite(seconds) ? `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}` : "";
}

function show(box, audio) {
  box.querySelector("progress").value = audio.duration ? audio.currentTime / audio.duration : 0;
  box.querySelector("[data-length]").textContent = words(audio.paused && !audio.currentTime ? audio.duration : audio.currentTime);
  const icon = box.querySelector("use");
  icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, audio.paused ? "#i-play" : "#i-pause"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (!button) return;
  const audio = button.parentElement.querySelector("audio");
  if (!audio.paused) { audio.pause(); return; }
  for (const other of document.querySelectorAll("audio")) other.pause();
  audio.play().catch(() => {});
});

for (const name of ["loadedmetadata", "timeupdate", "play", "pause", "ended"]) {
  document.addEventListener(name, (event) => {
    const box = event.target.closest?.("[data-voice]");
    if (box) show(box, event.target);
  }, true);
}
