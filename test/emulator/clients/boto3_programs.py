"""What a boto3 user may write, against the emulator at AWS_ENDPOINT_URL. Run: python3 boto3_programs.py <name>"""
import io
import json
import os
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import boto3
import botocore.exceptions
import botocore.session
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/any"
LINEAR_LEARNER = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"


def refused(call, **parameters):
    """The code and message a call is refused with."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"].get("Message")
    raise AssertionError(f"{call} was not refused")


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{os.environ['AWS_ENDPOINT_URL']}/_shadowctl/{path}", data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.status


def sagemaker():
    client = boto3.client("sagemaker")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="artifacts")
    s3.upload_file("fixtures/artifacts/009-model.tar.gz", "artifacts", "m.tar.gz")
    container = {"Image": LINEAR_LEARNER, "ModelDataUrl": "s3://artifacts/m.tar.gz"}
    for index in range(12):
        client.create_model(ModelName=f"Model-{index:02}", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    assert len(client.list_models()["Models"]) == 10
    pages = client.get_paginator("list_models").paginate(SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 5})
    names = [model["ModelName"] for page in pages for model in page["Models"]]
    assert names == [f"Model-{index:02}" for index in range(12)], names

    variant = {"VariantName": "v", "ModelName": "Model-00", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    for name in ("Config-1", "Config-2"):
        client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    arn = client.create_endpoint(EndpointName="Weather", EndpointConfigName="Config-1", Tags=[{"Key": "a", "Value": "1"}])["EndpointArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:000000000000:endpoint/Weather", arn
    in_progress = ("ValidationException", f'Cannot update in-progress endpoint "{arn}".')
    assert refused(client.delete_endpoint, EndpointName="Weather") == in_progress
    assert refused(client.create_endpoint, EndpointName="Weather", EndpointConfigName="Config-1") == (
        "ValidationException",
        f'Cannot create already existing endpoint "{arn}".',
    )
    settled = client.get_waiter("endpoint_in_service")
    settled.wait(EndpointName="Weather", WaiterConfig={"Delay": 1})
    client.update_endpoint(EndpointName="Weather", EndpointConfigName="Config-2")
    settled.wait(EndpointName="Weather", WaiterConfig={"Delay": 1})
    now = client.describe_endpoint(EndpointName="Weather")
    assert now["EndpointConfigName"] == "Config-2" and isinstance(now["CreationTime"], datetime)
    desired = [{"VariantName": "v", "DesiredWeight": 1.5, "DesiredInstanceCount": 2}]
    client.update_endpoint_weights_and_capacities(EndpointName="Weather", DesiredWeightsAndCapacities=desired)
    settled.wait(EndpointName="Weather", WaiterConfig={"Delay": 1})
    variant = client.describe_endpoint(EndpointName="Weather")["ProductionVariants"][0]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (1.5, 2)
    client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
    assert sorted((tag["Key"], tag["Value"]) for tag in client.list_tags(ResourceArn=arn)["Tags"]) == [("a", "2"), ("b", "")]

    runtime = boto3.client("sagemaker-runtime")
    assert refused(runtime.invoke_endpoint, EndpointName="nope", Body=b"") == (
        "ValidationError",
        "Endpoint nope of account 000000000000 not found.",
    )
    code, message = refused(runtime.invoke_endpoint, EndpointName="Weather", ContentType="text/weird", Body=b"1")
    assert code == "ModelError" and message.startswith("Received client error (415) from primary with message"), message
    client.delete_endpoint(EndpointName="Weather")
    client.get_waiter("endpoint_deleted").wait(EndpointName="Weather", WaiterConfig={"Delay": 1})
    assert refused(client.list_training_jobs)[0] == "NotImplementedException"


def cloudwatch():
    """In each of the protocols that versions of botocore speak."""
    for protocol in ("smithy-rpc-v2-cbor", "json", "query"):
        session = botocore.session.Session()
        loader = session.get_component("data_loader")
        load = loader.load_service_model

        def speaking(service, kind, api_version=None, load=load, protocol=protocol):
            model = load(service, kind, api_version)
            if kind != "service-2":
                return model
            return {**model, "metadata": {**model["metadata"], "protocol": protocol, "protocols": [protocol]}}

        loader.load_service_model = speaking
        client = session.create_client("cloudwatch", "us-east-1")
        assert client.meta.service_model.metadata["protocol"] == protocol
        sent = []
        client.meta.events.register("before-send", lambda request, **_: sent.append(request.headers.get("Content-Encoding")))
        dimensions = [{"Name": "d", "Value": f"ü & <{protocol}>"}]
        data = [{"MetricName": "latency", "Value": value, "Dimensions": dimensions} for value in range(300)]
        client.put_metric_data(Namespace="Mine", MetricData=data)
        assert sent[-1] == b"gzip", sent
        now = datetime.now(timezone.utc)
        query = {
            "Namespace": "Mine",
            "MetricName": "latency",
            "Dimensions": dimensions,
            "StartTime": now - timedelta(minutes=3),
            "EndTime": now + timedelta(minutes=2),
            "Period": 300,
        }
        [point] = client.get_metric_statistics(**query, Statistics=["Sum", "Minimum", "Maximum", "SampleCount"])["Datapoints"][:1]
        assert point["Maximum"] == 299 and isinstance(point["Timestamp"], datetime) and point["Unit"] == "None", point
        assert client.list_metrics(Namespace="Mine", Dimensions=dimensions)["Metrics"][0]["Dimensions"] == dimensions
        alarm = {
            "AlarmName": f"ü-{protocol}",
            "Namespace": "Mine",
            "MetricName": "latency",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Threshold": 2.5,
            "Period": 60,
            "Statistic": "Sum",
        }
        client.put_metric_alarm(**alarm)
        client.get_waiter("alarm_exists").wait(AlarmNames=[alarm["AlarmName"]])
        [seen] = client.describe_alarms(AlarmNames=[alarm["AlarmName"]])["MetricAlarms"]
        assert {name: seen[name] for name in alarm} == alarm and seen["StateReason"] == "Unchecked: Initial alarm creation"
        assert refused(client.put_metric_alarm, **{**alarm, "Period": 7}) == (
            "ValidationError",
            "Period must be 10, 20, 30 or a multiple of 60",
        )
        assert refused(client.set_alarm_state, AlarmName="nope", StateValue="OK", StateReason="x")[0] == "ResourceNotFound"
        client.delete_alarms(AlarmNames=[alarm["AlarmName"]])
        series = {"Namespace": "Mine", "MetricName": "latency", "Dimensions": dimensions}
        queries = [
            {"Id": "m", "MetricStat": {"Metric": series, "Period": 300, "Stat": "p50"}, "ReturnData": False},
            {"Id": "e", "Expression": "m * 2", "Label": "twice"},
        ]
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=query["StartTime"], EndTime=query["EndTime"]
        )
        [line] = pages.build_full_result()["MetricDataResults"]
        assert line["Label"] == "twice" and 280 < line["Values"][0] < 320, line


def transfers():
    """Multipart in both directions, a copy in parts, and checksums."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="transfers")
    bytes_ = os.urandom(9 * 1024 * 1024 + 17)
    s3.upload_fileobj(io.BytesIO(bytes_), "transfers", "big", ExtraArgs={"Metadata": {"k": "v"}})
    head = s3.head_object(Bucket="transfers", Key="big", ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-2"') and head["ContentLength"] == len(bytes_) and head["Metadata"] == {"k": "v"}, head
    parts = TransferConfig(multipart_threshold=1, multipart_chunksize=5 * 1024 * 1024)
    back = io.BytesIO()
    s3.download_fileobj("transfers", "big", back, Config=parts)
    assert back.getvalue() == bytes_
    s3.copy({"Bucket": "transfers", "Key": "big"}, "transfers", "copy", Config=parts)
    assert s3.get_object(Bucket="transfers", Key="copy", Range="bytes=-17")["Body"].read() == bytes_[-17:]
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        put = s3.put_object(Bucket="transfers", Key=algorithm, Body=b"hello", ChecksumAlgorithm=algorithm)
        got = s3.get_object(Bucket="transfers", Key=algorithm, ChecksumMode="ENABLED")
        assert got["Body"].read() == b"hello" and got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]
    quick = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}))
    assert refused(quick.put_object, Bucket="transfers", Key="x", Body=b"hello", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")[0] == "BadDigest"
    bucket = boto3.resource("s3").Bucket("transfers")
    bucket.objects.all().delete()
    bucket.delete()
    bucket.wait_until_not_exists()


def keys():
    """Keys that are hard to write into a URL or XML, and the order they are listed in."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="keys-of-all-sorts")
    all_ = [
        "a b", "ü/ö", "日本語/モデル", "😀", "a+b", "a%20b", "a%2Fb", "//double//slash", "trailing/", "a?b=c#d", "a&b<c>\"'",
        "\ttab", "line\nfeed", "x" * 1024, "a\\b", "~!@$^*()[]{}|", "e\u0301", "\u00e9", "%", "=", "\u202e rtl", " lead", "trail ",
        "\uff5e",
    ]  # fmt: skip
    for key in all_:
        s3.put_object(Bucket="keys-of-all-sorts", Key=key, Body=key.encode())
    listed = [entry["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="keys-of-all-sorts", PaginationConfig={"PageSize": 7}) for entry in page["Contents"]]
    assert listed == sorted(all_, key=str.encode), listed
    for key in all_:
        assert s3.get_object(Bucket="keys-of-all-sorts", Key=key)["Body"].read() == key.encode(), key
        url = s3.generate_presigned_url("get_object", {"Bucket": "keys-of-all-sorts", "Key": key})
        assert urllib.request.urlopen(url).read() == key.encode(), url
        s3.copy_object(Bucket="keys-of-all-sorts", Key="copy", CopySource={"Bucket": "keys-of-all-sorts", "Key": key})
        assert s3.get_object(Bucket="keys-of-all-sorts", Key="copy")["Body"].read() == key.encode(), key
    done = s3.delete_objects(Bucket="keys-of-all-sorts", Delete={"Objects": [{"Key": key} for key in all_]})
    assert sorted(entry["Key"] for entry in done["Deleted"]) == sorted(all_)
    assert s3.list_objects_v2(Bucket="keys-of-all-sorts")["KeyCount"] == 1


def retries():
    """What the SDK's retry modes make of throttling, failures and lost replies."""
    # How often it tries again is what counts, not how long it sleeps in between.
    time.sleep = lambda seconds: None
    for mode in ("legacy", "standard", "adaptive"):
        client = boto3.client("sagemaker", config=Config(retries={"mode": mode, "max_attempts": 5}))
        for kind, times in (("throttle", 2), ("error", 1), ("drop-reply", 1)):
            fault = {"kind": kind, "service": "sagemaker", "operation": "ListEndpoints", "times": times}
            assert control("POST", "faults", fault) == 201
            attempts = client.list_endpoints()["ResponseMetadata"]["RetryAttempts"]
            assert attempts == times, (mode, kind, attempts)
    assert control("DELETE", "faults") == 204
    try:
        control("POST", "faults", {"kind": "nonsense"})
        raise AssertionError("nonsense was taken")
    except urllib.error.HTTPError as error:
        assert error.code == 400


def logs():
    client = boto3.client("logs")
    client.create_log_group(logGroupName="/mine")
    client.create_log_stream(logGroupName="/mine", logStreamName="s")
    now = int(time.time() * 1000)
    messages = [json.dumps({"level": "ERROR" if index % 3 == 0 else "INFO", "n": index}) for index in range(30)] + ["plain words"]
    events = [{"timestamp": now + index, "message": message} for index, message in enumerate(messages)]
    client.put_log_events(logGroupName="/mine", logStreamName="s", logEvents=events)
    pages = client.get_paginator("filter_log_events")
    found = lambda pattern: [
        event["message"]
        for page in pages.paginate(logGroupName="/mine", filterPattern=pattern, PaginationConfig={"PageSize": 4})
        for event in page["events"]
    ]
    assert len(found('{ $.level = "ERROR" && $.n > 10 }')) == 6
    assert found("plain -ERROR") == ["plain words"]
    assert len(found("")) == 31
    assert refused(client.create_log_group, logGroupName="/mine")[0] == "ResourceAlreadyExistsException"
    assert refused(client.get_log_events, logGroupName="/none", logStreamName="s")[0] == "ResourceNotFoundException"


def accounts():
    mine = boto3.Session(aws_access_key_id="111111111111", aws_secret_access_key="x")
    yours = boto3.Session(aws_access_key_id="222222222222", aws_secret_access_key="x")
    assert mine.client("sts").get_caller_identity()["Account"] == "111111111111"
    container = {"Image": "i:1"}
    mine.client("sagemaker").create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    assert yours.client("sagemaker").list_models()["Models"] == []
    assert mine.client("sagemaker", region_name="eu-west-1").list_models()["Models"] == []
    assert len(mine.client("sagemaker").list_models()["Models"]) == 1


def functions():
    """A function by boto3: from a zip, invoked, at its URL, by a queue's own protocol, and in a stack."""
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.mjs", "export const handler = async (event) => { if (event.fail) throw new Error('no'); return event; };")
    functions = boto3.client("lambda")
    functions.create_function(
        FunctionName="f", Runtime="nodejs22.x", Role=ROLE, Handler="index.handler", Code={"ZipFile": packed.getvalue()}
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1})
    answer = functions.invoke(FunctionName="f", Payload=json.dumps({"a": 1}), LogType="Tail")
    assert json.load(answer["Payload"]) == {"a": 1} and "LogResult" in answer
    failed = functions.invoke(FunctionName="f", Payload=json.dumps({"fail": 1}))
    assert failed["FunctionError"] == "Unhandled" and json.load(failed["Payload"])["errorMessage"] == "no"

    queues = boto3.client("sqs")
    url = queues.create_queue(QueueName="q")["QueueUrl"]
    attributes = {"n": {"DataType": "Number", "StringValue": "1"}, "b": {"DataType": "Binary", "BinaryValue": b"x"}}
    # boto3 compares the digests of body and attributes itself.
    queues.send_message(QueueUrl=url, MessageBody="m", MessageAttributes=attributes)
    [message] = queues.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"]["b"]["BinaryValue"] == b"x"
    assert refused(queues.get_queue_url, QueueName="none")[0] == "AWS.SimpleQueueService.NonExistentQueue"

    rules = boto3.client("events")
    rules.put_rule(Name="r", EventPattern=json.dumps({"source": ["own"]}))
    rules.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]}])
    assert rules.put_events(Entries=[{"Source": "own", "DetailType": "t", "Detail": "{}"}])["FailedEntryCount"] == 0

    stacks = boto3.client("cloudformation")
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"Arn": {"Value": {"Ref": "Topic"}}}}
    stacks.create_stack(StackName="s", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    [stack] = stacks.describe_stacks(StackName="s")["Stacks"]
    assert stack["Outputs"][0]["OutputValue"].startswith("arn:aws:sns:us-east-1:000000000000:s-Topic-")
    stacks.delete_stack(StackName="s")
    stacks.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    assert boto3.client("sns").list_topics()["Topics"] == []


def transform():
    """A transform job by boto3, waited for by its waiter."""
    client = boto3.client("sagemaker")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.upload_file("fixtures/artifacts/009-model.tar.gz", "data", "m.tar.gz")
    container = {"Image": LINEAR_LEARNER, "ModelDataUrl": "s3://data/m.tar.gz"}
    client.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    s3.put_object(Bucket="data", Key="in/a.csv", Body="0,10,5,3,1,0\n0,20,15,3,1,0\n")
    request = {
        "ModelName": "m",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        "TransformOutput": {"S3OutputPath": "s3://data/out/", "Accept": "application/jsonlines", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    arn = client.create_transform_job(TransformJobName="Nightly", **request)["TransformJobArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:000000000000:transform-job/Nightly", arn
    assert refused(client.create_transform_job, TransformJobName="Nightly", **request)[0] == "ResourceInUse"
    waiter = client.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName="Nightly", WaiterConfig={"Delay": 1})
    job = client.describe_transform_job(TransformJobName="Nightly")
    assert job["TransformJobStatus"] == "Completed" and job["TransformEndTime"] > job["TransformStartTime"], job
    lines = s3.get_object(Bucket="data", Key="out/a.csv.out")["Body"].read().decode().splitlines()
    assert [sorted(json.loads(line)) for line in lines] == [["predicted_label", "score"]] * 2, lines
    pages = client.get_paginator("list_transform_jobs").paginate(StatusEquals="Completed")
    assert [one["TransformJobName"] for page in pages for one in page["TransformJobSummaries"]] == ["Nightly"]
    client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    assert client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    stop = refused(client.stop_transform_job, TransformJobName="Nightly")
    assert stop == ("ValidationException", "The request was rejected because the transform job is in status Completed."), stop
    # The waiter takes a refusal for a failure.
    try:
        waiter.wait(TransformJobName="none", WaiterConfig={"Delay": 1})
        raise AssertionError("it waited for nothing")
    except botocore.exceptions.WaiterError as error:
        assert "ValidationException" in str(error), error


def athena():
    """A query from start to results, by boto3's paginator; UNLOAD, and a table over what it wrote."""
    client = boto3.client("athena")
    glue = boto3.client("glue")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lake")
    for hour, rows in (("00", 2), ("01", 3)):
        lines = "".join(json.dumps({"eventMetadata": {"eventId": f"{hour}-{n}"}, "score": n / 4}) + "\n" for n in range(rows))
        s3.put_object(Bucket="lake", Key=f"raw/2026/11/02/{hour}/a.jsonl", Body=lines)
    glue.create_database(DatabaseInput={"Name": "lake"})
    assert refused(glue.create_database, DatabaseInput={"Name": "LAKE"})[0] == "AlreadyExistsException"

    def table(name, columns, serde, location, partition):
        return {
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "projection.enabled": "true", **partition[1]},
            "PartitionKeys": [{"Name": partition[0], "Type": "string"}],
            "StorageDescriptor": {
                "Columns": [{"Name": column, "Type": kind} for column, kind in columns],
                "Location": location,
                "SerdeInfo": {"SerializationLibrary": serde},
            },
        }

    hours = {
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy/MM/dd/HH",
        "projection.dt.range": "2026/11/01/00,2026/11/30/00",
        "projection.dt.interval": "1",
        "projection.dt.interval.unit": "HOURS",
        "storage.location.template": "s3://lake/raw/${dt}/",
    }
    columns = [("eventMetadata", "struct<eventId:string>"), ("score", "double")]
    raw = table("raw", columns, "org.openx.data.jsonserde.JsonSerDe", "s3://lake/raw/", ("dt", hours))
    glue.create_table(DatabaseName="lake", TableInput=raw)
    assert [one["Name"] for one in glue.get_tables(DatabaseName="lake")["TableList"]] == ["raw"]
    assert glue.get_table(DatabaseName="lake", Name="RAW")["Table"]["Parameters"]["projection.dt.type"] == "date"

    def run(sql):
        started = client.start_query_execution(
            QueryString=sql,
            ClientRequestToken=f"{hash(sql) % 10**32:032d}",
            QueryExecutionContext={"Database": "lake"},
            ResultConfiguration={"OutputLocation": "s3://lake/results/"},
        )["QueryExecutionId"]
        for _ in range(200):
            query = client.get_query_execution(QueryExecutionId=started)["QueryExecution"]
            if query["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return query
            time.sleep(0.05)
        raise AssertionError(f"{sql} does not end")

    query = run("SELECT eventmetadata.eventid AS id, nullif(score, 0e0) AS score FROM raw ORDER BY 1")
    assert query["Status"]["State"] == "SUCCEEDED", query
    assert query["Statistics"]["DataScannedInBytes"] == sum(
        one["Size"] for one in s3.list_objects_v2(Bucket="lake", Prefix="raw/")["Contents"]
    ), query
    pages = client.get_paginator("get_query_results").paginate(
        QueryExecutionId=query["QueryExecutionId"], PaginationConfig={"PageSize": 2}
    )
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    assert rows == [["id", "score"], ["00-0", None], ["00-1", "0.25"], ["01-0", None], ["01-1", "0.25"], ["01-2", "0.5"]], rows
    bucket, key = query["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").split("/", 1)
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert body.splitlines()[:2] == ['"id","score"', '"00-0",'], body

    unload = "UNLOAD (SELECT eventmetadata.eventid AS id, score FROM raw WHERE dt = '2026/11/02/01') TO 's3://lake/records/hour=01/' WITH (format = 'PARQUET')"
    assert run(unload)["Status"]["State"] == "SUCCEEDED"
    reason = run(unload + " ")["Status"]["StateChangeReason"]
    assert reason.startswith("HIVE_PATH_ALREADY_EXISTS"), reason
    enum = {"projection.hour.type": "enum", "projection.hour.values": "00,01"}
    parquet = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    columns = [("id", "string"), ("score", "double")]
    glue.create_table(DatabaseName="lake", TableInput=table("records", columns, parquet, "s3://lake/records/", ("hour", enum)))
    query = run("SELECT sum(score), count(*), max(hour) FROM records")
    result = client.get_query_results(QueryExecutionId=query["QueryExecutionId"])["ResultSet"]
    assert [cell["VarCharValue"] for cell in result["Rows"][1]["Data"]] == ["0.75", "3", "01"], result
    assert [one["Type"] for one in result["ResultSetMetadata"]["ColumnInfo"]] == ["double", "bigint", "varchar"], result

    assert refused(client.start_query_execution, QueryString="SELECT 1") == (
        "InvalidRequestException",
        "No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.",
    )
    client.create_work_group(
        Name="bounded", Configuration={"ResultConfiguration": {"OutputLocation": "s3://lake/bounded/"}}, Tags=[{"Key": "a", "Value": "1"}]
    )
    started = client.start_query_execution(QueryString="SELECT 1", WorkGroup="bounded")["QueryExecutionId"]
    client.stop_query_execution(QueryExecutionId=started)
    listed = client.list_query_executions(WorkGroup="bounded")["QueryExecutionIds"]
    assert listed == [started], listed
    arn = "arn:aws:athena:us-east-1:000000000000:workgroup/bounded"
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    client.delete_work_group(WorkGroup="bounded", RecursiveDeleteOption=True)
    glue.delete_table(DatabaseName="lake", Name="raw")
    glue.delete_database(Name="lake")
    assert refused(glue.get_table, DatabaseName="lake", Name="records")[0] == "EntityNotFoundException"


if __name__ == "__main__":
    globals()[sys.argv[1]]()
