// The matrix that does a convolution: a row is a window, a column is a stamp.

const IMAGE = { height: 5, width: 6 };
const HEIGHTS = [1, 2, 3, 4, 5];
const WIDTHS = [1, 2, 3, 4, 5, 6];
const CELL = 20; // of the matrix, in units of its picture
const GRID = 34; // of the image, the kernel and the output
const FRAME = "stroke: var(--cn-accent); stroke-width: 3";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCD";

const defaults = { rows: 2, columns: 3, output: 5, pixel: 14 };

function clean(state) {
  const valid = (key, values) => (values.includes(state[key]) ? state : defaults)[key];
  const rows = valid("rows", HEIGHTS);
  const columns = valid("columns", WIDTHS);
  const outputs = (IMAGE.height - rows + 1) * (IMAGE.width - columns + 1);
  const whole = (number, most) => clamp(Math.trunc(number) || 0, 0, most - 1);
  return {
    rows, columns, output: whole(state.output, outputs),
    pixel: whole(state.pixel, IMAGE.height * IMAGE.width),
  };
}

/** Which tap of the kernel output (i, j) puts on pixel (p, q), or -1. */
function tapAt({ rows, columns }, [i, j], [p, q]) {
  const [u, v] = [p - i, q - j];
  const inside = u >= 0 && u < rows && v >= 0 && v < columns;
  return inside ? u * columns + v : -1;
}

/** The place of the n-th cell of a grid of this width. */
function placeOf(n, width) {
  return [Math.floor(n / width), n % width];
}

/** Everything that the figure shows, from its state. */
function compute(state) {
  const width = IMAGE.width - state.columns + 1;
  const height = IMAGE.height - state.rows + 1;
  const pixels = [...Array(IMAGE.height * IMAGE.width).keys()];
  const taps = [...Array(height * width).keys()].map((output) => pixels.map(
    (pixel) => tapAt(state, placeOf(output, width), placeOf(pixel, IMAGE.width)),
  ));
  const window = pixels.filter((pixel) => taps[state.output][pixel] >= 0);
  const readers = taps.flatMap((row, output) => (row[state.pixel] >= 0 ? [output] : []));
  const filled = taps.flat().filter((tap) => tap >= 0).length;
  return { height, width, taps, window, readers, filled };
}

/** A grid of cells; `look` says of each its text, its class and if it is chosen. */
function grid(height, width, look) {
  return [...Array(height * width).keys()].map((n) => {
    const [row, column] = placeOf(n, width);
    const { text, name, chosen } = look(n);
    const label = svg("text", { x: (column + 0.5) * GRID, y: (row + 0.5) * GRID });
    label.textContent = text;
    return svg("g", { class: `live-cell ${name}` },
      svg("rect", {
        x: column * GRID + 2, y: row * GRID + 2, width: GRID - 4, height: GRID - 4,
        ...(chosen ? { style: FRAME } : {}),
      }), label);
  });
}

/** The matrix, with the chosen row and the chosen column framed. */
function board({ taps }, { output, pixel }) {
  const [height, width] = [taps.length, taps[0].length];
  const cells = taps.flatMap((row, r) => row.map((tap, c) => {
    const [x, y] = [c * CELL, r * CELL];
    const box = svg("rect", {
      x: x + 0.5, y: y + 0.5, width: CELL - 1, height: CELL - 1,
      class: tap < 0 ? "live-no-block" : "live-block", "stroke-width": 0.5,
    });
    if (tap < 0) return box;
    const text = svg("text", {
      x: x + CELL / 2, y: y + CELL / 2, style: "font-size: 17px",
    });
    text.textContent = LETTERS[tap];
    return svg("g", {}, box, text);
  }));
  const band = (x, y, w, h) => svg("rect", {
    x, y, width: w, height: h, fill: "none", style: FRAME,
  });
  return [
    ...cells,
    band(1, output * CELL + 1, width * CELL - 2, CELL - 2),
    band(pixel * CELL + 1, 1, CELL - 2, height * CELL - 2),
  ];
}

