// Escape closes a drawer and leads back to the button that opened it. The theme
// takes the focus from that button, so that a reader without a mouse would be sent
// to the beginning of the page.
"use strict";

for (const side of ["primary", "secondary"]) {
  const drawer = document.getElementById(`pst-${side}-sidebar-modal`);
  const button = document.querySelector(`.${side}-toggle`);
  drawer?.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    drawer.addEventListener("close", () => button?.focus(), { once: true });
  });
}
