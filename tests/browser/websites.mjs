// The SDKs for websites of RudderStack and Segment, unmodified, in a page of another origin than the way in: what the page says is
// kept, also what had to be sent again. Usage: node websites.mjs CHROMIUM HIGHWATER
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

import { WRITE_KEY, line, start } from "./intake.mjs";

const [executablePath, highwater] = process.argv.slice(2);
const { resolve } = createRequire(import.meta.url);

/** By what each SDK is loaded, and what the page says with it. The settings of a source come from the page, and from nobody else. */
const sdks = {
  "@rudderstack/analytics-js": {
    file: resolve("@rudderstack/analytics-js/bundled").replace("/cjs/index.cjs", "/umd/index.js"),
    said: (url) => `
      const statsCollection = { errors: { enabled: false }, metrics: { enabled: false } };
      const source = { id: "website", name: "website", writeKey: "${WRITE_KEY}", enabled: true, workspaceId: "none",
        config: { statsCollection }, destinations: [], connections: [], dataplanes: {} };
      const analytics = new rudderanalytics.RudderAnalytics();
      analytics.load("${WRITE_KEY}", "${url}", { getSourceConfig: () => ({ source, updatedAt: "2026-01-01T00:00:00Z" }) });
      analytics.identify("u1", { email: "jo@example.org" }, { integrations: { Salesforce: true } });
      analytics.identify("u2", { email: "al@example.org" });
      analytics.group(813, { name: "Initech" });`,
    // Each is one request, and each is sent twice.
    faults: [503, 503, 503],
  },
  "@segment/analytics-next": {
    file: resolve("@segment/analytics-next").replace("/cjs/index.js", "/umd/index.js"),
    said: (url) => `
      const cdnSettings = { integrations: { "Segment.io": {
        apiKey: "${WRITE_KEY}", apiHost: "${url.replace("http://", "")}/v1", protocol: "http" } } };
      const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: "${WRITE_KEY}", cdnSettings });
      analytics.identify("u1", { email: "jo@example.org" }, { integrations: { "Salesforce (Actions)": true } });
      analytics.identify("u2", { email: "al@example.org" });
      analytics.group(813, { name: "Initech" });`,
    faults: [],
  },
};

/** A website whose one page holds the SDK and what it says. */
async function website(file, said) {
  const page = `<!doctype html><title>A website</title><script src="/sdk.js"></script><script>${said}</script>`;
  const server = http.createServer((request, response) => {
    const script = request.url === "/sdk.js";
    response.setHeader("content-type", script ? "text/javascript" : "text/html");
    response.end(script ? readFileSync(file) : page);
  });
  server.listen(website.port, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  website.port = server.address().port;
  return { url: `http://127.0.0.1:${website.port}`, close: () => server.closeAllConnections() ?? server.close() };
}

/** An origin must be known to the way in before the page is there. */
async function origin() {
  website.port = 0;
  const { url, close } = await website("", "");
  close();
  return url;
}

// Root may not use the browser's own sandbox; the pages are ours.
const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
for (const [name, sdk] of Object.entries(sdks)) {
  const intake = await start(highwater, `allowed_origins = ["${await origin()}"]`);
  const faults = sdk.faults.length;
  const between = await line(intake.url, [...sdk.faults]);
  const site = await website(sdk.file, sdk.said(between.url));
  const page = await browser.newPage();
  const refused = [];
  page.on("console", (message) => message.text().includes("CORS") && refused.push(message.text()));
  const elsewhere = [];
  page.on("request", (request) => [between.url, site.url].every((url) => !request.url().startsWith(url)) && elsewhere.push(request.url()));
  await page.goto(site.url);
  const taken = () => between.seen.filter((one) => one.method === "POST" && one.status === 200);
  const end = Date.now() + 60_000;
  while (taken().length < 3 && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  assert.deepEqual(refused, [], `${name}: the browser let it send`);
  assert.deepEqual(elsewhere, [], `${name} asked somebody else`);
  await page.close();
  site.close();
  between.close();
  const kept = await intake.kept();
  const about = kept.map((one) => [one.type, one.event.userId, one.event.groupId ?? null, one.for_salesforce]);
  // The way in of these tests asks for the flag: what says nothing, or All, is kept and left alone.
  const expected = [["group", "u2", "813", false], ["identify", "u1", null, true], ["identify", "u2", null, false]];
  assert.deepEqual(about.sort(), expected, name);
  assert.equal(kept.find((one) => one.event.userId === "u1").event.traits.email, "jo@example.org");
  const asked = between.seen.filter((one) => one.method === "OPTIONS").length;
  console.log(`${name}: 3 events kept from a page of another origin, ${faults} sent again, ${asked} questions of the browser's`);
}
await browser.close();
process.exit(0);
