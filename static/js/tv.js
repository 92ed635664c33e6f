// A screen on the wall: its clock, and that figures which are old look old.
import "./times.js";
import "./board.js";

function clock() {
  const node = document.getElementById("tv-clock");
  const text = new Date().toTimeString().slice(0, 5);
  if (node && node.textContent !== text) node.textContent = text;
}

// A revoked address shows nothing any more.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 404) location.reload();
});

clock();
setInterval(clock, 1000);
document.addEventListener("htmx:afterSettle", clock);
