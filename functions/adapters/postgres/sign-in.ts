/** Who signs in to a database, and by which password. It is asked for each new connection. */
export interface SignIn {
  readonly user: string;
  password(): Promise<string>;
}
