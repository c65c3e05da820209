// The last examples of a class, each with a control to remove it. Names go in as text, never as markup.
// Clicks come faster than Python answers, and only the last may reach it: all are told until the images are gone.
const AGAIN = 1500;
const going = new Map(); // files whose cross was clicked, by class
const CROSS = "M6 6l12 12M18 6L6 18";

function cross(image, noun, remove) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = "Remove the " + noun + " " + image.name;
  button.setAttribute("aria-label", button.title);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", CROSS);
  svg.append(path);
  button.append(svg);
  button.onclick = remove;
  return button;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const there = new Set(data.images.map((image) => image.file));
  const leaving = new Set([...(going.get(data.target) ?? [])].filter((file) => there.has(file)));
  going.set(data.target, leaving);
  const tell = () => {
    clearTimeout(parentElement.again);
    if (leaving.size) {
      setTriggerValue("remove", [...leaving]);
      parentElement.again = setTimeout(tell, AGAIN);
    }
  };
  const list = document.createElement("ul");
  list.className = data.images.some((image) => image.address) ? "" : "words";
  for (const image of data.images) {
    const item = document.createElement("li");
    item.hidden = leaving.has(image.file);
    const shown = document.createElement(image.address ? "img" : "span");
    if (image.address) {
      shown.src = image.address;
      shown.alt = image.name;
    } else {
      shown.textContent = image.name;
      shown.dir = "auto";
    }
    shown.title = image.name;
    item.append(
      shown,
      cross(image, data.noun, () => {
        item.hidden = true;
        leaving.add(image.file);
        tell();
      }),
    );
    list.append(item);
  }
  if (data.more) {
    const more = document.createElement("li");
    more.className = "more";
    more.textContent = "+" + data.more.toLocaleString("en");
    more.title = data.more.toLocaleString("en") + " more, not shown here";
    list.append(more);
  }
  parentElement.querySelector("ul")?.remove();
  parentElement.append(list);
  clearTimeout(parentElement.again);
  if (leaving.size) parentElement.again = setTimeout(tell, AGAIN);
  return () => clearTimeout(parentElement.again);
}
