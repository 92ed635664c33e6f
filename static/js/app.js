// Attaches every behaviour; each is idle on pages that lack its data- attributes.
import "./times.js";
import "./theme.js";
import "./controls.js";
