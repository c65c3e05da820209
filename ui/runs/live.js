// A run at work, from its feed (ui/runs/feed.py). The first message is all of it, each later one what has changed. Texts go in
// as text, never as markup. window.graftLive is what the feeds of this page have said, for the charts, by subject.
const MOMENT = 1000,
  AGAIN = 3000,
  UNREACHED = 2000;
const parts = new WeakMap();

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function take(state, news) {
  const { charts, ...others } = news;
  Object.assign(state, others);
  for (const [name, { end, lines }] of Object.entries(charts ?? {})) {
    const chart = (state.charts[name] ??= { lines: [] });
    chart.end = end;
    lines.forEach(({ stay, ...line }, number) => {
      const known = (chart.lines[number] ??= {});
      for (const [key, value] of Object.entries(line))
        known[key] = Array.isArray(value) ? [...(known[key] ?? []).slice(0, stay), ...value] : value;
    });
  }
}

const draw = {
  standing(root, { share, text, metrics }) {
    if (!root.bar) {
      root.text = make("div");
      root.bar = make("div", "bar");
      root.bar.setAttribute("role", "progressbar");
      root.bar.append(make("i"));
      root.list = make("dl");
      root.replaceChildren(root.text, root.bar, root.list);
    }
    root.text.textContent = text;
    root.bar.firstChild.style.width = 100 * share + "%";
    root.bar.setAttribute("aria-valuenow", Math.round(100 * share));
    root.list.replaceChildren(
      ...Object.entries(metrics).map(([name, value]) => {
        const one = make("div");
        one.append(make("dt", "", name), make("dd", "", value));
        return one;
      }),
    );
  },
  advice(root, [icon, sentence, todo]) {
    const line = make("p"),
      sign = make("span", "icon", icon);
    sign.setAttribute("aria-hidden", "true");
    line.append(sign, " ", make("strong", "", sentence), " " + todo);
    root.replaceChildren(line);
  },
};

class Part {
  constructor(parentElement) {
    this.root = make("div", "graft-live");
    parentElement.append(this.root);
    this.show = () => this.render();
    window.addEventListener("graft-live", this.show);
  }

  update({ data, setTriggerValue }) {
    this.data = data;
    this.look = () => setTriggerValue("look", Date.now());
    if (data.path && this.path !== data.path) this.follow(data.path);
    this.check();
    this.render();
  }

  render() {
    const { subject, part } = this.data;
    const said = part && window.graftLive?.[subject]?.[part];
    this.root.classList.toggle("open", Boolean(said));
    if (said) draw[part](this.root, said);
  }

  follow(path) {
    this.leave();
    this.path = path;
    this.connect();
    this.timer = setInterval(() => this.check(), MOMENT);
  }

  connect() {
    const { subject } = this.data,
      state = { charts: {} };
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + this.path);
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      take(state, JSON.parse(data));
      this.state = state;
      (window.graftLive ??= {})[subject] = state;
      window.dispatchEvent(new Event("graft-live"));
      this.check();
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.forget(subject);
      this.retry = setTimeout(() => this.connect(), UNREACHED);
      if (this.closed) this.ask(UNREACHED);
      this.closed = true;
    };
  }

  check() {
    const { drawn, seconds } = this.data,
      state = this.state;
    if (!state || !drawn || document.hidden) return;
    if (state.now !== drawn.now) this.ask(this.asked === state.now ? AGAIN : 0);
    else if (seconds && state.later !== drawn.later) this.ask(1000 * seconds);
  }

  // At most once in so many milliseconds.
  ask(milliseconds) {
    if (Date.now() - (this.when ?? 0) < milliseconds) return;
    this.when = Date.now();
    this.asked = this.state?.now;
    this.look();
  }

  forget(subject) {
    this.state = null;
    if (window.graftLive) delete window.graftLive[subject];
    window.dispatchEvent(new Event("graft-live"));
  }

  leave() {
    clearInterval(this.timer);
    clearTimeout(this.retry);
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.close();
    this.forget(this.data.subject);
  }
}

export default function (component) {
  const part = parts.get(component.parentElement) ?? new Part(component.parentElement);
  parts.set(component.parentElement, part);
  part.update(component);
  return () => {
    part.leave();
    window.removeEventListener("graft-live", part.show);
    part.root.remove();
    parts.delete(component.parentElement);
  };
}
