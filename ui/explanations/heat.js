// Names and words go in as text, never as markup.
export default function ({ data, parentElement }) {
  let figure = parentElement.querySelector("figure");
  if (!figure) {
    figure = document.createElement("figure");
    const images = document.createElement("div");
    images.className = "images";
    images.append(document.createElement("img"), document.createElement("img"));
    const label = document.createElement("label");
    const words = document.createElement("span");
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: 100, value: 75 });
    slider.addEventListener("input", () => show(figure));
    label.append(words, slider);
    const scale = document.createElement("div");
    scale.className = "scale";
    scale.append(document.createElement("span"), document.createElement("i"), document.createElement("span"));
    figure.append(images, label, scale);
    parentElement.append(figure);
  }
  const [image, map] = figure.querySelectorAll("img");
  image.src = data.image;
  image.alt = data.alt;
  map.src = data.map;
  map.alt = "";
  figure.querySelector("label span").textContent = data.opacity;
  const [little, much] = figure.querySelectorAll(".scale span");
  little.textContent = data.little;
  much.textContent = data.much;
  show(figure);
}

function show(figure) {
  const map = figure.querySelectorAll("img")[1];
  map.style.opacity = figure.querySelector("input").value / 100;
}
