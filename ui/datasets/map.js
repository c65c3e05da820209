// Names and labels go in as text, never as markup.
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

const NEAR = 14; // pixels between the pointer and a point that it means
const PAD = 26;
const ROOM = 12; // pixels that a point of the whole map needs before it is drawn as its image
const CORNERS = 200; // of a line that is drawn around some

class Plane {
  constructor(data, send) {
    this.data = data;
    this.send = send; // called with what happened ("open", "lasso"), and with what
    this.lasso = data.lasso; // the line around some: [[x, y], ...] in thousandths of the map
    this.drawing = null; // the same, while it is drawn
    this.draws = false; // whether a pointer draws a line, rather than moving the map
    this.view = { scale: 1, x: 0, y: 0 }; // what of the map is seen: zoom, and how far it is moved in pixels
    this.over = -1;
    this.root = make("div", "map-root");
    this.plane = make("div", "plane");
    this.canvas = make("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    const said = `Map of ${data.all} ${data.noun}s: alike ones lie together. Arrow keys go from one to the next, Enter opens it, L takes all that is in view.`;
    this.canvas.setAttribute("aria-label", said);
    this.card = make("div", "card");
    this.card.setAttribute("aria-live", "polite");
    this.plane.append(this.canvas, this.card, this.tools());
    this.root.append(this.plane, this.legend());
    this.mosaic = new Image();
    this.mosaic.onload = () => this.draw();
    if (data.mosaic) this.mosaic.src = data.mosaic;
    this.listen();
  }

  tools() {
    const box = make("div", "tools");
    this.pen = this.tool("◌", "Draw around some", () => this.arm(!this.draws));
    this.pen.setAttribute("aria-pressed", "false");
    box.append(
      this.pen,
      this.tool("▣", "Take all that is in view", () => this.takeView()),
    );
    for (const [sign, title, act] of [
      ["+", "Closer", () => this.zoom(1.5)],
      ["−", "Farther", () => this.zoom(1 / 1.5)],
      [
        "⤢",
        "The whole map",
        () => {
          this.view = { scale: 1, x: 0, y: 0 };
          this.draw();
        },
      ],
    ])
      box.append(this.tool(sign, title, act));
    return box;
  }

  tool(sign, title, act) {
    const button = make("button", "", sign);
    button.type = "button";
    button.title = title;
    button.setAttribute("aria-label", title);
    button.onclick = act;
    return button;
  }

  arm(draws) {
    this.draws = draws;
    this.pen.setAttribute("aria-pressed", String(draws));
    this.canvas.classList.toggle("draws", draws);
  }

  takeView() {
    const { width, height } = this.size;
    const corners = [
      [0, 0],
      [width, 0],
      [width, height],
      [0, height],
    ];
    this.take(corners.map(([x, y]) => this.spot(x, y)));
  }

  take(line) {
    this.lasso = line;
    this.drawing = null;
    this.arm(false);
    this.draw();
    this.send("lasso", line);
  }

  legend() {
    const list = make("ul", "legend");
    const line = (dot, text, colour) => {
      const li = make("li");
      const mark = make("i", dot);
      if (colour) mark.style.background = colour;
      li.append(mark, make("span", "", text));
      list.append(li);
    };
    for (const { label, colour } of this.data.legend) line("", label, colour);
    if (this.data.marked.includes(2)) line("ring", "label issue");
    if (this.data.marked.includes(1)) line("square", "outlier");
    return list;
  }

  place(index) {
    return this.seen([this.data.x[index], this.data.y[index]]);
  }

  spot(x, y) {
    const { width, height } = this.size;
    const { scale, x: left, y: top } = this.view;
    const back = (at, moved, whole) => ((at - whole / 2 - moved) / scale + whole / 2 - PAD) / (whole - 2 * PAD);
    return [Math.round(1000 * back(x, left, width)), Math.round(1000 * back(y, top, height))];
  }

  seen([x, y]) {
    const { width, height } = this.size;
    const { scale, x: left, y: top } = this.view;
    return [
      (PAD + (x / 1000) * (width - 2 * PAD) - width / 2) * scale + width / 2 + left,
      (PAD + (y / 1000) * (height - 2 * PAD) - height / 2) * scale + height / 2 + top,
    ];
  }

  line(pen, colour) {
    const line = this.drawing ?? this.lasso;
    if (!line || line.length < 2) return;
    pen.beginPath();
    for (const corner of line) pen.lineTo(...this.seen(corner));
    if (!this.drawing) pen.closePath();
    pen.lineWidth = 2;
    pen.strokeStyle = colour;
    pen.stroke();
    pen.globalAlpha = 0.1;
    pen.fillStyle = colour;
    pen.fill();
    pen.globalAlpha = 1;
  }

  draw() {
    const box = this.plane.getBoundingClientRect();
    if (!box.width) return;
    const sharp = window.devicePixelRatio || 1;
    this.size = { width: box.width, height: box.height };
    this.canvas.width = box.width * sharp;
    this.canvas.height = box.height * sharp;
    const pen = this.canvas.getContext("2d");
    pen.scale(sharp, sharp);
    const ink = getComputedStyle(this.root).color;
    const { data } = this;
    const side = Math.min(data.size * 1.4, ROOM * this.view.scale);
    const images = data.mosaic && side >= 22 && this.mosaic.complete;
    const order = [...data.x.keys()].sort((a, b) => data.marked[a] - data.marked[b]);
    for (const index of order) {
      const [x, y] = this.place(index);
      if (x < -80 || y < -80 || x > box.width + 80 || y > box.height + 80) continue;
      const colour = data.legend[data.colour[index]]?.colour ?? ink;
      if (images && data.tile[index] >= 0) this.image(pen, index, x, y, side, colour);
      else {
        pen.beginPath();
        pen.arc(x, y, index === this.over ? 6 : 3.6, 0, 7);
        pen.fillStyle = colour;
        pen.globalAlpha = data.marked[index] || index === this.over ? 1 : 0.75;
        pen.fill();
        pen.globalAlpha = 1;
      }
      if (data.marked[index]) this.mark(pen, data.marked[index], x, y, (images ? side / 2 : 3.6) + 3.5, ink);
    }
    this.line(pen, getComputedStyle(this.root).getPropertyValue("--st-primary-color"));
    this.show();
  }

  image(pen, index, x, y, side, colour) {
    const { size, across } = this.data;
    const tile = this.data.tile[index];
    pen.drawImage(
      this.mosaic,
      (tile % across) * size,
      Math.floor(tile / across) * size,
      size,
      size,
      x - side / 2,
      y - side / 2,
      side,
      side,
    );
    pen.lineWidth = index === this.over ? 3 : 2;
    pen.strokeStyle = colour;
    pen.strokeRect(x - side / 2, y - side / 2, side, side);
  }

  mark(pen, kind, x, y, room, ink) {
    pen.lineWidth = 1.8;
    pen.strokeStyle = ink;
    if (kind === 2) {
      pen.beginPath();
      pen.arc(x, y, room, 0, 7);
      pen.stroke();
    } else pen.strokeRect(x - room, y - room, 2 * room, 2 * room);
  }

  show() {
    this.canvas.classList.toggle("over", this.over >= 0);
    if (this.over < 0) {
      this.card.style.display = "none";
      return;
    }
    const { data } = this;
    const [x, y] = this.place(this.over);
    const tile = make("div", "tile");
    const number = data.mosaic ? data.tile[this.over] : -1;
    if (number >= 0) {
      const shown = 72 / data.size;
      tile.style.backgroundImage = `url(${data.mosaic})`;
      tile.style.backgroundSize = `${data.across * data.size * shown}px auto`;
      tile.style.backgroundPosition = `-${(number % data.across) * 72}px -${Math.floor(number / data.across) * 72}px`;
    }
    const text = make("div", "text");
    const line = make("span", data.mosaic ? "" : "start", data.name[this.over]);
    line.dir = "auto";
    text.append(make("b", "", data.word[this.over]), line);
    this.card.replaceChildren(...(data.mosaic ? [tile] : []), text);
    this.card.style.display = "flex";
    const { offsetWidth, offsetHeight } = this.card;
    this.card.style.left = Math.max(4, Math.min(x + 14, this.size.width - offsetWidth - 4)) + "px";
    this.card.style.top =
      (y + 16 + offsetHeight > this.size.height ? Math.max(4, y - offsetHeight - 14) : y + 14) + "px";
  }

  near(event) {
    const box = this.canvas.getBoundingClientRect();
    const at = [event.clientX - box.left, event.clientY - box.top];
    let best = -1,
      least = NEAR ** 2;
    for (let index = 0; index < this.data.x.length; index++) {
      const [x, y] = this.place(index);
      const far = (x - at[0]) ** 2 + (y - at[1]) ** 2;
      if (far < least) {
        least = far;
        best = index;
      }
    }
    return best;
  }

  zoom(factor, at) {
    const { width, height } = this.size;
    const scale = Math.min(40, Math.max(1, this.view.scale * factor));
    const grown = scale / this.view.scale;
    const [x, y] = at ?? [width / 2, height / 2];
    this.view = {
      scale,
      x: (this.view.x - (x - width / 2)) * grown + (x - width / 2),
      y: (this.view.y - (y - height / 2)) * grown + (y - height / 2),
    };
    if (scale === 1) this.view = { scale: 1, x: 0, y: 0 };
    this.draw();
  }

  point(index) {
    this.over = index;
    this.draw();
  }

  listen() {
    const { canvas } = this;
    const fingers = new Map();
    let moved = 0;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.onwheel = (event) => {
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, [event.clientX - box.left, event.clientY - box.top]);
    };
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
      moved = 0;
      if (this.draws || event.shiftKey) this.drawing = [this.spot(...at(event))];
    };
    canvas.onpointermove = (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) {
        const near = this.near(event);
        if (near !== this.over) this.point(near);
        return;
      }
      const dx = event.clientX - before.clientX,
        dy = event.clientY - before.clientY;
      moved += Math.abs(dx) + Math.abs(dy);
      fingers.set(event.pointerId, event);
      if (fingers.size === 2) {
        const [one, other] = [...fingers.values()];
        const span = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
        if (this.span) this.zoom(span / this.span);
        this.span = span;
      } else if (this.drawing) {
        this.drawing.push(this.spot(...at(event)));
        this.draw();
      } else if (moved > 4) {
        this.view.x += dx;
        this.view.y += dy;
        this.draw();
      }
    };
    canvas.onpointerup = canvas.onpointercancel = (event) => {
      fingers.delete(event.pointerId);
      this.span = 0;
      const line = this.drawing;
      this.drawing = null;
      if (line && moved > 4 && event.type === "pointerup") {
        const every = Math.ceil(line.length / CORNERS);
        const corners = line.filter((_, number) => number % every === 0);
        if (corners.length > 2) this.take(corners);
      } else if (event.type === "pointerup" && moved <= 4) {
        const near = this.near(event);
        this.point(near);
        if (near >= 0) this.send("open", near);
      }
    };
    canvas.onpointerleave = () => {
      if (!fingers.size) this.point(-1);
    };
    canvas.onkeydown = (event) => {
      const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (way) {
        event.preventDefault();
        this.step(way);
      } else if (event.key === "Enter" && this.over >= 0) this.send("open", this.over);
      else if (event.key === "l") this.takeView();
      else if (event.key === "Escape") this.arm(false);
      else if (event.key === "+") this.zoom(1.5);
      else if (event.key === "-") this.zoom(1 / 1.5);
    };
  }

  step([dx, dy]) {
    if (this.over < 0) {
      this.point(0);
      return;
    }
    const from = this.place(this.over);
    let best = this.over,
      least = Infinity;
    for (let index = 0; index < this.data.x.length; index++) {
      const [x, y] = this.place(index);
      const along = (x - from[0]) * dx + (y - from[1]) * dy;
      if (along <= 0.5) continue;
      const aside = Math.abs((x - from[0]) * dy) + Math.abs((y - from[1]) * dx);
      if (along + 3 * aside < least) {
        least = along + 3 * aside;
        best = index;
      }
    }
    this.point(best);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const said = JSON.stringify([data.x, data.marked, data.word, data.legend, data.all]);
  const old = parentElement.plane;
  if (old && old.said === said) {
    old.send = setTriggerValue;
    if (JSON.stringify(old.lasso) !== JSON.stringify(data.lasso)) {
      old.lasso = data.lasso;
      old.draw();
    }
    return;
  }
  const fresh = new Plane(data, setTriggerValue);
  fresh.said = said;
  if (old) {
    fresh.view = old.view;
    old.observer.disconnect();
    old.root.remove();
  }
  parentElement.plane = fresh;
  parentElement.append(fresh.root);
  fresh.observer = new ResizeObserver(() => fresh.draw());
  fresh.observer.observe(fresh.plane);
}
