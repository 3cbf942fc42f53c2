// What poolings make of a row of pixels that moves, a pixel at a time.

const PIXELS = 32;
const SIGNALS = {
  edge: Array.from({ length: PIXELS }, (_, i) => (i >= 8 && i < 19 ? 9 : 1)),
  stripes: Array.from({ length: PIXELS }, (_, i) => (i % 2 ? 8 : 2)),
  dot: Array.from({ length: PIXELS }, (_, i) => (i === 8 ? 9 : 0)),
  texture: [3, 7, 2, 8, 5, 1, 6, 9, 4, 0, 7, 3, 8, 2, 5, 6,
    1, 9, 4, 6, 2, 8, 0, 5, 7, 3, 9, 1, 6, 4, 8, 2],
};
// Each halves a row.
const WAYS = {
  "every second": (x, i) => x[i],
  max: (x, i) => Math.max(x[i], x[i + 1]),
  mean: (x, i) => (x[i] + x[i + 1]) / 2,
  // In front of the first pixel stands the second: the mirror of blur_pool2d.
  blur: (x, i) => (x[i ? i - 1 : 1] + 2 * x[i] + x[i + 1]) / 4,
};
const LAYERS = [1, 2, 3];
const SHIFTS = [...Array(17).keys()];
const BARS = { width: 600, height: 80, gap: 26 };

const defaults = { signal: "edge", way: "every second", layers: 1, shift: 1 };

function clean(state) {
  const valid = (key, values) => (values.includes(state[key]) ? state : defaults)[key];
  return {
    signal: valid("signal", Object.keys(SIGNALS)),
    way: valid("way", Object.keys(WAYS)),
    layers: valid("layers", LAYERS),
    shift: valid("shift", SHIFTS),
  };
}

/** The row moved to the right; what leaves it comes in again on the left. */
function rolled(row, shift) {
  return row.map((_, i) => row[(i - shift + row.length) % row.length]);
}

/** A row after all layers. */
function pooled(row, { way, layers }) {
  let x = row;
  for (let layer = 0; layer < layers; layer += 1) {
    const before = x;
    x = before.filter((_, i) => i % 2 === 0).map((_, i) => WAYS[way](before, 2 * i));
  }
  return x;
}

/** The mean difference of two rows over the mean of the first. */
function change(before, now) {
  const total = before.reduce((sum, value) => sum + Math.abs(value), 0);
  return before.reduce((sum, value, i) => sum + Math.abs(value - now[i]), 0) / total;
}

/** Everything that the figure shows, from its state. */
function compute(state) {
  const { signal, shift } = state;
  const x0 = SIGNALS[signal];
  const x = rolled(x0, shift);
  const [y0, y] = [pooled(x0, state), pooled(x, state)];
  return { x0, x, y0, y, input: change(x0, x), output: change(y0, y) };
}

/** A number as a share in per cent. */
function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/** Bars for the row as it is now, and a line where it was before the move. */
function bars(now, before, base, look) {
  const width = BARS.width / now.length;
  const height = (value) => (BARS.height * value) / 9;
  return [
    ...now.map((value, i) => svg("rect", {
      x: (i + 0.1) * width, y: base - height(value), width: 0.8 * width,
      height: height(value), class: look,
    })),
    ...before.map((value, i) => svg("line", {
      x1: i * width, x2: (i + 1) * width, y1: base - height(value),
      y2: base - height(value), class: "live-wire-chosen",
    })),
  ];
}

function picture({ x0, x, y0, y }) {
  const lower = 2 * BARS.height + BARS.gap;
  return [
    ...bars(x, x0, BARS.height + 4, "live-dot-input"),
    ...bars(y, y0, lower + 8, "live-dot-output"),
  ];
}

/** What can be read off, in rows of name and number. */
function told({ input, output }) {
  const list = [["Input changed by", percent(input)], ["Output changed by", percent(output)]];
  return list.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]);
}

/** The state as a sentence. */
function spelled({ output }, { shift, layers, way }) {
  const step = 2 ** layers;
  const pixels = `${shift} pixel${shift === 1 ? "" : "s"}`;
  if (shift === 0) return "Nothing has moved.";
  const places = shift / step;
  if (Number.isInteger(places)) {
    const end = way === "blur" ? ", but for its left end" : "";
    return `${pixels} to the right are ${places} place${places === 1 ? "" : "s"} of the `
      + `output, and it has moved as a whole${end}.`;
  }
  return output < 1e-9 ? `${pixels} to the right, and the output has not noticed.`
    : `${pixels} to the right are no whole number of places of the output, `
      + "so it cannot just move: it has other values.";
}

function render({ model, el }) {
  const board = svg("svg", {
    viewBox: `0 0 ${BARS.width} ${2 * BARS.height + BARS.gap + 12}`, class: "live-board",
    role: "application", tabindex: 0,
    "aria-label": "Input above, output below; lines say where the bars were. "
      + "Arrow keys move the input.",
  });
  const title = html("div", { class: "live-title" },
    "Input, and below it the output; lines: before the move");
  const part = html("div", { class: "live-part" }, title, board);
  part.style.setProperty("--most", 22);
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    shift: slider("Shift", SHIFTS, (shift) => update({ shift })),
    layers: slider("Layers", LAYERS, (layers) => update({ layers })),
    way: choice("Pooling", Object.keys(WAYS), (way) => update({ way })),
    signal: choice("Input", Object.keys(SIGNALS), (signal) => update({ signal })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" }, part),
    sentence,
  );
  arrows(board, (down, right) => {
    const shift = clamp(read().shift + (right || down), 0, SHIFTS.at(-1));
    update({ shift });
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    board.replaceChildren(...picture(all));
    numbers.replaceChildren(...told(all));
    sentence.textContent = spelled(all, state);
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
