// How jsforce gets in, stays in, and is kept out.

import { createSign } from 'node:crypto';

export async function judgeSignIn(checks, control, jsforce) {
  const about = await control.get('/');
  const { client_id: clientId, client_secret: clientSecret, org_id: orgId } = about;
  const [user, person] = (await control.get('/settings')).users;
  const instance = 'https://exampleorg.my.salesforce.com';
  const app = { clientId, clientSecret, loginUrl: instance };
  const password = (who) => who.password + who.security_token;
  const userId = async (name) => {
    const rows = [...(await control.records('User')).values()];
    return rows.find((row) => row.Username === name).Id;
  };
  const byPassword = async (who, config = {}) => {
    const conn = new jsforce.Connection({ version: '66.0', oauth2: { clientId, clientSecret }, ...config });
    return [conn, await conn.login(who.username, password(who))];
  };
  const bySoap = async (who, version = '64.0') => {
    const conn = new jsforce.Connection({ version });
    return [conn, await conn.login(who.username, password(who))];
  };

  await checks.check('sign_in.client_credentials', 'the My Domain host gives a session of the run-as user', async () => {
    const conn = new jsforce.Connection({ version: '66.0', oauth2: app });
    const info = await conn.authorize({ grant_type: 'client_credentials' });
    checks.same(conn.instanceUrl, instance);
    checks.same([info.organizationId, info.id], [orgId, await userId(user.username)]);
    checks.same((await conn.identity()).username, user.username);
  });

  await checks.check('sign_in.password', 'login.salesforce.com gives a session, the token stands behind the password', async () => {
    const [conn, info] = await byPassword(person);
    checks.same([conn.instanceUrl, info.id], [instance, await userId(person.username)]);
    checks.same((await conn.identity()).email, person.email);
  });

  await checks.check('sign_in.jwt', "an assertion signed with the app's key gives a session of its subject", async () => {
    const conn = new jsforce.Connection({ version: '66.0' });
    const claims = { iss: clientId, sub: person.username, aud: 'https://login.salesforce.com' };
    const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' };
    const info = await conn.authorize({ ...grant, assertion: signed(claims, about.jwt_private_key_pem) });
    checks.same(info.id, await userId(person.username));
    const stale = { ...grant, assertion: signed({ ...claims, aud: instance.replace('my', 'other') }, about.jwt_private_key_pem) };
    checks.same((await checks.rejects(() => conn.authorize(stale))).message, 'Audience validation failed');
  });

  await checks.check('sign_in.refresh', 'a refresh token gives a new access token', async () => {
    const { refresh_token: refreshToken } = await control.post('/approve', { user: user.username });
    const conn = new jsforce.Connection({ version: '66.0', oauth2: app, instanceUrl: instance, refreshToken });
    const answer = await conn.oauth2.refreshToken(refreshToken);
    checks.same([answer.instance_url, answer.token_type], [instance, 'Bearer']);
    checks.true(answer.access_token.startsWith(`${orgId.slice(0, 15)}!`), answer.access_token.slice(0, 16));
  });

  await checks.check('sign_in.soap', 'user name, password and security token give a session', async () => {
    const [conn, info] = await bySoap(user);
    checks.same([conn.instanceUrl, info.organizationId], [instance, orgId]);
    checks.same((await conn.identity()).username, user.username);
  });

  await checks.check('sign_in.soap', 'characters that XML escapes arrive as they are', async () => {
    checks.true(person.password.includes('&') && person.password.includes('<'), person.password);
    const [, info] = await bySoap(person);
    checks.same(info.id, await userId(person.username));
  });

  await checks.check('sign_in.refused', 'a wrong password, by SOAP and by OAuth', async () => {
    const wrong = { ...user, password: 'wrong' };
    const soap = await checks.rejects(() => bySoap(wrong));
    checks.true(soap.message.startsWith('INVALID_LOGIN: '), soap.message);
    const oauth = await checks.rejects(() => byPassword(wrong));
    checks.same([oauth.name, oauth.message], ['invalid_grant', 'authentication failure']);
  });

  await checks.check('sign_in.refused', 'SOAP login() of version 65.0', async () => {
    const error = await checks.rejects(() => bySoap(user, '65.0'));
    checks.true(error.message.startsWith('UNSUPPORTED_API_VERSION'), error.message);
  });

  await checks.check('sign_in.refused', 'a client id and a refresh token that are none', async () => {
    const stranger = new jsforce.Connection({ oauth2: { ...app, clientId: 'nobody' } });
    const id = await checks.rejects(() => stranger.authorize({ grant_type: 'client_credentials' }));
    checks.same(id.name, 'invalid_client_id');
    const conn = new jsforce.Connection({ oauth2: app });
    const token = await checks.rejects(() => conn.oauth2.refreshToken('none'));
    checks.same([token.name, token.message], ['invalid_grant', 'expired access/refresh token']);
  });

  await checks.check('session.renewed', 'a lost session is renewed with the refresh token, and told', async () => {
    const { refresh_token: refreshToken } = await control.post('/approve', { user: user.username });
    const config = { version: '66.0', oauth2: app, instanceUrl: instance, accessToken: 'gone', refreshToken };
    const conn = new jsforce.Connection(config);
    const renewed = [];
    conn.on('refresh', (token) => renewed.push(token));
    checks.same((await conn.query('SELECT Username FROM User ORDER BY Username')).records.length, 2);
    checks.same(renewed, [conn.accessToken]);
  });

  await checks.check('session.renewed', 'a lost SOAP session is renewed by signing in again', async () => {
    const [conn] = await bySoap(user);
    const before = conn.accessToken;
    await control.delete('/sessions');
    checks.same((await conn.query('SELECT Id FROM User')).totalSize, 2);
    checks.true(conn.accessToken !== before, 'the same session');
  });

  await checks.check('session.ended', 'a revoked token is worth nothing', async () => {
    const [conn] = await byPassword(user, { loginUrl: instance });
    const token = conn.accessToken;
    await conn.logout();
    const after = new jsforce.Connection({ version: '66.0', instanceUrl: instance, accessToken: token });
    checks.same((await checks.rejects(() => after.query('SELECT Id FROM User'))).errorCode, 'INVALID_SESSION_ID');
  });

  await checks.check('session.ended', 'a SOAP session ends by logout()', async () => {
    const [conn] = await bySoap(user);
    const token = conn.accessToken;
    await conn.logout();
    const after = new jsforce.Connection({ version: '64.0', instanceUrl: instance, accessToken: token });
    checks.same((await checks.rejects(() => after.query('SELECT Id FROM User'))).errorCode, 'INVALID_SESSION_ID');
  });

  await checks.check('identity', 'the identity URL tells user and org', async () => {
    const [conn] = await byPassword(person);
    const me = await conn.identity();
    checks.same([me.organization_id, me.user_id], [orgId, await userId(person.username)]);
    checks.same([me.username, me.active], [person.username, true]);
  });

  await checks.check('identity', 'whose an access token is, found through the list of resources', async () => {
    const { accessToken } = (await byPassword(person))[0];
    const conn = new jsforce.Connection({ version: '66.0', instanceUrl: instance, accessToken });
    checks.same((await conn.identity()).username, person.username);
  });
}

function signed(claims, key) {
  const exp = Math.floor(Date.now() / 1000) + 180;
  const parts = [{ alg: 'RS256' }, { ...claims, exp }];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
}
