// A kernel as a sum of columns times rows: what few of them keep, and what
// both make of rings, which hold stripes of every direction.

const SIDE = 9; // of the kernel; odd
const HALF = (SIDE - 1) / 2;
const FIELD = 45; // of the picture of rings
const WAVE = 3.6; // pixels from ring to ring, and from stripe to stripe
const CELL = 26;
const LEVELS = [-1, -0.5, 0, 0.5, 1]; // what a painted cell can be
const KERNELS = ["stripes", "edge", "line", "ring", "painted"];
const ANGLES = [...Array(37).keys()].map((step) => 5 * step);
const PAIRS = [...Array(SIDE).keys()].map((pairs) => pairs + 1);
const BLANK = "2".repeat(SIDE * SIDE); // level 2 is zero

const defaults = {
  kernel: "stripes", angle: 45, pairs: 1, painted: BLANK, row: HALF, column: HALF,
};

function clean(state) {
  const painted = String(state.painted);
  const place = (value) => clamp(Math.trunc(value) || 0, 0, SIDE - 1);
  return {
    kernel: oneOf(state.kernel, KERNELS),
    angle: oneOf(state.angle, ANGLES),
    pairs: oneOf(state.pairs, PAIRS),
    painted: /^[0-4]{81}$/.test(painted) ? painted : BLANK,
    row: place(state.row), column: place(state.column),
  };
}

/** The value of a kernel at a place along and across its direction. */
const SHAPES = {
  stripes: (p, q) => Math.exp(-(p * p + q * q) / 6.48) * Math.cos((2 * Math.PI * p) / WAVE),
  edge: (p, q) => (p / 2) * Math.exp(-(p * p + q * q) / 6.48),
  line: (p, q) => Math.exp(-(p * p) / 1.2 - (q * q) / 40),
  ring: (p, q) => Math.exp(-((Math.hypot(p, q) - 3) ** 2) / 1.2),
};

/** A table of SIDE x SIDE values. */
function table(value) {
  const range = [...Array(SIDE).keys()];
  return range.map((r) => range.map((c) => value(r, c)));
}

function kernelOf({ kernel, angle, painted }) {
  if (kernel === "painted") {
    return table((r, c) => LEVELS[Number(painted[r * SIDE + c])]);
  }
  const turn = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return table((r, c) => {
    const [v, u] = [r - HALF, c - HALF];
    return SHAPES[kernel](u * cos + v * sin, v * cos - u * sin);
  });
}

/**
 * Eigenvectors of a symmetric matrix by Jacobi's rotations, the largest
 * eigenvalue first: [{ value, vector }].
 */
function eigen(symmetric) {
  const a = symmetric.map((line) => [...line]);
  const v = table((r, c) => Number(r === c));
  for (let sweep = 0; sweep < 30; sweep += 1) {
    for (let p = 0; p < SIDE; p += 1) {
      for (let q = p + 1; q < SIDE; q += 1) {
        if (a[p][q] === 0) continue;
        const angle = Math.atan((2 * a[p][q]) / (a[q][q] - a[p][p])) / 2;
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const turn = (line) => {
          [line[p], line[q]] = [cos * line[p] - sin * line[q], sin * line[p] + cos * line[q]];
        };
        a.forEach(turn);
        for (let k = 0; k < SIDE; k += 1) {
          [a[p][k], a[q][k]] = [cos * a[p][k] - sin * a[q][k], sin * a[p][k] + cos * a[q][k]];
        }
        v.forEach(turn);
      }
    }
  }
  const found = a.map((line, i) => ({
    value: Math.max(line[i], 0), vector: v.map((row) => row[i]),
  }));
  return found.sort((one, other) => other.value - one.value);
}

const dot = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);

/** Everything that the figure shows, from its state. */
function compute(state) {
  const kernel = kernelOf(state);
  const columns = kernel[0].map((_, c) => kernel.map((line) => line[c]));
  const parts = eigen(table((r, c) => dot(columns[r], columns[c])));
  const total = parts.reduce((sum, { value }) => sum + value, 0);
  let held = 0;
  const energy = parts.map(({ value }) => {
    held += value;
    return total ? held / total : 1;
  });
  // The kernel times a row of the pair gives its column, with the right size.
  const pairs = parts.slice(0, state.pairs).map(({ vector }) => ({
    column: kernel.map((line) => dot(line, vector)), row: vector,
  }));
  const sum = table((r, c) => pairs.reduce(
    (value, pair) => value + pair.column[r] * pair.row[c], 0));
  return {
    kernel, sum, energy, pairs,
    dense: SIDE * SIDE, thin: 2 * SIDE * state.pairs,
  };
}

/** The picture of rings, with room for the kernel around it. */
const RINGS = (() => {
  const size = FIELD + 2 * HALF;
  const middle = (size - 1) / 2;
  return [...Array(size).keys()].map((r) => [...Array(size).keys()].map(
    (c) => Math.cos((2 * Math.PI * Math.hypot(r - middle, c - middle)) / WAVE)));
})();

/** What a kernel sees of the rings: FIELD x FIELD values. */
function seen(kernel) {
  return [...Array(FIELD).keys()].map((r) => [...Array(FIELD).keys()].map((c) => {
    let sum = 0;
    for (let i = 0; i < SIDE; i += 1) {
      for (let j = 0; j < SIDE; j += 1) sum += RINGS[r + i][c + j] * kernel[i][j];
    }
    return sum;
  }));
}

