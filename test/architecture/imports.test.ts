import { expect, test } from 'vitest';
import { allImports, type Import, specifiersOf, zoneOf } from './imports.ts';

/** Imports point one way: each part of the house may import itself, packages and what is listed. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  machines: [],
  protocol: [],
  version: [],
  prompt: ['protocol'],
  reply: ['protocol'],
  toolcalls: ['protocol', 'prompt'],
  backends: ['protocol', 'prompt', 'reply', 'toolcalls'],
  cache: ['protocol', 'prompt'],
  runtime: ['machines', 'protocol', 'prompt', 'reply', 'toolcalls', 'backends', 'cache', 'version'],
  observe: ['machines', 'protocol', 'runtime', 'version'],
  server: ['protocol', 'prompt', 'reply', 'runtime', 'observe', 'version'],
  config: ['protocol', 'backends'],
  app: ['protocol', 'prompt', 'backends', 'cache', 'runtime', 'observe', 'server', 'config', 'version'],
  cli: ['protocol', 'backends', 'runtime', 'observe', 'server', 'config', 'app', 'version'],
  main: ['cli'],
  web: [],
};

const ours = new Set([...Object.keys(mayImport), 'test', 'scripts']);
const imports = allImports();
const inWords = ({ file, specifier }: Import) => `${file} imports ${specifier}`;

test('imports point one way', () => {
  const offending = imports.filter(({ file, target }) => {
    const zone = zoneOf(file);
    return ours.has(target) && target !== zone && !mayImport[zone]?.includes(target);
  });
  expect(offending.map(inWords)).toEqual([]);
});

test('the table itself has no way back', () => {
  const below = (zone: string): readonly string[] => (mayImport[zone] ?? []).flatMap((next) => [next, ...below(next)]);
  expect(Object.keys(mayImport).filter((zone) => below(zone).includes(zone))).toEqual([]);
});

test('every module belongs to a part of the house that the table knows', () => {
  const strangers = imports.filter(
    ({ file, specifier, target }) => !(zoneOf(file) in mayImport) || (specifier.startsWith('.') && !ours.has(target)),
  );
  expect(strangers.map(inWords)).toEqual([]);
});

test('machines import xstate and each other, and nothing else', () => {
  const offending = imports.filter(
    ({ file, target }) => zoneOf(file) === 'machines' && target !== 'machines' && target !== 'xstate',
  );
  expect(offending.map(inWords)).toEqual([]);
});

test('the page imports what it is served with, and nothing else', () => {
  const served = ['web', 'preact', 'preact/hooks', 'htm/preact'];
  const offending = imports.filter(({ file, target }) => zoneOf(file) === 'web' && !served.includes(target));
  expect(offending.map(inWords)).toEqual([]);
});

test('every form of import is seen', () => {
  const source = `
    import 'a';
    import b from 'b';
    import { type C, c } from "c";
    import type { D } from 'd';
    import {
      e,
      type E,
    } from 'e';
    export * from 'f';
    export type { G } from 'g';
    const h = await import('h');
    type I = typeof import('i');
    export const name = 'not an import';
  `;
  expect(specifiersOf(source)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']);
  expect(imports.length).toBeGreaterThan(100);
});
