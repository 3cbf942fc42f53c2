// What a transposed convolution makes of an input without any pattern.

const PIXELS = 6; // of the first input; all of them are 1
const KERNELS = [1, 2, 3, 4, 5, 6];
const STRIDES = [1, 2, 3];
const LAYERS = [1, 2, 3];
const WEIGHTS = {
  equal: (taps) => Array(taps).fill(1),
  triangle: (taps) => [...Array(taps).keys()].map((u) => Math.min(u + 1, taps - u)),
  random: (taps) => [0.9, 0.2, 0.6, 1, 0.4, 0.7].slice(0, taps),
};
// What fits into the pictures; of a longer output they show the middle.
const SHOWN = { row: 30, plane: 24 };
const WIDTH = 600;
const BARS = { input: 50, output: 190, height: 46 };

const defaults = { kernel: 3, stride: 2, layers: 1, weights: "equal", place: 4 };

function clean(state) {
  const valid = (key, values) => (values.includes(state[key]) ? state : defaults)[key];
  const known = {
    kernel: valid("kernel", KERNELS),
    stride: valid("stride", STRIDES),
    layers: valid("layers", LAYERS),
    weights: valid("weights", Object.keys(WEIGHTS)),
  };
  const size = rows(PIXELS, known).at(-1).length;
  return { ...known, place: clamp(Math.trunc(state.place) || 0, 0, size - 1) };
}

/** A row of ones, and what each layer makes of the row before it. */
function rows(pixels, { kernel, stride, layers, weights }) {
  const w = WEIGHTS[weights](kernel);
  const made = [Array(pixels).fill(1)];
  for (let layer = 0; layer < layers; layer += 1) {
    const x = made.at(-1);
    const y = Array((x.length - 1) * stride + kernel).fill(0);
    x.forEach((value, i) => w.forEach((weight, u) => {
      y[i * stride + u] += value * weight;
    }));
    made.push(y);
  }
  return made;
}

/** Everything that the figure shows, from its state. */
function compute(state) {
  const { kernel, stride, layers, weights, place } = state;
  const w = WEIGHTS[weights](kernel);
  const made = rows(PIXELS, state);
  const [x, y] = made.slice(-2);
  const parts = x.flatMap((value, i) => {
    const tap = place - i * stride;
    return tap in w ? [{ pixel: i, value, tap, weight: w[tap] }] : [];
  });
  // One period of the pattern, far from both ends of a long row.
  const long = rows(4 * PIXELS, state).at(-1);
  const middle = long.slice(long.length >> 1, (long.length >> 1) + stride ** layers);
  return {
    w, x, y, parts, low: Math.min(...middle), high: Math.max(...middle),
  };
}

/** Index of the first place that is shown. */
function firstShown(size, most) {
  return Math.max(0, (size - most) >> 1);
}

/** Width of a place in the row. */
function cellWidth(size) {
  return WIDTH / Math.min(size, SHOWN.row);
}

/** A number with at most two decimals. */
function short(number) {
  return String(Math.round(number * 100) / 100);
}

/** Bars that stand on a line; `left` says where each begins. */
function bars(values, base, width, left, look) {
  const most = Math.max(...values);
  return values.map((value, i) => {
    const height = most ? (BARS.height * value) / most : 0;
    return svg("rect", {
      x: left(i) + 0.1 * width, y: base - height, width: 0.8 * width, height,
      class: look(i),
    });
  });
}

/** The input above, the output below, and a wire for each weight. */
function flow({ x, y, w, parts }, { stride, kernel, place }) {
  const first = firstShown(y.length, SHOWN.row);
  const cell = cellWidth(y.length);
  const outLeft = (q) => (q - first) * cell;
  // A pixel stands above the middle of its stamp.
  const inLeft = (i) => outLeft(i * stride + (kernel - 1) / 2);
  const feeds = new Set(parts.map((part) => part.pixel));
  const inside = (left) => left >= 0 && left < WIDTH;
  const wires = x.flatMap((_, i) => w.map((__, u) => {
    const chosen = i * stride + u === place;
    return svg("line", {
      x1: inLeft(i) + cell / 2, y1: BARS.input + 4,
      x2: outLeft(i * stride + u) + cell / 2, y2: BARS.output - BARS.height - 6,
      class: chosen ? "live-wire live-wire-chosen" : "live-wire",
    });
  })).filter((line) => inside(+line.getAttribute("x2")));
  wires.sort((one, other) => one.matches(".live-wire-chosen")
    - other.matches(".live-wire-chosen"));
  const shown = (bar) => inside(+bar.getAttribute("x"));
  return [
    ...wires,
    ...bars(x, BARS.input, cell, inLeft,
      (i) => `live-dot-input ${feeds.has(i) ? "live-seen" : ""}`).filter(shown),
    ...bars(y, BARS.output, cell, outLeft,
      (q) => `live-dot-output ${q === place ? "live-chosen" : ""}`).filter(shown),
  ];
}

