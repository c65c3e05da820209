// A grid of counts on canvases, so that 200 classes are as quick as two. Names are drawn as text, never as markup.
const LEAST = 3; // pixels of a cell
const MOST = 44;
const WIDEST = 4000; // pixels of a canvas
const ROOM = 0.32; // of the width, for the names of the rows
const HIGHEST = 110; // pixels, for the names of the columns
const NAMED = 13; // pixels of a cell from which on rows and columns are named
const COUNTED = 22; // and its number is written into it
const FONT = 13;

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function clipped(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  const letters = [...text];
  while (letters.length > 1 && pen.measureText(`${letters.join("")}…`).width > room) letters.pop();
  return `${letters.join("")}…`;
}

class Matrix {
  constructor(parent) {
    this.zoom = 1; // of the size at which all of it fits
    this.at = null;
    this.root = make("div", "matrix");
    this.tools = make("div", "tools");
    this.sheet = make("div", "sheet");
    this.top = make("canvas", "top");
    this.left = make("canvas", "left");
    this.body = make("div", "body");
    this.canvas = make("canvas", "cells");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.mark = make("div", "mark");
    this.kept = make("div", "mark kept");
    this.body.append(this.canvas, this.kept, this.mark);
    this.sheet.append(make("div", "corner"), this.top, this.left, this.body);
    this.frame = make("div", "frame");
    this.frame.append(this.sheet);
    this.said = make("div", "said");
    this.said.setAttribute("aria-live", "polite");
    this.root.append(this.tools, this.frame, this.said);
    parent.append(this.root);
    this.listen();
  }

  listen() {
    for (const [sign, title, factor] of [
      ["−", "Smaller", 1 / 1.6],
      ["+", "Larger", 1.6],
    ]) {
      const button = make("button", "", sign);
      button.type = "button";
      button.title = title;
      button.setAttribute("aria-label", title);
      button.onclick = () => this.scale(factor);
      this.tools.append(button);
    }
    for (const [canvas, cell] of [
      [this.canvas, (row, column) => [row, column]],
      [this.top, (_, column) => [null, column]],
      [this.left, (row) => [row, null]],
    ]) {
      canvas.onpointermove = (event) => this.point(this.cellAt(event, canvas, cell));
      canvas.onpointerleave = () => this.point(null);
      canvas.onclick = (event) => this.choose(this.cellAt(event, canvas, cell));
    }
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onfocus = () => {
      if (!this.at && this.canvas.matches(":focus-visible")) this.point(this.data.chosen ?? [0, 0]);
    };
    this.watch = new ResizeObserver(() => {
      if (this.data && this.root.clientWidth !== this.width) this.draw();
    });
    this.watch.observe(this.root);
  }

  show(data) {
    this.data = data;
    this.canvas.setAttribute("aria-label", data.label);
    this.draw();
  }

  measure() {
    const { rows, columns } = this.data;
    this.width = this.root.clientWidth || 600;
    const pen = this.canvas.getContext("2d");
    pen.font = this.font();
    const long = (names) => Math.ceil(Math.max(...names.map((name) => pen.measureText(name).width))) + 12;
    const side = Math.min(long(rows), this.width * ROOM);
    const most = Math.min(MOST, Math.floor(WIDEST / Math.max(rows.length, columns.length)));
    const fitting = Math.max(LEAST, Math.min(most, Math.floor((this.width - side - 2) / columns.length)));
    this.cell = Math.max(LEAST, Math.min(most, Math.round(fitting * this.zoom)));
    this.tools.hidden = fitting >= most;
    const named = this.cell >= NAMED;
    this.side = named ? side : 10;
    this.head = named ? Math.min(long(columns), HIGHEST) : 10;
  }

  font() {
    return `${FONT}px ${getComputedStyle(this.root).fontFamily}`;
  }

  pen(canvas, width, height) {
    const sharp = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = width * sharp;
    canvas.height = height * sharp;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    pen.font = this.font();
    pen.textBaseline = "middle";
    return pen;
  }

  draw() {
    this.measure();
    const style = getComputedStyle(this.root);
    this.colour = (name) => style.getPropertyValue(name);
    this.root.style.setProperty("--side", `${this.side}px`);
    this.root.style.setProperty("--head", `${this.head}px`);
    this.drawCells();
    this.drawNames();
    this.place(this.kept, this.data.chosen);
    this.place(this.mark, this.at);
  }

