// The page's title begins with the number of conversations that have something unread.

const BASE = /^\(\d+\) /;

export function retitle(text = document.title) {
  const unread = Number(document.getElementById("unread")?.dataset.unread || 0);
  const bare = text.replace(BASE, "");
  document.title = unread ? `(${unread}) ${bare}` : bare;
}

document.addEventListener("htmx:afterSettle", (event) => {
  const name = document.querySelector("[data-conversation]")?.dataset.title;
  retitle(event.target.id === "conversation" && name ? name : undefined);
});
retitle();
