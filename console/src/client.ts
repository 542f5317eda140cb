// Requests to the server's GraphQL API.

export type Variables = Record<string, unknown>;

/** A request as a page makes it, which GraphiQL can show. */
export interface Question {
  query: string;
  variables: Variables;
}

export interface GraphError {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string };
}

export interface Answer<T> {
  data: T | null;
  errors: GraphError[];
  extensions?: { citations?: CitedPlace[] };
}

export interface CitedPlace {
  path: (string | number)[];
  citations: { source: { id: string; title: string; url: string | null }; locator: string | null; note: string | null }[];
}

/** The server cannot be reached, or answers with something else than GraphQL. */
export class ServerGone extends Error {}

export async function ask<T>(question: Question, signal?: AbortSignal): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(question),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new ServerGone('The server does not answer.', { cause: error });
  }
  try {
    const answer = (await response.json()) as { data?: T | null; errors?: GraphError[]; extensions?: Answer<T>['extensions'] };
    return { data: answer.data ?? null, errors: answer.errors ?? [], extensions: answer.extensions };
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new ServerGone(`The server answered with the status ${response.status}.`, { cause: error });
  }
}

/** The same question in another form, such as `text/turtle`. */
export async function askAs(question: Question, accept: string): Promise<string> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(question),
  });
  const body = await response.text();
  // An answer with errors is JSON, whatever form was asked for.
  if (!response.ok || !(response.headers.get('content-type') ?? '').startsWith(accept)) {
    throw new Error(`The server gave no ${accept}, and answered with the status ${response.status}.`);
  }
  return body;
}

/** Whether an error says that the question was too large, and not wrong. */
export function isLimit(error: GraphError): boolean {
  const code = error.extensions?.code ?? '';
  return code.endsWith('_LIMIT') || code === 'TIMEOUT' || code === 'BUSY';
}

/** The ids that the message of an error suggests. */
export function suggestedIds(errors: GraphError[]): string[] {
  const said = errors.map((error) => error.message.split('did you mean')[1] ?? '').join(' ');
  return [...new Set([...said.matchAll(/"([^"]+)"/g)].flatMap((match) => match[1] ?? []))];
}
