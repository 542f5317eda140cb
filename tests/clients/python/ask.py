"""Sends operations with the transports of the package gql, and prints its answers.

Standard input is {"url": ..., "requests": [{"name", "query", "variables", "extensions"}]}; standard output is
{<transport>: {<name>: {"data", "errors", "extensions"}}}.
"""

import asyncio
import json
import sys

from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError, TransportServerError
from gql.transport.httpx import HTTPXAsyncTransport, HTTPXTransport
from gql.transport.requests import RequestsHTTPTransport
from gql.transport.websockets import WebsocketsTransport


def request(asked):
    return GraphQLRequest(
        asked["query"],
        variable_values=asked.get("variables"),
        extensions=asked.get("extensions"),
    )


def answer(result):
    return {"data": result.data, "errors": result.errors, "extensions": result.extensions}


def refused(error):
    return {"data": error.data, "errors": error.errors, "extensions": error.extensions}


def ask(transport, requests):
    transport.connect()
    try:
        return {asked["name"]: answer(transport.execute(request(asked))) for asked in requests}
    finally:
        transport.close()


async def ask_later(transport, requests):
    await transport.connect()
    try:
        answers = {}
        for asked in requests:
            try:
                answers[asked["name"]] = answer(await transport.execute(request(asked)))
            except TransportQueryError as error:
                answers[asked["name"]] = refused(error)
        return answers
    finally:
        await transport.close()


def ask_client(url, requests):
    """As users call it: the client reads the schema, and validates before it sends."""
    client = Client(transport=RequestsHTTPTransport(url), fetch_schema_from_transport=True)
    answers = {}
    with client as session:
        for asked in requests:
            try:
                result = session.execute(request(asked), get_execution_result=True)
                answers[asked["name"]] = answer(result)
            except TransportQueryError as error:
                answers[asked["name"]] = refused(error)
        try:
            session.execute_batch([gql("{ __typename }"), gql("{ __typename }")])
            raise AssertionError("a batch was answered")
        except TransportServerError as error:
            assert error.code == 400, error
    return answers


def main():
    given = json.load(sys.stdin)
    url, requests = given["url"], given["requests"]
    socket = url.replace("http", "ws", 1)
    # By default, websockets accepts messages of up to 1 MiB.
    unlimited = {"max_size": None}
    valid = [asked for asked in requests if asked["isValid"]]
    answers = {
        "requests": ask(RequestsHTTPTransport(url), requests),
        "httpx": ask(HTTPXTransport(url), requests),
        "httpx, asynchronous": asyncio.run(ask_later(HTTPXAsyncTransport(url), requests)),
        "websockets": asyncio.run(ask_later(WebsocketsTransport(socket, connect_args=unlimited), requests)),
        "a client with the schema": ask_client(url, valid),
    }
    for protocol in ["graphql-transport-ws", "graphql-ws"]:
        transport = WebsocketsTransport(socket, subprotocols=[protocol], connect_args=unlimited)
        answers[protocol] = asyncio.run(ask_later(transport, requests))
    sys.stdout.write(json.dumps(answers))


main()
