"""Runs a Python function for python-process.ts, in place of serverless-offline's own script.

Usage: function-process.py MODULE FUNCTION MARKER. Reads one invocation a line from standard input, and answers each with a
line that begins with the marker. Whatever else it prints is the function's own output. An exception fails its invocation,
as on AWS; serverless-offline's script ends by one, and never answers.
"""

import json
import os
import signal
import sys
import traceback
from importlib import import_module
from time import time

# The value that serverless-offline's own script has for every function.
TIMEOUT_SECONDS = 6


class LambdaContext:
    def __init__(self, fields):
        self._deadline = time() + TIMEOUT_SECONDS
        for name, value in fields.items():
            setattr(self, name, value)
        self.aws_request_id = fields.get('awsRequestId')
        self.function_name = fields.get('functionName')
        self.function_version = fields.get('functionVersion')
        self.invoked_function_arn = fields.get('invokedFunctionArn')
        self.memory_limit_in_mb = fields.get('memoryLimitInMB')
        self.log_group_name = fields.get('logGroupName')
        self.log_stream_name = fields.get('logStreamName')
        self.client_context = fields.get('clientContext')
        self.identity = None

    def get_remaining_time_in_millis(self):
        return max(0, int((self._deadline - time()) * 1000))


class CannotLoad(Exception):
    def __init__(self, error_type, message):
        super().__init__(message)
        self.error_type = error_type


def load(module, function):
    try:
        loaded = import_module(module.replace(os.sep, '.'))
    except Exception as error:
        raise CannotLoad('Runtime.ImportModuleError', f"Unable to import module '{module}': {error}") from error
    if not hasattr(loaded, function):
        raise CannotLoad('Runtime.HandlerNotFound', f"Handler '{function}' missing on module '{module}'")
    return getattr(loaded, function)


def failure(error_type, error, shown_from=None):
    lines = traceback.format_exception(type(error), error, shown_from)
    print(''.join(lines), end='', file=sys.stderr, flush=True)
    return {'error': {'errorMessage': str(error), 'errorType': error_type, 'stackTrace': lines}}


def answer_of(result):
    try:
        return json.dumps({'result': result}, allow_nan=False)
    except ValueError:
        # Lambda's runtime accepts NaN and infinities. JavaScript cannot read them, and writes null for them.
        finite = json.loads(json.dumps(result), parse_constant=lambda name: None)
        return json.dumps({'result': finite})


def invoke(handler, invocation):
    try:
        result = handler(invocation['event'], LambdaContext(invocation.get('context') or {}))
    except Exception as error:
        # Without the frame of this function.
        shown_from = error.__traceback__ and error.__traceback__.tb_next
        return json.dumps(failure(type(error).__name__, error, shown_from))
    try:
        return answer_of(result)
    except (TypeError, ValueError) as error:
        return json.dumps(failure('Runtime.MarshalError', error))


def main(module, function, marker):
    # Ctrl-C reaches all processes of the terminal. Python alone would print a traceback for each.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Modules are found from where the service was started.
    sys.path.append('.')
    handler = None
    # The result must not be mixed with what the function prints, even when it replaces sys.stdout.
    answers = sys.stdout
    for line in sys.stdin.buffer:
        if handler is None:
            try:
                handler = load(module, function)
            except CannotLoad as error:
                answers.write(marker + json.dumps(failure(error.error_type, error)) + '\n')
                answers.flush()
                # The next invocation starts a new process, which reads the module again.
                sys.exit(1)
        answer = invoke(handler, json.loads(line))
        answers.write('\n' + marker + answer + '\n')
        answers.flush()


if __name__ == '__main__':
    main(*sys.argv[1:])
