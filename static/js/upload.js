// Uploads one file and tells how far it is; fetch cannot tell that yet.
import { token } from "./post.js";

// Resolves with {status, text}; status 0: the network failed. `signal` stops it.
export function upload(url, blob, name, { signal, onProgress, voice = false } = {}) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    if (voice) form.append("voice", "yes");
    form.append("file", blob, name);
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", token());
    request.setRequestHeader("HX-Request", "true");
    request.upload.onprogress = (event) => onProgress?.(event.loaded, event.total);
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => resolve({ status: 0, text: "" });
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

export function megabytes(size) {
  if (size >= 1048576) return `${(size / 1048576).toFixed(size < 10485760 ? 1 : 0)} MB`;
  return size >= 1024 ? `${Math.round(size / 1024)} KB` : `${size} bytes`;
}
