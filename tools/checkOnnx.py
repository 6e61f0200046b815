"""Checks .onnx files with ONNX's own checker, strict shape inference and ONNX Runtime's CPU provider.

    .venv/bin/python tools/checkOnnx.py FILE.onnx ...

Prints one line of JSON per file:
    file             as given
    ok               whether all three checks passed
    error            null, or the failed checks' messages, each after its name: checker, shapes or runtime
    inputs, outputs  what ONNX Runtime reads: name, type, shape (numbers or names of dimensions); null if the
                     file did not load
Exit status: 0 if every file passed, 1 if any failed, 2 for wrong usage.
"""

import argparse
import json
import sys
from collections.abc import Callable

import onnx
import onnxruntime

ONNXRUNTIME_ERROR = 3  # least severity of what ONNX Runtime may write to stderr


def check_format(path: str) -> None:
    onnx.checker.check_model(path)


def check_shapes(path: str) -> None:
    """Whatever check_model's full_check refuses, and shapes that are computed inside of the graph."""
    onnx.shape_inference.infer_shapes(onnx.load(path), check_type=True, strict_mode=True, data_prop=True)


def load(path: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ONNXRUNTIME_ERROR
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def attempt(name: str, check: Callable, path: str, errors: list[str]):
    """The check's result, or None after adding its failure to `errors`. A file may be broken in any way."""
    try:
        return check(path)
    except Exception as error:
        errors.append(f"{name}: {error}")
        return None


def signature(arguments: list) -> list[dict]:
    return [{"name": a.name, "type": a.type, "shape": a.shape} for a in arguments]


def check_file(path: str) -> dict:
    errors: list[str] = []
    attempt("checker", check_format, path, errors)
    attempt("shapes", check_shapes, path, errors)
    session = attempt("runtime", load, path, errors)
    return {
        "file": path,
        "ok": not errors,
        "error": "\n".join(errors) or None,
        "inputs": signature(session.get_inputs()) if session else None,
        "outputs": signature(session.get_outputs()) if session else None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks .onnx files; one line of JSON each.")
    parser.add_argument("files", nargs="+", metavar="FILE.onnx")
    onnxruntime.disable_telemetry_events()
    all_ok = True
    for path in parser.parse_args().files:
        result = check_file(path)
        print(json.dumps(result), flush=True)
        all_ok = all_ok and result["ok"]
    return 0 if all_ok else 1


if __name__ == "__main__":
    sys.exit(main())
