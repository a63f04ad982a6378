import { parseXML } from '@aws-sdk/xml-builder';
import { S3Error } from './s3-error.ts';

/** The children of an element: text, or elements by name; a list repeats its element, undefined leaves it out. */
export type XmlContent = string | number | boolean | XmlElements;
export interface XmlElements {
  readonly [name: string]: XmlContent | readonly XmlContent[] | undefined;
}

export function toXml(root: string, content: XmlElements): string {
  const namespace = root === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${inner(content)}</${root}>`;
}

function inner(content: XmlContent): string {
  if (typeof content !== 'object') return escapeText(String(content));
  return Object.entries(content)
    .flatMap(([name, value]) => [value ?? []].flat().map((each: XmlContent) => `<${name}>${inner(each)}</${name}>`))
    .join('');
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The elements with this name that are children of the root. @throws {S3Error} when the text is no such document. */
export function parseElements(text: string, root: string, name: string): Record<string, unknown>[] {
  const elements = [(parseRoot(text, root)[name] ?? []) as unknown].flat();
  if (!elements.every((element) => typeof element === 'object')) throw malformed(root);
  return elements as Record<string, unknown>[];
}

export function parseRoot(text: string, root: string): Record<string, unknown> {
  // The parser decodes a character reference beyond U+FFFF wrongly.
  const decoded = text.replace(/&#(?:x([0-9a-f]{5,6})|(\d{5,7}));/gi, (reference, hex, decimal) => {
    const codePoint = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return codePoint > 0xffff && codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : reference;
  });
  try {
    const document = parseXML(decoded)[root];
    if (typeof document === 'object' && document !== null) return document;
  } catch {
    // Reported below.
  }
  throw malformed(root);
}

function malformed(root: string): S3Error {
  return new S3Error('MalformedXML', `Expected the XML document ${root} as S3 defines it.`);
}
