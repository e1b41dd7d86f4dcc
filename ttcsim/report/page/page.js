"use strict";
// What a reader does with the page: policies on and off, panels, points by arrow keys, the table of queries.
const data = JSON.parse(document.getElementById("data").textContent);
const said = document.getElementById("said");
const boxes = [...document.querySelectorAll("#policies input")];
const views = new Map(); // of the plots that are drawn
const ink = { labelColor: "currentColor", titleColor: "currentColor", tickColor: "var(--faint)", domainColor: "var(--faint)",
  gridColor: "var(--line)", labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" };
const options = {
  mode: "vega-lite", renderer: "svg", actions: false, ast: true, logLevel: 1,
  config: { background: null, view: { stroke: null }, axis: ink, axisX: { grid: false, labelOverlap: true } },
  tooltip: { formatTooltip: (told, escaped) => escaped(told).replaceAll("; ", "\n") },
};

const made = (tag, properties = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
};
const shown = () => boxes.filter(box => box.checked).map(box => box.value);

// Charts.
async function draw(plot) {
  if (views.has(plot) || plot.closest("[hidden]")) return;
  views.set(plot, null);
  const { view } = await vegaEmbed(plot, data.specs[plot.dataset.spec], options);
  views.set(plot, view);
  plot.classList.add("drawn");
  await show(plot);
}
async function show(plot) {
  const view = views.get(plot);
  if (view && plot.closest("figure").querySelector(".legend")) await view.signal("shown", shown()).runAsync();
}
async function drawAll() {
  for (const plot of document.querySelectorAll(".plot")) await draw(plot);
}
function tellPolicies() {
  for (const legend of document.querySelectorAll(".legend")) {
    const plot = legend.closest("figure").querySelector(".panel:not([hidden]) .plot");
    const inside = data.specs[plot.dataset.spec].params[0].value;
    const named = boxes.filter(box => box.checked && inside.includes(box.value)).map(box => box.parentElement);
    legend.replaceChildren(...named.map(label =>
      made("li", {}, label.querySelector("svg").cloneNode(true), " ", label.querySelector("span").textContent)));
  }
}
async function switchPolicies() {
  tellPolicies();
  said.textContent = `${shown().length} of ${boxes.length} policies in figures`;
  for (const plot of views.keys()) await show(plot);
}
document.getElementById("policies").addEventListener("change", switchPolicies);
for (const button of document.querySelectorAll("[data-all]")) {
  button.addEventListener("click", () => {
    for (const box of boxes) box.checked = Boolean(button.dataset.all);
    switchPolicies();
  });
}
for (const choose of document.querySelectorAll(".choose")) {
  choose.addEventListener("change", () => {
    const panels = choose.closest(".panels").querySelectorAll(":scope > .panel");
    panels.forEach((panel, i) => { panel.hidden = i !== Number(choose.value); });
    tellPolicies();
    drawAll();
  });
}
// Points by arrow keys, line after line: the one reached is ringed, written below and said.
for (const plot of document.querySelectorAll(".plot")) {
  plot.addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    plot.querySelector(".spot")?.remove();
    const points = [...plot.querySelectorAll('[aria-roledescription="point"], [aria-roledescription="bar"]')];
    if (!step || !points.length) return;
    event.preventDefault();
    const at = (Number(plot.dataset.at ?? (step > 0 ? -1 : 0)) + step + points.length) % points.length;
    plot.dataset.at = at;
    const spot = points[at].cloneNode();
    spot.setAttribute("aria-hidden", true);
    for (const name of ["aria-label", "aria-roledescription", "role", "opacity", "fill-opacity", "stroke-opacity"]) spot.removeAttribute(name);
    spot.setAttribute("class", "spot");
    points[at].after(spot);
    let here = plot.parentElement.querySelector(".here");
    if (!here) plot.after(here = made("p", { className: "here" }));
    here.textContent = said.textContent = points[at].getAttribute("aria-label");
  });
}

