// A picture is made smaller, and large again: what is lost, and where.

const SIDE = 32;
const REACH = 64; // grey levels from mid grey to white in the difference
const FRAME = 4; // places at the border, where the padding is felt
const WAYS = ["nearest", "bilinear"];
const FACTORS = [2, 4];
const KERNELS = {
  none: [0, 0, 0, 0, 1, 0, 0, 0, 0],
  smooth: [1, 2, 1, 2, 4, 2, 1, 2, 1].map((tap) => tap / 16),
  sharpen: [1, -4, 1, -4, 16, -4, 1, -4, 1].map((tap) => tap / 4),
  random: [0.3, -0.1, 0.2, 0.1, 0.4, -0.2, -0.1, 0.3, 0.1],
};

// Grey levels of a piece of the book's photograph of Grace Hopper.
const PHOTOGRAPH = [
  "112f2e699faba6a8afbbc4c4bdc2c2c0c4bfc0c1c5c6bbafaba8a598813f1b11",
  "46566292aaafb2b4bac6c6c3c3c7c0c2c4c4c9bdc4babdbda4a39f9b8e7e5218",
  "4554798da2a7a9ada49a9fb1bec2c1bebeb4b5a5948280899fa0999a928f7b39",
  "4f68848d9d9e9b858388919fb7bfb8c0c1b1a0977e66637092a7a595968d7358",
  "65697f9695989b7f6e67727c9daba4bfc0b39f826d4f393637302a325e47615b",
  "695b5c5b4b3e2d2d3035445c7fafbcc0c9ba94684d5e7583907cac662e323f57",
  "563a21322b74bb7b5f6e8c6a5d81b1a99f8c728d8a5039373a686d913650345a",
  "3f3330196a7056332a1c3d7370838b8f81747a7555391b1a31304d53604c4664",
  "57564d424f5935382638625d617a77b5c18e978b746c5d544d5a6b7c8596776c",
  "676c8c7455463f537f887e8fa9ae68bccbb097a98da0aaac9986988a929d767e",
  "70649285745b5a88a7aa9a87b6ac7fbec6c490b0ac8f9fa19185a49e99988497",
  "875a8c8b897d6a7c837b8ec2bd83a5c3cccaa6a1c3c3b69f918da2a48e8e8c5b",
  "7960818b8d80759bbbcad1ccc48ebac6d0cdc99db8c9ccc3aea7a89594849659",
  "7989877a8b8578a2cedcd3c4988fb8cacbcfcba17ea7b9b7a6aea58e8782a697",
  "94b091748388947e9ea8907767a8b8cbcdcdcdbc88727171a2ada488888ba696",
  "9fab9e79768599906f78825a9ca8adbbc2bbb4a99f74a9b6ae9e968b8994a58a",
  "aba5937a7e8b8899a7b091517056768a958f7b57583a81a6a2a0979b898685a5",
  "9c817e8981928d979e9756899165655046476a6d8d6243808c91929d929f8e90",
  "aaacb5a985929a92916a65a09e9f9f906a7e9492908d3e527285919d93b4a6a5",
  "97b4bca488949c8e764690a0a9a6a2b2abab9e999ca07f3a5c83909490b8a7a2",
  "6497a33c78979e9360688f9eabb4aec1c3beb5aca89f936e678d99957f899199",
  "4f7268255e949ca074828e8c75727383977b7675777f908988a79e956b488a97",
  "49435030458f9aaca2786e4c4c5d605e5b648278777b7681aea9a098675b929f",
  "54221a2d3c838ea7ad7f878c9595a7b1b2abada8998d948daea89c965b669b9e",
  "7b683d1a256e8c9aa7849693888c90907f7b7d7f8ea09b88a4948d8256738e95",
  "74768369324d828b98859391998d746a686166758c869394908b896566749198",
  "7271756d4e517e7e8e899e948e90a8b7b5b6b2a494a09f958e83895c7a859698",
  "707076745a4a8479868f90919b9bb3bbc0b3b6b8b6ac9380807f8c8184969b9a",
  "746f7671673496737d817e96988e9fa4ab9cb0b1a9968067626a926793939c9c",
  "716f7e7541839b7f555a5c778d8489858186908883755d3f367b9d1a6894999c",
  "796d7d470fc78b8f602b2a47655f4d49565b4e4c524e392e7190980e1645989d",
  "6e704a0e2ec06f8a83503d3c2f22181b1a1b181d3c534d6589959c0e10103894",
];
const level = (row, column) => parseInt(PHOTOGRAPH[row].substr(2 * column, 2), 16);
const IMAGES = {
  photograph: level,
  slope: (_, column) => 4 + 8 * column,
  edge: (row, column) => (2 * column + row < 48 ? 40 : 216),
  wall: () => 128,
};

