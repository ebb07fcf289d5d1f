// Named checks of one client: each asserts something, none stops the next, and all are written down.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

export class Checks {
  constructor(client, version) {
    this.client = client;
    this.version = version;
    this.results = [];
    this.asserted = 0;
  }

  /** Runs `body`. An exception fails the check, and so does asserting nothing. */
  async check(operation, name, body) {
    this.asserted = 0;
    let detail = '';
    try {
      await body();
      detail = this.asserted ? '' : 'asserted nothing';
    } catch (error) {
      detail = String(error?.stack ?? error);
    }
    this.results.push({ operation, name, passed: detail === '', detail });
  }

  /** Both must be equal. */
  same(seen, wanted) {
    this.asserted += 1;
    assert.deepStrictEqual(seen, wanted);
  }

  /** The first must hold; the second says what was seen. */
  true(holds, seen) {
    this.asserted += 1;
    assert.ok(holds, `seen ${JSON.stringify(seen)}`);
  }

  /** `work` must reject; answers the error. */
  async rejects(work) {
    this.asserted += 1;
    try {
      await work();
    } catch (error) {
      return error;
    }
    throw new Error('nothing was thrown');
  }

  write(path) {
    const whole = { client: this.client, version: this.version, checks: this.results };
    writeFileSync(path, JSON.stringify(whole, null, 1));
  }
}

/** The side of a simulated org that no real org has. */
export class Control {
  constructor(url) {
    this.url = url.replace(/\/$/, '');
  }

  async call(method, path, body) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`control ${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  get = (path) => this.call('GET', path);
  post = (path, body) => this.call('POST', path, body);
  patch = (path, body) => this.call('PATCH', path, body);
  delete = (path) => this.call('DELETE', path);

  /** All live records of an object, by id. */
  async records(name) {
    return new Map((await this.get(`/records/${name}`)).map((record) => [record.Id, record]));
  }

  async seed(object, rows) {
    return (await this.post('/seed', { object, rows })).ids;
  }
}
