// Files or whole folders, however many: read and sent a few megabytes at a time. The next batch goes when Python has
// answered that the one before is on disk; where the answer comes soon, batches grow, as each costs a while of its own.
const FIRST = 4e6,
  MOST = 16e6,
  FILES = 400,
  SOON = 3000,
  AGAIN = 15000;

const areas = new WeakMap();
const sending = new Set();

window.addEventListener("beforeunload", (event) => {
  if (sending.size) event.preventDefault();
});

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

const number = (count) => count.toLocaleString("en");
const counted = (count) => number(count) + (count === 1 ? " file" : " files");

const size = (bytes) => (bytes < 1e9 ? Math.round(bytes / 1e6) + " MB" : (bytes / 1e9).toFixed(1) + " GB");

function duration(seconds) {
  if (seconds < 90) return Math.max(1, Math.round(seconds)) + " s";
  return seconds < 5400 ? Math.round(seconds / 60) + " min" : Math.round(seconds / 3600) + " h";
}

// What is dropped may be folders: give each file below them with its path.
async function* below(entry, path = "") {
  if (entry instanceof File) {
    yield { file: entry, name: entry.name };
    return;
  }
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    yield { file, name: path + file.name };
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const one of some) yield* below(one, path + entry.name + "/");
  }
}

function encoded(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

class Area {
  constructor(root) {
    this.label = make("div", "label");
    this.root = make("div", "drop");
    this.choices = make("span", "choices");
    const stop = make("button", "", "Stop");
    stop.type = "button";
    stop.onclick = () => this.stop();
    this.said = make("span", "said");
    this.said.setAttribute("role", "status");
    this.bar = make("progress");
    this.root.append(this.choices, stop, this.said, this.bar);
    root.append(this.label, this.root);
    this.root.ondragover = (event) => {
      event.preventDefault();
      this.root.classList.add("over");
    };
    this.root.ondragleave = (event) => {
      if (!this.root.contains(event.relatedTarget)) this.root.classList.remove("over");
    };
    this.root.ondrop = (event) => this.dropped(event);
  }

  update({ data, setTriggerValue }) {
    this.trigger = setTriggerValue;
    if (this.words?.files !== data.files || this.words?.folder !== data.folder) {
      this.choices.replaceChildren(...this.choice(data.files, false), ...this.choice(data.folder, true));
    }
    this.words = data;
    this.label.textContent = data.label;
    if (!this.files) this.rest();
    else if (this.posted && data.answer.drop === this.drop && data.answer.number === this.posted.number)
      this.answered(data.answer.error);
  }

  // A button that opens the browser's own dialog.
  choice(words, folder) {
    if (!words) return [];
    const input = make("input"),
      button = make("button", "", words);
    input.type = "file";
    input.multiple = true;
    input.webkitdirectory = folder;
    button.type = "button";
    button.onclick = () => input.click();
    input.onchange = () => {
      const files = [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
      input.value = "";
      if (!this.files) this.begin(files);
    };
    return [button, input];
  }

  async dropped(event) {
    event.preventDefault();
    this.root.classList.remove("over");
    if (this.files) return;
    const entries = [...event.dataTransfer.items]
      .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile())
      .filter(Boolean);
    const files = [];
    this.files = files; // a second drop waits until this one is through
    this.busy(true);
    try {
      for (const entry of entries) {
        for await (const one of below(entry)) {
          if (this.files !== files) break;
          files.push(one);
          if (files.length % 500 === 0) this.say(counted(files.length) + " found");
        }
      }
    } catch {
      return (
        this.files === files &&
        this.end("The browser could not read all of it. Choose the folder with the button instead.")
      );
    }
    if (this.files !== files) return; // stopped meanwhile
    this.files = null;
    this.begin(files);
  }

  begin(files) {
    if (!files.length) return this.end("There is no file in it.");
    this.files = files;
    this.total = files.reduce((sum, one) => sum + one.file.size, 0);
    this.drop = crypto.randomUUID?.() ?? String(Math.random());
    this.at = { file: 0, byte: 0 };
    this.batch = FIRST;
    this.number = this.doneFiles = this.doneBytes = 0;
    this.began = Date.now();
    sending.add(this);
    this.busy(true);
    this.bar.value = 0;
    this.tell();
    this.next = this.read();
    this.send();
  }

  // The next few megabytes: whole files, and pieces of a large one.
  async read() {
    const pieces = [];
    let bytes = 0;
    while (this.at.file < this.files.length && bytes < this.batch && pieces.length < FILES) {
      const { file, name } = this.files[this.at.file];
      const from = this.at.byte,
        to = Math.min(file.size, from + this.batch - bytes);
      pieces.push(encoded(file.slice(from, to)).then((data) => ({ name, size: file.size, at: from, data })));
      bytes += to - from;
      this.at = to < file.size ? { file: this.at.file, byte: to } : { file: this.at.file + 1, byte: 0 };
    }
    const batch = {
      drop: this.drop,
      files: this.files.length,
      bytes: this.total,
      number: this.number++,
      last: this.at.file >= this.files.length,
    };
    const upTo = this.at.file;
    return { batch: { ...batch, pieces: await Promise.all(pieces) }, bytes, files: upTo };
  }

  async send() {
    const drop = this.drop;
    try {
      this.reading = await this.next;
    } catch {
      if (this.drop === drop)
        this.giveUp("The browser could not read a file. It may have been moved or changed meanwhile: try again.");
      return;
    }
    if (this.drop !== drop || !this.files) return;
    this.posted = this.reading.batch;
    this.sent = Date.now();
    if (!this.posted.last) {
      this.next = this.read();
      this.next.catch(() => {});
    }
    this.post();
  }

  post() {
    this.trigger("batch", this.posted);
    this.timer = setTimeout(() => this.post(), AGAIN);
  }

  answered(error) {
    clearTimeout(this.timer);
    if (error) return this.end(error);
    if (Date.now() - this.sent < SOON) this.batch = Math.min(MOST, 2 * this.batch);
    else this.batch = Math.max(FIRST, this.batch / 2);
    this.doneBytes += this.reading.bytes;
    this.doneFiles = this.reading.files;
    const last = this.posted.last;
    this.posted = null;
    if (last) return this.end("");
    this.tell();
    this.send();
  }

  stop() {
    this.giveUp("Stopped. " + this.words.stopped);
  }

  giveUp(words) {
    if (this.drop) this.trigger("batch", { drop: this.drop, stop: true });
    this.end(words);
  }

  end(trouble) {
    clearTimeout(this.timer);
    sending.delete(this);
    this.files = this.posted = this.drop = null;
    this.rest(trouble);
  }

  rest(trouble) {
    this.busy(false);
    if (trouble) this.trouble = trouble;
    else if (trouble === "") this.trouble = null;
    this.said.classList.toggle("trouble", Boolean(this.trouble));
    this.say(this.trouble ?? this.words.invites);
  }

  tell() {
    this.trouble = null;
    this.said.classList.remove("trouble");
    const share = this.total ? this.doneBytes / this.total : this.doneFiles / this.files.length;
    const seconds = (Date.now() - this.began) / 1000;
    const left = share > 0.02 && seconds > 3 ? `, about ${duration(seconds / share - seconds)} left` : "";
    this.bar.value = share;
    const large = this.files.length === 1 && this.total > FIRST;
    const done = large
      ? `${size(this.doneBytes)} of ${size(this.total)}`
      : `${number(this.doneFiles)} of ${counted(this.files.length)}`;
    this.say(done + left);
  }

  busy(yes) {
    this.root.classList.toggle("busy", yes);
  }

  say(words) {
    this.said.textContent = words;
  }
}

export default function (component) {
  const area = areas.get(component.parentElement) ?? new Area(component.parentElement);
  areas.set(component.parentElement, area);
  area.update(component);
  return () => {
    if (area.files) area.end("");
    area.label.remove();
    area.root.remove();
    areas.delete(component.parentElement);
  };
}
