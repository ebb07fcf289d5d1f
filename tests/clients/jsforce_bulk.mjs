// jsforce's `bulk2`: load and wait, jobs by hand, queries as streams.

import { Readable } from 'node:stream';

const KEY = 'EN_Supporter_Id__c';

export async function judgeBulk(checks, control, conn) {
  const { bulk2 } = conn;
  bulk2.pollInterval = 50;
  bulk2.pollTimeout = 60_000;
  const people = Array.from({ length: 300 }, (_, n) => ({
    [KEY]: String(1000 + n),
    FirstName: `First${n}`,
    LastName: `Lee, the "${n}th"\nof her name`,
    Email: `ann${n}@example.org`,
  }));
  const stored = async () => {
    const rows = [...(await control.records('Contact')).values()].filter((row) => row[KEY]);
    return new Map(rows.map((row) => [row[KEY], row]));
  };
  const load = (operation, input, more = {}) =>
    bulk2.loadAndWaitForResults({ object: 'Contact', operation, input, ...more });
  await ingest(checks, load, stored, people);
  await jobs(checks, control, bulk2, load, stored);
  await queries(checks, control, bulk2, people);
}

async function ingest(checks, load, stored, people) {
  await checks.check('bulk.insert', 'every row is stored as sent, and its result carries our key', async () => {
    const answer = await load('insert', people);
    checks.same([answer.failedResults, answer.unprocessedRecords], [[], []]);
    const kept = await stored();
    for (const person of people) {
      const row = kept.get(person[KEY]);
      checks.same(Object.fromEntries(Object.keys(person).map((name) => [name, row[name]])), person);
    }
    const ids = answer.successfulResults.map((row) => [row[KEY], row.sf__Id, row.sf__Created]);
    checks.same(ids.sort(), people.map((one) => [one[KEY], kept.get(one[KEY]).Id, 'true']).sort());
  });

  await checks.check('bulk.insert', 'CSV text and a stream of CSV', async () => {
    const text = `${KEY},LastName\n6001,"Text, quoted"\n`;
    const stream = Readable.from([`${KEY},LastName\n`, '6002,Łuk', 'asz\n']);
    for (const input of [text, stream]) checks.same((await load('insert', input)).successfulResults.length, 1);
    const kept = await stored();
    checks.same([kept.get('6001').LastName, kept.get('6002').LastName], ['Text, quoted', 'Łukasz']);
  });

  await checks.check('bulk.insert', 'semicolons between columns and CRLF at the ends of lines', async () => {
    const input = `${KEY};LastName\r\n6003;"Semi; colon"\r\n`;
    const answer = await load('insert', input, { columnDelimiter: 'SEMICOLON', lineEnding: 'CRLF' });
    checks.same(answer.successfulResults.map((row) => row.LastName), ['Semi; colon']);
    checks.same((await stored()).get('6003').LastName, 'Semi; colon');
  });

  await checks.check('bulk.update', 'by id; null clears, an empty cell leaves', async () => {
    const before = await stored();
    const [one, two] = ['1000', '1001'].map((key) => before.get(key).Id);
    const answer = await load('update', [
      { Id: one, FirstName: 'New', Email: null },
      { Id: two, FirstName: '', Email: 'new@example.org' },
    ]);
    checks.same(answer.successfulResults.map((row) => row.sf__Created), ['false', 'false']);
    const after = await stored();
    const seen = ['1000', '1001'].map((key) => [after.get(key).FirstName, after.get(key).Email]);
    checks.same(seen, [['New', null], ['First1', 'new@example.org']]);
  });

  await checks.check('bulk.upsert', 'creates what is new, updates what is known, and says which', async () => {
    const input = [{ [KEY]: '1002', LastName: 'Known' }, { [KEY]: '9002', LastName: 'New' }];
    const answer = await load('upsert', input, { externalIdFieldName: KEY });
    const created = Object.fromEntries(answer.successfulResults.map((row) => [row[KEY], row.sf__Created]));
    checks.same(created, { 1002: 'false', 9002: 'true' });
    const after = await stored();
    checks.same(['1002', '9002'].map((key) => after.get(key).LastName), ['Known', 'New']);
  });

  await checks.check('bulk.delete', 'what was deleted is gone, an id that is none fails alone', async () => {
    const id = (await stored()).get('1299').Id;
    const answer = await load('delete', [{ Id: id }, { Id: '0035f00000zzzzzAAA' }]);
    checks.same(answer.successfulResults.map((row) => row.sf__Id), [id]);
    checks.same(answer.failedResults.length, 1);
    checks.true(!(await stored()).has('1299'), id);
  });

  await checks.check('bulk.failed', 'each failed row has its code, its field and its own data', async () => {
    const answer = await load('insert', [
      { FirstName: 'Nobody', LastName: '', Email: '' },
      { FirstName: 'Bad', LastName: 'Address', Email: 'none' },
      { FirstName: 'Good', LastName: 'Row', Email: '' },
    ]);
    const wrong = Object.fromEntries(answer.failedResults.map((row) => [row.FirstName, row.sf__Error]));
    checks.same(Object.keys(wrong).sort(), ['Bad', 'Nobody']);
    checks.same(wrong.Nobody, 'REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --');
    checks.true(wrong.Bad.startsWith('INVALID_EMAIL_ADDRESS:'), wrong.Bad);
    checks.same(answer.successfulResults.map((row) => row.FirstName), ['Good']);
  });
}

