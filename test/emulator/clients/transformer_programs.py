"""What a user of the SageMaker Python SDK may write, against the emulator at AWS_ENDPOINT_URL: the Transformer of version 2
(package sagemaker) and of the version after it (package sagemaker-core). Run: python3 transformer_programs.py v2|core"""
import json
import logging
import sys

import boto3
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/any"
LINEAR_LEARNER = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
LINES = "application/jsonlines"


def prepare():
    """A model and two objects, in a bucket of their own."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="artifacts")
    s3.upload_file("fixtures/artifacts/009-model.tar.gz", "artifacts", "m.tar.gz")
    container = {"Image": LINEAR_LEARNER, "ModelDataUrl": "s3://artifacts/m.tar.gz"}
    boto3.client("sagemaker").create_model(ModelName="weather", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    s3.create_bucket(Bucket="data")
    for name, ids in (("a", [1, 2]), ("b", [3])):
        rows = [json.dumps({"features": [0, n, 5, 3, 1, 0], "id": f"row-{n}"}) for n in ids]
        s3.put_object(Bucket="data", Key=f"in/{name}.jsonl", Body="\n".join(rows))


def outputs(prefix):
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket="data", Prefix=prefix).get("Contents", [])
    bodies = {one["Key"]: s3.get_object(Bucket="data", Key=one["Key"])["Body"].read().decode() for one in found}
    return {key: [json.loads(line) for line in body.splitlines()] for key, body in bodies.items()}


def check_joined(found):
    assert sorted(found) == ["out/a.jsonl.out", "out/b.jsonl.out"], found
    assert [row["id"] for row in found["out/a.jsonl.out"]] == ["row-1", "row-2"]
    for row in found["out/a.jsonl.out"] + found["out/b.jsonl.out"]:
        assert sorted(row) == ["SageMakerOutput", "id"], row
        assert row["SageMakerOutput"]["predicted_label"] == 2, row


def v2():
    import sagemaker
    from sagemaker.exceptions import UnexpectedStatusException
    from sagemaker.inputs import BatchDataCaptureConfig
    from sagemaker.transformer import Transformer

    session = sagemaker.Session(boto3.Session(), default_bucket="data")
    transformer = Transformer(
        model_name="weather",
        instance_count=2,
        instance_type="ml.m5.xlarge",
        strategy="MultiRecord",
        assemble_with="Line",
        accept=LINES,
        output_path="s3://data/out",
        max_payload=1,
        tags=[{"Key": "team", "Value": "a"}],
        sagemaker_session=session,
    )
    how = {"content_type": LINES, "split_type": "Line", "logs": True}
    # Waits, and prints what the containers print.
    transformer.transform(
        "s3://data/in/",
        job_name="v2-joined",
        join_source="Input",
        output_filter="$['id','SageMakerOutput']",
        model_client_config={"InvocationsTimeoutInSeconds": 10, "InvocationsMaxRetries": 1},
        batch_data_capture_config=BatchDataCaptureConfig(destination_s3_uri="s3://data/captured"),
        wait=True,
        **how,
    )
    check_joined(outputs("out/"))
    attached = Transformer.attach("v2-joined", sagemaker_session=session)
    assert (attached.model_name, attached.instance_count, attached.accept) == ("weather", 2, LINES)
    boto3.client("s3").put_object(Bucket="data", Key="bad/a", Body='{"features":[1]}')
    try:
        transformer.transform("s3://data/bad/", job_name="v2-bad", wait=True, **{**how, "logs": False})
    except UnexpectedStatusException as error:
        assert "ClientError: See job logs for more information" in str(error), error
    else:
        raise AssertionError("a job with a bad row ended well")
    try:
        transformer.transform("s3://data/none/", job_name="v2-none", wait=False, **how)
    except ClientError as error:
        assert "No S3 objects found under S3 URL" in str(error), error
    else:
        raise AssertionError("a job without objects was taken")


def core():
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.resources import TransformJob
    from sagemaker.core.transformer import Transformer

    session = Session(boto3.Session(), default_bucket="data")
    transformer = Transformer(
        model_name="weather",
        instance_count=1,
        instance_type="ml.m5.xlarge",
        strategy="SingleRecord",
        assemble_with="Line",
        accept=LINES,
        output_path="s3://data/out",
        sagemaker_session=session,
    )
    how = {"content_type": LINES, "split_type": "Line", "logs": False}
    transformer.transform(
        "s3://data/in/",
        job_name="core-joined",
        join_source="Input",
        output_filter="$['id','SageMakerOutput']",
        wait=True,
        **how,
    )
    check_joined(outputs("out/"))
    job = TransformJob.get("core-joined")
    assert job.transform_job_status == "Completed" and job.transform_end_time > job.transform_start_time
    assert [one.transform_job_name for one in TransformJob.get_all(name_contains="core")] == ["core-joined"]
    transformer.transform("s3://data/in/", job_name="core-stopped", wait=False, **how)
    transformer.stop_transform_job(wait=False)
    job = TransformJob.get("core-stopped")
    assert job.transform_job_status in ("Stopping", "Stopped"), job.transform_job_status


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    prepare()
    globals()[sys.argv[1]]()
    print("done")
