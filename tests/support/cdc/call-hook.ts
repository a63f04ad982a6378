/** The same port, but `onCall` runs before each call of one of the methods. */
export function withCallHook<Port extends object>(
  port: Port,
  methods: readonly (keyof Port)[],
  onCall: (method: keyof Port) => void,
): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const method = name as keyof Port;
        if (methods.includes(method)) onCall(method);
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
}
