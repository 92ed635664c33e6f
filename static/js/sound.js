// Short sounds for offers and messages; browsers allow them only after a click, so a button asks.

const meta = document.querySelector("meta[name=parley]");
const folder = new URL("../sounds/", import.meta.url);
const players = new Map();
let allowed = navigator.userActivation?.hasBeenActive ?? false;

export function wanted() {
  return meta?.dataset.sounds !== "off";
}

export function isAllowed() {
  return allowed || Boolean(navigator.userActivation?.hasBeenActive);
}

// One tab plays: whoever holds the lock first. Alarms are wanted apart from the rest.
export async function play(name, asked = wanted()) {
  if (!asked) return;
  if (!navigator.locks) return sound(name);
  await navigator.locks.request(`parley-sound-${name}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    await sound(name);
    await new Promise((done) => { setTimeout(done, 1200); });
  });
}

async function sound(name) {
  if (!players.has(name)) players.set(name, new Audio(new URL(`${name}.wav`, folder)));
  const player = players.get(name);
  player.currentTime = 0;
  try {
    await player.play();
    allow(true);
  } catch {
    allow(false);
  }
}

function allow(now) {
  allowed = now;
  for (const button of document.querySelectorAll("[data-sound-ask]")) button.hidden = allowed || !wanted();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-sound-ask], [data-sound-test]")) sound("message");
});
allow(allowed);
