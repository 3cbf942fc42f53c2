// Which pixels one output of a convolution sees, and the sum that it is.

const KERNELS = {
  "3 × 3": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
  "2 × 3": [[1, 2, 0], [0, -1, -1]],
};
const IMAGE = [
  [3, 1, 0, 2, 5, 4, 1, 0, 2],
  [1, 2, 4, 0, 3, 1, 5, 2, 0],
  [0, 5, 1, 3, 2, 0, 4, 1, 3],
  [2, 0, 3, 1, 4, 5, 0, 2, 1],
  [4, 3, 2, 5, 0, 1, 3, 0, 4],
  [1, 0, 5, 2, 1, 3, 2, 4, 0],
  [5, 2, 1, 0, 3, 4, 1, 5, 2],
];
const STRIDES = [1, 2, 3];
const PADDINGS = [0, 1, 2];
const DILATIONS = [1, 2, 3];
const CELL = 30;
// Room for the largest grids, so that nothing jumps when a slider moves.
const MOST = { input: [11, 13], kernel: [3, 3], output: [10, 11] };

const defaults = {
  stride: 1, padding: 0, dilation: 1, kernel: "3 × 3", row: 0, column: 0,
};

/** Cells that a kernel and an image's axis give, as output_size does. */
function cells(size, taps, { stride, padding, dilation }) {
  return Math.floor((size + 2 * padding - dilation * (taps - 1) - 1) / stride) + 1;
}

function clean(state) {
  const kernel = oneOf(state.kernel, Object.keys(KERNELS));
  const known = {
    stride: oneOf(state.stride, STRIDES),
    padding: oneOf(state.padding, PADDINGS),
    dilation: oneOf(state.dilation, DILATIONS),
  };
  const taps = KERNELS[kernel];
  const rows = cells(IMAGE.length, taps.length, known);
  const columns = cells(IMAGE[0].length, taps[0].length, known);
  const place = (value, count) => clamp(Math.trunc(value) || 0, 0, count - 1);
  return {
    ...known, kernel,
    row: place(state.row, rows), column: place(state.column, columns),
  };
}

/** Everything that the figure shows, from its state. */
function compute(state) {
  const { stride, padding, dilation, kernel, row, column } = state;
  const w = KERNELS[kernel];
  const pixel = (r, c) => IMAGE[r - padding]?.[c - padding] ?? 0;
  const rows = cells(IMAGE.length, w.length, state);
  const columns = cells(IMAGE[0].length, w[0].length, state);
  const terms = (r, c) => w.flatMap((line, i) => line.map((weight, j) => {
    const [y, x] = [r * stride + i * dilation, c * stride + j * dilation];
    return { row: y, column: x, pixel: pixel(y, x), weight };
  }));
  const sum = (list) => list.reduce((total, t) => total + t.pixel * t.weight, 0);
  const range = (count) => [...Array(count).keys()];
  return {
    x: IMAGE, w, terms: terms(row, column),
    padded: range(IMAGE.length + 2 * padding).map((r) =>
      range(IMAGE[0].length + 2 * padding).map((c) => pixel(r, c))),
    y: range(rows).map((r) => range(columns).map((c) => sum(terms(r, c)))),
  };
}

/** One grid of numbers; `look` says the classes of a cell. */
function grid(picture, numbers, look = () => "") {
  const squares = numbers.flatMap((line, r) => line.map((number, c) => svg(
    "g", { class: `live-cell ${look(r, c)}` },
    svg("rect", { x: c * CELL, y: r * CELL, width: CELL, height: CELL }),
    svg("text", { x: (c + 0.5) * CELL, y: (r + 0.5) * CELL }, minus(number)),
  )));
  // What is marked is drawn last, so that its border lies on top.
  const marked = (square) => square.matches(".live-seen, .live-chosen");
  squares.sort((one, other) => marked(one) - marked(other));
  picture.replaceChildren(...squares);
}

/** A number with the sign that typesetters use. */
function minus(number) {
  return String(number).replace("-", "−");
}

/** An empty picture with room for `most` cells, and its title. */
function board(title, role, most, attributes = {}) {
  const [height, width] = most.map((count) => count * CELL + 4);
  const picture = svg("svg", {
    viewBox: `-2 -2 ${width} ${height}`, class: `live-board live-${role}`,
    ...attributes,
  });
  const name = html("div", { class: "live-title" });
  const element = html("div", { class: "live-part" }, name, picture);
  element.style.setProperty("--most", most[1]);
  const rename = (size) => { name.textContent = `${title}, ${size}`; };
  return { element, picture, rename };
}

/** The sum of one output, written out. */
function spelled({ row, column }, { terms, y }) {
  const parts = [`y[${row}, ${column}] = `];
  terms.forEach(({ pixel, weight }, index) => {
    const weighted = weight < 0 ? `(${minus(weight)})` : String(weight);
    parts.push(
      index ? " + " : "",
      html("span", { class: "live-ink-input" }, String(pixel)), "·",
      html("span", { class: "live-ink-weight" }, weighted),
    );
  });
  const result = html("strong", { class: "live-ink-output" }, minus(y[row][column]));
  return [...parts, " = ", result];
}

function render({ model, el }) {
  const input = board("Input x", "input", MOST.input, {
    role: "img", "aria-label": "The input with its padding and the window",
  });
  const kernel = board("Kernel w", "weight", MOST.kernel, {
    role: "img", "aria-label": "The kernel",
  });
  const output = board("Output y", "output", MOST.output, {
    role: "application", tabindex: 0,
    "aria-label": "The output. Arrow keys move the window.",
  });
  const sum = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    stride: slider("Stride", STRIDES, (stride) => update({ stride })),
    padding: slider("Padding", PADDINGS, (padding) => update({ padding })),
    dilation: slider("Dilation", DILATIONS, (dilation) => update({ dilation })),
    kernel: choice("Kernel", Object.keys(KERNELS), (kernel) => update({ kernel })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      kernel.element),
    html("div", { class: "live-row" }, input.element, output.element),
    sum,
  );
  pointing(output.picture, (x, y) => update({
    row: Math.floor(y / CELL), column: Math.floor(x / CELL),
  }));
  arrows(output.picture, (down, right) => update({
    row: clamp(read().row + down, 0, MOST.output[0]),
    column: clamp(read().column + right, 0, MOST.output[1]),
  }));
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    const { padding, row, column } = state;
    const seen = new Set(all.terms.map((term) => `${term.row},${term.column}`));
    const outside = (r, c) => IMAGE[r - padding]?.[c - padding] === undefined;
    grid(input.picture, all.padded, (r, c) =>
      (seen.has(`${r},${c}`) ? "live-seen " : "")
      + (outside(r, c) ? "live-padding" : ""));
    grid(kernel.picture, all.w);
    grid(output.picture, all.y, (r, c) =>
      r === row && c === column ? "live-chosen" : "");
    const border = padding ? `, with ${padding} of padding` : "";
    input.rename(`${IMAGE.length} × ${IMAGE[0].length}${border}`);
    kernel.rename(state.kernel);
    output.rename(`${all.y.length} × ${all.y[0].length}`);
    sum.replaceChildren(...spelled(state, all));
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
