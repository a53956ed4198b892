// One tenant: its state, what its machines use, its alerts, its groups, and every check with what it looks at.
import { RANK, age, alertLink, capital, element, milliseconds, row, said, setText, span, state, tableCard } from "./dom.js";

const ALERT_COLUMNS = [["Severity", "word"], ["What", "name"], ["For", "number age"]];
const GROUP_COLUMNS = [["State", "word"], ["Group", "name"], ["Role", "role"]];
const CHECK_COLUMNS = [["State", "word"], ["Check", "name"], ["What it saw", "name text"], ["Took", "number"],
  ["Last", "number age"], ["In this state", "number age", "for"]];
const RESOURCES = [["cpu_percent", "CPU"], ["memory_percent", "Memory"], ["disk_percent", "Disk"]];

export function tenant() {
  const name = element("h1", { class: "tenant-name" });
  const headline = element("p", { "aria-live": "polite" });
  const sentence = element("p", { class: "sentence" });
  const meters = RESOURCES.map(([key, label]) => ({ key, ...meter(label) }));
  const hero = element("section", { class: "card hero" },
    element("div", { class: "overall" }, name, headline, sentence),
    element("div", { class: "meters", hidden: "" }, ...meters.map((each) => each.box)));
  const alerts = tableCard("alerts", "Active alerts", ALERT_COLUMNS);
  const groups = tableCard("groups", "Groups", GROUP_COLUMNS);
  const checks = tableCard("checks", "Checks", CHECK_COLUMNS);

  function meter(label) {
    const value = element("b");
    const fill = element("span");
    const box = element("div", { class: "meter" }, element("small", {}, label), value, element("div", { class: "track", "aria-hidden": "true" }, fill));
    return { box, value, fill };
  }

  function update(data) {
    setText(name, data.tenant_name);
    headline.className = `headline state ${data.state}`;
    const word = capital(data.state);
    if (headline.lastChild?.textContent !== word) headline.replaceChildren(element("i", { class: "shape", "aria-hidden": "true" }), word);
    const failing = data.checks.filter((one) => one.state === "unhealthy" || one.state === "degraded").length;
    const alerting = data.active_alerts === undefined ? [] : [` · ${data.active_alerts} active ${data.active_alerts === 1 ? "alert" : "alerts"}`];
    sentence.replaceChildren("for ", age(data.since), ` · ${failing} of ${data.checks.length} checks failing`, ...alerting, ` · ${data.tier}`);
    // What nobody measures would only be an empty bar.
    hero.lastChild.hidden = RESOURCES.every(([key]) => (data.resource_usage?.[key] ?? null) === null);
    showAlerts(data);
    for (const each of meters) showMeter(each, data.resource_usage?.[each.key] ?? null);
    groups.show(String(data.groups.length), worstFirst(data.groups, "group"), "No group yet.", (one) => `${one.group}\n${one.role}`,
      (one) => row(GROUP_COLUMNS, state(one.state), element("bdi", {}, one.group || "(no group)"), element("bdi", {}, one.role)));
    checks.show(String(data.checks.length), worstFirst(data.checks, "check_id"), "No check yet: its agent has not connected.",
      (one) => JSON.stringify([one.agent_id, one.check_id]), drawCheck);
    document.title = `${word} · ${data.tenant_name} · tenantwatch`;
  }

  function showAlerts(data) {
    const open = data.alerts ?? [];
    const all = data.active_alerts ?? open.length;
    alerts.card.hidden = all === 0;
    alerts.show(all > open.length ? `first ${open.length} of ${all}` : String(all), open, "Nothing is alerting.",
      (one) => one.alert_id, (one) => row(ALERT_COLUMNS, state(one.severity),
        [element("p", { class: "said strong", title: one.message }, alertLink(one.alert_id, one.message)),
          one.status === "acknowledged" ? element("small", {}, "acknowledged") : null],
        span(one.duration * 60)));
  }

  function showMeter({ box, value, fill }, percent) {
    box.hidden = percent === null;
    if (percent === null) return;
    setText(value, `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`);
    fill.style.width = `${Math.min(100, Math.max(0, percent))}%`;
  }

  return { nodes: [hero, alerts.card, groups.card, checks.card], update, kind: "tenant" };
}

function worstFirst(items, by) {
  return [...items].sort((a, b) => RANK[a.state] - RANK[b.state] || (a[by] < b[by] ? -1 : 1));
}

function drawCheck(one) {
  const about = [one.kind, one.agent_id, one.group].filter(Boolean).join(" · ");
  return row(CHECK_COLUMNS, state(one.state),
    [element("span", {}, element("bdi", {}, one.check_id)), element("small", {}, element("bdi", {}, about)),
      one.target ? element("code", { class: "target", title: one.target }, element("bdi", {}, one.target)) : null],
    said(one.text), milliseconds(one.response_time), age(one.last_result), age(one.since));
}
