// A grid of pixels to draw on, with a pointer or with keys alone. Its value is
// {height, width, levels, cells}: a level for every pixel, −1 where it is unknown.
const canvas = element.querySelector("canvas");
const brushes = [...element.querySelectorAll("[data-brush]")];
const told = element.querySelector(".told");
const names = { ink: "ink", paper: "paper", unknown: "unknown" };
let brush = "ink", cursor = [0, 0], down = null, waiting = null;
let board = take(props.value);

function take(value) {
  const height = value?.height ?? 8, width = value?.width ?? 8, levels = value?.levels ?? 2;
  const cells = value?.cells?.length === height * width
    ? [...value.cells] : new Array(height * width).fill(-1);
  return { height, width, levels, cells };
}

function level() {
  return { ink: board.levels - 1, paper: 0, unknown: -1 }[brush];
}

function word(value) {
  if (value < 0) return "unknown";
  if (value === 0) return "paper";
  return value === board.levels - 1 ? "ink" : `level ${value}`;
}

function redraw() {
  const size = Math.max(1, Math.floor(672 / Math.max(board.height, board.width)));
  if (canvas.width !== size * board.width || canvas.height !== size * board.height) {
    canvas.width = size * board.width;
    canvas.height = size * board.height;
    canvas.style.aspectRatio = `${board.width} / ${board.height}`;
  }
  const context = canvas.getContext("2d");
  board.cells.forEach((value, place) => {
    const x = place % board.width, y = Math.floor(place / board.width);
    const grey = Math.round(255 * Math.max(0, value) / Math.max(1, board.levels - 1));
    context.fillStyle = value < 0 ? "rgb(178,196,214)" : `rgb(${grey},${grey},${grey})`;
    context.fillRect(x * size, y * size, size, size);
  });
  if (board.width <= 16) {
    context.strokeStyle = "rgba(106,115,125,.35)";
    context.lineWidth = 1.5;
    context.beginPath();
    for (let at = 1; at < board.width; at++) {
      context.moveTo(at * size + .5, 0);
      context.lineTo(at * size + .5, canvas.height);
    }
    for (let at = 1; at < board.height; at++) {
      context.moveTo(0, at * size + .5);
      context.lineTo(canvas.width, at * size + .5);
    }
    context.stroke();
  }
  if (document.activeElement === canvas) {
    const [x, y] = cursor;
    context.strokeStyle = "#e69f00";
    context.lineWidth = Math.max(2, size / 12);
    const inset = context.lineWidth / 2;
    context.strokeRect(x * size + inset, y * size + inset, size - 2 * inset, size - 2 * inset);
  }
}

function paint(x, y, value = level()) {
  const reach = board.width > 16 ? 1 : 0; // a pen of one pixel is too thin for 28 × 28
  let changed = false;
  for (let i = y; i <= Math.min(board.height - 1, y + reach); i++)
    for (let j = x; j <= Math.min(board.width - 1, x + reach); j++)
      if (board.cells[i * board.width + j] !== value) {
        board.cells[i * board.width + j] = value;
        changed = true;
      }
  if (changed) { redraw(); tell(); }
}

function line([x0, y0], [x1, y1]) {
  const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
  for (let at = 0; at <= steps; at++)
    paint(Math.round(x0 + (x1 - x0) * at / steps), Math.round(y0 + (y1 - y0) * at / steps));
}

// The model is asked a moment after the last change, not for every pixel of a stroke.
function tell() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    props.value = { ...board, cells: [...board.cells] };
    trigger("painted");
  }, 120);
}

function fill(value, from = 0) {
  board.cells = board.cells.map((old, place) =>
    Math.floor(place / board.width) >= from ? value : old);
  redraw();
  tell();
}

function choose(name) {
  brush = name;
  for (const button of brushes) {
    button.setAttribute("aria-checked", String(button.dataset.brush === name));
    button.tabIndex = button.dataset.brush === name ? 0 : -1;
  }
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  const clamp = (share, size) => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
  return [
    clamp((event.clientX - box.left) / box.width, board.width),
    clamp((event.clientY - box.top) / box.height, board.height),
  ];
}

function say() {
  const [x, y] = cursor;
  told.textContent =
    `row ${y + 1}, column ${x + 1}: ${word(board.cells[y * board.width + x])}`;
}

canvas.addEventListener("pointerdown", event => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  canvas.focus({ preventScroll: true });
  down = cursor = place(event);
  paint(...down);
  say();
  event.preventDefault();
});
canvas.addEventListener("pointermove", event => {
  if (down === null) return;
  const here = place(event);
  line(down, here);
  down = cursor = here;
  say();
});
for (const name of ["pointerup", "pointercancel"])
  canvas.addEventListener(name, () => { down = null; redraw(); });
canvas.addEventListener("focus", () => { redraw(); say(); });
canvas.addEventListener("blur", () => { redraw(); told.textContent = ""; });

const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const keys = { 1: "ink", i: "ink", 2: "paper", p: "paper", 3: "unknown", u: "unknown" };
canvas.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in moves) {
    const [dx, dy] = moves[event.key];
    cursor = [
      Math.min(board.width - 1, Math.max(0, cursor[0] + dx)),
      Math.min(board.height - 1, Math.max(0, cursor[1] + dy)),
    ];
    if (event.shiftKey) paint(...cursor);
  } else if (event.key.toLowerCase() in keys) {
    choose(keys[event.key.toLowerCase()]);
    paint(...cursor);
  } else if (event.key === " " || event.key === "Enter") {
    paint(...cursor);
  } else return;
  event.preventDefault();
  redraw();
  say();
});

for (const button of brushes) {
  button.addEventListener("click", () => choose(button.dataset.brush));
  button.addEventListener("keydown", event => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const next = brushes[(brushes.indexOf(button) + step + brushes.length) % brushes.length];
    choose(next.dataset.brush);
    next.focus();
    event.preventDefault();
  });
}
element.querySelector("[data-do=clear]").addEventListener("click", () => fill(-1));
element.querySelector("[data-do=paper]").addEventListener("click", () =>
  { board.cells = board.cells.map(v => v < 0 ? 0 : v); redraw(); tell(); });
element.querySelector("[data-do=lower]").addEventListener("click", () =>
  fill(-1, Math.floor(board.height / 2)));

watch("value", () => { board = take(props.value); redraw(); });
choose("ink");
redraw();
