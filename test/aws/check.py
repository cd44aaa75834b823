"""boto3 against the local stack: invoke a job both ways, read the results, list the queues."""
import json
import sys

import boto3

lambda_url, sqs_url = sys.argv[1:3]
functions = boto3.client("lambda", endpoint_url=lambda_url)
queues = boto3.client("sqs", endpoint_url=sqs_url)


def invoke(payload):
    answer = functions.invoke(FunctionName="cuadre-cabinet-claims-reconcile", Payload=json.dumps(payload))
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer, answer
    return json.loads(answer["Payload"].read())


safe = invoke({})
assert safe["dry_run"] and safe["report"]["claims_inserted"] == 0, safe
print("boto3 invoke {}: a dry run")

again = invoke({"dryRun": False, "asOf": "2026-01-13"})
assert not again["dry_run"] and again["report"]["claims_inserted"] == 0 and again["report"]["gaps_found"] == 3, again
print('boto3 invoke {"dryRun": False}: 3 gaps found, 0 claims inserted the second time')

refused = functions.invoke(FunctionName="cuadre-cabinet-claims-reconcile", Payload=json.dumps({"limit": 0}))
assert refused["FunctionError"] == "Unhandled" and "limit" in refused["Payload"].read().decode(), refused
print('boto3 invoke {"limit": 0}: refused, naming the field')

urls = queues.list_queues()["QueueUrls"]
assert any(url.endswith("/cuadre-cabinet-validation") for url in urls), urls
print(f"boto3 list_queues: {len(urls)} queues")
