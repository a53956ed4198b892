// Draws the page that the server chose from the data it brought, then again at every event.
import { noteServerTime, refreshAges } from "./dom.js";
import { keepLive } from "./live.js";
import { overview } from "./overview.js";
import { tenant } from "./tenant.js";

const page = document.getElementById("page");
const view = page.dataset.tenant ? tenant() : overview();

function draw(data) {
  // A tenant that is gone, or no longer this caller's: the page says so when it is asked for again.
  if (data === null) return location.reload();
  noteServerTime(data.sent_at);
  view.update(data);
}

page.classList.add(view.kind);
page.replaceChildren(...view.nodes);
draw(JSON.parse(page.dataset.first));
page.removeAttribute("data-first");
keepLive(`/admin/monitoring/health/events?tenant=${encodeURIComponent(page.dataset.tenant)}`, draw);
setInterval(refreshAges, 1000);
