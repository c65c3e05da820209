const plotly = () =>
  new Promise((resolve) => {
    (function look() {
      window.Plotly ? resolve(window.Plotly) : setTimeout(look, 30);
    })();
  });
const charts = new WeakMap();

// The figure with the points that a feed has brought since it was drawn (live.js).
function newest({ figure, live, name }) {
  const chart = live && window.graftLive?.[live]?.charts[name];
  if (!chart || chart.lines.length !== figure.data.length) return figure;
  const { layout } = figure,
    xaxis = { ...layout.xaxis, range: [0, chart.end] };
  return {
    data: figure.data.map((line, number) => ({ ...line, ...chart.lines[number] })),
    layout: { ...layout, xaxis },
  };
}

class Chart {
  constructor(parentElement) {
    this.root = document.createElement("div");
    this.root.className = "graft-chart";
    this.root.setAttribute("role", "figure");
    parentElement.append(this.root);
    this.host = parentElement.host ?? parentElement;
    this.heard = () => this.given.live && this.draw();
    window.addEventListener("graft-live", this.heard);
  }

  update(data) {
    this.given = { ...data, figure: JSON.parse(data.figure) };
    this.root.setAttribute("aria-label", data.alt);
    this.root.style.height = data.height + "px";
    this.draw();
  }

  draw() {
    const figure = newest(this.given);
    this.root.dataset.points = figure.data.reduce((sum, line) => sum + (line.x?.length ?? 0), 0);
    plotly().then((Plotly) => {
      if (!this.root.isConnected) return;
      Plotly.react(this.root, figure.data, figure.layout, {
        displayModeBar: false,
        displaylogo: false,
        responsive: true,
      });
      if (this.observer) return; // the sidebar can open and close without the window changing
      this.observer = new ResizeObserver(() => this.root.isConnected && Plotly.Plots.resize(this.root));
      this.observer.observe(this.host);
    });
  }
}

export default function ({ data, parentElement }) {
  const chart = charts.get(parentElement) ?? new Chart(parentElement);
  charts.set(parentElement, chart);
  chart.update(data);
  return () => {
    window.removeEventListener("graft-live", chart.heard);
    chart.observer?.disconnect();
    chart.root.remove();
    charts.delete(parentElement);
  };
}