async function jobs(checks, control, bulk2, load, stored) {
  await checks.check('bulk.insert', 'two jobs at once, each with its own rows', async () => {
    const parts = ['7100', '7200'].map((key) => [{ [KEY]: key, LastName: `Job ${key}` }]);
    const answers = await Promise.all(parts.map((input) => load('insert', input)));
    checks.same(answers.map((one) => one.successfulResults.map((row) => row[KEY])), [['7100'], ['7200']]);
    const after = await stored();
    checks.same([after.get('7100').LastName, after.get('7200').LastName], ['Job 7100', 'Job 7200']);
  });

  await checks.check('bulk.unprocessed', 'a job that fails in the middle leaves its rest unprocessed', async () => {
    await control.patch('/settings', { bulk: { fail_after_rows: 200 } });
    const job = bulk2.createJob({ object: 'Contact', operation: 'insert' });
    await job.open();
    await job.uploadData(Array.from({ length: 300 }, (_, n) => ({ LastName: `Half${n}` })));
    await job.close();
    const error = await checks.rejects(() => job.poll());
    await control.patch('/settings', { bulk: { fail_after_rows: null } });
    checks.true(error.message.startsWith('Ingest job failed to complete due to: '), error.message);
    const answer = await job.getAllResults();
    checks.same([answer.successfulResults.length, answer.unprocessedRecords.length], [200, 100]);
    const all = [...answer.successfulResults, ...answer.unprocessedRecords].map((row) => row.LastName);
    checks.same(new Set(all).size, 300);
  });

  await checks.check('bulk.unprocessed', 'a column that is none fails the whole job, and is named', async () => {
    const error = await checks.rejects(() => load('insert', [{ Nope__c: 'x' }]));
    checks.true(error.message.includes('InvalidBatch : Field name not found : Nope__c'), error.message);
  });

  await checks.check('bulk.abort', 'an open job is aborted and deleted, then nobody knows it', async () => {
    const job = bulk2.createJob({ object: 'Contact', operation: 'insert' });
    await job.open();
    await job.abort();
    checks.same((await job.check()).state, 'Aborted');
    await job.delete();
    const gone = bulk2.job('ingest', { id: job.id });
    checks.same((await checks.rejects(() => gone.check())).errorCode, 'NOT_FOUND');
    checks.true(!(await control.get('/jobs')).some((one) => one.id === job.id), job.id);
  });
}

async function queries(checks, control, bulk2, people) {
  const soql = `SELECT Id, LastName, ${KEY} FROM Contact WHERE ${KEY} LIKE '10%' ORDER BY ${KEY}`;
  const rowsOf = async (query, options) => {
    const stream = await bulk2.query(query, options);
    const rows = [];
    await new Promise((resolve, reject) => {
      stream.on('record', (row) => rows.push(row)).on('end', resolve).on('error', reject);
    });
    return rows;
  };

  await checks.check('bulk.query', 'all rows, with every character they were stored with', async () => {
    const rows = await rowsOf(soql);
    checks.same(rows.map((row) => row[KEY]), people.slice(0, 100).map((one) => one[KEY]));
    checks.same(rows[3].LastName, people[3].LastName);
    checks.true((await control.records('Contact')).has(rows[3].Id), rows[3].Id);
  });

  await checks.check('bulk.query', 'an empty result and a query that is refused', async () => {
    checks.same(await rowsOf("SELECT Id FROM Contact WHERE LastName = 'Nobody at all'"), []);
    const error = await checks.rejects(() => rowsOf('SELECT Nope FROM Contact'));
    checks.same(error.errorCode, 'INVALID_FIELD');
  });

  await checks.check('bulk.query_all', 'deleted rows are there', async () => {
    const one = `SELECT ${KEY}, IsDeleted FROM Contact WHERE ${KEY} = '1299'`;
    checks.same(await rowsOf(one), []);
    checks.same(await rowsOf(one, { scanAll: true }), [{ [KEY]: '1299', IsDeleted: 'true' }]);
  });
}
