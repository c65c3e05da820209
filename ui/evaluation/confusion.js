// A matrix of counts on a canvas, so that 200 classes are as quick as two. Labels are drawn as text, never as markup.
const LEAST = 5; // pixels of a cell
const MOST = 44;
const ROOM = 0.32; // of the width, for the labels of the rows
const NAMED = 13; // pixels of a cell from which on classes are named

function clipped(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let end = text.length;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > room) end -= 1;
  return `${text.slice(0, end)}…`;
}

class Matrix {
  constructor(parent, send) {
    this.send = send;
    this.root = document.createElement("div");
    this.root.className = "matrix";
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.said = document.createElement("div");
    this.said.className = "said";
    this.said.setAttribute("aria-live", "polite");
    const frame = document.createElement("div");
    frame.className = "frame";
    frame.append(this.canvas);
    this.root.append(frame, this.said);
    parent.append(this.root);
    this.at = null;
    this.canvas.onpointermove = (event) => this.point(this.cellAt(event));
    this.canvas.onpointerleave = () => this.point(null);
    this.canvas.onclick = (event) => this.choose(this.cellAt(event));
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onfocus = () => this.at || this.point([0, 0]);
    this.watch = new ResizeObserver(() => this.data && this.draw());
    this.watch.observe(this.root);
  }

  show(data) {
    this.data = data;
    this.canvas.setAttribute("aria-label", data.label);
    this.draw();
  }

  measures() {
    const classes = this.data.names.length;
    const width = this.root.clientWidth || 600;
    const context = this.canvas.getContext("2d");
    context.font = this.font();
    const longest = Math.max(...this.data.names.map((name) => context.measureText(name).width));
    const side = Math.min(longest + 12, width * ROOM);
    const cell = Math.max(LEAST, Math.min(MOST, Math.floor((width - side - 2) / classes)));
    const named = cell >= NAMED;
    const left = named ? side : 4;
    const top = named ? Math.min(longest + 12, 110) : 4;
    return { classes, cell, left, top, named, width: left + cell * classes + 2, height: top + cell * classes + 2 };
  }

  font() {
    return `13px ${getComputedStyle(this.root).fontFamily}`;
  }

  draw() {
    const style = getComputedStyle(this.root);
    const m = this.measures();
    const scale = window.devicePixelRatio || 1;
    const { canvas } = this;
    canvas.width = m.width * scale;
    canvas.height = m.height * scale;
    canvas.style.width = `${m.width}px`;
    canvas.style.height = `${m.height}px`;
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    context.font = this.font();
    context.textBaseline = "middle";
    for (let row = 0; row < m.classes; row += 1) this.drawRow(context, row, m, style);
    if (m.named) this.drawNames(context, m, style);
    this.drawMark(context, m, style);
  }

  drawRow(context, row, m, style) {
    const { counts, shares, words } = this.data;
    const y = m.top + row * m.cell;
    for (let column = 0; column < m.classes; column += 1) {
      const x = m.left + column * m.cell;
      context.fillStyle = style.getPropertyValue("--st-secondary-background-color");
      context.fillRect(x, y, m.cell - 1, m.cell - 1);
      if (!counts[row][column]) continue;
      const share = shares[row][column];
      context.fillStyle = style.getPropertyValue(row === column ? "--st-primary-color" : "--graft-wrong");
      context.globalAlpha = Math.sqrt(share); // so that a few are seen beside many
      context.fillRect(x, y, m.cell - 1, m.cell - 1);
      context.globalAlpha = 1;
      if (m.cell < 22) continue;
      const word = words ? `${Math.round(100 * share)}` : `${counts[row][column]}`;
      if (context.measureText(word).width > m.cell - 3) continue;
      context.fillStyle =
        share > 0.45 ? style.getPropertyValue("--graft-on") : style.getPropertyValue("--st-text-color");
      context.textAlign = "center";
      context.fillText(word, x + m.cell / 2, y + m.cell / 2);
    }
  }

  drawNames(context, m, style) {
    context.fillStyle = style.getPropertyValue("--st-text-color");
    this.data.names.forEach((name, number) => {
      const middle = number * m.cell + m.cell / 2;
      context.textAlign = "right";
      context.fillText(clipped(context, name, m.left - 8), m.left - 6, m.top + middle);
      context.save();
      context.translate(m.left + middle, m.top - 6);
      context.rotate(-Math.PI / 2);
      context.textAlign = "left";
      context.fillText(clipped(context, name, m.top - 8), 0, 0);
      context.restore();
    });
  }

  drawMark(context, m, style) {
    const outline = (row, column, width) => {
      context.strokeStyle = style.getPropertyValue("--st-text-color");
      context.lineWidth = width;
      context.strokeRect(m.left + column * m.cell, m.top + row * m.cell, m.cell - 1, m.cell - 1);
    };
    if (this.at) outline(...this.at, 1);
    if (this.data.chosen) outline(...this.data.chosen, 2);
  }

  cellAt(event) {
    const m = this.measures();
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - m.left) / m.cell);
    const row = Math.floor((event.clientY - box.top - m.top) / m.cell);
    const inside = (number) => number >= 0 && number < m.classes;
    return inside(row) && inside(column) ? [row, column] : null;
  }

  point(cell) {
    if (String(cell) === String(this.at)) return;
    this.at = cell;
    this.said.textContent = cell ? this.words(...cell) : "";
    this.canvas.style.cursor = cell && this.data.counts[cell[0]][cell[1]] ? "pointer" : "default";
    this.draw();
  }

  words(row, column) {
    const { names, counts, shares, noun } = this.data;
    const count = counts[row][column];
    const called = `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
    const share = `${(100 * shares[row][column]).toFixed(1)}%`;
    if (row === column) return `${names[row]}: ${called} right, ${share} of them`;
    return `${names[row]} taken for ${names[column]}: ${called}, ${share} of ${names[row]}`;
  }

  choose(cell) {
    if (cell) this.send("cell", cell);
  }

  key(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const last = this.data.names.length - 1;
    if (step && this.at) {
      this.point(this.at.map((place, axis) => Math.max(0, Math.min(last, place + step[axis]))));
      event.preventDefault();
    } else if ((event.key === "Enter" || event.key === " ") && this.at) {
      this.choose(this.at);
      event.preventDefault();
    }
  }
}

const drawn = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!drawn.has(parentElement)) drawn.set(parentElement, new Matrix(parentElement, setTriggerValue));
  const matrix = drawn.get(parentElement);
  matrix.send = setTriggerValue;
  matrix.root.style.setProperty("--graft-wrong", data.wrong);
  matrix.root.style.setProperty("--graft-on", data.on);
  matrix.show(data);
  return () => {
    matrix.watch.disconnect();
    matrix.root.remove();
    drawn.delete(parentElement);
  };
}
