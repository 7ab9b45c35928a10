// Imitates Lambda's Node.js runtime: loads a handler as Lambda does, and calls it with events.
//
//     node driver.mjs RUNTIME FILE.FUNCTION DESCRIPTOR   in the folder with the code
//
// Standard input has one invocation per line, {"event": …, "context": {…}}; the descriptor one response per line,
// {"answer": …} or {"error": {"errorType", "errorMessage", "stackTrace"}}. The handler's output is not redirected.

import { existsSync, writeSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const VERSION = Number(/^nodejs(\d+)/.exec(process.argv[2])?.[1] ?? 22);
// Since this version, Lambda's runtime has no callbacks, and no context.succeed, fail and done.
const PROMISES_ONLY = VERSION >= 24;

let handler;

for await (const line of createInterface({ input: process.stdin })) {
  const invocation = JSON.parse(line);
  let answer;
  try {
    handler ??= await load(process.argv[3]);
    // As in Lambda: a response that JSON cannot represent is an error of the function.
    answer = { answer: JSON.parse(JSON.stringify((await call(invocation)) ?? null)) };
  } catch (error) {
    answer = { error: told(error) };
  }
  writeSync(Number(process.argv[4]), JSON.stringify(answer) + "\n");
}
process.exit(0); // even if the handler keeps something open

async function load(entry) {
  const [file, ...names] = basename(entry).split(".");
  const stem = resolve(join(dirname(entry), file));
  const path = [".js", ".mjs", ".cjs"].map((ending) => stem + ending).find(existsSync);
  if (path === undefined) throw fault("Runtime.ImportModuleError", `Error: Cannot find module '${basename(stem)}'`);
  const loaded = await import(pathToFileURL(path));
  const find = (from) => names.reduce((value, name) => value?.[name], from);
  const found = find(loaded) ?? find(loaded.default);
  if (found === undefined) throw fault("Runtime.HandlerNotFound", `${entry} is undefined or not exported`);
  if (typeof found !== "function") throw fault("Runtime.HandlerNotFound", `${entry} is not a function`);
  if (PROMISES_ONLY && found.length >= 3) {
    throw fault(
      "Runtime.CallbackHandlerDeprecated",
      "callback-based handlers are not supported from Node.js 24 on: make the handler async",
    );
  }
  return found;
}

function fault(name, message) {
  return Object.assign(new Error(message), { name });
}

// A handler returns a promise; up to Node.js 22 it may also use the callback or the context.
function call({ event, context }) {
  const deadline = Date.now() + (context.seconds ?? 30) * 1000;
  const own = {
    awsRequestId: context.aws_request_id,
    functionName: context.function_name,
    functionVersion: context.function_version,
    invokedFunctionArn: context.invoked_function_arn,
    memoryLimitInMB: String(context.memory_limit_in_mb),
    logGroupName: context.log_group_name,
    logStreamName: context.log_stream_name,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  return new Promise((done, fail) => {
    if (!PROMISES_ONLY) {
      own.succeed = done;
      own.fail = fail;
      own.done = (error, result) => (error ? fail(error) : done(result));
      own.callbackWaitsForEmptyEventLoop = true;
    } else {
      Promise.resolve(handler(event, own)).then(done, fail);
      return;
    }
    const answer = handler(event, own, (error, result) => (error ? fail(error) : done(result)));
    if (typeof answer?.then === "function") answer.then(done, fail);
    else if (answer !== undefined && handler.length < 3) done(answer);
    else if (handler.length < 2) done(undefined); // it can use neither the callback nor the context
  });
}

function told(error) {
  const known = error instanceof Error;
  return {
    errorType: known ? error.name : typeof error,
    errorMessage: known ? error.message : String(error),
    stackTrace: known ? String(error.stack).split("\n").slice(1).map((line) => line.trim()) : [],
  };
}
