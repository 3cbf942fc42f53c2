// What the theme leaves out for readers who do not see the page.
"use strict";

// The visible words of a button have to be part of its name.
for (const button of document.querySelectorAll(".search-button-field")) {
  button.removeAttribute("aria-label");
}
for (const icon of document.querySelectorAll(".theme-switch-button .theme-switch")) {
  icon.removeAttribute("title"); // "Light" is no word of "Color mode"
}
// The book's title stands in no landmark of its own.
const sidebar = document.querySelector(".bd-sidebar-primary");
if (sidebar && !sidebar.hasAttribute("role")) {
  sidebar.setAttribute("role", "complementary");
  sidebar.setAttribute("aria-label", "The book");
}