/** What can be read off, in rows of name and number. */
function told({ taps, filled }) {
  const [height, width] = [taps.length, taps[0].length];
  const zeros = 100 * (1 - filled / (height * width));
  const list = [
    ["Matrix", `${height} × ${width}`],
    ["Entries", `${height * width}`],
    ["Not zero", `${filled}`],
    ["Zeros", `${zeros.toFixed(0)} %`],
  ];
  return list.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]);
}

/** The row, the column and their crossing in words. */
function spelled({ taps, width, window, readers }, { output, pixel, columns }) {
  const at = (n, size) => `(${placeOf(n, size).join(", ")})`;
  const tap = taps[output][pixel];
  const many = (n, name) => `${n} ${name}${n === 1 ? "" : "s"}`;
  return [
    html("strong", { class: "live-ink-output" },
      `Row ${output}: output ${at(output, width)}`),
    ` reads ${many(window.length, "pixel")}. `,
    html("strong", { class: "live-ink-input" },
      `Column ${pixel}: pixel ${at(pixel, IMAGE.width)}`),
    ` is read by ${many(readers.length, "output")}. Where they cross stands `,
    html("strong", { class: "live-ink-weight" }, tap < 0
      ? "zero" : `tap ${LETTERS[tap]} at ${at(tap, columns)}`),
    ".",
  ];
}

/** A picture with its title. */
function panel(title, most, attributes, name = "") {
  const picture = svg("svg", { class: "live-board", ...attributes });
  const element = html("div", { class: `live-part ${name}` },
    html("div", { class: "live-title" }, title), picture);
  element.style.setProperty("--most", most);
  const size = (width, height) => {
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  };
  return { picture, element, size };
}

function render({ model, el }) {
  const image = panel("Image: the chosen column and the pixels of the row", 7,
    { role: "img", "aria-label": "The window that the chosen output reads" },
    "live-input");
  const output = panel("Output: the chosen row and those that read the pixel", 7,
    { role: "img", "aria-label": "The outputs that read the chosen pixel" },
    "live-output");
  const matrix = panel("Matrix: a row for each output, a column for each pixel", 20, {
    role: "application", tabindex: 0,
    "aria-label": "Up and down choose a row, left and right a column.",
  });
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    rows: slider("Kernel height", HEIGHTS, (rows) => update({ rows })),
    columns: slider("Kernel width", WIDTHS, (columns) => update({ columns })),
  };
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, controls.rows.element,
        controls.columns.element, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" }, image.element, output.element),
    html("div", { class: "live-row" }, matrix.element),
    sentence,
  );
  pointing(image.picture, (x, y) => update({
    pixel: Math.floor(y / GRID) * IMAGE.width
      + clamp(Math.floor(x / GRID), 0, IMAGE.width - 1),
  }));
  pointing(output.picture, (x, y) => {
    const { width } = compute(read());
    const column = clamp(Math.floor(x / GRID), 0, width - 1);
    update({ output: Math.floor(y / GRID) * width + column });
  });
  pointing(matrix.picture, (x, y) => update({
    pixel: Math.floor(x / CELL), output: Math.floor(y / CELL),
  }));
  arrows(matrix.picture, (down, right) => {
    const all = compute(read());
    const step = (now, by, many) => clamp(now + by, 0, many - 1);
    update({
      output: step(read().output, down, all.taps.length),
      pixel: step(read().pixel, right, IMAGE.height * IMAGE.width),
    });
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    image.size(IMAGE.width * GRID, IMAGE.height * GRID);
    image.picture.replaceChildren(...grid(IMAGE.height, IMAGE.width, (n) => {
      const tap = all.taps[state.output][n];
      return {
        text: tap < 0 ? "" : LETTERS[tap],
        name: tap < 0 ? "" : "live-seen",
        chosen: n === state.pixel,
      };
    }));
    // As wide as the image, so that both keep their scale.
    output.size(IMAGE.width * GRID, IMAGE.height * GRID);
    output.picture.replaceChildren(...grid(all.height, all.width, (n) => {
      const tap = all.taps[n][state.pixel];
      return {
        text: tap < 0 ? "" : LETTERS[tap], name: "", chosen: n === state.output,
      };
    }));
    matrix.size(all.taps[0].length * CELL, all.taps.length * CELL);
    matrix.picture.replaceChildren(...board(all, state));
    numbers.replaceChildren(...told(all));
    sentence.replaceChildren(...spelled(all, state));
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
