const LARGER = "M14 4h6v6h-2V7.4l-4.3 4.3-1.4-1.4L16.6 6H14zM4 14h2v2.6l4.3-4.3 1.4 1.4L7.4 18H10v2H4z";
const PAUSE = 120; // ms: a person ticking quickly is heard once

// Names and labels go in as text, never as markup.
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

// How a text begins, what is marked in it with its name behind.
function words(parts) {
  const text = make("span", "text");
  text.dir = "auto";
  for (const [part, label] of parts) {
    const node = make(label ? "mark" : "span", "", part);
    if (label) node.append(make("small", "", label));
    text.append(node);
  }
  return text;
}

class Grid {
  constructor(data) {
    this.page = data.page;
    this.root = make("div", "grid-root");
    this.all = make("input");
    this.all.type = "checkbox";
    this.all.onchange = () => {
      this.boxes.forEach((box) => {
        box.checked = this.all.checked;
      });
      this.changed();
    };
    const head = make("label", "all");
    head.append(this.all, make("span", "", "Tick all on this page"));
    this.list = make("ul", `grid ${data.looks}`);
    this.list.setAttribute("aria-label", data.called);
    this.boxes = [];
    this.list.append(...data.cells.map((one, index) => this.cell(one, index, data)));
    this.root.append(head, this.list);
    this.list.onkeydown = (event) => this.key(event);
    this.last = 0;
    this.show();
  }

  cell(one, index, data) {
    const cell = make("li");
    const frame = make("label", "frame");
    const box = make("input");
    box.type = "checkbox";
    box.checked = data.ticked.includes(index);
    box.tabIndex = index ? -1 : 0;
    box.setAttribute("aria-label", `${one.title}, ${one.word}`);
    frame.onclick = (event) => this.click(event, index);
    frame.onmousedown = (event) => {
      if (event.shiftKey) event.preventDefault();
    }; // or it selects the words between
    frame.ondblclick = (event) => {
      if (event.target !== box) this.open(index);
    };
    frame.title = one.hint;
    const tile = make("span", "tile");
    if (one.parts) tile.append(words(one.parts), ...(one.second ? [words([[one.second, ""]])] : []));
    frame.append(tile, box);
    const larger = make("button", "larger");
    larger.type = "button";
    larger.tabIndex = -1; // by the keyboard it is Enter
    larger.title = "Show it large";
    larger.setAttribute("aria-label", `Show ${one.title} large`);
    larger.append(icon(LARGER));
    larger.onclick = () => this.open(index);
    cell.append(frame, larger);
    if (one.word) cell.append(make("span", "word", one.word));
    cell.append(make("span", "name", one.foot));
    this.boxes.push(box);
    return cell;
  }

  // The images that have come in since the page was drawn.
  fill(cells) {
    const tiles = this.list.querySelectorAll(".tile");
    cells.forEach(({ src, broken }, index) => {
      const tile = tiles[index];
      if (broken) {
        tile.classList.add("broken");
        tile.textContent = "cannot be shown";
      }
      if (!src || tile.firstChild) return;
      const image = make("img");
      image.alt = "";
      image.src = src;
      image.draggable = false;
      tile.append(image);
    });
  }

  // With the shift key, all from the last one clicked to this one become as it becomes.
  click(event, index) {
    if (event.target.tagName !== "INPUT") {
      event.preventDefault();
      this.boxes[index].checked = !this.boxes[index].checked;
    }
    const [from, to] = event.shiftKey ? [Math.min(this.last, index), Math.max(this.last, index)] : [index, index];
    for (let at = from; at <= to; at++) this.boxes[at].checked = this.boxes[index].checked;
    this.last = index;
    this.focus(index);
    this.changed();
  }

  key(event) {
    const at = this.boxes.indexOf(event.target);
    if (at < 0) return;
    const columns = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (event.key === "Enter") this.open(at);
    else if (event.key === "Home") this.focus(0);
    else if (event.key === "End") this.focus(this.boxes.length - 1);
    else if (step) {
      if (event.shiftKey && this.boxes[at + step]) {
        const [from, to] = [Math.min(at, at + step), Math.max(at, at + step)];
        for (let one = from; one <= to; one++) this.boxes[one].checked = true;
        this.changed();
      }
      this.focus(at + step);
    } else return;
    event.preventDefault();
  }

  focus(index) {
    if (!this.boxes[index]) return;
    this.boxes.forEach((box, at) => {
      box.tabIndex = at === index ? 0 : -1;
    });
    this.boxes[index].focus();
  }

  open(index) {
    this.send("open", index);
  }

  changed() {
    this.show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), PAUSE);
  }

  tell() {
    clearTimeout(this.timer);
    this.timer = null;
    this.send("ticks", { page: this.page, ticked: this.boxes.flatMap((box, index) => (box.checked ? [index] : [])) });
  }

  show() {
    const ticked = this.boxes.filter((box) => box.checked).length;
    for (const box of this.boxes) box.closest("li").classList.toggle("ticked", box.checked);
    this.list.classList.toggle("some", ticked > 0);
    this.all.checked = ticked > 0 && ticked === this.boxes.length;
    this.all.indeterminate = ticked > 0 && ticked < this.boxes.length;
  }
}

const grids = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let grid = grids.get(parentElement);
  if (!grid || grid.page !== data.page || !grid.root.isConnected) {
    const fresh = new Grid(data);
    if (grid?.timer) grid.tell();
    if (grid?.root.isConnected) grid.root.replaceWith(fresh.root);
    else parentElement.append(fresh.root);
    const turned = grid && grid.place !== data.place;
    const host = parentElement.host ?? parentElement;
    if (turned && host.getBoundingClientRect().top < 0) host.scrollIntoView({ block: "start" });
    grid = fresh;
    grids.set(parentElement, grid);
  }
  grid.place = data.place;
  grid.send = setTriggerValue;
  grid.fill(data.cells);
  if (data.more) setTimeout(() => setTriggerValue("more", data.more), 0);
}
