// Attaches every behaviour; each is idle on pages that lack its data- attributes.
import "./times.js";
import "./theme.js";
import "./controls.js";
import "./title.js";
import "./live.js";
import "./connection.js";
import "./panes.js";
import "./list.js";
import "./thread.js";
import "./composer.js";
import "./offers.js";
import "./typing.js";
import "./voice.js";
import "./keys.js";
