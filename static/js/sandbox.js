// The sandbox page: which part a narrow screen shows, the phone at its last message, its clock.

const sand = document.querySelector(".sand");

for (const button of sand.querySelectorAll("[data-show-go]")) {
  button.addEventListener("click", () => {
    sand.dataset.show = button.dataset.showGo;
    for (const other of sand.querySelectorAll("[data-show-go]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    toEnd();
  });
}

function toEnd() {
  const phone = document.querySelector("[data-keep-end]");
  if (phone) phone.scrollTop = phone.scrollHeight;
}

function tellTime() {
  const clock = document.querySelector("[data-wall-clock]");
  clock.textContent = new Date().toTimeString().slice(0, 5);
}

document.body.addEventListener("htmx:afterSwap", toEnd);
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.matches?.(".phone__foot")) event.target.querySelector("[name=text]").focus();
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.submit();
});
toEnd();
tellTime();
setInterval(tellTime, 10_000);
