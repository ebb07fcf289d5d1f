// Reads a Salesforce project as `sf project deploy start` would, with Salesforce's own library: every file must belong to a
// component, every component must be what Salesforce's own description of the metadata says (the types made from its
// WSDL), the manifest must name what is there, and all of it must convert to the form an org is sent.
// Usage: node validate.mjs PROJECT OUTPUT

import { readFileSync, readdirSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { ComponentSet, MetadataConverter } from '@salesforce/source-deploy-retrieve';

const [project, output] = process.argv.slice(2);
const faults = [];
const fault = (text) => faults.push(text);

// ---------------------------------------------------------------- Salesforce's own description of the metadata

const require = createRequire(import.meta.url);
const wsdl = readFileSync(join(dirname(require.resolve('@salesforce/types/metadata')), 'metadata.d.ts'), 'utf8');
const types = new Map();
for (const [, name, body] of wsdl.matchAll(/^export type (\w+) = ((?:[^;{]|\{[^}]*\})*);$/gm)) types.set(name, body);

/** The elements of a type, its bases' first: name -> { type, optional, many }. */
function elements(name) {
  const body = types.get(name);
  const found = new Map();
  for (const [, base] of body.split('{')[0].matchAll(/(\w+) &/g)) for (const one of elements(base)) found.set(...one);
  for (const [, field, mark, type, many] of body.matchAll(/^\s+(\w+)(\??): (\w+)(\[\])?;$/gm)) {
    found.set(field, { type, optional: mark === '?' || many === '[]', many: many === '[]' });
  }
  return found;
}

/** One value against its type. */
function check(value, type, where) {
  if (type === 'string') return typeof value === 'string' || fault(`${where} is no text`);
  if (type === 'boolean') return ['true', 'false'].includes(String(value)) || fault(`${where} is no true or false`);
  if (type === 'number') return (value !== '' && Number.isFinite(Number(value))) || fault(`${where} is no number`);
  const body = types.get(type);
  if (body === undefined) return fault(`${where} is of the unknown type ${type}`);
  if (!body.includes('{')) {
    const choices = [...body.matchAll(/'([^']*)'/g)].map(([, choice]) => choice);
    return choices.length === 0 || choices.includes(String(value)) || fault(`${where} has no choice ${value}`);
  }
  const known = elements(type);
  if (typeof value !== 'object') return fault(`${where} is a text and should be ${type}`);
  for (const [name, content] of Object.entries(value)) {
    if (name.startsWith('@_')) continue;
    const element = known.get(name);
    if (element === undefined) { fault(`${where} has no element ${name}`); continue; }
    if (Array.isArray(content) && !element.many) fault(`${where}.${name} stands more than once`);
    for (const one of [content].flat()) check(one, element.type, `${where}.${name}`);
  }
  for (const [name, element] of known) {
    if (!element.optional && value[name] === undefined) fault(`${where} lacks ${name}`);
  }
}

// ---------------------------------------------------------------- the project

function files(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

const configuration = JSON.parse(readFileSync(join(project, 'sfdx-project.json'), 'utf8'));
const folders = configuration.packageDirectories.map((entry) => join(project, entry.path));
const members = [];
let firstFolder = 0;
for (const folder of folders) {
  const set = ComponentSet.fromSource(folder);
  const components = set.getSourceComponents().toArray();
  const parts = components.flatMap((component) => component.getChildren().length ? component.getChildren() : [component]);
  const known = new Set(parts.map((component) => component.xml));
  for (const path of files(folder)) if (!known.has(path)) fault(`${relative(project, path)} belongs to no component`);
  for (const component of parts) {
    members.push(`${component.type.name}:${component.fullName}`);
    try {
      const root = await component.parseXml();
      const [name] = Object.keys(root).filter((key) => !key.startsWith('?'));
      if (name !== component.type.name) fault(`${component.fullName} is a ${name} and lies among ${component.type.name}`);
      else check(root[name], name, `${name} ${component.fullName}`);
    } catch (error) {
      fault(`${relative(project, component.xml)}: ${error.message}`);
    }
  }
  firstFolder ||= members.length;
  if (faults.length === 0) await convert(set, folder, parts);
}

/** To the form an org is sent; what comes out must hold what went in. */
async function convert(set, folder, parts) {
  const target = join(output, relative(project, folder));
  rmSync(target, { recursive: true, force: true });
  set.sourceApiVersion = configuration.sourceApiVersion;
  await new MetadataConverter().convert(set, 'metadata', { type: 'directory', outputDirectory: target, genUniqueDir: false });
  const manifest = readFileSync(join(target, 'package.xml'), 'utf8');
  if (!manifest.includes(`<version>${configuration.sourceApiVersion}</version>`)) fault(`${target}: another API version`);
  const written = files(target).map((path) => readFileSync(path, 'utf8')).join('\n');
  for (const part of parts) {
    const name = part.fullName.split('.').pop();
    if (!written.includes(`<members>${part.fullName}</members>`)) fault(`${part.fullName} is not in the converted package.xml`);
    if (part.type.name === 'CustomField' && !written.includes(`<fullName>${name}</fullName>`)) fault(`${name} was not converted`);
  }
}

// ---------------------------------------------------------------- the manifest

const manifestPath = join(project, 'manifest', 'package.xml');
if (!existsSync(manifestPath)) fault('there is no manifest/package.xml');
else if (faults.length === 0) {
  const listed = await ComponentSet.fromManifest({ manifestPath, resolveSourcePaths: [folders[0]] });
  const there = members.slice(0, listed.getSourceComponents().toArray().length === 0 ? 0 : firstFolder).sort();
  const wanted = [...readFileSync(manifestPath, 'utf8').matchAll(/<types>([\s\S]*?)<\/types>/g)].flatMap(([, block]) => {
    const name = block.match(/<name>(.*?)<\/name>/)[1];
    return [...block.matchAll(/<members>(.*?)<\/members>/g)].map(([, member]) => `${name}:${member}`);
  }).sort();
  if (JSON.stringify(wanted) !== JSON.stringify(there)) fault(`package.xml names ${wanted} and ${configuration.packageDirectories[0].path} holds ${there}`);
}

if (faults.length > 0) {
  for (const text of faults) console.error(`  ${text}`);
  console.error(`${project}: ${faults.length} faults`);
  process.exit(1);
}
console.log(`${project}: ${members.length} components, all as Salesforce describes them: ${members.join(', ')}`);
