// Small pieces that both pages draw with. All text goes in as text, never as HTML: names and messages come
// from agents that are not trusted.

const STATES = new Set(["healthy", "degraded", "unhealthy", "unknown", "critical", "error", "warning", "info"]);
export const RANK = { unhealthy: 0, degraded: 1, unknown: 2, healthy: 3 };
let clockAheadMs = 0;

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// A shape of its own for every state, and the word: colour is never alone.
export function state(word, label = word) {
  const kind = STATES.has(word) ? word : "unknown";
  return element("span", { class: `state ${kind}` }, element("i", { class: "shape", "aria-hidden": "true" }), label);
}

// Stands where a tenant's id stands in alerts of the whole platform.
export const PLATFORM = "platform";

export function alertLink(id, text) {
  return element("a", { href: `/admin/monitoring/alerts/${encodeURIComponent(id)}` }, element("bdi", {}, text));
}

export function tenantLink(id, text) {
  return element("a", { href: `/admin/monitoring/tenants/${encodeURIComponent(id)}` }, element("bdi", {}, text));
}

// Text of an agent: kept from reaching over its neighbours, the whole of it in the tooltip.
export const said = (text) => element("p", { class: "said", title: text }, element("bdi", {}, text || "–"));

export const capital = (word) => word[0].toUpperCase() + word.slice(1);

export const count = (value) => Number(value).toLocaleString("en");

export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 10000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

export function span(seconds) {
  if (seconds < 100) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

// Ages are measured by the collector's clock, which is the one that the moments were judged by.
export function noteServerTime(moment) {
  if (moment) clockAheadMs = Date.parse(moment) - Date.now();
}

const ageOf = (moment) => span((Date.now() + clockAheadMs - Date.parse(moment)) / 1000);

export function age(moment) {
  if (!moment) return "–";
  return element("time", { datetime: moment, title: moment.replace("T", " ").slice(0, 19) + " UTC" }, ageOf(moment));
}

export function refreshAges() {
  for (const each of document.querySelectorAll("time[datetime]")) setText(each, ageOf(each.dateTime));
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Makes the rows of a body those of the items, and leaves untouched what did not change: a reader keeps the
// place, the selection and the focus.
export function setRows(body, items, keyOf, draw) {
  const focused = document.activeElement;
  const held = body.contains(focused) ? focused.getAttribute("href") : null;
  const old = new Map([...body.children].map((row) => [row.dataset.key, row]));
  items.forEach((item, index) => {
    const key = keyOf(item);
    const face = JSON.stringify(item);
    let row = old.get(key);
    if (row?.dataset.face !== face) {
      const fresh = draw(item);
      fresh.dataset.key = key;
      fresh.dataset.face = face;
      row?.replaceWith(fresh);
      row = fresh;
    }
    old.delete(key);
    if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
  });
  for (const row of old.values()) row.remove();
  if (held === null || document.activeElement === focused) return;
  const again = focused.isConnected ? focused : [...body.querySelectorAll("a")].find((a) => a.getAttribute("href") === held);
  again?.focus({ preventScroll: true });
}

// A card with a heading, a note beside it, a table, and what it says when the table is empty.
export function tableCard(name, title, columns) {
  const note = element("small");
  const heading = element("h2", { id: `${name}-title` }, title);
  const head = element("tr", { role: "row" }, ...columns.map(([label, kind]) => element("th", { role: "columnheader", scope: "col", class: kind }, label)));
  const body = element("tbody", { role: "rowgroup" });
  // The roles are said once more because a phone's layout is no table's, and readers would then lose them.
  const table = element("table", { role: "table", "aria-labelledby": `${name}-title` }, element("thead", { role: "rowgroup" }, head), body);
  const empty = element("p", { class: "empty" });
  const bar = element("div", { class: "bar" }, heading, note);
  const card = element("section", { class: `card ${name}`, "aria-labelledby": `${name}-title` }, bar, table, empty);
  const show = (noteText, items, emptyText, keyOf, draw) => {
    setText(note, noteText);
    setText(empty, emptyText);
    setRows(body, items, keyOf, draw);
    table.hidden = items.length === 0;
    empty.hidden = items.length !== 0;
  };
  return { card, bar, show };
}

export function row(columns, ...cells) {
  const made = cells.map((cell, index) => {
    const [label, kind, brief] = columns[index];
    return element("td", { role: "cell", class: kind, "data-label": (brief ?? label).toLowerCase() }, ...[cell].flat());
  });
  return element("tr", { role: "row" }, ...made);
}
