// Zachary's karate club: from whom does a member hear after some layers?

// Where members are drawn: x to the right, y down.
const PLACES = [
  [49, 44], [34, 41], [53, 31], [60, 40], [68, 51], [60, 57], [47, 57], [71, 39],
  [32, 31], [53, 21], [80, 51], [31, 55], [84, 45], [40, 34], [4, 20], [7, 16],
  [61, 68], [23, 50], [13, 12], [23, 34], [22, 9], [15, 47], [33, 8], [67, 13],
  [96, 21], [94, 26], [43, 4], [71, 21], [63, 21], [53, 9], [14, 28], [64, 29],
  [32, 20], [38, 19],
];
// Who met whom, each pair once.
const PAIRS = [
  [0, 1], [0, 2], [0, 3], [0, 4], [0, 5], [0, 6], [0, 7], [0, 8], [0, 10], [0, 11],
  [0, 12], [0, 13], [0, 17], [0, 19], [0, 21], [0, 31], [1, 2], [1, 3], [1, 7], [1, 13],
  [1, 17], [1, 19], [1, 21], [1, 30], [2, 3], [2, 7], [2, 8], [2, 9], [2, 13], [2, 27],
  [2, 28], [2, 32], [3, 7], [3, 12], [3, 13], [4, 6], [4, 10], [5, 6], [5, 10], [5, 16],
  [6, 16], [8, 30], [8, 32], [8, 33], [9, 33], [13, 33], [14, 32], [14, 33], [15, 32], [15, 33],
  [18, 32], [18, 33], [19, 33], [20, 32], [20, 33], [22, 32], [22, 33], [23, 25], [23, 27], [23, 29],
  [23, 32], [23, 33], [24, 25], [24, 27], [24, 31], [25, 31], [26, 29], [26, 33], [27, 33], [28, 31],
  [28, 33], [29, 32], [29, 33], [30, 32], [30, 33], [31, 32], [31, 33], [32, 33],
];
const LAYERS = [0, 1, 2, 3, 4, 5];
const SCALE = 6; // of a place in the picture
const RADIUS = 14;

const defaults = { member: 16, layers: 2 };

function clean(state) {
  const member = Math.trunc(state.member);
  return {
    member: member >= 0 && member < PLACES.length ? member : defaults.member,
    layers: LAYERS.includes(state.layers) ? state.layers : defaults.layers,
  };
}

/** How many steps each member is away from one, by going round by round. */
function stepsFrom(member) {
  const steps = PLACES.map((_, n) => (n === member ? 0 : Infinity));
  for (let round = 1; round < PLACES.length; round += 1) {
    for (const [a, b] of PAIRS) {
      if (steps[a] === round - 1 && steps[b] > round) steps[b] = round;
      if (steps[b] === round - 1 && steps[a] > round) steps[a] = round;
    }
  }
  return steps;
}

/** Everything that the figure shows, from its state. */
function compute({ member, layers }) {
  const steps = stepsFrom(member);
  const heard = steps.flatMap((far, n) => (far <= layers ? [n] : []));
  const friends = PAIRS.filter((pair) => pair.includes(member)).length;
  return { steps, heard, friends, needed: Math.max(...steps) };
}

function line([a, b], heard) {
  const [[x1, y1], [x2, y2]] = [PLACES[a], PLACES[b]];
  const inside = heard.includes(a) && heard.includes(b);
  return svg("line", {
    x1: x1 * SCALE, y1: y1 * SCALE, x2: x2 * SCALE, y2: y2 * SCALE,
    style: `stroke: var(--cn-${inside ? "input" : "muted"}); `
      + `stroke-width: ${inside ? 1.6 : 0.8}; opacity: ${inside ? 0.8 : 0.5}`,
  });
}

/** A member: shaded when heard, the nearer the stronger. */
function node(n, { steps, heard }, member) {
  const [x, y] = PLACES[n].map((place) => place * SCALE);
  const strength = heard.includes(n) && n !== member ? 0.85 - 0.17 * (steps[n] - 1) : 0;
  const edge = n === member ? "accent" : "ink";
  const around = { cx: x, cy: y, r: RADIUS };
  return [
    svg("circle", { ...around, style: "fill: var(--cn-paper)" }),
    svg("circle", {
      ...around,
      style: `fill: var(--cn-input); fill-opacity: ${0.6 * strength}; `
        + `stroke: var(--cn-${edge}); stroke-width: ${n === member ? 4 : 1}`,
    }),
    svg("text", { x, y, style: "font-size: 14px" }, String(n)),
  ];
}

/** What can be read off, in rows of name and number. */
function told({ heard, friends, needed }) {
  const rows = [
    ["Friends", String(friends)],
    ["Members heard", `${heard.length} of ${PLACES.length}`],
    ["Layers to hear all", String(needed)],
  ];
  return rows.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]);
}

/** One sentence on the chosen member. */
function spelled({ heard }, { member, layers }) {
  const after = `${layers} ${layers === 1 ? "layer" : "layers"}`;
  if (heard.length === 1) return `With ${after}, member ${member} hears nobody else.`;
  const who = heard.length === PLACES.length ? "all" : heard.length;
  return `With ${after}, member ${member} hears ${who} of ${PLACES.length} members, itself included.`;
}

/** The member in a direction that is nearest, or the same one. */
function beside(member, down, right) {
  const [x, y] = PLACES[member];
  let best = member;
  let least = Infinity;
  PLACES.forEach(([px, py], n) => {
    const along = (px - x) * right + (py - y) * down;
    const across = Math.abs((px - x) * down) + Math.abs((py - y) * right);
    const far = along + 2 * across;
    if (n !== member && along > 0 && far < least) [best, least] = [n, far];
  });
  return best;
}

function nearest(x, y) {
  const far = PLACES.map(([px, py]) => Math.hypot(px * SCALE - x, py * SCALE - y));
  return far.indexOf(Math.min(...far));
}

function render({ model, el }) {
  const picture = svg("svg", {
    viewBox: "0 0 600 432", class: "live-board", role: "application", tabindex: 0,
    "aria-label": "The karate club. Arrow keys choose a member.",
  });
  const board = html("div", { class: "live-part" }, picture);
  board.style.setProperty("--most", 20);
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const layers = slider("Layers", LAYERS, (chosen) => update({ layers: chosen }));
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, layers.element, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" }, board),
    sentence,
  );
  pointing(picture, (x, y) => update({ member: nearest(x, y) }));
  arrows(picture, (down, right) => {
    if (Math.abs(down) === Infinity) {
      update({ member: down < 0 ? 0 : PLACES.length - 1 });
      return;
    }
    update({ member: beside(read().member, down, right) });
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    const lines = PAIRS.map((pair) => line(pair, all.heard));
    const nodes = PLACES.flatMap((_, n) => node(n, all, state.member));
    picture.replaceChildren(...lines, ...nodes);
    numbers.replaceChildren(...told(all));
    sentence.textContent = spelled(all, state);
    layers.show(state.layers);
  }
}

export default { defaults, clean, compute, render, PLACES, PAIRS };
