// What is wider than its place is scrolled with the keyboard, too.
"use strict";

function reachable() {
  for (const box of document.querySelectorAll("div.math, .pst-scrollable-table-container")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

reachable();
addEventListener("resize", reachable);
