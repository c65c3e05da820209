// Labels go in as text, never as markup.
export default function ({ data, parentElement }) {
  const list = document.createElement("ol");
  for (const { label, probability, said } of data) {
    const li = document.createElement("li");
    li.classList.toggle("said", said);
    const words = document.createElement("div");
    words.className = "words";
    const name = document.createElement("span");
    name.className = "label";
    name.textContent = label;
    name.title = label;
    const share = document.createElement("span");
    share.className = "share";
    share.textContent = (100 * probability).toFixed(1) + "%";
    const bar = document.createElement("div");
    bar.className = "bar";
    const fill = document.createElement("i");
    fill.style.width = 100 * probability + "%";
    words.append(name, share);
    bar.append(fill);
    li.append(words, bar);
    list.append(li);
  }
  parentElement.querySelector("ol")?.remove();
  parentElement.append(list);
}
