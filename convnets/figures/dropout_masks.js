// What three ways of dropping leave of three maps, draw after draw.

const MAPS = 3;
const HEIGHT = 10;
const WIDTH = 12;
const WAYS = ["elements", "squares", "channels"];
const SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const BLOCKS = [1, 2, 3, 4, 5, 6, 7, 8];
const DRAWS = [...Array(20).keys()].map((draw) => draw + 1);
const CELL = 24;

const defaults = { way: "squares", p: 0.2, block: 3, draw: 1, row: 4, column: 5 };

function clean(state) {
  const valid = (key, values) => (values.includes(state[key]) ? state : defaults)[key];
  return {
    way: valid("way", WAYS),
    p: valid("p", SHARES),
    block: valid("block", BLOCKS),
    draw: valid("draw", DRAWS),
    row: clamp(Math.trunc(state.row) || 0, 0, HEIGHT - 1),
    column: clamp(Math.trunc(state.column) || 0, 0, WIDTH - 1),
  };
}

/** Numbers from 0 to below 1 that depend on the seed only (mulberry32). */
function numbers(seed, count) {
  let state = seed * 0x9e3779b9;
  return Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  });
}

/** A table of rows and columns; `entry` says what stands at a place. */
function table(rows, columns, entry) {
  return [...Array(rows).keys()].map(
    (i) => [...Array(columns).keys()].map((j) => entry(i, j)),
  );
}

/** How many seeds could drop a place, along one axis of this length. */
function reached(place, length, block) {
  return Math.min(place, length - block) - Math.max(place - block + 1, 0) + 1;
}

/** Everything that the figure shows, from its state. */
function compute({ way, p, block, draw }) {
  const side = way === "squares" ? block : 1;
  const rows = HEIGHT - side + 1;
  const columns = WIDTH - side + 1;
  const gamma = way === "squares"
    ? (p * HEIGHT * WIDTH) / (side * side * rows * columns) : p;
  const u = numbers(draw, MAPS * HEIGHT * WIDTH);
  const seeded = (c, i, j) => u[(c * HEIGHT + i) * WIDTH + j] < gamma;
  const maps = [...Array(MAPS).keys()];
  const seeds = maps.map((c) => table(rows, columns,
    (i, j) => seeded(c, way === "channels" ? 0 : i, way === "channels" ? 0 : j)));
  const kept = maps.map((c) => table(HEIGHT, WIDTH, (i, j) => {
    for (let a = Math.max(i - side + 1, 0); a <= Math.min(i, rows - 1); a += 1) {
      for (let b = Math.max(j - side + 1, 0); b <= Math.min(j, columns - 1); b += 1) {
        if (seeds[c][a][b]) return false;
      }
    }
    return true;
  }));
  const chance = table(HEIGHT, WIDTH, (i, j) => 1 - (1 - gamma)
    ** (reached(i, HEIGHT, side) * reached(j, WIDTH, side)));
  const all = MAPS * HEIGHT * WIDTH;
  const left = kept.flat(2).filter(Boolean).length;
  const share = way === "squares" ? left / all : 1 - p;
  return {
    gamma, seeds, kept, chance,
    dropped: 1 - left / all,
    average: chance.flat().reduce((sum, one) => sum + one, 0) / (HEIGHT * WIDTH),
    factor: left && share ? 1 / share : 0,
  };
}

/** A share in per cent. */
function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** One map: kept places filled, dropped ones crossed out, seeds with a dot. */
function board(kept, seeds, { way, row, column }) {
  return kept.flatMap((line, i) => line.map((keep, j) => {
    const chosen = i === row && j === column;
    const [x, y] = [j * CELL, i * CELL];
    const cell = svg("g", { class: keep ? "live-cell" : "live-cell live-padding" },
      svg("rect", {
        x: x + 1, y: y + 1, width: CELL - 2, height: CELL - 2,
        ...(chosen && { style: "stroke: var(--cn-accent); stroke-width: 3" }),
      }));
    if (!keep) {
      cell.append(svg("path", {
        d: `M${x + 8} ${y + 8}l8 8m0 -8l-8 8`, stroke: "var(--cn-muted)",
        "stroke-width": 1.5,
      }));
    }
    if (way === "squares" && seeds[i]?.[j]) {
      cell.append(svg("circle", {
        cx: x + CELL / 2, cy: y + CELL / 2, r: 6, fill: "var(--cn-accent)",
      }));
    }
    return [cell, chosen];
  })).sort((one, other) => one[1] - other[1]).map(([cell]) => cell);
}

/** What can be read off, in rows of name and number. */
function told({ gamma, dropped, average, factor }, { way, p }) {
  const list = [
    ["Asked for", percent(p)],
    ...(way === "squares" ? [["Gamma", percent(gamma)]] : []),
    ["Dropped in this draw", percent(dropped)],
    ["Dropped on average", percent(average)],
    ["Kept values times", factor ? factor.toFixed(2) : "–"],
  ];
  return list.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]);
}

/** The chosen place in a sentence. */
function spelled({ chance }, { way, block, row, column }) {
  const place = `Place (${row}, ${column})`;
  const odds = html("strong", {}, percent(chance[row][column]));
  if (way === "squares") {
    const seeds = reached(row, HEIGHT, block) * reached(column, WIDTH, block);
    const may = seeds === 1 ? "1 seed could drop it" : `${seeds} seeds could drop it`;
    return [`${place}: ${may}, and in `, odds, " of all draws at least one does."];
  }
  const why = way === "channels" ? "with its whole map" : "on its own";
  return [`${place}: dropped ${why}, in `, odds, " of all draws."];
}

function render({ model, el }) {
  const pictures = [...Array(MAPS).keys()].map((c) => svg("svg", {
    viewBox: `0 0 ${WIDTH * CELL} ${HEIGHT * CELL}`, class: "live-board live-input",
    ...(c === 0
      ? { role: "application", tabindex: 0,
        "aria-label": "First of three maps. Arrow keys choose a place." }
      : { role: "img", "aria-label": `Map ${c + 1} of ${MAPS}` }),
  }));
  const parts = pictures.map((picture, c) => html("div", { class: "live-part" },
    html("div", { class: "live-title" }, `Map ${c + 1}`), picture));
  parts.forEach((part) => {
    part.style.setProperty("--most", 9);
    part.style.flexBasis = "12rem";
  });
  const list = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    way: choice("Drop", WAYS, (way) => update({ way })),
    p: slider("p", SHARES, (p) => update({ p })),
    block: slider("Block", BLOCKS, (block) => update({ block })),
    draw: slider("Draw", DRAWS, (draw) => update({ draw })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      list),
    html("div", { class: "live-row" }, ...parts),
    sentence,
  );
  for (const picture of pictures) {
    pointing(picture, (x, y) => update({
      row: clamp(Math.floor(y / CELL), 0, HEIGHT - 1),
      column: clamp(Math.floor(x / CELL), 0, WIDTH - 1),
    }));
  }
  arrows(pictures[0], (down, right) => update({
    row: clamp(read().row + down, 0, HEIGHT - 1),
    column: clamp(read().column + right, 0, WIDTH - 1),
  }));
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    pictures.forEach((picture, c) => picture.replaceChildren(
      ...board(all.kept[c], all.seeds[c], state)));
    list.replaceChildren(...told(all, state));
    sentence.replaceChildren(...spelled(all, state));
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
    // A square has a side only where squares are dropped.
    controls.block.element.style.visibility
      = state.way === "squares" ? "visible" : "hidden";
  }
}

export default { defaults, clean, compute, render };
