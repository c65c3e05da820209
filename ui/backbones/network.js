const CLOSED =
  "M17 9h-1V7a4 4 0 0 0-8 0v2H7a1.5 1.5 0 0 0-1.5 1.5v8A1.5 1.5 0 0 0 7 20h10a1.5 1.5 0 0 0 1.5-1.5v-8A1.5 1.5 0 0 0 17 9zM9.7 7a2.3 2.3 0 0 1 4.6 0v2H9.7z";
const OPEN =
  "M17 9H9.7V6.5a2.3 2.3 0 0 1 4.5-.7l1.6-.5A4 4 0 0 0 8 6.5V9H7a1.5 1.5 0 0 0-1.5 1.5v8A1.5 1.5 0 0 0 7 20h10a1.5 1.5 0 0 0 1.5-1.5v-8A1.5 1.5 0 0 0 17 9zm-1 9.3H8v-7.6h8z";

// A closed padlock with a small plus beside it: the stage's own weights stay, and adapters learn.
const ADAPTED =
  "M15 10h-1V8a4 4 0 0 0-8 0v2H5a1.5 1.5 0 0 0-1.5 1.5v7A1.5 1.5 0 0 0 5 20h10a1.5 1.5 0 0 0 1.5-1.5v-7A1.5 1.5 0 0 0 15 10zM7.7 8a2.3 2.3 0 0 1 4.6 0v2H7.7zM19 2h1.8v3.1H24v1.8h-3.2V10H19V6.9h-3.2V5.1H19z";

// Every text goes in as text, never as markup: names come from files and libraries.
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function padlock(row, index, data, send) {
  const button = make("button", "lock");
  button.type = "button";
  button.dataset.stage = index;
  button.disabled = data.disabled;
  button.setAttribute("aria-pressed", String(row.frozen));
  const trains = row.adapters ? `${row.adapters[0].toUpperCase()}${row.adapters.slice(1)}` : "Trains";
  const act = row.frozen ? "Frozen. Train from here on: " : `${trains}. Freeze up to here: `;
  button.setAttribute("aria-label", act + row.name);
  button.title = act + row.name;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", row.frozen ? CLOSED : row.adapters ? ADAPTED : OPEN);
  svg.appendChild(path);
  button.appendChild(svg);
  button.onclick = () => send("freeze", row.frozen ? index : index + 1);
  return button;
}

function line(row, index, data, send) {
  const li = make("li", row.kind + (row.frozen ? " frozen" : row.adapters ? " adapted" : ""));
  li.appendChild(row.kind === "stage" && data.locks ? padlock(row, index, data, send) : make("span", "dot"));
  const name = make("span", "name", row.name);
  name.title = row.name;
  name.appendChild(make("span", "small", row.small));
  if (row.adapters && !row.frozen) name.appendChild(make("span", "adapters", row.adapters));
  li.appendChild(name);
  const bar = make("span", row.share === null ? "" : "bar");
  if (row.share !== null) {
    const fill = make("i");
    fill.style.width = (100 * row.share).toFixed(2) + "%";
    bar.appendChild(fill);
    if (row.adapters && row.learns > 0) {
      const learns = make("b");
      learns.style.width = (100 * row.share * row.learns).toFixed(2) + "%";
      bar.appendChild(learns);
    }
  }
  li.append(
    make("span", "num wide", row.layers),
    make("span", "num wide", row.shape),
    bar,
    make("span", "num", row.parameters),
  );
  return li;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const list = parentElement.querySelector("ol");
  const scrolled = list ? list.scrollTop : 0;
  const hadFocus = list?.getRootNode().activeElement?.dataset?.stage;
  const fresh = make("ol", "net" + (data.locks ? "" : " plain") + (data.words ? " words" : ""));
  for (const [name, value] of Object.entries(data.colours)) fresh.style.setProperty("--" + name, value);
  const titles = make("li", "head-row");
  titles.append(
    make("span"),
    make("span", "", data.words ? "What it sees" : "Stage"),
    make("span", "num wide", "Layers"),
    make("span", "num wide", "Output"),
    make("span"),
    make("span", "num", "Parameters"),
  );
  fresh.appendChild(titles);
  let stage = 0;
  data.rows.forEach((row, i) => {
    if (data.locks && row.kind === "stage" && stage === data.freeze && stage > 0)
      fresh.appendChild(make("li", "cut", "frozen above, trains below"));
    const li = line(row, stage, data, setTriggerValue);
    if (i === 0) li.classList.add("first");
    if (i === data.rows.length - 1) li.classList.add("last");
    if (row.kind === "stage") stage += 1;
    else if (data.locks && i > 0 && stage === data.freeze)
      fresh.appendChild(make("li", "cut", "frozen above, trains below"));
    fresh.appendChild(li);
  });
  if (list) list.replaceWith(fresh);
  else {
    const box = make("div", "box");
    box.appendChild(fresh);
    parentElement.appendChild(box);
  }
  fresh.scrollTop = scrolled;
  if (hadFocus !== undefined && hadFocus !== null) fresh.querySelector(`[data-stage="${hadFocus}"]`)?.focus();
}
