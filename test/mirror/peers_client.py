"""Callers of SageMaker, unchanged but for endpoint_url: what they get through a mirror. Argument: the mirror's URL."""

import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

runtime = boto3.client(
    "sagemaker-runtime",
    endpoint_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="caller",
    aws_secret_access_key="secret",
    config=Config(retries={"max_attempts": 1}),
)


def invoke(body, **more):
    return runtime.invoke_endpoint(EndpointName="weather", ContentType="application/json", Body=body, **more)


answer = invoke(json.dumps({"x": 1}), InferenceId="mine", Accept="application/json", CustomAttributes="a=b")
assert answer["ContentType"] == "application/json", answer
assert answer["InvokedProductionVariant"] == "AllTraffic", answer
assert json.loads(answer["Body"].read()) == {"score": 1}

large = invoke(json.dumps({"x": "y" * 2_000_000}))
assert json.loads(large["Body"].read()) == {"score": 1}

try:
    invoke(json.dumps({"fail": True}))
except ClientError as error:
    assert error.response["Error"]["Code"] == "ModelError", error.response
    assert error.response["OriginalStatusCode"] == 500, error.response
else:
    raise AssertionError("a failed model is an error")

stream = runtime.invoke_endpoint_with_response_stream(
    EndpointName="weather", ContentType="application/json", Body=json.dumps({"x": 1})
)
assert stream["ContentType"] == "text/event-stream", stream
parts, times = [], []
for event in stream["Body"]:
    parts.append(event["PayloadPart"]["Bytes"])
    times.append(time.monotonic())
assert parts == [b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n"], parts
# The parts come as they are sent, and not all in the end.
assert times[-1] - times[0] > 0.2, times
