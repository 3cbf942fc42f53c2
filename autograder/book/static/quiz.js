// A quiz answers back: choosing shows the reason that stands in its <details>.
"use strict";

for (const question of document.querySelectorAll(".quiz-question")) {
  const reply = question.querySelector(".quiz-reply");
  const details = question.querySelector(".quiz-reasons");
  const reasons = [...details.querySelectorAll("li")];
  const choices = [...question.querySelectorAll("input[type=radio]")];
  // The reasons would give the answer away; they come back with the right one.
  details.hidden = true;
  choices.forEach((choice, index) => {
    choice.checked = false;
    choice.addEventListener("change", () => {
      const reason = reasons[index].cloneNode(true);
      const right = reason.classList.contains("quiz-right");
      reply.className = `quiz-reply ${right ? "quiz-right" : "quiz-wrong"}`;
      // The choice is named by its button: only the verdict and the reason.
      reason.querySelector(":scope > p")?.remove();
      reply.replaceChildren(...reason.childNodes);
      if (right) details.hidden = false;
    });
  });
}
