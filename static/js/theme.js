// Switches between light and dark, and remembers it for the person.
import { post } from "./post.js";

const root = document.documentElement;

function isDark() {
  if (root.dataset.theme) return root.dataset.theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-toggle]");
  if (!button) return;
  root.dataset.theme = isDark() ? "light" : "dark";
  post(button.dataset.url, { theme: root.dataset.theme });
});
