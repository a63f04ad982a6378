/** Commands that install what the stack needs, by platform. */
const commands = {
  java: {
    linux: 'apt-get install openjdk-17-jre-headless',
    darwin: 'brew install openjdk',
  },
  maven: { linux: 'apt-get install maven', darwin: 'brew install maven' },
} as const;

/** How to install it on this platform, as the end of a message. */
export function installCommand(tool: keyof typeof commands, platform: string = process.platform): string {
  const { linux, darwin } = commands[tool];
  return platform === 'darwin'
    ? `run "${darwin}"`
    : `run "${linux}" (other systems: their package of the same program)`;
}

export const dockerAlternative = ', or use Docker: "npm start -- --docker"';
