// A handler's settings: environment variables, checked when the function starts.
//
// A wrong one stops the function at its start, with an error that names the variable: better than a
// function that runs and sends nothing.

export class SettingsError extends Error {
  constructor(name, problem) {
    super(`environment variable ${name}: ${problem}`);
    this.name = "SettingsError";
  }
}

/** An Amazon Resource Name, taken apart. */
export class Arn {
  constructor(text, service, region, account, resource) {
    Object.assign(this, { text, service, region, account, resource });
  }

  /** The resource's own name: the table, queue, topic, stream, bus or log group. */
  get name() {
    return this.resource.replace(/^(table|stream|deliverystream|event-bus|log-group)[/:]/, "");
  }

  get isFifo() {
    return (this.service === "sqs" || this.service === "sns") && this.resource.endsWith(".fifo");
  }
}

/** A variable without the blanks around it; empty where it is not set. */
export function text(environ, name) {
  return (environ[name] ?? "").trim();
}

/** The ARN in a variable, or undefined where it is not set. Throws for one of another service. */
export function arn(environ, name, services) {
  const value = text(environ, name);
  if (!value) return undefined;
  const bare = value.endsWith(":*") ? value.slice(0, -2) : value;
  const [start, , service, region, account, ...rest] = bare.split(":");
  const resource = rest.join(":");
  if (start !== "arn" || !resource) {
    throw new SettingsError(name, `'${value}' is not an ARN (arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE)`);
  }
  if (!services.includes(service)) {
    throw new SettingsError(name, `is of service '${service}'; it must be one of ${services.join(", ")}`);
  }
  return new Arn(bare, service, region, account, resource);
}

/** As `arn`, for a variable that must be set. */
export function requiredArn(environ, name, services) {
  const found = arn(environ, name, services);
  if (found === undefined) {
    throw new SettingsError(name, `is not set; it must be the ARN of one of ${services.join(", ")}`);
  }
  return found;
}

/** One of `choices`, the first of which is the default. */
export function choice(environ, name, choices) {
  const value = text(environ, name) || choices[0];
  if (!choices.includes(value)) {
    throw new SettingsError(name, `'${value}' is not one of ${choices.join(", ")}`);
  }
  return value;
}

/** Attribute paths, separated by commas; see `path`. */
export function paths(environ, name) {
  return split(environ[name] ?? "", ",")
    .filter((one) => one.trim())
    .map((one) => path(name, one));
}

/** An attribute path: `customer.emails.0`. A dot or comma in a name is written with a backslash. */
export function path(name, value) {
  const parts = split(value.trim(), ".").map((part) => part.replace(/\\([.,=\\])/g, "$1"));
  if (!parts.every(Boolean)) {
    throw new SettingsError(name, `'${value.trim()}' is not an attribute path such as customer.email`);
  }
  return parts;
}

/** Split at each separator that has no backslash before it; the backslashes stay. */
export function split(value, separator) {
  return value.split(new RegExp(`(?<!\\\\)\\${separator}`));
}
