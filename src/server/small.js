// The small page: sends the query and shows the answer.
'use strict';

const form = document.getElementById('form');
const query = document.getElementById('query');
const variables = document.getElementById('variables');
const answer = document.getElementById('answer');

const linked = new URLSearchParams(location.search);
query.value = linked.get('query') ?? query.value;
variables.value = linked.get('variables') ?? variables.value;

async function run() {
  const body = { query: query.value };
  if (variables.value.trim()) {
    try {
      body.variables = JSON.parse(variables.value);
    } catch (error) {
      answer.textContent = `the variables are not JSON: ${error.message}`;
      return;
    }
  }
  answer.textContent = '…';
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
    answer.textContent = JSON.stringify(await response.json(), null, 2);
  } catch (error) {
    answer.textContent = `no answer: ${error.message}`;
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void run();
});
form.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    void run();
  }
});