  drawCells() {
    const { rows, columns, cells, in_percent } = this.data;
    const { cell } = this;
    const [width, height] = [columns.length * cell, rows.length * cell];
    const pen = this.pen(this.canvas, width, height);
    pen.fillStyle = this.colour("--st-secondary-background-color");
    pen.fillRect(0, 0, width, height);
    this.known = new Map();
    const gap = cell > 8 ? 1 : 0;
    const fill = { right: this.colour("--st-primary-color"), wrong: this.colour("--graft-wrong") };
    const [on, text] = [this.colour("--graft-on"), this.colour("--st-text-color")];
    pen.textAlign = "center";
    cells[0].forEach((row, number) => {
      const [column, count, share, right] = [cells[1][number], cells[2][number], cells[3][number], cells[4][number]];
      this.known.set(row * columns.length + column, { count, share, right });
      const [x, y] = [column * cell, row * cell];
      pen.fillStyle = right ? fill.right : fill.wrong;
      pen.globalAlpha = Math.max(0.12, Math.sqrt(share)); // so that a few are seen beside many
      pen.fillRect(x, y, cell - gap, cell - gap);
      pen.globalAlpha = 1;
      const word = in_percent ? `${Math.round(100 * share)}` : `${count}`;
      if (cell < COUNTED || pen.measureText(word).width > cell - 3) return;
      pen.fillStyle = share > 0.45 ? on : text;
      pen.fillText(word, x + cell / 2, y + cell / 2);
    });
    if (gap) this.drawLines(pen, width, height);
  }

  drawLines(pen, width, height) {
    pen.fillStyle = this.colour("--st-background-color");
    for (let x = this.cell; x < width; x += this.cell) pen.fillRect(x - 1, 0, 1, height);
    for (let y = this.cell; y < height; y += this.cell) pen.fillRect(0, y - 1, width, 1);
  }

  drawNames() {
    const { rows, columns } = this.data;
    const { cell, side, head } = this;
    const left = this.pen(this.left, side, rows.length * cell);
    const top = this.pen(this.top, columns.length * cell, head);
    if (cell < NAMED) return;
    left.fillStyle = this.colour("--st-text-color");
    top.fillStyle = left.fillStyle;
    left.textAlign = "right";
    rows.forEach((name, row) => {
      left.fillText(clipped(left, name, side - 8), side - 6, row * cell + cell / 2);
    });
    columns.forEach((name, column) => {
      top.save();
      top.translate(column * cell + cell / 2, head - 6);
      top.rotate(-Math.PI / 2);
      top.fillText(clipped(top, name, head - 8), 0, 0);
      top.restore();
    });
  }

  place(mark, cell) {
    mark.hidden = !cell;
    if (!cell) return;
    const [row, column] = cell;
    const { rows, columns } = this.data;
    mark.style.left = `${(column ?? 0) * this.cell}px`;
    mark.style.top = `${(row ?? 0) * this.cell}px`;
    mark.style.width = `${(column === null ? columns.length : 1) * this.cell}px`;
    mark.style.height = `${(row === null ? rows.length : 1) * this.cell}px`;
  }

  cellAt(event, canvas, cell) {
    const box = canvas.getBoundingClientRect();
    const within = (at, many) => Math.max(0, Math.min(many - 1, Math.floor(at / this.cell)));
    const { rows, columns } = this.data;
    return cell(within(event.clientY - box.top, rows.length), within(event.clientX - box.left, columns.length));
  }

  point(cell) {
    if (String(cell) === String(this.at)) return;
    this.at = cell;
    this.said.textContent = cell ? this.words(...cell) : "";
    this.place(this.mark, cell);
  }

  words(row, column) {
    const { rows, columns, noun, taken_for } = this.data;
    if (column === null) return taken_for ? `All that is ${rows[row]}` : `All with ${rows[row]}`;
    if (row === null) return taken_for ? `All that was answered ${columns[column]}` : `All that is ${columns[column]}`;
    const { count, share, right } = this.known.get(row * columns.length + column) ?? { count: 0, share: 0 };
    const called = `${count.toLocaleString("en")} ${taken_for ? `${noun}${count === 1 ? "" : "s"}` : ""}`.trim();
    if (right && taken_for) return `${rows[row]}: ${called} right, ${(100 * share).toFixed(1)}% of them`;
    if (!taken_for) return `${rows[row]}: ${called} ${columns[column]}`;
    return `${rows[row]} taken for ${columns[column]}: ${called}, ${(100 * share).toFixed(1)}% of ${rows[row]}`;
  }

  choose(cell) {
    if (cell) this.send("cell", cell);
  }

  scale(factor) {
    this.zoom = Math.max(1, Math.min(16, this.zoom * factor));
    this.draw();
  }

  key(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step) this.step(step);
    else if (event.key === "Enter" || event.key === " ") this.choose(this.at);
    else if (event.key === "+" || event.key === "-") this.scale(event.key === "+" ? 1.6 : 1 / 1.6);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Beyond the first cell is the name, which stands for all of its row or column.
  step(by) {
    const many = [this.data.rows.length, this.data.columns.length];
    const to = (this.at ?? [0, 0]).map((place, axis) => Math.min(many[axis] - 1, (place ?? -1) + by[axis]));
    const [row, column] = to.map((place) => (place < 0 ? null : place));
    if (row === null && column === null) return;
    this.point([row, column]);
    this.mark.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

const drawn = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!drawn.has(parentElement)) drawn.set(parentElement, new Matrix(parentElement));
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