const largest = (values) => Math.max(...values.flat().map(Math.abs)) || 1;

/** Shows values as grey, zero in the middle. */
function grey(canvas, values, limit) {
  const side = values.length;
  const image = new ImageData(side, side);
  values.flat().forEach((value, index) => {
    const shade = 127.5 * (1 + clamp(value / limit, -1, 1));
    image.data.set([shade, shade, shade, 255], 4 * index);
  });
  [canvas.width, canvas.height] = [side, side];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Shows a kernel: brown with plus above zero, blue with minus below. */
function tiles(picture, values, limit, chosen = () => false) {
  const squares = values.flatMap((line, r) => line.map((value, c) => {
    const share = clamp(value / limit, -1, 1);
    const sign = Math.abs(share) < 0.2 ? "" : share > 0 ? "+" : "−";
    const role = share > 0 ? "weight" : "input";
    const here = chosen(r, c);
    return svg("g", here ? { class: "live-chosen" } : {},
      svg("rect", {
        x: c * CELL, y: r * CELL, width: CELL, height: CELL,
        fill: `var(--cn-${role})`, "fill-opacity": 0.75 * Math.abs(share),
        stroke: here ? "var(--cn-accent)" : "var(--cn-muted)",
        "stroke-width": here ? 3 : 0.5,
      }),
      svg("text", { x: (c + 0.5) * CELL, y: (r + 0.5) * CELL }, sign));
  }));
  squares.sort((one, other) => one.matches(".live-chosen") - other.matches(".live-chosen"));
  picture.replaceChildren(...squares);
}

/** A titled part of the figure. */
function part(title, content) {
  const element = html("div", { class: "live-part" },
    html("div", { class: "live-title" }, title), content);
  element.style.setProperty("--most", 6.5);
  element.style.flexBasis = "8rem";
  return element;
}

function board(label, attributes = {}) {
  const size = SIDE * CELL + 4;
  return svg("svg", {
    viewBox: `-2 -2 ${size} ${size}`, class: "live-board", "aria-label": label,
    ...attributes,
  });
}

function view(label) {
  const canvas = html("canvas", {
    class: "live-board", role: "img", "aria-label": label, width: FIELD, height: FIELD,
  });
  canvas.style.imageRendering = "pixelated";
  return canvas;
}

const percent = (share) => `${Math.round(100 * share)} %`;

function told({ energy, thin, dense }, pairs) {
  const words = pairs === 1 ? "1 pair" : `${pairs} pairs`;
  const verdict = thin < dense ? "" : ", which saves nothing";
  return `${words}: ${thin} numbers instead of ${dense}${verdict}. `
    + `${percent(energy[pairs - 1])} of the energy is kept.`;
}

function render({ model, el }) {
  const kernel = board("The kernel. Arrow keys move, space or enter paints a cell.", {
    role: "application", tabindex: 0,
  });
  const sum = board("The sum of the pairs", { role: "img" });
  const views = [
    view("What the kernel sees of concentric rings"),
    view("What the sum of the pairs sees of concentric rings"),
  ];
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    kernel: choice("Kernel", KERNELS, (name) => update(
      name === "painted" && read().painted === BLANK
        ? { kernel: name, painted: painted() } : { kernel: name })),
    angle: slider("Angle", ANGLES, (angle) => update({ angle })),
    pairs: slider("Pairs", PAIRS, (pairs) => update({ pairs })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset()))),
    html("div", { class: "live-row" },
      part("Kernel (paint it)", kernel), part("Sum of the pairs", sum),
      part("Kernel sees", views[0]), part("Sum sees", views[1])),
    sentence,
  );

  /** The kernel in the levels that can be painted. */
  function painted() {
    const values = kernelOf(read());
    const limit = largest(values);
    return values.flat().map((value) => Math.round((2 * value) / limit) + 2).join("");
  }

  /** Moves the chosen cell on to its next level. */
  function paint(row, column) {
    const now = painted();
    const index = row * SIDE + column;
    const level = (Number(now[index]) + 1) % LEVELS.length;
    update({
      kernel: "painted", row, column,
      painted: now.slice(0, index) + level + now.slice(index + 1),
    });
  }

  kernel.addEventListener("pointerdown", (event) => {
    const box = kernel.getBoundingClientRect();
    const at = (place, start, length) =>
      clamp(Math.floor(((place - start) / length) * SIDE), 0, SIDE - 1);
    paint(at(event.clientY, box.top, box.height), at(event.clientX, box.left, box.width));
  });
  kernel.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    paint(read().row, read().column);
  });
  arrows(kernel, (down, right) => update({
    row: clamp(read().row + down, 0, SIDE - 1),
    column: clamp(read().column + right, 0, SIDE - 1),
  }));
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    const limit = largest(all.kernel);
    tiles(kernel, all.kernel, limit,
      (r, c) => r === state.row && c === state.column);
    tiles(sum, all.sum, limit);
    const answers = [seen(all.kernel), seen(all.sum)];
    answers.forEach((values, i) => grey(views[i], values, largest(answers[0])));
    sentence.textContent = told(all, state.pairs);
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
    // A painted kernel has no angle to turn by.
    controls.angle.element.querySelector("input").disabled = state.kernel === "painted";
  }
}

export default { defaults, clean, compute, render };