const defaults = {
  image: "photograph", way: "nearest", kernel: "none", factor: 2, row: 12, column: 10,
};

function clean(state) {
  const place = (value) => clamp(Math.trunc(value) || 0, 0, SIDE - 1);
  return {
    image: oneOf(state.image, Object.keys(IMAGES)),
    way: oneOf(state.way, WAYS),
    kernel: oneOf(state.kernel, Object.keys(KERNELS)),
    factor: oneOf(state.factor, FACTORS),
    row: place(state.row),
    column: place(state.column),
  };
}

/** A square grid of numbers, from a function of row and column. */
function grid(side, value) {
  const places = [...Array(side).keys()];
  return places.map((row) => places.map((column) => value(row, column)));
}

/** Each pixel is the mean of r x r pixels. */
function shrink(image, r) {
  return grid(image.length / r, (row, column) => {
    const tile = grid(r, (i, j) => image[row * r + i][column * r + j]).flat();
    return tile.reduce((sum, value) => sum + value, 0) / (r * r);
  });
}

/** The two pixels beside the centre of place i, and the share of the second. */
function neighbours(i, r, side) {
  const s = Math.max((i + 0.5) / r - 0.5, 0);
  const first = Math.floor(s);
  return [first, Math.min(first + 1, side - 1), s - first];
}

const enlarge = {
  nearest: (small, r) => grid(small.length * r, (row, column) => (
    small[Math.floor(row / r)][Math.floor(column / r)])),
  bilinear: (small, r) => grid(small.length * r, (row, column) => {
    const [up, down, s] = neighbours(row, r, small.length);
    const [left, right, t] = neighbours(column, r, small.length);
    const line = (at) => (1 - t) * small[at][left] + t * small[at][right];
    return (1 - s) * line(up) + s * line(down);
  }),
};

/** A convolution that keeps the size: zeros around the image. */
function convolve(image, taps) {
  const at = (row, column) => image[row]?.[column] ?? 0;
  return grid(image.length, (row, column) => taps.reduce(
    (sum, tap, k) => sum + tap * at(row + Math.floor(k / 3) - 1, column + (k % 3) - 1),
    0,
  ));
}

/** A small picture made large, as the state says. */
function again(small, { way, kernel, factor }) {
  return convolve(enlarge[way](small, factor), KERNELS[kernel]);
}

/** What each small pixel gives to the chosen place: all steps are linear. */
function partsOf(small, state) {
  const { row, column, factor } = state;
  const [p, q] = [Math.floor(row / factor), Math.floor(column / factor)];
  return grid(5, (i, j) => [p + i - 2, q + j - 2]).flat().flatMap(([i, j]) => {
    if (!(i in small && j in small)) return [];
    const pixel = grid(small.length, (a, b) => Number(a === i && b === j));
    const weight = again(pixel, state)[row][column];
    return Math.abs(weight) > 1e-9 ? [{ value: small[i][j], weight }] : [];
  });
}

/** Everything that the figure shows, from its state. */
function compute(state) {
  const image = grid(SIDE, IMAGES[state.image]);
  const small = shrink(image, state.factor);
  const y = again(small, state);
  const difference = grid(SIDE, (row, column) => y[row][column] - image[row][column]);
  const inside = (line) => line.slice(FRAME, SIDE - FRAME);
  const squares = inside(difference).flatMap(inside).map((value) => value ** 2);
  const row = inside(y[state.row]);
  const steps = row.slice(1).map((value, i) => value - row[i]);
  return {
    image, y, difference,
    parts: partsOf(small, state),
    error: Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length),
    low: Math.min(...steps),
    high: Math.max(...steps),
  };
}

/** A number with at most `places` decimals and a real minus sign. */
function short(number, places = 1) {
  const rounded = Number(number.toFixed(places)) || 0;
  return String(rounded).replace("-", "\u2212");
}

/** A square picture of grey levels with a title and a mark. */
function board(title, attributes) {
  const pixels = svg("image", {
    width: SIDE, height: SIDE, style: "image-rendering: pixelated",
  });
  // Twice, so that it is seen on black and on white.
  const marks = ["#ffffff", "#000000"].map((stroke, i) => svg("rect", {
    width: 1, height: 1, fill: "none", stroke, "stroke-width": i ? 0.15 : 0.45,
  }));
  const picture = svg("svg", {
    viewBox: `0 0 ${SIDE} ${SIDE}`, class: "live-board", ...attributes,
  }, pixels, ...marks);
  const name = html("div", { class: "live-title" }, title);
  const element = html("div", { class: "live-part" }, name, picture);
  element.style.setProperty("--most", 9);
  element.style.flexBasis = "11rem"; // three in a row on a wide page
  const show = (values, { row, column }) => {
    pixels.setAttribute("href", painted(values));
    marks.forEach((mark) => {
      mark.setAttribute("x", column);
      mark.setAttribute("y", row);
    });
  };
  return { picture, element, show };
}

