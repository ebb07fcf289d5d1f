// Uses the admin page in a browser as a person would: signs in, decides a case, resyncs somebody, asks for a cycle, downloads a
// report; and lets a checker of accessibility judge every page. Usage: node admin.mjs CHROMIUM ADDRESS PASSWORD PICTURES
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [executablePath, address, password, pictures] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Root may not use the browser's own sandbox; the pages are ours.
const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });

async function opened(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const asked = [];
  const said = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (problem) => said.push(String(problem)));
  return { context, page, asked, said };
}

// The browser's own hand may put the checker in; the page's policy forbids it to everybody else.
async function accessible(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target).join("; ")}`);
  assert.deepEqual(told, [], `accessibility of ${where}`);
}

async function fits(page, where) {
  const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= view, `${where} is ${wide} wide on a screen of ${view}`);
}

async function signIn(page) {
  await page.goto(`${address}/`);
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}

const plain = await opened({ javaScriptEnabled: true });
const { page, context } = plain;
await page.goto(`${address}/`);
await accessible(page, "the sign-in");
await page.screenshot({ path: `${pictures}/sign-in.png` });
await page.getByLabel("Password").fill("not the password at all");
await page.keyboard.press("Enter");
await page.getByRole("alert").waitFor();
await signIn(page);

// The better cookie, for no script, and for this address only.
const cookies = (await context.cookies()).filter((cookie) => !cookie.name.endsWith("-form"));
assert.deepEqual(cookies.map(({ name, secure, httpOnly, sameSite }) => [name, secure, httpOnly, sameSite]), [
  [`__Host-highwater-${new URL(address).port}`, true, true, "Strict"],
]);
assert.equal(await page.evaluate(() => document.cookie), "");

const name = await (async () => {
  await page.getByRole("link", { name: "Cases" }).first().click();
  await accessible(page, "the cases");
  await page.screenshot({ path: `${pictures}/cases.png`, fullPage: true });
  await page.locator("tbody a").first().click();
  return new URL(page.url()).pathname;
})();
await accessible(page, "a case");
await page.screenshot({ path: `${pictures}/case.png`, fullPage: true });

// Decided, shown, undone.
await page.getByRole("button", { name: "Keep them apart" }).click();
await page.getByText("decided by admin page").waitFor();
assert.equal(new URL(page.url()).pathname, name);
await accessible(page, "a decided case");
await page.screenshot({ path: `${pictures}/decided.png`, fullPage: true });
await page.getByRole("button", { name: "Undo" }).click();
assert.equal(await page.getByText("decided by admin page").count(), 0);
await page.getByRole("button", { name: "Link them" }).click();
assert.match(await page.getByRole("alert").textContent(), /which Contact/);

// A form that another site sends is refused, whatever cookies there are.
const forged = await context.newPage();
await forged.route("https://evil.example/", (route) => route.fulfill({
  contentType: "text/html",
  body: `<form method=post action="${address}${name}"><input name=way value=separate><button>Win</button></form>`,
}));
await forged.goto("https://evil.example/");
await forged.getByRole("button").click();
await forged.getByRole("heading", { level: 1 }).waitFor();
assert.match(await forged.getByRole("heading", { level: 1 }).textContent(), /refused|Nobody is signed in/);
await page.reload();
assert.equal(await page.getByText("decided by admin page").count(), 0);
await forged.close();

for (const [link, heading] of [["Set aside", "Records set aside"], ["Conflicts", "Conflicts"], ["Reports", "Reports"]]) {
  await page.getByRole("link", { name: link, exact: true }).first().click();
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  await accessible(page, link);
  await page.screenshot({ path: `${pictures}/${link.replace(" ", "-").toLowerCase()}.png`, fullPage: true });
}

for (const file of ["A page", "A workbook", "CSV", "JSON"]) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: file, exact: true }).first().click(),
  ]);
  const path = await download.path();
  assert.ok(readFileSync(path).length > 1000, `${file} is empty`);
}

// One person.
await page.getByRole("link", { name: "One person" }).click();
await page.getByLabel("Which").fill("1042");
await page.getByRole("button", { name: "Tell the story" }).click();
await page.getByText("linked to Contact").first().waitFor();
assert.equal(new URL(page.url()).search, "", "nobody stands in the address");
await accessible(page, "a story");
await page.screenshot({ path: `${pictures}/story.png`, fullPage: true });
// Loaded anew, the form goes out again as our own.
await page.reload();
await page.getByText("linked to Contact").first().waitFor();
await page.getByRole("button", { name: "Compare and write now" }).click();
await page.getByText("Contact before").waitFor();
await accessible(page, "a resync");
await page.screenshot({ path: `${pictures}/resync.png`, fullPage: true });
await page.getByLabel("Which").fill("<script>alert(1)</script>");
await page.getByRole("button", { name: "Tell the story" }).click();
await page.screenshot({ path: `${pictures}/nobody.png`, fullPage: true });

// A cycle.
await page.getByRole("link", { name: "Overview" }).click();
await accessible(page, "the overview");
await page.screenshot({ path: `${pictures}/overview.png`, fullPage: true });
await page.getByRole("button", { name: "Run a cycle now" }).click();
await page.getByRole("heading", { name: "Overview" }).waitFor();

// By keyboard: the first thing is the way past the navigation.
await page.goto(`${address}/`);
await page.keyboard.press("Tab");
assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");

assert.deepEqual(plain.said.filter((line) => !line.includes("status of 4")), []);
assert.ok(plain.asked.every((url) => url.startsWith(address)), plain.asked.filter((url) => !url.startsWith(address)).join());

// In the dark, narrow, and without JavaScript.
for (const [look, options] of [
  ["dark", { colorScheme: "dark" }],
  ["narrow", { viewport: { width: 360, height: 740 } }],
]) {
  const other = await opened(options);
  await signIn(other.page);
  for (const path of ["/", name, "/set-aside", "/conflicts", "/person"]) {
    await other.page.goto(address + path);
    await accessible(other.page, `${path} ${look}`);
    await fits(other.page, `${path} ${look}`);
    await other.page.screenshot({ path: `${pictures}/${look}${path.slice(0, 7).replaceAll("/", "-")}.png`, fullPage: true });
  }
  await other.context.close();
}
const bare = await opened({ javaScriptEnabled: false });
await signIn(bare.page);
await bare.page.goto(address + name);
await bare.page.getByRole("button", { name: "Put off" }).click();
await bare.page.getByText("snoozed until").waitFor();
await bare.page.getByRole("button", { name: "Sign out" }).click();
assert.equal(new URL(bare.page.url()).pathname, "/sign-in");
await bare.page.goto(`${address}/cases`);
assert.equal(new URL(bare.page.url()).pathname, "/sign-in");
await browser.close();
console.log("the admin page is used by mouse and keyboard, in the dark, on a phone and without scripts");
