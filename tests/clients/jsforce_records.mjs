// jsforce reads, writes, describes and queries through REST.

const KEY = 'EN_Supporter_Id__c';

export async function judgeRecords(checks, control, conn, { SfDate }) {
  await describes(checks, conn);
  await oneRecord(checks, control, conn);
  await manyRecords(checks, control, conn);
  await queries(checks, control, conn, SfDate);
  await theOrg(checks, control, conn);
}

async function describes(checks, conn) {
  await checks.check('describe.global', 'every object is listed with its key prefix', async () => {
    const { sobjects } = await conn.describeGlobal();
    const found = new Map(sobjects.map((one) => [one.name, one]));
    for (const name of ['Contact', 'Lead', 'Account', 'User']) checks.true(found.has(name), name);
    checks.same(found.get('Contact').keyPrefix, '003');
  });

  await checks.check('describe.object', 'fields with types, lengths and rights', async () => {
    const contact = await conn.sobject('Contact').describe();
    const fields = new Map(contact.fields.map((field) => [field.name, field]));
    const key = fields.get(KEY);
    checks.same([key.type, key.length, key.externalId, key.unique], ['string', 50, true, true]);
    checks.same([fields.get('Email').type, fields.get('Email').length], ['email', 80]);
    checks.same([fields.get('LastName').nillable, fields.get('SystemModstamp').updateable], [false, false]);
    checks.same(fields.get('AccountId').referenceTo, ['Account']);
  });

  await checks.check('describe.object', 'an object that is none', async () => {
    const error = await checks.rejects(() => conn.describe('Nothing__c'));
    checks.same(error.errorCode, 'NOT_FOUND');
  });
}

async function oneRecord(checks, control, conn) {
  let id;
  await checks.check('record.create', 'a Contact gets an id and is stored as sent', async () => {
    const answer = await conn.sobject('Contact').create({ FirstName: 'Zoë', LastName: "O'Hara", [KEY]: '7001' });
    checks.same([answer.success, answer.errors], [true, []]);
    id = answer.id;
    const stored = (await control.records('Contact')).get(id);
    checks.same([stored.FirstName, stored.LastName, stored[KEY]], ['Zoë', "O'Hara", '7001']);
  });

  await checks.check('record.read', 'all fields, and the fields asked for', async () => {
    const whole = await conn.sobject('Contact').retrieve(id);
    checks.same([whole.Id, whole.Name, whole.attributes.type], [id, "Zoë O'Hara", 'Contact']);
    const part = await conn.sobject('Contact').retrieve(id, { fields: ['Id', 'LastName'] });
    checks.same(Object.keys(part).sort(), ['Id', 'LastName', 'attributes']);
  });

  await checks.check('record.update', 'null clears, what is left out stays', async () => {
    const answer = await conn.sobject('Contact').update({ Id: id, FirstName: null, Phone: '1' });
    checks.same([answer.id, answer.success], [id, true]);
    const stored = (await control.records('Contact')).get(id);
    checks.same([stored.FirstName, stored.LastName, stored.Phone], [null, "O'Hara", '1']);
  });

  await checks.check('record.upsert', 'creates, then updates by external id', async () => {
    const first = await conn.sobject('Contact').upsert({ [KEY]: '7002', LastName: 'Okafor' }, KEY);
    const again = await conn.sobject('Contact').upsert({ [KEY]: '7002', LastName: 'Lund' }, KEY);
    checks.same([first.created, again.created, again.id], [true, false, first.id]);
    checks.same((await control.records('Contact')).get(first.id).LastName, 'Lund');
  });

  await checks.check('record.delete', 'the record is gone, deleting again is refused', async () => {
    checks.same((await conn.sobject('Contact').destroy(id)).success, true);
    checks.true(!(await control.records('Contact')).has(id), id);
    const error = await checks.rejects(() => conn.sobject('Contact').destroy(id));
    checks.same(error.errorCode, 'ENTITY_IS_DELETED');
  });

  await checks.check('record.refused', 'a missing field, an unknown field, an id that is none', async () => {
    const missing = await checks.rejects(() => conn.sobject('Contact').create({ FirstName: 'Ann' }));
    checks.same([missing.errorCode, missing.data.fields], ['REQUIRED_FIELD_MISSING', ['LastName']]);
    const unknown = await checks.rejects(() => conn.sobject('Contact').create({ LastName: 'Lee', Nope__c: 1 }));
    checks.same(unknown.errorCode, 'INVALID_FIELD');
    const nobody = await checks.rejects(() => conn.sobject('Contact').retrieve('0035f00000zzzzzAAA'));
    checks.same(nobody.errorCode, 'NOT_FOUND');
  });

  await checks.check('record.duplicate', 'a duplicate is refused with what it matched, and allowed with the header', async () => {
    const twin = { FirstName: 'Maria', LastName: 'Lindqvist', Email: 'maria.lindqvist@example.org' };
    const first = await conn.sobject('Contact').create(twin);
    const error = await checks.rejects(() => conn.sobject('Contact').create(twin));
    checks.same(error.errorCode, 'DUPLICATES_DETECTED');
    const [match] = error.data.duplicateResut.matchResults[0].matchRecords;
    checks.same(match.record.Id, first.id);
    const headers = { 'Sforce-Duplicate-Rule-Header': 'allowSave=true' };
    checks.same((await conn.sobject('Contact').create(twin, { headers })).success, true);
  });
}

