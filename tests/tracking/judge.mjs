// Three SDKs nobody here wrote send events over a line that fails; what is kept must be what they were given, once.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { Analytics } from '@segment/analytics-node';

import { WRITE_KEY, line, start } from './intake.mjs';

const [highwater, python, script] = process.argv.slice(2);
const integrations = { All: false, Salesforce: true };

/** Whoever counts groups and visitors has numbers, and the SDKs pass them on. What each SDK is asked to send, but for `many` further tracks. */
const PERSON = { email: 'jo@example.org', firstName: 'Jo', address: { city: 'Bonn' } };
const MANY = 250;
/** Refused, kept but not told, and slowed down: what a line does to a client. */
const FAULTS = () => [503, 'cut', 429, 500];

async function segment(url) {
  const analytics = new Analytics({
    writeKey: WRITE_KEY, host: url, flushAt: 20, flushInterval: 200, maxRetries: 8, httpRequestTimeout: 10_000,
  });
  const failed = [];
  analytics.on('error', (error) => failed.push(error));
  analytics.identify({ userId: 'u1', traits: PERSON, integrations });
  analytics.group({ userId: 'u1', groupId: 813, traits: { name: 'Initech' }, integrations });
  analytics.page({ userId: 'u1', name: 'Home', integrations });
  analytics.screen({ anonymousId: 'a1', name: 'Start', integrations });
  analytics.alias({ userId: 'u1', previousId: 17, integrations });
  analytics.track({ userId: 'u1', event: 'Gave', properties: { amount: 5 }, integrations: {} });
  for (let nth = 0; nth < MANY; nth += 1) {
    analytics.track({ userId: `u${nth}`, event: 'Clicked', properties: { nth }, integrations });
  }
  await analytics.closeAndFlush({ timeout: 60_000 });
  assert.deepEqual(failed, []);
}

async function rudderstack(url) {
  const failed = [];
  const analytics = new RudderAnalytics(WRITE_KEY, {
    dataPlaneUrl: url, flushAt: 20, flushInterval: 200, retryCount: 8, logLevel: 'none',
    errorHandler: (error) => failed.push(error),
  });
  // Its flush comes back before the line has; what it calls back does not.
  const delivered = [];
  const send = (call, message) => {
    delivered.push(new Promise((done, fail) => analytics[call](message, (error) => (error ? fail(error) : done()))));
  };
  send('identify', { userId: 'u1', traits: PERSON, integrations });
  send('group', { userId: 'u1', groupId: 813, traits: { name: 'Initech' }, integrations });
  send('page', { userId: 'u1', name: 'Home', integrations });
  send('screen', { anonymousId: 'a1', name: 'Start', integrations });
  send('alias', { userId: 'u1', previousId: 17, integrations });
  send('track', { userId: 'u1', event: 'Gave', properties: { amount: 5 }, integrations: {} });
  for (let nth = 0; nth < MANY; nth += 1) {
    send('track', { userId: `u${nth}`, event: 'Clicked', properties: { nth }, integrations });
  }
  await Promise.all(delivered);
  assert.deepEqual(failed, []);
}

async function segmentPython(url) {
  await promisify(execFile)(python, [script, url, WRITE_KEY, String(MANY)]);
}

/** What is kept, against what was sent. */
function compare(events) {
  const of = (type) => events.filter((one) => one.type === type);
  const ids = new Set(events.map((one) => one.message_id));
  assert.equal(ids.size, events.length, 'something is kept twice');
  assert.equal(events.length, MANY + 6);
  for (const type of ['identify', 'group', 'page', 'screen', 'alias']) assert.equal(of(type).length, 1, type);
  const identify = of('identify')[0].event;
  // Also of an SDK that says it in `context.traits` alone.
  assert.deepEqual(identify.traits, PERSON);
  assert.equal(of('group')[0].event.groupId, '813');
  assert.deepEqual([of('alias')[0].event.previousId, of('alias')[0].event.userId], ['17', 'u1']);
  const tracks = of('track').map((one) => one.event);
  const clicks = tracks.filter((event) => event.event === 'Clicked').map((event) => event.properties.nth);
  assert.deepEqual(clicks.sort((a, b) => a - b), Array.from({ length: MANY }, (_, nth) => nth));
  const gave = events.find((one) => one.event.event === 'Gave');
  assert.deepEqual([gave.event.properties.amount, gave.for_salesforce], [5, false]);
  assert.equal(of('identify')[0].for_salesforce, true);
  for (const one of events) {
    assert.ok(one.at <= one.received_at && !JSON.stringify(one).includes(WRITE_KEY));
  }
}

const clients = { '@segment/analytics-node': segment, '@rudderstack/rudder-sdk-node': rudderstack, 'segment-analytics-python': segmentPython };
for (const [name, send] of Object.entries(clients)) {
  const intake = await start(highwater);
  const flaky = await line(intake.url, FAULTS());
  await send(flaky.url);
  flaky.close();
  const batches = flaky.seen.filter((request) => request.path === '/v1/batch');
  assert.equal(batches.length, flaky.seen.length, `${name} uses another path`);
  assert.deepEqual(flaky.seen.slice(0, 4).map((request) => request.fault), FAULTS(), `${name} met not every fault`);
  const told = batches.filter((request) => request.fault === undefined).map((request) => request.status);
  assert.deepEqual(told.filter((status) => status !== 200), [], name);
  if (name !== '@segment/analytics-node') {
    assert.ok(batches.every((request) => request.headers['content-encoding'] === 'gzip'), `${name} did not pack`);
  }
  compare(await intake.kept());
  console.log(`${name}: ${MANY + 6} events in ${batches.length} requests, four of which failed; each is kept once`);
}

// What is refused is dropped by the SDK, with an error of its own, and not sent for ever.
{
  const intake = await start(highwater);
  const direct = await line(intake.url, []);
  const analytics = new Analytics({ writeKey: 'some-other-write-key', host: direct.url, flushAt: 1, maxRetries: 8 });
  const failed = [];
  analytics.on('error', (error) => failed.push(error));
  analytics.track({ userId: 'u1', event: 'Gave' });
  await analytics.closeAndFlush({ timeout: 10_000 });
  direct.close();
  assert.equal(direct.seen.length, 1);
  assert.equal(direct.seen[0].status, 401);
  assert.equal(failed.length, 1);
  assert.deepEqual(await intake.kept(), []);
  console.log('@segment/analytics-node: a wrong write key is refused once, and given up');
}
process.exit(0);
