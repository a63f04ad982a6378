import { signInByToken } from '../../../../functions/adapters/postgres/sign-in-by-token.ts';

const url = 'postgres://owner@localhost:5432/target';

it.each([
  ['the user of the URL', undefined, 'owner'],
  ['the user that is given instead', 'employee_streams_reader', 'employee_streams_reader'],
])('signs in as %s', (_, user, expected) => {
  expect(signInByToken({ url, user, region: 'eu-central-1' }).user).toBe(expected);
});

it('names what it lacks', () => {
  expect(() => signInByToken({ url: 'postgres://localhost/target', user: undefined, region: 'eu' })).toThrow(
    'expected a host, a user and a region',
  );
});
