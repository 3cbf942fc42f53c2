// Ticks of sections and quizzes, kept in this browser and nowhere else.
"use strict";

(() => {
  const NAME = "convnets-by-hand marks";
  const boxes = [...document.querySelectorAll("input[data-mark]")];
  const overview = document.querySelector(".marks-overview");
  if (!boxes.length && !overview) return;
  let kept = new Set(); // where the browser keeps nothing, as long as the page is open

  function read() {
    try {
      kept = new Set(JSON.parse(localStorage.getItem(NAME) ?? "[]"));
    } catch {
      // Storage is off, or holds something that is not ours: what we have stays.
    }
    return kept;
  }

  function write(marks) {
    kept = marks;
    try {
      localStorage.setItem(NAME, JSON.stringify([...marks].sort()));
    } catch {
      say("This browser keeps nothing for this page; save the ticks to a file.");
    }
    show();
  }

  function show() {
    const marks = read();
    for (const box of boxes) box.checked = marks.has(box.dataset.mark);
    for (const row of overview?.querySelectorAll("li") ?? []) {
      const keys = row.dataset.keys.split(" ");
      const done = keys.filter((key) => marks.has(key)).length;
      row.querySelector("progress").value = done;
      row.querySelector(".marks-count").textContent = `${done} of ${keys.length}`;
    }
  }

  function say(text) {
    const place = overview?.querySelector(".marks-said");
    if (place) place.textContent = text;
  }

  function tick(box) {
    const marks = new Set(read());
    if (box.checked) marks.add(box.dataset.mark);
    else marks.delete(box.dataset.mark);
    write(marks);
  }

  for (const box of boxes) {
    box.addEventListener("change", () => tick(box));
    if (box.dataset.quiz === undefined) continue;
    const quizzes = box.closest("section");
    quizzes.addEventListener("change", (event) => {
      if (event.target === box) return;
      const asked = quizzes.querySelectorAll(".quiz-question").length;
      const right = quizzes.querySelectorAll(".quiz-reply.quiz-right").length;
      if (asked === right && !box.checked) {
        box.checked = true;
        tick(box);
      }
    });
  }

  function save() {
    const text = JSON.stringify({ [NAME]: [...read()].sort() }, null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "convnets-by-hand-ticks.json";
    link.click();
    URL.revokeObjectURL(link.href);
    say(`Saved ${read().size} ticks to ${link.download}.`);
  }

  async function load(file) {
    let found;
    try {
      found = JSON.parse(await file.text())[NAME];
    } catch {
      found = null;
    }
    if (!Array.isArray(found) || !found.every((key) => typeof key === "string")) {
      say(`${file.name} holds no ticks. Choose a file that was saved here.`);
      return;
    }
    write(new Set([...read(), ...found]));
    say(`Loaded ${found.length} ticks from ${file.name}.`);
  }

  if (overview) {
    const chooser = overview.querySelector("input[type=file]");
    const button = (name) => overview.querySelector(`[data-marks=${name}]`);
    button("save").addEventListener("click", save);
    button("load").addEventListener("click", () => chooser.click());
    button("clear").addEventListener("click", () => {
      if (!confirm("Take away all ticks in this book?")) return;
      write(new Set());
      say("All ticks are gone.");
    });
    chooser.addEventListener("change", async () => {
      if (chooser.files.length) await load(chooser.files[0]);
      chooser.value = ""; // so that the same file can be chosen again
    });
  }

  show();
  window.addEventListener("storage", show); // ticked in another tab
  window.addEventListener("pageshow", show); // come back to from another page
})();
