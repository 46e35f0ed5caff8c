"""Models for the model servers that stand behind a mirror: `save FOLDER` writes one for MLflow, and one for MLServer."""

import json
import os
import sys

MLSERVER = '''
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse
import numpy


class Doubled(MLModel):
    async def predict(self, payload):
        [rows] = [NumpyCodec.decode_input(one) for one in payload.inputs]
        output = NumpyCodec.encode_output("doubled", numpy.asarray(rows, dtype=float).sum(axis=1) * 2)
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=[output])
'''


def save(folder):
    import mlflow

    class Sum(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input.sum(axis=1).tolist()

    mlflow.pyfunc.save_model(os.path.join(folder, "mlflow"), python_model=Sum(), pip_requirements=[])
    server = os.path.join(folder, "mlserver")
    for name in ("weather", "candidate"):
        os.makedirs(os.path.join(server, name))
        with open(os.path.join(server, name, "doubled.py"), "w") as file:
            file.write(MLSERVER)
        with open(os.path.join(server, name, "model-settings.json"), "w") as file:
            json.dump({"name": name, "implementation": "doubled.Doubled"}, file)


save(sys.argv[2])
