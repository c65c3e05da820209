// Labels go in as text, never as markup.
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function row(one, looks, send) {
  const button = make("button", "row");
  button.type = "button";
  button.setAttribute("aria-label", `Browse ${one.label}, ${one.count}`);
  const words = make("span", "words");
  words.append(make("span", "label", one.label), make("span", "count", one.count), make("span", "go", "›"));
  const strip = make("span", `strip ${looks}`);
  for (const { src, parts } of one.cells) {
    const tile = make("span", "tile", parts?.map(([part]) => part).join(""));
    if (parts) tile.dir = "auto";
    if (src) {
      const image = make("img");
      image.alt = "";
      image.src = src;
      tile.append(image);
    }
    strip.append(tile);
  }
  button.append(words, strip);
  button.onclick = () => send("open");
  return button;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const had = parentElement.querySelector(".rows");
  const focused = had?.getRootNode().activeElement;
  const at = focused ? [...had.children].indexOf(focused) : -1;
  const fresh = make("div", "rows");
  fresh.append(...data.rows.map((one, index) => row(one, data.looks, (name) => setTriggerValue(name, index))));
  had ? had.replaceWith(fresh) : parentElement.append(fresh);
  fresh.children[at]?.focus();
  if (data.more) setTimeout(() => setTriggerValue("more", data.more), 0);
}
