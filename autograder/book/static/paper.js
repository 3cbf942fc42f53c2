// Paper is light, whatever the screen is: browsers print no backgrounds, and the
// dark theme's letters could not be read.
"use strict";

const root = document.documentElement.dataset;
let shown;
addEventListener("beforeprint", () => { shown = root.theme; root.theme = "light"; });
addEventListener("afterprint", () => { root.theme = shown; });
