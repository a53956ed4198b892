// The platform: its state, the tenants with the worst first, the active alerts, the latest results.
import { PLATFORM, RANK, age, alertLink, capital, count, element, milliseconds, row, said, setText, span, state, tableCard, tenantLink } from "./dom.js";

const MAX_ROWS = 200;
const COUNTED = ["unhealthy", "degraded", "unknown", "healthy"];
const TENANT_COLUMNS = [["State", "word"], ["Tenant", "name"], ["Failing checks", "number", "failing"], ["For", "number age"]];
const ALERT_COLUMNS = [["Severity", "word"], ["What", "name"], ["For", "number age"]];
const CHECK_COLUMNS = [["State", "word"], ["Check", "name"], ["Took", "number"], ["Age", "number age"]];

export function overview() {
  const rows = new Map();
  let filter = "";
  let onlyState = "";
  let total = 0;

  const headline = element("h1", { "aria-live": "polite" });
  const sentence = element("p", { class: "sentence" });
  const ratio = element("div", { class: "ratio", "aria-hidden": "true" });
  const shares = COUNTED.map((word) => ratio.appendChild(element("span", { class: word })));
  const numbers = COUNTED.map((word) => stateButton(word));
  const alertNumber = element("dd");
  const slaNumber = element("dd");
  const hero = element("section", { class: "card hero" },
    element("div", { class: "overall" }, headline, sentence, ratio),
    element("div", { class: "numbers", role: "group", "aria-label": "Tenants by state, press to filter" }, ...numbers.map((each) => each.button)),
    element("dl", { class: "facts" },
      element("div", {}, element("dt", {}, "Active alerts"), alertNumber),
      element("div", {}, element("dt", { title: "Tenants that keep their level so far this month" }, "SLA compliance"), slaNumber)));

  const alerts = tableCard("alerts", "Active alerts", ALERT_COLUMNS);
  const tenants = tableCard("tenants", "Tenants", TENANT_COLUMNS);
  const checks = tableCard("recent", "Recent checks", CHECK_COLUMNS);
  const box = element("input", { type: "search", placeholder: "Filter by name or id", "aria-label": "Filter tenants by name or id", "aria-keyshortcuts": "/", id: "filter", autocomplete: "off", spellcheck: "false" });
  tenants.bar.append(box);
  box.addEventListener("input", () => { filter = box.value.trim().toLowerCase(); showTenants(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target === box) return;
    event.preventDefault();
    box.focus();
  });

  function stateButton(word) {
    const value = element("b");
    const button = element("button", { type: "button", "aria-pressed": "false" }, value, state(word, capital(word)));
    button.addEventListener("click", () => {
      onlyState = onlyState === word ? "" : word;
      numbers.forEach((each, index) => each.button.setAttribute("aria-pressed", String(COUNTED[index] === onlyState)));
      showTenants();
    });
    return { button, value };
  }

  function showTenants() {
    const wanted = [...rows.values()].filter((one) => (!onlyState || one.state === onlyState)
      && (!filter || `${one.tenant_id}\n${one.tenant_name}`.toLowerCase().includes(filter)));
    wanted.sort((a, b) => RANK[a.state] - RANK[b.state] || (a.tenant_id < b.tenant_id ? -1 : 1));
    const narrowed = Boolean(filter || onlyState);
    const found = narrowed ? wanted.length : total;
    const of = narrowed ? `${count(found)} of ${count(total)}` : count(total);
    const note = found > MAX_ROWS ? `first ${MAX_ROWS} of ${count(found)}, the worst first` : of;
    const nobody = narrowed ? "No tenant matches." : "No tenant yet. Make one: tenantwatch-collector tenant create ID";
    tenants.show(note, wanted.slice(0, MAX_ROWS), nobody, (one) => one.tenant_id, (one) => row(TENANT_COLUMNS,
      state(one.state),
      [tenantLink(one.tenant_id, one.tenant_name), element("small", {}, element("bdi", {}, `${one.tenant_id} · ${one.tier}`))],
      one.checks_total ? `${one.checks_failing} of ${one.checks_total}` : "no checks", age(one.since)));
  }

  function showHealth(health) {
    headline.className = `headline state ${health.overall_status}`;
    const word = capital(health.overall_status);
    if (headline.lastChild?.textContent !== word) {
      headline.replaceChildren(element("i", { class: "shape", "aria-hidden": "true" }), word);
    }
    const of = COUNTED.map((word) => health[`${word}_tenants`]);
    COUNTED.forEach((_, index) => {
      setText(numbers[index].value, count(of[index]));
      numbers[index].button.classList.toggle("none", of[index] === 0);
      shares[index].style.flexGrow = of[index];
      shares[index].hidden = of[index] === 0;
    });
    setText(sentence, describe(health));
    setText(alertNumber, count(health.active_alerts));
    const sla = health.sla_compliance;
    setText(slaNumber, sla === null ? "not computed yet" : `${sla} %`);
    slaNumber.classList.toggle("absent", sla === null);
    document.title = `${word} · tenantwatch`;
  }

  function describe(health) {
    const tenantWord = health.total_tenants === 1 ? "tenant" : "tenants";
    if (!health.total_tenants) return "No tenant is watched yet.";
    if (health.healthy_tenants === health.total_tenants) {
      return health.total_tenants === 1 ? "The one tenant is healthy." : `All ${count(health.total_tenants)} tenants are healthy.`;
    }
    return `${count(health.healthy_tenants)} of ${count(health.total_tenants)} ${tenantWord} healthy.`;
  }

  function update(data) {
    if (data.tenants_whole) rows.clear();
    for (const one of data.tenants) rows.set(one.tenant_id, one);
    for (const id of data.tenants_gone ?? []) rows.delete(id);
    total = data.platform_health.total_tenants;
    showHealth(data.platform_health);
    showTenants();
    const shown = data.active_alerts.length;
    const all = data.platform_health.active_alerts;
    alerts.show(all > shown ? `first ${shown} of ${count(all)}` : count(all), data.active_alerts, "Nothing is alerting.",
      (one) => one.alert_id, (one) => row(ALERT_COLUMNS, state(one.severity),
        [element("p", { class: "said strong", title: one.message }, alertLink(one.alert_id, one.message)), element("small", {}, one.tenant_id === PLATFORM ? "the whole platform" : tenantLink(one.tenant_id, one.tenant_id), one.status === "acknowledged" ? " · acknowledged" : "")],
        span(one.duration * 60)));
    checks.show("the latest results", data.recent_checks, "No result yet: no agent has sent any.",
      (one) => JSON.stringify([one.tenant_id, one.agent_id, one.check_id, one.timestamp]),
      (one) => row(CHECK_COLUMNS, state(one.status),
        [element("span", {}, element("bdi", {}, one.check_id)), " ",
          element("small", { class: "inline" }, tenantLink(one.tenant_id, one.tenant_id), " · ", element("bdi", {}, one.agent_id)), said(one.text)],
        milliseconds(one.response_time), age(one.timestamp)));
  }

  return { nodes: [hero, alerts.card, tenants.card, checks.card], update, kind: "overview" };
}
