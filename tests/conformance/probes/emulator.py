"""What the embedded emulator and moto do otherwise, where no probe of AWS's own facts shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.model import Seen, probe

if TYPE_CHECKING:
    from tests.conformance.lab import Lab


@probe("emulator-streams", quick=True)
def one_shard_and_no_record_of_partiql(lab: Lab) -> Seen:
    table = lab.table()
    statement = f"INSERT INTO \"{table}\" VALUE {{'pk': ?, 'sk': ?}}"
    lab.dynamodb.execute_statement(Statement=statement, Parameters=[{"S": "p"}, {"S": "partiql"}])
    lab.put(table, "put")
    keys = [one["dynamodb"]["Keys"]["sk"]["S"] for one in lab.records(lab.stream(table), at_least=1)]
    answer = {"records": keys, "shards": len(lab.shards(lab.stream(table)))}
    return Seen(agrees=answer == {"records": ["put"], "shards": 1}, answer=answer)


@probe("endpoint-moto", quick=True)
def moto(lab: Lab) -> Seen:
    listed = lab.lambda_.list_functions()
    kind = listed["ResponseMetadata"]["HTTPHeaders"].get("content-type", "")
    table = lab.table()
    wanted = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    code = lab.code_of(lab.dynamodb.update_table, TableName=table, StreamSpecification=wanted)
    answer = {"content type": kind.partition(";")[0], "a stream enabled twice": code or "accepted"}
    return Seen(agrees=kind.startswith("text/html") and bool(code), answer=answer)
