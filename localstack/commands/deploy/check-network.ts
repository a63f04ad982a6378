import { isIPv4 } from 'node:net';
import { type Place, resourcesOf, type Template, textOf, type Value } from './template.ts';

interface Range {
  readonly cidr: string;
  readonly first: number;
  readonly last: number;
}

/** What a VPC and a subnet allow. */
const MIN_PREFIX = 16;
const MAX_PREFIX = 28;
const ADDRESS_BITS = 32;

/** Addresses with which the VPC and its subnets cannot be created. */
export function checkNetwork(template: Template, place: Place): readonly string[] {
  const faults: string[] = [];
  const rangesOf = (type: string) =>
    resourcesOf(template, type, place).flatMap(({ Properties = {} }) => {
      const range = rangeOf(Properties['CidrBlock'], template, place);
      if (range === undefined) return [];
      if (typeof range !== 'string') return [range];
      faults.push(range);
      return [];
    });
  const vpcs = rangesOf('AWS::EC2::VPC');
  const subnets = rangesOf('AWS::EC2::Subnet');
  for (const [index, subnet] of subnets.entries()) {
    const isInside = vpcs.some(({ first, last }) => first <= subnet.first && subnet.last <= last);
    if (vpcs.length > 0 && !isInside) {
      faults.push(`The subnet ${subnet.cidr} is outside of the VPC ${vpcs.map(({ cidr }) => cidr).join(', ')}.`);
    }
    const other = subnets.slice(0, index).find(({ first, last }) => first <= subnet.last && subnet.first <= last);
    if (other !== undefined) faults.push(`The subnets ${other.cidr} and ${subnet.cidr} overlap.`);
  }
  return [...new Set(faults)];
}

/**
 * Also of `Fn::Cidr`, which divides a network into parts of the same size.
 *
 * @returns a fault when there are no such addresses, `undefined` when they are not known before the deployment.
 */
function rangeOf(value: Value, template: Template, place: Place): Range | string | undefined {
  const { 'Fn::Select': selected } = (value ?? {}) as { readonly 'Fn::Select'?: readonly [number, Value] };
  const { 'Fn::Cidr': divided } = (selected?.[1] ?? {}) as { readonly 'Fn::Cidr'?: readonly Value[] };
  const cidr = textOf(divided?.[0] ?? value, template, place);
  if (cidr === undefined) return undefined;
  const range = parseRange(cidr);
  if (divided === undefined || typeof range === 'string') return range;
  const [count, bits] = divided.slice(1).map(Number) as [number, number];
  const size = 2 ** bits;
  // CloudFormation computes all parts, also those that no subnet has.
  if (count * size > range.last - range.first + 1) {
    const prefix = ADDRESS_BITS - Math.ceil(Math.log2(count * size));
    return `Expected a network of at least /${prefix}, which has ${count} subnets of ${size} addresses, found "${cidr}".`;
  }
  const first = range.first + Number(selected?.[0]) * size;
  return { cidr: `${toAddress(first)}/${ADDRESS_BITS - bits}`, first, last: first + size - 1 };
}

/** @returns a fault when a VPC cannot have these addresses. */
function parseRange(cidr: string): Range | string {
  const [address = '', bits = ''] = cidr.split('/');
  const prefix = Number(bits);
  if (!(isIPv4(address) && /^\d{1,2}$/.test(bits) && prefix >= MIN_PREFIX && prefix <= MAX_PREFIX)) {
    return `Expected addresses of a network between /${MIN_PREFIX} and /${MAX_PREFIX}, such as 10.20.0.0/16, found "${cidr}".`;
  }
  const first = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (ADDRESS_BITS - prefix);
  if (first % size !== 0) {
    return `Expected the first address of a network with a /${prefix}, found ${cidr}: it would begin at ${toAddress(first - (first % size))}.`;
  }
  return { cidr, first, last: first + size - 1 };
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
