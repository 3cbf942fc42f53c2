// Which pixels get the gradient of a max pooling, for an image one can edit.

const SIZE = { rows: 4, columns: 6 };
const WINDOWS = [2, 3];
const STRIDES = [1, 2, 3];
const PADDINGS = [0, 1];
const RULES = ["first", "share", "each"];
const LIMIT = 9; // of a pixel's value, below and above zero
const CELL = 40;
// Room for the largest grids, so that nothing jumps when a slider moves.
const MOST = { columns: 8, input: 6, gap: 0.9, output: 5 };

const defaults = {
  window: 3, stride: 2, padding: 1, rule: "first", row: 1, column: 1,
  pixels: "2 -1 3 0 1 -2 -3 4 0 -1 2 2 0 1 -4 3 -5 2 -2 1 2 -3 3 -1",
};

/** A text of whole numbers as a list, or null if it is none of this image. */
function parsed(text) {
  const list = String(text).trim().split(/\s+/).map(Number);
  const fits = list.length === SIZE.rows * SIZE.columns
    && list.every((value) => Number.isInteger(value) && Math.abs(value) <= LIMIT);
  return fits ? list : null;
}

function clean(state) {
  const valid = (key, values) => (values.includes(state[key]) ? state : defaults)[key];
  const place = (key, count) => clamp(Math.trunc(state[key]) || 0, 0, count - 1);
  return {
    window: valid("window", WINDOWS), stride: valid("stride", STRIDES),
    padding: valid("padding", PADDINGS), rule: valid("rule", RULES),
    row: place("row", SIZE.rows), column: place("column", SIZE.columns),
    pixels: (parsed(state.pixels) ?? parsed(defaults.pixels)).join(" "),
  };
}

/** Places of the pixels in each window, output by output. */
function cut({ window, stride, padding }) {
  const count = (side) => Math.floor((side + 2 * padding - window) / stride) + 1;
  const inside = (start, side) => [...Array(window).keys()]
    .map((step) => start + step).filter((place) => place >= 0 && place < side);
  return [...Array(count(SIZE.rows)).keys()].map((i) =>
    [...Array(count(SIZE.columns)).keys()].map((j) =>
      inside(i * stride - padding, SIZE.rows).flatMap((row) =>
        inside(j * stride - padding, SIZE.columns).map((column) =>
          row * SIZE.columns + column))));
}

/** Everything that the figure shows, from its state. */
function compute(state) {
  const x = parsed(state.pixels);
  const dx = Array(x.length).fill(0);
  const windows = cut(state).map((line) => line.map((places) => {
    const most = Math.max(...places.map((place) => x[place]));
    const equal = places.filter((place) => x[place] === most);
    const getting = state.rule === "first" ? equal.slice(0, 1) : equal;
    const share = state.rule === "share" ? 1 / equal.length : 1;
    for (const place of getting) dx[place] += share;
    return { places, most, equal, getting };
  }));
  return {
    x, dx, windows,
    y: windows.map((line) => line.map(({ most }) => most)),
    argmax: windows.map((line) => line.map(({ equal }) => equal[0])),
  };
}

/** A number with the sign that typesetters use and at most two decimals. */
function short(number) {
  return String(Math.round(number * 100) / 100).replace("-", "−");
}

/** The middle of an input pixel, and of an output, in the picture's units. */
function middles({ padding }, outputs) {
  const left = (MOST.columns - SIZE.columns) / 2;
  const start = (MOST.columns - outputs) / 2;
  const top = MOST.input + MOST.gap;
  return {
    pixel: (row, column) => [(left + column + 0.5) * CELL, (row + 1.5) * CELL],
    output: (i, j) => [(start + j + 0.5) * CELL, (top + i + 0.5) * CELL],
    border: padding ? { x: (left - 1) * CELL, y: 0 } : null,
  };
}

/** A square in the colour of what it holds; `chosen` frames it. */
function square([x, y], role, chosen = false) {
  const colour = chosen ? "accent" : role;
  return svg("rect", {
    x: x - CELL / 2, y: y - CELL / 2, width: CELL, height: CELL,
    fill: `var(--cn-${role}-pale)`,
    stroke: `var(--cn-${colour})`, "stroke-width": chosen ? 3 : 0.75,
  });
}

/** A number that can be read where lines pass below it. */
function label([x, y], text, look = "") {
  const halo = "paint-order: stroke; stroke: var(--cn-paper); stroke-width: 3px;";
  return svg("text", { x, y, style: halo + look }, text);
}

/** The border of minus infinities, as one dashed frame. */
function border(at) {
  if (!at.border) return [];
  const [width, height] = [SIZE.columns + 2, SIZE.rows + 2].map((n) => n * CELL);
  return [
    svg("rect", {
      ...at.border, width, height, fill: "none", stroke: "var(--cn-muted)",
      "stroke-dasharray": "4 4",
    }),
    label([at.border.x + width / 2, CELL / 2], "−∞ all around"),
  ];
}

/** Place by place: row, column and middle of each pixel. */
function pixels({ x }, at) {
  return x.map((value, place) => {
    const [row, column] = [Math.floor(place / SIZE.columns), place % SIZE.columns];
    return { value, place, row, column, middle: at.pixel(row, column) };
  });
}

/** The squares of both grids, the chosen one on top. */
function squares(all, state, at) {
  const below = pixels(all, at).map(({ place, row, column, middle }) => {
    const chosen = row === state.row && column === state.column;
    return { chosen, made: square(middle, all.dx[place] ? "gradient" : "input", chosen) };
  });
  below.sort((one, other) => one.chosen - other.chosen);
  const outputs = all.y.flatMap((line, i) => line.map((_, j) =>
    square(at.output(i, j), "output")));
  return [...below.map(({ made }) => made), ...outputs];
}