/** Grey levels as the address of a picture with a pixel for each. */
function painted(values) {
  const sheet = html("canvas", { width: SIDE, height: SIDE });
  const context = sheet.getContext("2d");
  const bytes = values.flat().flatMap((value) => [value, value, value, 255]);
  context.putImageData(new ImageData(Uint8ClampedArray.from(bytes), SIDE), 0, 0);
  return sheet.toDataURL();
}

/** A labelled row of buttons, one of which is pressed. */
function buttons(label, values, change) {
  const made = values.map((value) => {
    const button = html("button", { type: "button", class: "live-reset" }, value);
    button.addEventListener("click", () => change(value));
    return button;
  });
  const row = html("div", { role: "group", "aria-label": label }, ...made);
  row.style.cssText = "display: flex; flex-wrap: wrap; gap: 0.4rem; "
    + "grid-column: 2 / -1";
  const element = html("div", { class: "live-control" }, html("span", {}, label), row);
  const show = (chosen) => made.forEach((button, i) => {
    const pressed = values[i] === chosen;
    button.setAttribute("aria-pressed", pressed);
    button.style.fontWeight = pressed ? 600 : 400;
    button.style.borderColor = pressed ? "var(--cn-accent)" : "";
    button.style.boxShadow = pressed ? "inset 0 0 0 1px var(--cn-accent)" : "";
  });
  return { element, show };
}

/** What can be read off, in rows of name and number. */
function told({ error, low, high }, { row }) {
  const even = high - low < 1e-6;
  const list = [
    ["Error away from the border", `${short(error)} grey levels`],
    [`Steps along row ${row}`,
      even ? `all ${short(low)}` : `${short(low)} to ${short(high)}`],
  ];
  return list.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]);
}

/** The chosen place as a sum over pixels of the small picture. */
function spelled({ parts, y, image }, { row, column }) {
  const pieces = [`Row ${row}, column ${column}: `];
  parts.forEach(({ value, weight }, index) => {
    const sign = weight < 0 ? " \u2212 " : " + ";
    pieces.push(
      index || weight < 0 ? sign : "",
      html("span", { class: "live-ink-weight" }, short(Math.abs(weight), 2)), "·",
      html("span", { class: "live-ink-input" }, short(value)),
    );
  });
  return [
    ...pieces, " = ",
    html("strong", { class: "live-ink-output" }, short(y[row][column])),
    `. It was ${short(image[row][column])}.`,
  ];
}

function render({ model, el }) {
  const boards = {
    image: board("The picture", { role: "img", "aria-label": "The picture as it was" }),
    y: board("Small, and large again", {
      role: "application", tabindex: 0,
      "aria-label": "The enlarged picture. Arrow keys choose a place.",
    }),
    difference: board("Difference (grey: none)", {
      role: "img", "aria-label": "Enlarged picture minus the picture",
    }),
  };
  const numbers = html("dl", { class: "live-numbers" });
  const sentence = html("p", { class: "live-sum", "aria-live": "polite" });
  const controls = {
    way: buttons("Upsampler", WAYS, (way) => update({ way })),
    kernel: buttons("Then", Object.keys(KERNELS), (kernel) => update({ kernel })),
    factor: buttons("Factor", FACTORS, (factor) => update({ factor })),
    image: choice("Picture", Object.keys(IMAGES), (image) => update({ image })),
  };
  const inputs = Object.values(controls).map((control) => control.element);
  el.append(
    html("div", { class: "live-row" },
      html("div", { class: "live-controls" }, ...inputs, resetButton(() => reset())),
      numbers),
    html("div", { class: "live-row" },
      ...Object.values(boards).map(({ element }) => element)),
    sentence,
  );
  for (const { picture } of Object.values(boards)) {
    pointing(picture, (x, y) => update({ row: Math.floor(y), column: Math.floor(x) }));
  }
  arrows(boards.y.picture, (down, right) => {
    const { row, column } = read();
    const to = (place) => clamp(place, 0, SIDE - 1);
    update({ row: to(row + down), column: to(column + right) });
  });
  const { read, update, reset } = follow(model, { defaults, clean }, draw);

  function draw(state) {
    const all = compute(state);
    boards.image.show(all.image, state);
    boards.y.show(all.y, state);
    boards.difference.show(all.difference.map((line) => line.map(
      (value) => 128 + (128 / REACH) * value,
    )), state);
    numbers.replaceChildren(...told(all, state));
    sentence.replaceChildren(...spelled(all, state));
    for (const [key, control] of Object.entries(controls)) control.show(state[key]);
  }
}

export default { defaults, clean, compute, render };