// The table of queries.
const PAGE = 50;
function select(label, names, chosen) {
  const list = made("select", { ariaLabel: label }, ...names.map((name, i) => made("option", { value: i, selected: i === chosen }, name)));
  return [made("label", {}, `${label} `, list), list];
}
function queries(place, own) {
  const [metricLabel, metric] = select("of", own.metrics, 0);
  const [budgetLabel, budget] = select("at budget", own.budgets.map(b => `${b} ${own.cost}`), own.budget);
  const names = own.policies.map(policy => policy.name);
  const [oneLabel, one] = select("policy A", names, own.pair[0]);
  const [otherLabel, other] = select("policy B", names, own.pair[1]);
  const [whichLabel, which] = select("show", ["all queries", "A does better", "B does better", "A solves at least half, B less",
    "B solves at least half, A less", "neither ever"], 0);
  const find = made("input", { type: "search", ariaLabel: "find" });
  const controls = [metricLabel, budgetLabel, oneLabel, otherLabel, whichLabel, made("label", {}, "find ", find)];
  place.querySelector(".controls").append(...controls);
  const table = place.querySelector("table"), told = place.querySelector(".told"), more = place.querySelector(".more");
  let by = own.levels ? 5 : 4, down = true, most = PAGE;

  function rows() {
    const m = metric.value, b = budget.value, values = own.values[m];
    return own.ids.map((id, q) => {
      const a = values[one.value][b][q] / 1000, z = values[other.value][b][q] / 1000;
      return { id, level: own.levels?.[q] ?? "", rate: own.correct[q] / own.samples[q], a, z, gap: a - z,
        drawsA: own.draws[one.value][b][q] / 10, drawsB: own.draws[other.value][b][q] / 10 };
    });
  }
  const wanted = [() => true, r => r.gap > 0, r => r.gap < 0, r => r.a >= 0.5 && r.z < 0.5, r => r.z >= 0.5 && r.a < 0.5,
    r => r.a === 0 && r.z === 0];
  const percent = value => `${(100 * value).toFixed(1)} %`;
  const columns = [["query", r => r.id], ["level", r => r.level], ["success rate in the pool", r => r.rate, percent],
    ["A", r => r.a, percent], ["B", r => r.z, percent], ["A − B, points", r => r.gap, v => `${v > 0 ? "+" : ""}${(100 * v).toFixed(1)}`],
    ["draws of A", r => r.drawsA, v => v.toFixed(1)], ["draws of B", r => r.drawsB, v => v.toFixed(1)]]
    .filter(([name]) => name !== "level" || own.levels);

  const spelt = new Intl.Collator(undefined, { numeric: true }).compare;
  function fill() {
    const sought = find.value.toLowerCase();
    const found = rows().filter(wanted[which.value]).filter(r => `${r.id} ${r.level}`.toLowerCase().includes(sought));
    const key = columns[by][1];
    found.sort((p, q) => {
      const order = typeof key(p) === "number" ? key(p) - key(q) : spelt(key(p), key(q));
      return (down ? -order : order) || spelt(p.id, q.id);
    });
    const heads = columns.map(([name], i) => {
      const button = made("button", { type: "button" }, name, by === i ? (down ? " ▼" : " ▲") : "");
      button.addEventListener("click", () => {
        down = by === i ? !down : typeof columns[i][2] === "function"; by = i; fill();
        table.querySelectorAll("thead button")[i].focus();
      });
      const head = made("th", { scope: "col", className: columns[i][2] ? "" : "text" }, button);
      head.setAttribute("aria-sort", by !== i ? "none" : down ? "descending" : "ascending");
      return head;
    });
    const lines = found.slice(0, most).map(r => made("tr", {}, ...columns.map(([, of, form]) =>
      made("td", { className: form ? "" : "text" }, form ? form(of(r)) : of(r)))));
    table.replaceChildren(made("thead", {}, made("tr", {}, ...heads)), made("tbody", {}, ...lines));
    const part = own.all > own.ids.length ? ` (of ${own.all}; the page has those on which policies differ most)` : "";
    told.textContent = `${found.length} of ${own.ids.length} queries${part}. A: ${names[one.value]}; B: ${names[other.value]}.`;
    more.hidden = found.length <= most;
  }
  place.querySelector(".controls").addEventListener("input", () => { most = PAGE; fill(); });
  more.addEventListener("click", () => { most += 4 * PAGE; fill(); });
  fill();
}
for (const place of document.querySelectorAll("div.queries")) queries(place, data.queries[place.dataset.run]);
tellPolicies();
if (matchMedia("(max-width: 68rem)").matches) document.querySelector(".side").open = false;
addEventListener("beforeprint", () => drawAll());
drawAll().then(() => document.documentElement.classList.add("ready"));