/** A line from each output to the pixels that get its gradient. */
function lines({ windows }, state, at) {
  const chosen = state.row * SIZE.columns + state.column;
  return windows.flatMap((line, i) => line.flatMap(({ getting }, j) =>
    getting.map((place) => {
      const [x1, y1] = at.output(i, j);
      const [x2, y2] = at.pixel(
        Math.floor(place / SIZE.columns), place % SIZE.columns);
      const mine = place === chosen;
      return svg("line", {
        x1, y1: y1 - CELL / 2, x2, y2: y2 + CELL / 2,
        stroke: mine ? "var(--cn-accent)" : "var(--cn-gradient)",
        "stroke-width": mine ? 3 : 1.25,
      });
    })));
}

/** The numbers: pixels, their gradients below them, and maxima. */
function texts(all, at) {
  const bold = " fill: var(--cn-gradient); font-weight: 700;";
  const image = pixels(all, at).flatMap(({ value, place, middle: [x, y] }) =>
    (all.dx[place]
      ? [label([x, y - 9], short(value)), label([x, y + 9], short(all.dx[place]), bold)]
      : [label([x, y], short(value))]));
  const maxima = all.y.flatMap((line, i) => line.map((value, j) => label(
    at.output(i, j),
    short(value) + (all.windows[i][j].equal.length > 1 ? " =" : ""))));
  return [...image, ...maxima];
}

/** What can be read off, in rows of name and number. */
function told({ dx, windows }) {
  const all = windows.flat();
  const list = [
    ["Windows", all.length],
    ["Equal maxima (=)", all.filter(({ equal }) => equal.length > 1).length],
    ["Pixels with gradient", `${dx.filter((value) => value > 0).length} of ${dx.length}`],
    ["Sum of dy", all.length],
    ["Sum of dx", short(dx.reduce((total, value) => total + value, 0))],
  ];
  return list.flatMap(([name, value]) => [
    html("dt", {}, name), html("dd", {}, String(value))]);
}

/** The chosen pixel in words. */
function spelled({ x, dx, windows }, { row, column }) {
  const place = row * SIZE.columns + column;
  const seen = windows.flat().filter(({ places }) => places.includes(place));
  const won = seen.filter(({ equal }) => equal.includes(place)).length;
  const many = (count) => `${count} window${count === 1 ? "" : "s"}`;
  return [
    `Place ${place} (row ${row}, column ${column}) is ${short(x[place])}. `,
    `It is in ${many(seen.length)} and equals the maximum of ${won}. `,
    "Its gradient is ", html("strong", {}, short(dx[place])), ".",
  ];
}

function render({ model, el }) {
  const height = (MOST.input + MOST.gap + MOST.output) * CELL;
  const picture = svg("svg", {
    viewBox: `-2 -2 ${MOST.columns * CELL + 4} ${height + 4}`, class: "live-board",
    role: "application", tabindex: 0,
    "aria-label": "Image above, maxima below. Arrow keys choose a pixel, "
      + "plus and minus change it.",
  });
  const board = html("div", { class: "live-part" },
    html("div", { class: "live-title" }, "Image x with dx in it, and maxima y"),
    picture);
  board.style.setProperty("--most", 12);
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const values = [...Array(2 * LIMIT + 1).keys()].map((step) => step - LIMIT);
  const controls = {
    window: slider("Window", WINDOWS, (window) => update({ window })),
    stride: slider("Stride", STRIDES, (stride) => update({ stride })),
    padding: slider("Padding", PADDINGS, (padding) => update({ padding })),
    rule: choice("Tie rule", RULES, (rule) => update({ rule })),
    value: slider("Chosen pixel", values, (value) => write(value)),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  const aside = html("div", { class: "live-controls" }, ...inputs,
    resetButton(() => reset()), numbers);
  el.append(html("div", { class: "live-row" }, aside, board), sentence);

  picture.addEventListener("pointerdown", (event) => {
    const box = picture.getBoundingClientRect();
    const view = picture.viewBox.baseVal;
    const unit = view.width / box.width / CELL;
    const left = (MOST.columns - SIZE.columns) / 2;
    const column = Math.floor((event.clientX - box.left) * unit - left);
    const row = Math.floor((event.clientY - box.top) * unit - 1);
    if (row >= 0 && row < SIZE.rows && column >= 0 && column < SIZE.columns) {
      update({ row, column });
    }
  });
  arrows(picture, (down, right) => update({
    row: clamp(read().row + down, 0, SIZE.rows - 1),
    column: clamp(read().column + right, 0, SIZE.columns - 1),
  }));
  picture.addEventListener("keydown", (event) => {
    const step = { "+": 1, "=": 1, "-": -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    write(chosenValue(read()) + step);
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function chosenValue({ pixels, row, column }) {
    return parsed(pixels)[row * SIZE.columns + column];
  }

  function write(value) {
    const { pixels, row, column } = read();
    const list = parsed(pixels);
    list[row * SIZE.columns + column] = clamp(value, -LIMIT, LIMIT);
    update({ pixels: list.join(" ") });
  }

  function draw(state) {
    const all = compute(state);
    const at = middles(state, all.y[0].length);
    picture.replaceChildren(
      ...border(at), ...squares(all, state, at), ...lines(all, state, at),
      ...texts(all, at));
    numbers.replaceChildren(...told(all));
    sentence.replaceChildren(...spelled(all, state));
    for (const key of ["window", "stride", "padding", "rule"]) {
      controls[key].show(state[key]);
    }
    controls.value.show(chosenValue(state));
  }
}

export default { defaults, clean, compute, render };
