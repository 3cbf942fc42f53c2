// What is wider than its place is scrolled with the keyboard, too. Looked at
// when it comes near the screen: measuring everything at once would lay out
// the whole page before it is read.
"use strict";

const near = new IntersectionObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const WIDE = "div.math mjx-container, .pst-scrollable-table-container";
for (const box of document.querySelectorAll(WIDE)) near.observe(box);
