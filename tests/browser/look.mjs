// Opens a merge report in a browser as a person would: reads it, filters, sorts, ticks, prints; and lets a checker of
// accessibility judge it. Usage: node look.mjs CHROMIUM PAGE GROUPS SCREENSHOTS
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, file, groups, pictures] = process.argv.slice(2);
const count = Number(groups);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const page_address = pathToFileURL(file).href;

// Root may not use the browser's own sandbox; the page is ours.
const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });

async function opened(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const asked = [];
  const said = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (problem) => said.push(String(problem)));
  await page.goto(page_address);
  return { context, page, asked, said };
}

const seen = (page) => page.evaluate(() =>
  [...document.querySelectorAll("article")].filter((one) => one.checkVisibility()).map((one) => one.textContent));
const shown = async (page) => (await seen(page)).length;
// Looked for by what is written beside them, as a screen reader does; in the form alone, because a label has to be looked for everywhere.
const controls = (page) => page.locator("#controls");
const status = (page) => page.locator("#shown").textContent();

// The browser's own hand may put the checker in; the page's policy forbids it to everybody else.
async function accessible(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target).join("; ")}`);
  assert.deepEqual(told, [], `accessibility, ${where}`);
  assert.ok(found.passes.length > 10, "the checker looked at nothing");
}

async function reads_filters_and_sorts() {
  const { context, page, asked, said } = await opened({ viewport: { width: 1280, height: 900 } });
  assert.equal(await page.locator("article").count(), count);
  assert.equal(await status(page), `${count} of ${count} groups shown`);

  const begun = Date.now();
  await controls(page).getByLabel("To do").selectOption("merge");
  const merges = await page.locator("article[data-action=merge]").count();
  assert.ok(merges > 0 && merges < count, "groups of several kinds are there");
  assert.equal(await shown(page), merges);
  assert.equal(await status(page), `${merges} of ${count} groups shown`);
  await controls(page).getByLabel("Find").fill("lindqvist ann");
  const found = await shown(page);
  assert.ok(found > 0 && found < merges, "a search leaves some");
  for (const text of await seen(page)) {
    assert.match(text.toLowerCase(), /lindqvist/);
    assert.match(text.toLowerCase(), /ann/);
  }
  await controls(page).getByRole("button", { name: "Show all" }).click();
  await page.waitForFunction((all) => document.getElementById("shown").textContent.startsWith(`${all} of`), count);

  for (const [order, ascending] of [["name", true], ["size", false], ["since", true]]) {
    await controls(page).getByLabel("Sort by").selectOption(order);
    const values = await page.locator("article").evaluateAll((all, what) => all.map((one) => one.dataset[what]), order);
    for (let at = 1; at < values.length; at += 1) {
      const [one, other] = [values[at - 1], values[at]];
      const less = order === "size" ? Number(one) - Number(other) : one.localeCompare(other);
      assert.ok(ascending ? less <= 0 : less >= 0, `${order}: ${one} stands before ${other}`);
    }
  }
  console.log(`${count} groups filtered and sorted in ${Date.now() - begun} ms`);

  // A tick is found again, and by the keyboard alone.
  await controls(page).getByLabel("Sort by").selectOption("place");
  const box = page.locator("article input[type=checkbox]").first();
  await box.focus();
  await page.keyboard.press("Space");
  assert.ok(await box.isChecked());
  await page.reload();
  assert.ok(await page.locator("article input[type=checkbox]").first().isChecked(), "a tick was lost");
  await controls(page).getByLabel("Ticks").selectOption("open");
  assert.equal(await shown(page), count, "one tick of several is not all");
  await controls(page).getByLabel("Ticks").selectOption("");

  // The first stop of the keyboard leads past the controls.
  await page.reload();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the groups");
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, "none", "the focus is not seen");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "groups");

  assert.deepEqual(asked.filter((url) => url !== page_address), [], "the page asked for something");
  assert.deepEqual(said, [], "the browser complained");
  await page.evaluate(() => scrollTo(0, 0));
  if (pictures) await page.screenshot({ path: `${pictures}/desktop.png` });
  await context.close();
}

async function refuses_foreign_script() {
  const { context, page } = await opened({});
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.foreign = true";
    document.body.append(script);
    return globalThis.foreign === true;
  });
  assert.equal(ran, false, "the page's policy lets foreign script run");
  await context.close();
}

async function works_on_a_phone_and_in_the_dark() {
  for (const [name, options] of [
    ["phone", { viewport: { width: 375, height: 800 } }],
    ["dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" }],
  ]) {
    const { context, page } = await opened(options);
    const width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(width[0] <= width[1], `${name}: the page is wider than the screen: ${width}`);
    if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` });
    if (pictures && name === "phone") {
      await page.locator("article").nth(1).screenshot({ path: `${pictures}/phone-group.png` });
    }
    await context.close();
  }
}

async function prints_without_controls() {
  const { context, page } = await opened({ viewport: { width: 800, height: 1000 } });
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("#controls").isVisible(), false);
  assert.equal(await shown(page), count);
  await context.close();
}

async function is_read_without_script() {
  const { context, page } = await opened({ javaScriptEnabled: false });
  assert.equal(await page.locator("article").count(), count);
  assert.ok(await page.locator("article").last().isVisible());
  assert.equal(await page.locator("#controls").isVisible(), false, "controls that do nothing are not shown");
  await context.close();
}

async function is_accessible() {
  for (const colorScheme of ["light", "dark"]) {
    const { context, page } = await opened({ colorScheme, viewport: { width: 1024, height: 800 } });
    // The checker needs long for thousands of equal groups; what differs between groups is in the first ones.
    await page.evaluate(() => [...document.querySelectorAll("article")].slice(40).forEach((one) => one.remove()));
    await accessible(page, colorScheme);
    await context.close();
  }
}

try {
  await reads_filters_and_sorts();
  await refuses_foreign_script();
  await works_on_a_phone_and_in_the_dark();
  await prints_without_controls();
  await is_read_without_script();
  await is_accessible();
  console.log("the merge report is read, filtered, sorted, ticked and printed, and asks nobody");
} finally {
  await browser.close();
}