async function manyRecords(checks, control, conn) {
  const contact = conn.sobject('Contact');
  let ids = [];
  const names = async () => {
    const stored = await control.records('Contact');
    return ids.map((id) => stored.get(id)?.LastName);
  };

  await checks.check('records.many', '250 rows are created in calls of 200 and 50', async () => {
    const rows = Array.from({ length: 250 }, (_, n) => ({ LastName: `Many${n}`, Email: `many${n}@example.org` }));
    await control.delete('/calls');
    const answers = await contact.create(rows, { allowRecursive: true });
    ids = answers.map((answer) => answer.id);
    checks.same((await control.get('/calls')).total, 2);
    checks.same(await names(), rows.map((row) => row.LastName));
  });

  await checks.check('records.many', 'rows are read in the order asked for, an unknown id is null', async () => {
    const asked = [ids[9], '0035f00000zzzzzAAA', ids[3]];
    const rows = await contact.retrieve(asked, { fields: ['LastName'] });
    checks.same(rows.map((row) => row && row.LastName), ['Many9', null, 'Many3']);
  });

  await checks.check('records.many', 'one bad row fails alone, or with allOrNone takes the others back', async () => {
    const rows = [{ Id: ids[0], LastName: 'Changed' }, { Id: ids[1], Email: 'none' }];
    const loose = await contact.update(rows);
    checks.same(loose.map((one) => one.success), [true, false]);
    checks.same(loose[1].errors[0].statusCode, 'INVALID_EMAIL_ADDRESS');
    const strict = await contact.update([{ Id: ids[0], LastName: 'Again' }, rows[1]], { allOrNone: true });
    checks.same(strict.map((one) => one.errors[0].statusCode), ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'INVALID_EMAIL_ADDRESS']);
    checks.same((await names()).slice(0, 2), ['Changed', 'Many1']);
  });

  await checks.check('records.many', 'upsert says which were created', async () => {
    const rows = [{ [KEY]: '7002', LastName: 'Known' }, { [KEY]: '7003', LastName: 'New' }];
    const answers = await contact.upsert(rows, KEY);
    checks.same(answers.map((one) => one.created), [false, true]);
    const stored = await control.records('Contact');
    checks.same(answers.map((one) => stored.get(one.id).LastName), ['Known', 'New']);
  });

  await checks.check('records.many', 'all are deleted', async () => {
    const answers = await contact.destroy(ids, { allowRecursive: true });
    checks.same(new Set(answers.map((one) => one.success)), new Set([true]));
    checks.same(new Set(await names()), new Set([undefined]));
  });
}

