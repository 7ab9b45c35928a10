// The endpoint of a service in a region, as the AWS SDKs determine it.
//
// AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL (both ignored if AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true),
// else by the region's partition, AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT. A test compares the endpoints
// with those of botocore's endpoint rules.

// A partition's regions, its domain and its domain for IPv4 and IPv6.
const PARTITIONS = [
  [/^cn-/, "amazonaws.com.cn", "api.amazonwebservices.com.cn"],
  [/^eusc-/, "amazonaws.eu", "api.amazonwebservices.eu"],
  [/^us-isob-/, "sc2s.sgov.gov", "api.aws.scloud"],
  [/^us-isof-/, "csp.hci.ic.gov", "api.aws.hci.ic.gov"],
  [/^eu-isoe-/, "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"],
  [/^us-iso-/, "c2s.ic.gov", "api.aws.ic.gov"],
  [/^/, "amazonaws.com", "api.aws"],
];
// In GovCloud the default endpoint of these is the FIPS endpoint.
const GOV_FIPS = new Set(["events", "kinesis", "logs", "sns", "sqs"]);

/** The endpoint of a service in the environment variables; undefined if none is set. */
export function ownEndpoint(service) {
  const { env } = process;
  if (isTrue(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS)) return undefined;
  return env[`AWS_ENDPOINT_URL_${NAMES[service] ?? service.toUpperCase()}`] || env.AWS_ENDPOINT_URL || undefined;
}

// The variables of these services are named by the service's id.
const NAMES = { logs: "CLOUDWATCH_LOGS", events: "EVENTBRIDGE" };

/** The URL of a service in a region. */
export function endpoint(service, region) {
  const own = ownEndpoint(service);
  if (own) return new URL(own);
  const [, domain, dualDomain] = PARTITIONS.find(([regions]) => regions.test(region));
  const isFips = isTrue(process.env.AWS_USE_FIPS_ENDPOINT);
  const isDual = isTrue(process.env.AWS_USE_DUALSTACK_ENDPOINT);
  const isPlain = !isFips || (region.startsWith("us-gov-") && !isDual && GOV_FIPS.has(service));
  const name = isPlain ? service : `${service}-fips`;
  if (!isDual) return new URL(`https://${name}.${region}.${domain}`);
  if (service === "s3") return new URL(`https://${name}.dualstack.${region}.${domain}`);
  return new URL(`https://${name}.${region}.${dualDomain}`);
}

function isTrue(value) {
  return (value ?? "").trim().toLowerCase() === "true";
}
