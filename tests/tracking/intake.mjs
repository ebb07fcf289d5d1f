// `highwater intake` on a port of its own, and a line to it that can fail.

import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const WRITE_KEY = 'tracking-write-key-0001';

const CONFIGURATION = `
[salesforce]
login_url = "https://example.my.salesforce.com"
client_id = "none"
client_secret_env = "HIGHWATER_SF_SECRET"
[supporters]
kind = "sqlite"
path = "people.db"
table = "people"
[intake]
INTAKE
salesforce_flag = "required"
[[intake.source]]
name = "website"
write_key_env = "TRACKING_KEY"
[[field]]
contact = "LastName"
column = "last_name"
[[field]]
contact = "Email"
column = "email"
`;

/** Starts the program below a folder of its own, with further lines for `[intake]`; `url` is where events go. */
export async function start(highwater, more = '') {
  const folder = mkdtempSync(join(tmpdir(), 'tracking-'));
  const file = join(folder, 'highwater.toml');
  writeFileSync(file, CONFIGURATION.replace('INTAKE', more));
  const env = { ...process.env, TRACKING_KEY: WRITE_KEY };
  const child = spawn(highwater, ['-c', file, '--format', 'json', 'intake', '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Nothing is left running when a comparison fails.
  process.once('exit', () => child.kill('SIGKILL'));
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  let said = '';
  const url = await new Promise((resolve, reject) => {
    exited.then((code) => reject(new Error(`intake ended with ${code}`)));
    child.stdout.on('data', (piece) => {
      said += piece;
      try {
        resolve(JSON.parse(said).events);
      } catch {
        // Not all of it yet.
      }
    });
  });
  return {
    url,
    /** Ends it in order and returns every event that is kept. */
    async kept() {
      child.kill('SIGTERM');
      const code = await exited;
      if (code !== 0) throw new Error(`intake ended with ${code}`);
      const words = ['-c', file, '--format', 'json', 'events', 'list', '--whole', '--limit', '100000'];
      const events = JSON.parse(execFileSync(highwater, words, { env, maxBuffer: 1 << 28 }));
      rmSync(folder, { recursive: true });
      return events;
    },
  };
}

/**
 * A line to `url` on which the first requests that send events fail as `faults` says: a status, or `cut` after the request was
 * carried out.
 */
export async function line(url, faults) {
  const seen = [];
  const server = http.createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const fault = request.method === 'POST' ? faults.shift() : undefined;
      const one = { method: request.method, path: request.url, headers: request.headers, fault };
      seen.push(one);
      if (typeof fault === 'number') {
        // A script of a website may see the status, as it may when highwater answers.
        const { origin } = request.headers;
        const told = origin ? { 'access-control-allow-origin': origin } : {};
        response.writeHead(fault, fault === 429 ? { ...told, 'retry-after': '1' } : told);
        response.end();
        return;
      }
      const onward = http.request(url + request.url, { method: request.method, headers: request.headers }, (answer) => {
        const told = [];
        answer.on('data', (piece) => told.push(piece));
        answer.on('end', () => {
          one.status = answer.statusCode;
          if (fault === 'cut') {
            // It was done, and the client never hears.
            request.socket.destroy();
            return;
          }
          response.writeHead(answer.statusCode, answer.headers);
          response.end(Buffer.concat(told));
        });
      });
      onward.end(Buffer.concat(pieces));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    close: () => server.closeAllConnections() ?? server.close(),
  };
}