async function queries(checks, control, conn, SfDate) {
  const rows = Array.from({ length: 450 }, (_, n) => ({
    LastName: `Page${String(n).padStart(4, '0')}`,
    Title: 'paged',
    Email: `page${n}@example.org`,
  }));
  const ids = await control.seed('Contact', rows);
  const soql = "SELECT Id, LastName FROM Contact WHERE Title = 'paged' ORDER BY LastName";
  const headers = { 'Sforce-Query-Options': 'batchSize=200' };

  await checks.check('query.rows', "conditions and order, written by the client's own builder", async () => {
    const found = await conn
      .sobject('Contact')
      .find({ Title: 'paged', LastName: { $like: 'Page00%' } }, ['Id', 'LastName'])
      .sort({ LastName: -1 })
      .limit(3);
    checks.same(found.map((row) => row.LastName), ['Page0099', 'Page0098', 'Page0097']);
  });

  await checks.check('query.rows', 'a date-time and a list, escaped by the client', async () => {
    const since = SfDate.toDateTimeLiteral(new Date(Date.now() - 3_600_000));
    const found = await conn
      .sobject('Contact')
      .find({ CreatedDate: { $gt: since }, LastName: { $in: ['Page0001', "O'Neil"] } })
      .select(['LastName']);
    checks.same(found.map((row) => row.LastName), ['Page0001']);
  });

  await checks.check('query.rows', 'relative dates and a parent, written by the builder', async () => {
    const [account] = await control.seed('Account', [{ Name: 'Berg household' }]);
    await control.seed('Contact', [{ LastName: 'Berg', AccountId: account }]);
    const found = await conn
      .sobject('Contact')
      .find({ LastName: 'Berg', CreatedDate: { $gte: SfDate.LAST_N_DAYS(2) }, LastModifiedDate: { $gte: SfDate.YESTERDAY } })
      .select(['LastName', 'Account.Name', 'Account.Owner.Username']);
    const owner = (await control.records('User')).get((await control.records('Account')).get(account).OwnerId);
    checks.same(found.map((row) => [row.Account.Name, row.Account.Owner.Username]), [['Berg household', owner.Username]]);
  });

  await checks.check('query.pages', 'autofetch follows every page and loses nobody', async () => {
    await control.delete('/calls');
    const seen = [];
    const query = conn.query(soql, { autoFetch: true, maxFetch: 1000, headers });
    await new Promise((resolve, reject) => {
      query.on('record', (row) => seen.push(row.Id)).on('end', resolve).on('error', reject).run();
    });
    checks.same([seen, query.totalSize, query.totalFetched], [ids, 450, 450]);
    checks.same((await control.get('/calls')).by_op.query_more, 2);
  });

  await checks.check('query.pages', 'queryMore with the URL of the next page', async () => {
    const first = await conn.query(soql, { headers });
    checks.same([first.done, first.totalSize, first.records.length], [false, 450, 200]);
    const next = await conn.queryMore(first.nextRecordsUrl);
    checks.same(next.records.map((row) => row.Id), ids.slice(200, 400));
  });

  await checks.check('query.count', 'COUNT() and count()', async () => {
    checks.same((await conn.query("SELECT COUNT() FROM Contact WHERE Title = 'paged'")).totalSize, 450);
    checks.same(await conn.sobject('Contact').count({ LastName: 'Page0007' }), 1);
  });

  await checks.check('query.deleted', 'scanAll shows deleted records', async () => {
    await control.post('/delete', { object: 'Contact', id: ids[7] });
    const one = `SELECT Id, IsDeleted FROM Contact WHERE Id = '${ids[7]}'`;
    checks.same((await conn.query(one)).totalSize, 0);
    checks.same((await conn.query(one, { scanAll: true })).records.map((row) => row.IsDeleted), [true]);
  });

  await checks.check('query.refused', 'an unknown field and a broken query', async () => {
    const field = await checks.rejects(() => conn.query('SELECT Nope__c FROM Contact'));
    checks.same(field.errorCode, 'INVALID_FIELD');
    const broken = await checks.rejects(() => conn.query('SELECT Id FROM'));
    checks.same(broken.errorCode, 'MALFORMED_QUERY');
  });
}

async function theOrg(checks, control, conn) {
  await checks.check('limits', "the day's requests, in the resource and in every answer's header", async () => {
    const before = (await conn.limits()).DailyApiRequests;
    await conn.query('SELECT Id FROM Contact LIMIT 1');
    const { used, limit } = conn.limitInfo.apiUsage;
    checks.same([limit, limit - used], [before.Max, before.Remaining - 1]);
  });

  await checks.check('records.composite', 'one bad call takes the others back', async () => {
    const url = '/services/data/v66.0/sobjects/Contact';
    const compositeRequest = [
      { method: 'POST', url, referenceId: 'good', body: { LastName: 'Composite' } },
      { method: 'POST', url, referenceId: 'bad', body: { FirstName: 'Nobody' } },
    ];
    const { compositeResponse } = await conn.requestPost('/composite', { allOrNone: true, compositeRequest });
    checks.same(compositeResponse.map((one) => [one.referenceId, one.httpStatusCode]), [['good', 400], ['bad', 400]]);
    checks.same(compositeResponse.map((one) => one.body[0].errorCode), ['PROCESSING_HALTED', 'REQUIRED_FIELD_MISSING']);
    const names = [...(await control.records('Contact')).values()].map((row) => row.LastName);
    checks.true(!names.includes('Composite'), names.length);
  });

  await checks.check('records.changed', 'ids updated and deleted between two times', async () => {
    const [kept, gone] = (await conn.sobject('Contact').create([{ LastName: 'Kept' }, { LastName: 'Gone' }])).map((one) => one.id);
    await conn.sobject('Contact').destroy(gone);
    const now = Date.parse((await control.get('/clock')).now);
    const [start, end] = [new Date(now - 300_000), new Date(now + 120_000)];
    const updated = await conn.sobject('Contact').updated(start, end);
    const deleted = await conn.sobject('Contact').deleted(start, end);
    checks.same([updated.ids.includes(kept), updated.ids.includes(gone)], [true, false]);
    checks.true(deleted.deletedRecords.some((row) => row.id === gone), deleted.deletedRecords.length);
  });

  await checks.check('versions', 'the versions served, the newest last', async () => {
    const { api } = await control.get('/settings');
    const versions = await conn.request('/services/data');
    checks.same(versions.at(-1).version, `${api.ceiling}.0`);
    const error = await checks.rejects(() => conn.request('/services/data/v29.0/limits'));
    checks.same(error.errorCode, 'UNSUPPORTED_API_VERSION');
  });
}
