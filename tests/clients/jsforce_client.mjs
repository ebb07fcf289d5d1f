// jsforce, as its registry ships it, uses a simulated org.
//
// usage: jsforce_client.mjs CONTROL_URL RESULTS
//
// Its proxy and the authority it trusts come from the environment (see judge.py); CLIENTS says where it is installed.

import { createRequire } from 'node:module';

import { Checks, Control } from './checks.mjs';
import { judgeBulk } from './jsforce_bulk.mjs';
import { judgeRecords } from './jsforce_records.mjs';
import { judgeSignIn } from './jsforce_sign_in.mjs';

const require = createRequire(`${process.env.CLIENTS}/jsforce/package.json`);
const jsforce = require('jsforce');

const [controlUrl, results] = process.argv.slice(2);
const control = new Control(controlUrl);
const checks = new Checks('jsforce', require('jsforce/package.json').version);

await judgeSignIn(checks, control, jsforce);
const { client_id: clientId, client_secret: clientSecret } = await control.get('/');
const loginUrl = 'https://exampleorg.my.salesforce.com';
const conn = new jsforce.Connection({ version: '66.0', oauth2: { clientId, clientSecret, loginUrl } });
await conn.authorize({ grant_type: 'client_credentials' });
await judgeRecords(checks, control, conn, jsforce);
await judgeBulk(checks, control, conn);
checks.write(results);
