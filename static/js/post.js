// One way to POST a few values, with the page's own CSRF token.

export function token() {
  return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
}

export function post(url, values, options = {}) {
  return fetch(url, {
    method: "POST",
    body: values instanceof FormData ? values : new URLSearchParams(values),
    headers: { "X-CSRFToken": token(), "HX-Request": "true" },
    credentials: "same-origin",
    ...options,
  });
}

export function say(text, urgent = false) {
  const node = document.getElementById(urgent ? "alert" : "say");
  if (!node) return;
  node.textContent = "";
  requestAnimationFrame(() => { node.textContent = text; });
}

export function toast(text, bad = false) {
  const shelf = document.getElementById("toasts");
  const node = document.createElement("div");
  node.className = "toast";
  node.setAttribute("role", bad ? "alert" : "status");
  node.textContent = text;
  shelf.append(node);
  setTimeout(() => node.remove(), 6000);
}
