// What is wider than its place can be scrolled with the keyboard. Looked at when
// it comes near the screen: the theme's own way (which autograder/book/finish.py
// takes out) lays out the whole page at once.
"use strict";

const WIDE =
  "pre, .cell_output > .output, .pst-scrollable-table-container, div.math mjx-container";

const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue; // each is reported once at the start
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
}, { rootMargin: "50%" });
for (const box of document.querySelectorAll(WIDE)) near.observe(box);
