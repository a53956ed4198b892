// Draws the page from one JSON value and again at every event. All text goes in as text, never as HTML:
// names and messages come from agents that are not trusted.
"use strict";

const MAX_ROWS = 200;
const RANK = { unhealthy: 0, degraded: 1, unknown: 2, healthy: 3 };
const page = document.getElementById("page");
const live = document.getElementById("live");
const tenant = page.dataset.tenant;
let data = JSON.parse(page.dataset.first);
let updated = Date.now();
let connected = false;
let filter = "";

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const state = (word) => element("span", { class: `state ${word}` }, word);
const number = (value, unit) => (value === null ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)}${unit}`);

function age(moment) {
  if (!moment) return "–";
  const seconds = Math.max(0, (Date.now() - Date.parse(moment)) / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

function tile(value, label, kind = "") {
  return element("div", { class: `tile ${kind}` }, element("b", {}, String(value)), element("span", {}, label));
}

function table(title, note, columns, rows, empty) {
  const section = element("section", {}, element("h2", {}, title, element("small", {}, note)));
  if (!rows.length) {
    section.append(element("p", { class: "empty" }, empty));
    return section;
  }
  const cell = (tag, column, content) => element(tag, column.kind ? { class: column.kind } : {}, content);
  const head = element("tr", {}, ...columns.map((column) => cell("th", column, column.name)));
  const body = rows.map((row) => element("tr", {}, ...columns.map((column) => cell("td", column, column.show(row)))));
  section.append(element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
  return section;
}

const link = (id, text) => element("a", { href: `/admin/monitoring/tenants/${encodeURIComponent(id)}` }, text);

function tenants() {
  const wanted = data.tenants.filter((one) => `${one.tenant_id} ${one.tenant_name}`.toLowerCase().includes(filter));
  wanted.sort((a, b) => RANK[a.state] - RANK[b.state] || a.tenant_id.localeCompare(b.tenant_id));
  const note = wanted.length > MAX_ROWS ? `${MAX_ROWS} of ${wanted.length} shown, the worst first` : `${wanted.length}`;
  const section = table("Tenants", note, [
    { name: "State", show: (one) => state(one.state) },
    { name: "Tenant", show: (one) => link(one.tenant_id, one.tenant_name) },
    { name: "Tier", show: (one) => one.tier },
    { name: "Failing checks", kind: "number", show: (one) => `${one.checks_failing} of ${one.checks_total}` },
    { name: "For", kind: "number", show: (one) => age(one.since) },
  ], wanted.slice(0, MAX_ROWS), filter ? "No tenant matches." : "No tenant yet: tenantwatch-collector tenant create ID");
  const box = element("input", { type: "search", placeholder: "Filter", "aria-label": "Filter tenants", id: "filter" });
  box.value = filter;
  box.addEventListener("input", () => { filter = box.value.toLowerCase(); draw(); });
  section.firstChild.append(box);
  return section;
}

function overview() {
  const health = data.platform_health;
  const compliance = health.sla_compliance === null ? "–" : `${health.sla_compliance} %`;
  return [
    element("div", { class: "top" },
      tile(health.overall_status, "platform", `overall ${health.overall_status}`),
      tile(health.total_tenants, "tenants"), tile(health.healthy_tenants, "healthy", "healthy"),
      tile(health.degraded_tenants, "degraded", health.degraded_tenants ? "degraded" : ""),
      tile(health.unhealthy_tenants, "unhealthy tenants", health.unhealthy_tenants ? "unhealthy" : ""),
      tile(health.unknown_tenants, "not measured"),
      tile(health.active_alerts, "active alerts", health.active_alerts ? "unhealthy" : ""),
      tile(compliance, health.sla_compliance === null ? "SLA: not computed yet" : "SLA compliance")),
    table("Active alerts", `${health.active_alerts}`, [
      { name: "Severity", show: (one) => element("span", { class: `state ${one.severity}` }, one.severity) },
      { name: "Tenant", show: (one) => link(one.tenant_id, one.tenant_id) },
      { name: "What", kind: "text", show: (one) => one.message },
      { name: "Minutes", kind: "number", show: (one) => one.duration.toFixed(1) },
    ], data.active_alerts, "No active alert."),
    tenants(),
    table("Recent checks", "the latest 20 results", [
      { name: "State", show: (one) => state(one.status) },
      { name: "Tenant", show: (one) => link(one.tenant_id, one.tenant_id) },
      { name: "Check", show: (one) => one.check_id },
      { name: "Took", kind: "number", show: (one) => number(one.response_time, " ms") },
      { name: "Age", kind: "number", show: (one) => age(one.timestamp) },
      { name: "What it saw", kind: "text", show: (one) => one.text },
    ], data.recent_checks, "No result yet."),
  ];
}

function tenantPage() {
  const used = data.resource_usage || {};
  const checks = [...data.checks].sort((a, b) => RANK[a.state] - RANK[b.state] || a.check_id.localeCompare(b.check_id));
  return [
    element("div", { class: "top" },
      tile(data.state, `for ${age(data.since)}`, `overall ${data.state}`),
      tile(data.tier, "tier"), tile(data.active_alerts, "active alerts", data.active_alerts ? "unhealthy" : ""),
      ...["cpu", "memory", "disk"].map((name) => tile(number(used[`${name}_percent`] ?? null, " %"), name))),
    table("Groups", `${data.groups.length}`, [
      { name: "State", show: (one) => state(one.state) }, { name: "Group", show: (one) => one.group },
      { name: "Role", show: (one) => one.role },
    ], data.groups, "No group yet."),
    table("Checks", `${checks.length}`, [
      { name: "State", show: (one) => state(one.state) }, { name: "Check", show: (one) => one.check_id },
      { name: "Agent", show: (one) => one.agent_id }, { name: "Looks at", kind: "text", show: (one) => one.target },
      { name: "For", kind: "number", show: (one) => age(one.since) },
      { name: "Took", kind: "number", show: (one) => number(one.response_time, " ms") },
      { name: "Last", kind: "number", show: (one) => age(one.last_result) },
      { name: "What it saw", kind: "text", show: (one) => one.text },
    ], checks, "No check yet: its agent has not connected."),
  ];
}

function draw() {
  const typing = document.activeElement?.id === "filter" ? document.activeElement.selectionStart : null;
  page.replaceChildren(...(tenant ? tenantPage() : overview()));
  if (typing !== null) {
    const box = document.getElementById("filter");
    box.focus();
    box.setSelectionRange(typing, typing);
  }
}

function showLive() {
  live.className = `live ${connected ? "on" : "off"}`;
  const clock = new Date(updated).toISOString().slice(11, 19);
  live.textContent = connected ? `live, updated ${clock} UTC` : `no connection, as of ${clock} UTC`;
  page.classList.toggle("stale", !connected);
}

function connect() {
  const source = new EventSource(`/admin/monitoring/health/events?tenant=${encodeURIComponent(tenant)}`);
  source.onopen = () => { connected = true; showLive(); };
  source.onmessage = (event) => {
    const next = JSON.parse(event.data);
    if (next === null) return location.assign("/admin/monitoring/health");
    data = next; updated = Date.now(); connected = true;
    draw(); showLive();
  };
  source.onerror = () => {
    connected = false;
    showLive();
    // A refused stream is not tried again by the browser: the session may be over.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  };
}

draw();
showLive();
connect();
setInterval(() => { if (connected && !getSelection().toString()) draw(); }, 10000);
