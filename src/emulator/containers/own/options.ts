import { usageError } from '../../../base/errors.ts';

/** A container of the user's own: a server that runs already, or a command that starts one. */
export type OwnContainer = { image: string } & ({ url: URL } | { command: string });

/**
 * Reads `IMAGE=http://127.0.0.1:8080` or `IMAGE=command …`. Only servers on this machine are forwarded to: the emulator
 * must not carry requests to anywhere else. Throws a usage `Problem`.
 */
export function readOwnContainer(option: string): OwnContainer {
  const equals = option.indexOf('=');
  const image = option.slice(0, equals).trim();
  const target = option.slice(equals + 1).trim();
  const next = "Write --container IMAGE=http://127.0.0.1:8080 or --container IMAGE='command'.";
  if (equals < 0 || image === '' || target === '')
    throw usageError(`--container ${option} does not say what serves the image.`, next);
  if (!/^https?:\/\//i.test(target)) return { image, command: target };
  let url: URL;
  try {
    url = new URL(target);
  } catch (error) {
    throw usageError(`--container ${option}: ${target} is no URL.`, next, error);
  }
  const loopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol !== 'http:' || !loopback) {
    throw usageError(
      `--container ${option}: containers are reached by http on this machine only, not at ${url.host}.`,
      next,
    );
  }
  return { image, url };
}

/**
 * Is this container meant for the image? By the full name, or without the registry in front; an option without a tag
 * fits every tag.
 */
export function serves(container: OwnContainer, image: string): boolean {
  const fits = (name: string) => name === container.image || name.endsWith(`/${container.image}`);
  const untagged = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return fits(image) || fits(untagged);
}