/** The output of the same layer in both directions, as a grey picture. */
function plane({ y }) {
  const size = Math.min(y.length, SHOWN.plane);
  const first = firstShown(y.length, SHOWN.plane);
  const part = y.slice(first, first + size);
  const most = Math.max(...part) ** 2 || 1;
  const side = SHOWN.plane / size;
  return part.flatMap((down, r) => part.map((right, c) => {
    const light = Math.round(255 * (down * right) / most);
    return svg("rect", {
      x: c * side, y: r * side, width: side, height: side,
      fill: `rgb(${light}, ${light}, ${light})`, "shape-rendering": "crispEdges",
    });
  }));
}

/** What can be read off, in rows of name and number. */
function told({ y, low, high }, { kernel, stride }) {
  const even = high - low < 1e-9;
  const list = [
    ["Output", `${y.length} places`],
    ["Stride divides kernel", kernel % stride ? "no" : "yes"],
    ["Away from the ends", even
      ? "even" : `from ${short(low)} to ${short(high)}`],
  ];
  return list.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]);
}

/** The chosen output as a sum. */
function spelled({ parts, y }, { place }) {
  const pieces = [`Output ${place}: `];
  parts.forEach(({ value, weight }, index) => pieces.push(
    index ? " + " : "",
    html("span", { class: "live-ink-input" }, short(value)), "·",
    html("span", { class: "live-ink-weight" }, short(weight)),
  ));
  const sum = html("strong", { class: "live-ink-output" }, short(y[place]));
  return parts.length > 1 ? [...pieces, " = ", sum]
    : [...pieces, parts.length ? " = " : "no stamp reaches it, ", sum];
}

/** A picture with its title. */
function panel(width, height, attributes) {
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, class: "live-board", ...attributes,
  });
  const title = html("div", { class: "live-title" });
  const element = html("div", { class: "live-part" }, title, picture);
  return { picture, element, name: (text) => { title.textContent = text; } };
}

function render({ model, el }) {
  const row = panel(WIDTH, BARS.output + 4, {
    role: "application", tabindex: 0,
    "aria-label": "Input above, output below. Arrow keys choose an output.",
  });
  row.element.style.setProperty("--most", 20);
  const grid = panel(SHOWN.plane, SHOWN.plane, {
    role: "img", "aria-label": "The same layer in two dimensions",
  });
  grid.element.style.setProperty("--most", 7);
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    kernel: slider("Kernel size", KERNELS, (kernel) => update({ kernel })),
    stride: slider("Stride", STRIDES, (stride) => update({ stride })),
    layers: slider("Layers", LAYERS, (layers) => update({ layers })),
    weights: choice("Weights", Object.keys(WEIGHTS), (weights) => update({ weights })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" }, row.element, grid.element),
    sentence,
  );
  pointing(row.picture, (x) => {
    const size = compute(read()).y.length;
    update({ place: firstShown(size, SHOWN.row) + Math.floor(x / cellWidth(size)) });
  });
  arrows(row.picture, (down, right) => {
    const size = compute(read()).y.length;
    update({ place: clamp(read().place + (right || down), 0, size - 1) });
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    row.picture.replaceChildren(...flow(all, state));
    grid.picture.replaceChildren(...plane(all));
    const part = (most) => (all.y.length > most ? `, the middle ${most}` : "");
    row.name(`Input of the last layer, and its output${part(SHOWN.row)}`);
    grid.name(`In two dimensions${part(SHOWN.plane)}`);
    numbers.replaceChildren(...told(all, state));
    sentence.replaceChildren(...spelled(all, state));
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
