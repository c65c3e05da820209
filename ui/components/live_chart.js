const plotly = () => new Promise((resolve) => {
  (function look() { window.Plotly ? resolve(window.Plotly) : setTimeout(look, 30); })();
});

export default function ({ data, parentElement }) {
  let chart = parentElement.querySelector(".graft-chart");
  if (!chart) {
    chart = document.createElement("div");
    chart.className = "graft-chart";
    chart.setAttribute("role", "figure");
    parentElement.append(chart);
  }
  chart.setAttribute("aria-label", data.alt);
  chart.style.height = data.height + "px";
  chart.dataset.points = data.points;
  const figure = JSON.parse(data.figure);
  plotly().then((Plotly) => {
    Plotly.react(chart, figure.data, figure.layout, { displayModeBar: false, displaylogo: false, responsive: true });
    if (!chart.observer) {  // the sidebar can open and close without the window changing
      chart.observer = new ResizeObserver(() => chart.isConnected && Plotly.Plots.resize(chart));
      chart.observer.observe(parentElement.host ?? parentElement);
    }
  });
}
